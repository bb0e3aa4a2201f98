"""Pages → statements with figures: what a document says, in whatever it is written, without its prose."""
