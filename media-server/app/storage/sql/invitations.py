"""InvitationStore in the catalogue."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.accounts import MAX_INVITATIONS, Account, Invitation, Role
from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.errors import InvitationNotFound, TooManyAccounts
from app.core.messages import Message
from app.core.ports.guards import Clock
from app.storage.sql.account_tables import invitations
from app.storage.sql.accounts import AccountWriter
from app.storage.sql.audit import AuditLog
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, made_once, shared, value
from app.storage.sql.messages import message_row
from app.storage.sql.telling_tables import messages

_COLUMNS = [
    invitations.c.id,
    invitations.c.role,
    invitations.c.teams,
    invitations.c.email,
    invitations.c.made_by,
    invitations.c.made_at,
    invitations.c.ends_at,
]


class SQLInvitations:
    """InvitationStore."""

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

        this = invitations.c.digest == value("digest", sa.LargeBinary)
        is_open = invitations.c.ends_at > value("now", sa.Double)
        self._add = words(inserted(database, invitations))
        self._count = words(select(sa.func.count()).select_from(invitations).where(is_open))
        self._find = words(select(*_COLUMNS).where(this, is_open))
        self._lock = words(select(*_COLUMNS).where(this, is_open).with_for_update())
        self._all = words(select(*_COLUMNS).where(is_open).order_by(invitations.c.made_at.desc(), invitations.c.id))
        self._use = words(invitations.delete().where(this))
        self._is_open = words(select(invitations.c.id).where(invitations.c.id == value("id"), is_open))
        self._add_mail = words(inserted(database, messages).on_conflict_do_nothing(index_elements=["id"]))
        self._named = words(select(*_COLUMNS).where(invitations.c.id == value("id")).with_for_update())
        self._remove = words(invitations.delete().where(invitations.c.id == value("id")))
        self._prune = words(invitations.delete().where(invitations.c.ends_at <= value("before", sa.Double)))

    def add(self, digest: bytes, invitation: Invitation, by: Actor, mail: Message | None = None) -> None:
        with self._database.write() as tx:
            tx.alone("invitations")
            amount = tx.one(self._count, now=invitation.made_at)
            assert amount is not None
            if amount[0] >= MAX_INVITATIONS:
                raise TooManyAccounts()
            tx.run(
                self._add,
                digest=digest,
                id=invitation.id,
                role=invitation.role.value,
                teams=json.dumps(invitation.teams, allow_nan=False),
                email=invitation.email,
                made_by=invitation.made_by,
                made_at=invitation.made_at,
                ends_at=invitation.ends_at,
            )
            if mail is not None:
                tx.run(self._add_mail, **message_row(mail))
            self._note(tx, Act.INVITATION_MADE, invitation, by, mailed=None if mail is None else True)
        self._database.sync()

    def find(self, digest: bytes, now: float) -> Invitation | None:
        row = self._database.look(self._find, digest=digest, now=now)
        return _invitation(row) if row else None

    def is_open(self, id: str, now: float) -> bool:
        return "\0" not in id and id.isascii() and self._database.look(self._is_open, id=id, now=now) is not None

    def all(self, now: float) -> list[Invitation]:
        with self._database.read() as tx:
            return [_invitation(row) for row in tx.all(self._all, now=now)]

    def take(self, digest: bytes, account: Account, password_hash: str, now: float, by: Actor) -> None:
        with self._database.write() as tx:
            row = tx.one(self._lock, digest=digest, now=now)
            if row is None:
                raise InvitationNotFound()
            self._accounts.add(tx, account, password_hash, by, invited_by=_invitation(row).made_by)
            tx.run(self._use, digest=digest)
        self._database.sync()

    def remove(self, id: str, by: Actor) -> bool:
        if not id.isascii() or "\0" in id:
            return False
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._named, id=id)
            if row is None:
                return False
            tx.run(self._remove, id=id)
            self._note(tx, Act.INVITATION_REMOVED, _invitation(row), by)
        self._database.sync()
        return True

    def prune(self, before: float) -> int:
        with self._database.write(urgent=True) as tx:
            return tx.changed(self._prune, before=before)

    def _note(self, tx: Transaction, act: Act, invitation: Invitation, by: Actor, **more: Any) -> None:
        facts = {"role": invitation.role.value, "teams": list(invitation.teams), "email": invitation.email or None}
        self._audit.write(tx, AuditRow(self._clock(), by, act, None, None, facts | more))


def _invitation(row: Row) -> Invitation:
    id, role, teams, email, made_by, made_at, ends_at = row
    return Invitation(id, Role(role), tuple(json.loads(teams)), email, made_by, made_at, ends_at)
