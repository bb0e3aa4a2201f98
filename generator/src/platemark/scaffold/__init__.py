"""Specs that are still to be written: what a file needs, with a slot for each fact, as text in our layout."""
