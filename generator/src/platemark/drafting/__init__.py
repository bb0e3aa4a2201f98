"""A first spec for a page that no spec covers: what the page says for sure, and a slot for all that it does not."""
