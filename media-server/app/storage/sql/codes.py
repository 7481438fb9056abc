"""HandoffStore in the catalogue."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy import select

from app.core.handoffs import Handoff
from app.storage.sql.database import Database, compiled, inserted, made_once, value
from app.storage.sql.schema import handoffs


class SQLHandoffs:
    """Handoffs, each under a digest of its link and its code."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        put = inserted(database, handoffs)
        changed = {name: put.excluded[name] for name in ("upload_ids", "expires_at")}
        self._put = words(put.on_conflict_do_update(index_elements=["digest"], set_=changed))
        this = handoffs.c.digest == value("digest")
        self._get = words(select(handoffs.c.upload_ids, handoffs.c.expires_at).where(this))
        self._remove = words(handoffs.delete().where(handoffs.c.expires_at <= value("now")))

    def put(self, handoff: Handoff) -> None:
        digest = _digest(handoff.request_hash, handoff.code)
        ids = json.dumps(handoff.upload_ids, allow_nan=False)
        with self._database.write() as tx:
            tx.run(self._put, digest=digest, upload_ids=ids, expires_at=handoff.expires_at)
        self._database.sync()

    def get(self, request_hash: str, code: str) -> Handoff | None:
        with self._database.read() as tx:
            row = tx.one(self._get, digest=_digest(request_hash, code))
        return Handoff(request_hash, code, tuple(json.loads(row[0])), row[1]) if row else None

    def remove_expired(self, now: float) -> int:
        with self._database.write(urgent=True) as tx:
            return tx.changed(self._remove, now=now)


def _digest(request_hash: str, code: str) -> bytes:
    return hashlib.sha256(f"{request_hash} {code}".encode(errors="surrogatepass")).digest()
