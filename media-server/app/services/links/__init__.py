"""Request links: made, changed, closed, and who may use them."""
