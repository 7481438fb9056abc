"""Every route the app knows, from its own table, so that a new one is covered without anybody thinking of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from app.settings import Settings
from app.web import install


@dataclass(frozen=True)
class Route:
    """An address with its variable parts as ``<hash>`` or ``<anypath:path>``, and the methods it takes."""

    rule: str
    methods: frozenset[str]


def routes(folder: Path) -> list[Route]:
    """All of them. ``folder`` would be the data folder; nothing is written there."""
    app = Flask("droppr", static_folder=None)
    install(app, Settings(data_dir=folder, _env_file=None))  # type: ignore[call-arg]
    return sorted(
        (Route(rule.rule, frozenset(rule.methods or ())) for rule in app.url_map.iter_rules()),
        key=lambda route: (route.rule, sorted(route.methods)),
    )
