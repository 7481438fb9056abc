"""Where bytes, sessions and links live: one class a file, each fulfilling one port. Storage never judges."""
