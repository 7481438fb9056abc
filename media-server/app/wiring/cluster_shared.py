"""The part of the wiring that says what all nodes share in PostgreSQL, before there are any stores."""

from __future__ import annotations

from functools import lru_cache

from app.core.ports.places import Places
from app.settings import Settings
from app.storage.cluster.places import ClusterPlaces
from app.storage.cluster.presence import Presence
from app.storage.sql.postgresql import PostgreSQLDatabase


@lru_cache(4)
def shared(url: str) -> tuple[PostgreSQLDatabase, Presence]:
    """The database at ``url`` and the numbers of those who work on it: each process has one of them."""
    database = PostgreSQLDatabase(url, marked=True)
    return database, Presence(database)


def cluster_places(settings: Settings, count: int) -> Places:
    """The slots of all nodes together."""
    assert settings.database_url is not None
    return ClusterPlaces(*shared(settings.database_url), count)
