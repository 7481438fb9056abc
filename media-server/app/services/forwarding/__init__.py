"""Passing received files on to remotes."""
