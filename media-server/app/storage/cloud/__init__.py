"""Remotes of others, each fulfilling ``core.ports.remotes.Remote``."""
