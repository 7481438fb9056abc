"""KeyStore in the catalogue."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.access_errors import KeyExists, TooManyKeys
from app.core.accounts import Account
from app.core.actors import Actor, Scope
from app.core.audit import Act, AuditRow
from app.core.errors import AccountNotFound, UploadError
from app.core.keys import MAX_KEYS, Key
from app.core.ports.guards import Clock
from app.storage.sql.account_tables import account_keys, accounts
from app.storage.sql.accounts import ACCOUNT, account_of
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, made_once, shared, value

_KEY = [
    account_keys.c.id,
    account_keys.c.account,
    account_keys.c.name,
    account_keys.c.hint,
    account_keys.c.scopes,
    account_keys.c.made_at,
    account_keys.c.ends_at,
    account_keys.c.used_at,
]


class SQLKeys:
    """KeyStore."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._audit = shared(AuditLog, database)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        table = account_keys
        this = table.c.digest == value("digest", sa.LargeBinary)
        own = table.c.account == value("account")
        self._may_have = words(
            select(accounts.c.name)
            .where(accounts.c.name == value("account"), accounts.c.disabled == number(0))
            .with_for_update()
        )
        self._names = words(select(table.c.name).where(own))
        self._add = words(inserted(database, table))
        with_account = table.outerjoin(accounts, accounts.c.name == table.c.account)
        self._find = words(select(*_KEY, *ACCOUNT).select_from(with_account).where(this))
        self._used = words(table.update().values(used_at=value("at", sa.Double)).where(this))
        in_order = select(*_KEY).order_by(table.c.account, table.c.made_at.desc(), table.c.id)
        self._all = words(in_order)
        self._own = words(in_order.where(own))
        self._named = words(select(*_KEY).where(table.c.id == value("id")).with_for_update())
        self._remove = words(table.delete().where(table.c.id == value("id")))
        self._prune = words(table.delete().where(table.c.ends_at <= value("before", sa.Double)))

    def add(self, digest: bytes, key: Key, by: Actor) -> None:
        with self._database.write() as tx:
            # Two that are made in the same moment would both find room.
            tx.alone("keys")
            if key.account and tx.one(self._may_have, account=key.account) is None:
                raise AccountNotFound()
            names = {name for (name,) in tx.all(self._names, account=key.account)}
            if key.name in names:
                raise KeyExists()
            if len(names) >= MAX_KEYS:
                raise TooManyKeys()
            tx.run(
                self._add,
                digest=digest,
                id=key.id,
                account=key.account,
                name=key.name,
                hint=key.hint,
                scopes=json.dumps(sorted(key.scopes), allow_nan=False),
                made_at=key.made_at,
                ends_at=key.ends_at,
                used_at=key.used_at,
            )
            self._note(tx, Act.KEY_MADE, key, by, scopes=sorted(key.scopes), ends_at=key.ends_at)
        self._database.sync()

    def find(self, digest: bytes) -> tuple[Key, Account | None] | None:
        row = self._database.look(self._find, digest=digest)
        if row is None:
            return None
        key, theirs = _key(row), row[len(_KEY) :]
        if not key.account:
            return key, None
        # They go with their account; one that came back from a backup without it opens nothing.
        account = account_of(theirs) if theirs[0] is not None else None
        return None if account is None or account.disabled else (key, account)

    def used(self, digest: bytes, at: float) -> None:
        try:
            with self._database.write() as tx:
                tx.run(self._used, digest=digest, at=at)
        except UploadError:  # A full disk, or a busy one: the key counts all the same.
            return

    def all(self, account: str | None) -> list[Key]:
        with self._database.read() as tx:
            rows = tx.all(self._all) if account is None else tx.all(self._own, account=account)
            return [_key(row) for row in rows]

    def remove(self, id: str, account: str | None, by: Actor) -> bool:
        if not id.isascii() or "\0" in id:
            return False
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._named, id=id)
            if row is None or (account is not None and _key(row).account != account):
                return False
            tx.run(self._remove, id=id)
            self._note(tx, Act.KEY_REVOKED, _key(row), by)
        self._database.sync()
        return True

    def prune(self, before: float) -> int:
        with self._database.write(urgent=True) as tx:
            return tx.changed(self._prune, before=before)

    def _note(self, tx: Transaction, act: Act, key: Key, by: Actor, **facts: Any) -> None:
        named = {"account": key.account or None, "key": key.name, **facts}
        self._audit.write(tx, AuditRow(self._clock(), by, act, None, None, named))


def _key(row: Row) -> Key:
    id, account, name, hint, scopes, made_at, ends_at, used_at = row[: len(_KEY)]
    return Key(id, account, name, hint, frozenset(map(Scope, json.loads(scopes))), made_at, ends_at, used_at)
