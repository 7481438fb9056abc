"""The Python client of Droppr: what talks to a server, without being one."""
