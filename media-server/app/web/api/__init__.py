"""The native protocol and the pages."""
