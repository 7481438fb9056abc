"""On local disk, shared by all processes of one machine."""
