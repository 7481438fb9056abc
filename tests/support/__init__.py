"""What the suites share: a live server, a small client for it, raw sockets and made-up files."""
