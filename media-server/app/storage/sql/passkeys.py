"""PasskeyStore in the catalogue."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.access_errors import LastWayIn, PasskeyExists, TooManyPasskeys
from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.errors import AccountNotFound
from app.core.passkeys import MAX_PASSKEYS, Passkey
from app.core.ports.guards import Clock
from app.storage.sql.account_tables import account_identities, account_passkeys, accounts
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, made_once, shared, value
from app.storage.sql.factor_flag import tell_factor

_PASSKEY = [
    account_passkeys.c.id,
    account_passkeys.c.account,
    account_passkeys.c.name,
    account_passkeys.c.credential,
    account_passkeys.c.public_key,
    account_passkeys.c.counter,
    account_passkeys.c.made_at,
    account_passkeys.c.used_at,
]


class SQLPasskeys:
    """PasskeyStore. Every change but the note of a use holds the row of the account first, with which its passkeys go."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._audit = shared(AuditLog, database)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        table = account_passkeys
        this = table.c.credential == value("credential", sa.LargeBinary)
        theirs = table.c.account == value("account")
        self._lock = words(select(accounts.c.password).where(accounts.c.name == value("account")).with_for_update())
        self._add = words(inserted(database, table))
        self._find = words(select(*_PASSKEY).where(this))
        self._hold = words(select(*_PASSKEY).where(this).with_for_update())
        self._all = words(select(*_PASSKEY).where(theirs).order_by(table.c.made_at, table.c.id))
        self._use = words(
            table.update().values(counter=value("counter", sa.BigInteger), used_at=value("at", sa.Double)).where(this)
        )
        self._remove = words(table.delete().where(this))
        self._remove_all = words(table.delete().where(theirs))
        self._tell = tell_factor(database)
        self._elsewhere = words(
            select(account_identities.c.id)
            .where(account_identities.c.account == value("account"))
            .limit(number(1))
            .offset(number(0))
        )

    def add(self, passkey: Passkey, by: Actor) -> None:
        with self._database.write() as tx:
            if len(self._locked(tx, passkey.account)) >= MAX_PASSKEYS:
                raise TooManyPasskeys()
            # Two that are added in the same moment would both find it unknown.
            tx.alone("passkeys")
            if tx.one(self._find, credential=passkey.credential) is not None:
                raise PasskeyExists()
            tx.run(
                self._add,
                credential=passkey.credential,
                id=passkey.id,
                account=passkey.account,
                name=passkey.name,
                public_key=passkey.public_key,
                counter=passkey.counter,
                made_at=passkey.made_at,
                used_at=passkey.used_at,
            )
            tx.run(self._tell, account=passkey.account)
            self._note(tx, Act.PASSKEY_ADDED, passkey, by)
        self._database.sync()

    def find(self, credential: bytes) -> Passkey | None:
        row = self._database.look(self._find, credential=credential)
        return _passkey(row) if row else None

    def all(self, account: str) -> list[Passkey]:
        with self._database.read() as tx:
            return [_passkey(row) for row in tx.all(self._all, account=account)]

    def use(self, credential: bytes, counter: int, at: float, by: Actor) -> bool:
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._hold, credential=credential)
            if row is None:
                return False
            passkey = _passkey(row)
            counts = counter > passkey.counter or counter == passkey.counter == 0
            if counts:
                tx.run(self._use, counter=counter, at=at, credential=credential)
            else:
                self._note(tx, Act.PASSKEY_COPIED, passkey, by)
        self._database.sync()
        return counts

    def remove(self, account: str, id: str, by: Actor) -> bool:
        with self._database.write(urgent=True) as tx:
            row = tx.one(self._lock, account=account)
            found = [_passkey(each) for each in tx.all(self._all, account=account)]
            named = next((each for each in found if each.id == id), None)
            if row is None or named is None:
                return False
            if len(found) == 1 and row[0] is None and tx.one(self._elsewhere, account=account) is None:
                raise LastWayIn()
            tx.run(self._remove, credential=named.credential)
            tx.run(self._tell, account=account)
            self._note(tx, Act.PASSKEY_REMOVED, named, by)
        self._database.sync()
        return True

    def remove_all(self, account: str, by: Actor) -> int:
        with self._database.write(urgent=True) as tx:
            found = self._locked(tx, account)
            if not found:
                return 0
            tx.run(self._remove_all, account=account)
            tx.run(self._tell, account=account)
            for each in found:
                self._note(tx, Act.PASSKEY_REMOVED, each, by)
        self._database.sync()
        return len(found)

    def _locked(self, tx: Transaction, account: str) -> list[Passkey]:
        if tx.one(self._lock, account=account) is None:
            raise AccountNotFound()
        return [_passkey(each) for each in tx.all(self._all, account=account)]

    def _note(self, tx: Transaction, act: Act, passkey: Passkey, by: Actor) -> None:
        facts = {"account": passkey.account, "passkey": passkey.name}
        self._audit.write(tx, AuditRow(self._clock(), by, act, None, None, facts))


def _passkey(row: Row) -> Passkey:
    id, account, name, credential, public_key, counter, made_at, used_at = row
    return Passkey(id, account, name, bytes(credential), bytes(public_key), counter, made_at, used_at)
