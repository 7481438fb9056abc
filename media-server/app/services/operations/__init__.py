"""What keeps a server running and tells how it is."""
