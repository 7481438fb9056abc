"""AccountStore in the catalogue."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.accounts import MAX_ACCOUNTS, Account, KeptAccount, Role, is_account_name
from app.core.actors import THE_OWNER, Actor
from app.core.audit import Act, AuditRow
from app.core.errors import AccountExists, TooManyAccounts
from app.core.identities import PROXY
from app.core.links import link_of
from app.core.ports.accounts import Removed
from app.core.ports.guards import Clock
from app.storage.sql.account_tables import (
    NOBODYS,
    account_factors,
    account_identities,
    account_keys,
    account_passkeys,
    account_sessions,
    accounts,
)
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, filled, inserted, made_once, shared, value
from app.storage.sql.links import LinkStatements, link_columns
from app.storage.sql.quotas import QuotaStatements
from app.storage.sql.schema import links
from app.storage.sql.setting_tables import templates

ACCOUNT = [
    accounts.c.name,
    accounts.c.role,
    accounts.c.teams,
    accounts.c.display_name,
    accounts.c.email,
    accounts.c.disabled,
    accounts.c.created_at,
    accounts.c.second_factor,
]
_KEPT = [*ACCOUNT, accounts.c.password, accounts.c.generation]
_BATCH = 500


class AccountWriter:
    """Adds an account in somebody's transaction."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._audit = shared(AuditLog, database)
        self._clock = clock
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        self._add = compiled(inserted(database, accounts), database.dialect)
        this = select(accounts.c.name).where(accounts.c.name == value("name"))
        self._there = compiled(this, database.dialect)
        self._count = compiled(select(sa.func.count()).select_from(accounts), database.dialect)
        # Who had the name before is somebody else.
        self._forget_removed = compiled(
            account_identities.delete().where(
                account_identities.c.issuer == value("issuer"),
                account_identities.c.subject == value("name"),
                account_identities.c.account == NOBODYS,
            ),
            database.dialect,
        )

    def add(self, tx: Transaction, account: Account, password_hash: str | None, by: Actor, **facts: Any) -> None:
        # Two that take one name in the same moment would both find it free.
        tx.alone("accounts")
        if tx.one(self._there, name=account.name) is not None:
            raise AccountExists()
        amount = tx.one(self._count)
        assert amount is not None
        if amount[0] >= MAX_ACCOUNTS:
            raise TooManyAccounts()
        kept = KeptAccount(account, password_hash, _another_generation())
        tx.run(self._add, name=account.name, **_values(kept))
        tx.run(self._forget_removed, issuer=PROXY, name=account.name)
        self.note(tx, Act.ACCOUNT_MADE, account.name, by, role=str(account.role), teams=list(account.teams), **facts)

    def note(self, tx: Transaction, act: Act, name: str, by: Actor, **facts: Any) -> None:
        self._audit.write(tx, AuditRow(self._clock(), by, act, None, None, {"account": name, **facts}))


class SQLAccounts:
    """AccountStore."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._writer = AccountWriter(database, clock)
        self._quotas = shared(QuotaStatements, database)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        this = accounts.c.name == value("name")
        self._find = words(select(*_KEPT).where(this))
        self._lock = words(select(*_KEPT).where(this).with_for_update())
        self._all = words(select(*ACCOUNT).order_by(accounts.c.name))
        changed = [column for column in accounts.columns if column.name not in ("name", "created_at")]
        self._change = words(accounts.update().values(filled(changed)).where(this))
        self._remove = words(accounts.delete().where(this))
        self._end = words(account_sessions.delete().where(account_sessions.c.account == value("name")))
        self._end_keys = words(account_keys.delete().where(account_keys.c.account == value("name")))
        self._end_factor = words(account_factors.delete().where(account_factors.c.account == value("name")))
        self._end_passkeys = words(account_passkeys.delete().where(account_passkeys.c.account == value("name")))
        self._leave_identities = words(
            account_identities.update().values(account=NOBODYS).where(account_identities.c.account == value("name"))
        )
        self._shut_out = words(
            database.insert(account_identities)
            .values({each.name: value(each.name, each.type) for each in account_identities.columns})
            .on_conflict_do_nothing()
        )
        # Links that may be its own, by what their documents hold; each is looked into.
        self._links = words(
            select(links.c.id, links.c.document)
            .where(links.c.id > value("after", sa.BigInteger), links.c.document.contains(value("owner", sa.Text)))
            .order_by(links.c.id)
            .limit(number(_BATCH))
            .offset(number(0))
            .with_for_update()
        )
        self._hand_over = shared(LinkStatements, database).change
        self._drop_templates = words(templates.delete().where(templates.c.owner == value("owner")))

    def add(self, account: Account, password_hash: str | None, by: Actor) -> None:
        with self._database.write() as tx:
            self._writer.add(tx, account, password_hash, by)
        self._database.sync()

    def find(self, name: str) -> KeptAccount | None:
        if not is_account_name(name):
            return None
        row = self._database.look(self._find, name=name)
        return _kept(row) if row else None

    def all(self) -> list[Account]:
        with self._database.read() as tx:
            return [account_of(row) for row in tx.all(self._all)]

    def change(self, name: str, change: Callable[[KeptAccount], KeptAccount], by: Actor) -> KeptAccount | None:
        if not is_account_name(name):
            return None
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._lock, name=name)
            if row is None:
                return None
            before = _kept(row)
            after = change(before)
            what = _changed(before, after)
            if not what:
                return before
            if {"role", "disabled", "password"} & {*what}:
                after = replace(after, generation=_another_generation())
                tx.run(self._end, name=name)
            if after.account.disabled:
                tx.run(self._end_keys, name=name)
            tx.run(self._change, **_values(after, made=False), name=name)
            if "password" in what:
                self._writer.note(tx, Act.PASSWORD_CHANGED, name, by)
                del what["password"]
            if what:
                self._writer.note(tx, Act.ACCOUNT_CHANGED, name, by, **what)
        self._database.sync()
        return after

    def remove(self, name: str, by: Actor) -> Removed | None:
        if not is_account_name(name):
            return None
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._lock, name=name)
            if row is None:
                return None
            tx.run(self._end, name=name)
            tx.run(self._end_keys, name=name)
            tx.run(self._end_factor, name=name)
            tx.run(self._end_passkeys, name=name)
            self._shut(tx, name)
            tx.run(self._remove, name=name)
            account = account_of(row[: len(ACCOUNT)])
            self._quotas.set(tx, account.owner, 0)
            tx.run(self._drop_templates, owner=account.owner)
            moved = self._give_links(tx, account)
            self._writer.note(tx, Act.ACCOUNT_REMOVED, name, by, links=moved)
        self._database.sync()
        return Removed(moved)

    def _shut(self, tx: Transaction, name: str) -> None:
        """Leave nobody a way back by an identity that was this account's, or by its name with a proxy."""
        tx.run(self._leave_identities, name=name)
        at = self._clock()
        tx.run(
            self._shut_out,
            id=secrets.token_urlsafe(9),
            issuer=PROXY,
            subject=name,
            account="",
            shown=name,
            made_at=at,
            used_at=at,
        )

    def _give_links(self, tx: Transaction, account: Account) -> int:
        """Make the links of an account the server's owner's; how many."""
        moved, after = 0, 0
        while True:
            rows = tx.all(self._links, after=after, owner=json.dumps(account.owner, allow_nan=False))
            for id, document in rows:
                link = link_of(json.loads(document))
                if link.owner == account.owner:
                    tx.run(self._hand_over, link=id, **link_columns(replace(link, owner=THE_OWNER)))
                    moved += 1
            if len(rows) < _BATCH:
                return moved
            after = rows[-1][0]


def account_of(row: Row) -> Account:
    """An account of a row that has the columns ``ACCOUNT``."""
    name, role, teams, display_name, email, disabled, created_at, second_factor = row
    teams = tuple(json.loads(teams))
    return Account(name, Role(role), teams, display_name, email, bool(disabled), created_at, bool(second_factor))


def _kept(row: Row) -> KeptAccount:
    return KeptAccount(account_of(row[: len(ACCOUNT)]), row[-2], row[-1])


def _values(kept: KeptAccount, *, made: bool = True) -> dict[str, Any]:
    account = kept.account
    values = {
        "role": account.role.value,
        "teams": json.dumps(account.teams, allow_nan=False),
        "display_name": account.display_name,
        "email": account.email,
        "disabled": int(account.disabled),
        "password": kept.password_hash,
        "generation": kept.generation,
        "second_factor": int(account.second_factor),
    }
    return values | {"created_at": account.created_at} if made else values


def _changed(before: KeptAccount, after: KeptAccount) -> dict[str, Any]:
    """What is another now, as the audit tells it."""
    old, new = before.account, after.account
    what: dict[str, Any] = {}
    if old.role is not new.role:
        what["role"] = new.role.value
    if old.teams != new.teams:
        what["teams"] = list(new.teams)
    if old.disabled != new.disabled:
        what["disabled"] = new.disabled
    if (old.display_name, old.email) != (new.display_name, new.email):
        what["details"] = True
    if before.password_hash != after.password_hash:
        what["password"] = True
    return what


def _another_generation() -> int:
    """Never one that there was: an account may be removed, and another one made of its name."""
    return secrets.randbits(62)
