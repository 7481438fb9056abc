"""Whether an account has a second factor: codes of an app that are on, or a passkey. It stands with the account, as every call asks."""

from __future__ import annotations

import sqlalchemy as sa

from app.storage.sql.account_tables import account_factors, account_passkeys, accounts
from app.storage.sql.columns import number
from app.storage.sql.database import Database, compiled, value


def tell_factor(database: Database) -> str:
    """The statement that notes what is so now; to be run after each change of either, in its transaction."""
    name = value("account")
    codes = sa.exists().where(account_factors.c.account == name, account_factors.c.is_on == number(1))
    passkeys = sa.exists().where(account_passkeys.c.account == name)
    has_one = sa.case((sa.or_(codes, passkeys), number(1)), else_=number(0))
    return compiled(accounts.update().values(second_factor=has_one).where(accounts.c.name == name), database.dialect)
