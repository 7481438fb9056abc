"""IdentityStore in the catalogue."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.access_errors import IdentityNotFound, IdentityTaken, LastWayIn, TooManyIdentities
from app.core.accounts import Account, is_account_name
from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.errors import AccountNotFound, InvitationNotFound, UploadError
from app.core.identities import MAX_IDENTITIES, PROXY, Identity, way_of
from app.core.ports.guards import Clock
from app.storage.sql.account_tables import (
    NOBODYS,
    account_identities,
    account_passkeys,
    account_sessions,
    accounts,
    invitations,
)
from app.storage.sql.accounts import AccountWriter
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, made_once, shared, value

_IDENTITY = [
    account_identities.c.id,
    account_identities.c.issuer,
    account_identities.c.subject,
    account_identities.c.account,
    account_identities.c.shown,
    account_identities.c.made_at,
    account_identities.c.used_at,
]


class SQLIdentities:
    """IdentityStore. Every change holds the row of the account first, with which its identities go."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._accounts = AccountWriter(database, clock)
        self._audit = shared(AuditLog, database)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        table = account_identities
        this = sa.and_(table.c.issuer == value("issuer"), table.c.subject == value("subject"))
        listed = select(*_IDENTITY).order_by(table.c.account, table.c.made_at, table.c.id)
        self._find = words(select(*_IDENTITY).where(this))
        self._all = words(listed.where(table.c.account != NOBODYS))
        self._own = words(listed.where(table.c.account == value("account")))
        self._add = words(inserted(database, table))
        self._drop_nobodys = words(table.delete().where(this, table.c.account == NOBODYS))
        self._saw = words(
            table.update()
            .values(used_at=value("at", sa.Double), shown=value("shown"))
            .where(table.c.id == value("id"), table.c.used_at < value("at", sa.Double))
        )
        self._remove = words(table.delete().where(table.c.id == value("id")))
        self._disown = words(table.update().values(account=NOBODYS).where(table.c.id == value("id")))
        self._lock = words(select(accounts.c.password).where(accounts.c.name == value("account")).with_for_update())
        self._passkey = words(
            select(account_passkeys.c.id)
            .where(account_passkeys.c.account == value("account"))
            .limit(number(1))
            .offset(number(0))
        )
        self._invited = words(select(invitations.c.made_by).where(invitations.c.id == value("id")).with_for_update())
        self._use_invitation = words(invitations.delete().where(invitations.c.id == value("id")))
        self._end = words(
            account_sessions.delete().where(
                account_sessions.c.account == value("account"),
                account_sessions.c.way == value("way"),
                account_sessions.c.digest != value("keep", sa.LargeBinary),
            )
        )
        self._count = words(select(sa.func.count()).select_from(table).where(table.c.account == value("account")))

    def find(self, issuer: str, subject: str) -> Identity | None:
        row = self._database.look(self._find, issuer=issuer, subject=subject)
        return Identity(*row) if row else None

    def all(self, account: str | None = None) -> list[Identity]:
        with self._database.read() as tx:
            rows = tx.all(self._all) if account is None else tx.all(self._own, account=account)
        return [Identity(*row) for row in rows]

    def link(self, identity: Identity, by: Actor) -> None:
        with self._database.write() as tx:
            if self._locked(tx, identity.account) is None:
                raise AccountNotFound()
            self._put(tx, identity, by)
        self._database.sync()

    def make(self, identity: Identity, account: Account, invitation: str | None, by: Actor) -> None:
        with self._database.write() as tx:
            facts: dict[str, Any] = {}
            if invitation is not None:
                row = tx.one(self._invited, id=invitation)
                if row is None:
                    raise InvitationNotFound()
                tx.run(self._use_invitation, id=invitation)
                facts["invited_by"] = row[0]
            self._accounts.add(tx, account, None, by, **facts)
            self._put(tx, identity, by)
        self._database.sync()

    def saw(self, id: str, shown: str, at: float) -> None:
        try:
            with self._database.write() as tx:
                tx.run(self._saw, id=id, shown=shown, at=at)
        except UploadError:  # A full disk, or a busy one: whoever logs in is in all the same.
            return

    def unlink(self, account: str, id: str, *, spare_last: bool, keep: bytes, by: Actor) -> None:
        if not is_account_name(account):
            raise AccountNotFound()
        with self._database.write(urgent=True) as tx:
            kept = self._locked(tx, account)
            if kept is None:
                raise AccountNotFound()
            own = [Identity(*row) for row in tx.all(self._own, account=account)]
            gone = next((each for each in own if each.id == id), None)
            if gone is None:
                raise IdentityNotFound()
            if spare_last and len(own) == 1 and kept[0] is None and tx.one(self._passkey, account=account) is None:
                raise LastWayIn()
            # A provider's would come back by the address of the account at the next log-in; a proxy's stands for the name it says.
            tx.run(self._remove if gone.issuer == PROXY else self._disown, id=id)
            tx.run(self._end, account=account, way=way_of(gone.issuer), keep=keep)
            self._note(tx, Act.IDENTITY_REMOVED, gone, by)
        self._database.sync()

    def _put(self, tx: Transaction, identity: Identity, by: Actor) -> None:
        # Two who come by one identity in the same moment would both find it free.
        tx.alone("identities")
        named = {"issuer": identity.issuer, "subject": identity.subject}
        tx.run(self._drop_nobodys, **named)
        if tx.one(self._find, **named) is not None:
            raise IdentityTaken()
        amount = tx.one(self._count, account=identity.account)
        assert amount is not None
        if amount[0] >= MAX_IDENTITIES:
            raise TooManyIdentities()
        tx.run(
            self._add,
            id=identity.id,
            account=identity.account,
            shown=identity.shown,
            made_at=identity.made_at,
            used_at=identity.used_at,
            **named,
        )
        self._note(tx, Act.IDENTITY_ADDED, identity, by)

    def _locked(self, tx: Transaction, account: str) -> Row | None:
        return tx.one(self._lock, account=account)

    def _note(self, tx: Transaction, act: Act, identity: Identity, by: Actor) -> None:
        facts = {"account": identity.account, "issuer": identity.issuer, "shown": identity.shown}
        self._audit.write(tx, AuditRow(self._clock(), by, act, None, None, facts))
