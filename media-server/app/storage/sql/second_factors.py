"""SecondFactorStore in the catalogue."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app.core.access_errors import SecondFactorOn
from app.core.actors import Actor
from app.core.audit import Act, AuditRow
from app.core.errors import AccountNotFound
from app.core.ports.guards import Clock
from app.core.second_factor import SecondFactor
from app.storage.sql.account_tables import account_factors, accounts
from app.storage.sql.audit import AuditLog
from app.storage.sql.columns import number
from app.storage.sql.database import Database, Row, Transaction, compiled, inserted, made_once, shared, value
from app.storage.sql.factor_flag import tell_factor

_FACTOR = [
    account_factors.c.account,
    account_factors.c.secret,
    account_factors.c.is_on,
    account_factors.c.last_step,
    account_factors.c.recovery,
]


class SQLSecondFactors:
    """SecondFactorStore. Every change holds the row of the account first, with which its factor goes."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._audit = shared(AuditLog, database)
        self._prepare(database)

    @made_once
    def _prepare(self, database: Database) -> None:
        def words(statement: Any) -> str:
            return compiled(statement, database.dialect)

        table = account_factors
        this = table.c.account == value("account")
        self._lock = words(select(accounts.c.name).where(accounts.c.name == value("account")).with_for_update())
        self._find = words(select(*_FACTOR).where(this))
        self._add = words(inserted(database, table))
        self._remove = words(table.delete().where(this))
        self._step = words(
            table.update()
            .values(last_step=value("step", sa.BigInteger))
            .where(this, table.c.is_on == number(1), table.c.last_step < value("step", sa.BigInteger))
        )
        self._recovery = words(table.update().values(recovery=value("recovery", sa.Text)).where(this))
        self._tell = tell_factor(database)

    def find(self, account: str) -> SecondFactor | None:
        row = self._database.look(self._find, account=account)
        return _factor(row) if row else None

    def begin(self, account: str, secret: str) -> None:
        with self._database.write() as tx:
            found = self._locked(tx, account)
            if found is not None and found.is_on:
                raise SecondFactorOn()
            self._put(tx, SecondFactor(account, secret, False, 0, ()))
        self._database.sync()

    def confirm(self, account: str, secret: str, step: int, recovery: tuple[str, ...], by: Actor) -> bool:
        with self._database.write() as tx:
            found = self._locked(tx, account)
            if found is None or found.is_on or found.secret != secret:
                return False
            self._put(tx, SecondFactor(account, secret, True, step, recovery))
            tx.run(self._tell, account=account)
            self._note(tx, Act.SECOND_FACTOR_ON, account, by)
        self._database.sync()
        return True

    def use_step(self, account: str, step: int) -> bool:
        with self._database.write(urgent=True) as tx:
            counts = tx.changed(self._step, step=step, account=account) > 0
        self._database.sync()
        return counts

    def use_recovery(self, account: str, digest: str, by: Actor) -> bool:
        with self._database.write(urgent=True) as tx:
            found = self._locked(tx, account)
            if found is None or not found.is_on or digest not in found.recovery:
                return False
            left = [each for each in found.recovery if each != digest]
            tx.run(self._recovery, recovery=json.dumps(left, allow_nan=False), account=account)
            self._note(tx, Act.RECOVERY_CODE_USED, account, by, left=len(left))
        self._database.sync()
        return True

    def remove(self, account: str, by: Actor) -> bool:
        with self._database.write(urgent=True) as tx:
            found = self._locked(tx, account)
            tx.run(self._remove, account=account)
            if found is None or not found.is_on:
                return False
            tx.run(self._tell, account=account)
            self._note(tx, Act.SECOND_FACTOR_OFF, account, by)
        self._database.sync()
        return True

    def _locked(self, tx: Transaction, account: str) -> SecondFactor | None:
        if tx.one(self._lock, account=account) is None:
            raise AccountNotFound()
        row = tx.one(self._find, account=account)
        return _factor(row) if row else None

    def _put(self, tx: Transaction, factor: SecondFactor) -> None:
        tx.run(self._remove, account=factor.account)
        tx.run(
            self._add,
            account=factor.account,
            secret=factor.secret,
            is_on=int(factor.is_on),
            last_step=factor.last_step,
            recovery=json.dumps(factor.recovery, allow_nan=False),
        )

    def _note(self, tx: Transaction, act: Act, account: str, by: Actor, **facts: Any) -> None:
        self._audit.write(tx, AuditRow(self._clock(), by, act, None, None, {"account": account, **facts}))


def _factor(row: Row) -> SecondFactor:
    account, secret, is_on, last_step, recovery = row
    return SecondFactor(account, secret, bool(is_on), last_step, tuple(json.loads(recovery)))
