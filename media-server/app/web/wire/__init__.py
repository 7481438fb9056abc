"""Text to typed values and back, for every protocol."""
