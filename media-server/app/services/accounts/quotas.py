"""Quotas: set by admins, seen by those whose they are."""

from __future__ import annotations

from app.core.accounts import TEAM, is_account_name, team_owner
from app.core.actors import Actor, ActorKind, Reach
from app.core.errors import AccountNotFound, InvalidRequest
from app.core.ledger import MAX_WEIGHT
from app.core.ports.accounts import AccountStore
from app.core.ports.quotas import QuotaStore
from app.core.quotas import Quota

NO_OWNER = "Name an account, or a team as team:NAME."
NO_TEAM = "No account is in this team."


class Quotas:
    """How much the links of each account and team may hold."""

    def __init__(self, quotas: QuotaStore, accounts: AccountStore) -> None:
        self._quotas = quotas
        self._accounts = accounts

    def all(self, reach: Reach) -> list[Quota]:
        """Those within reach."""
        return self._quotas.all(reach.owners)

    def set(self, name: str, most: int, by: Actor) -> Quota | None:
        """Set the quota of an account, or of ``team:NAME``; 0 takes it away, also of a team that
        nobody is in any more. Raises AccountNotFound, InvalidRequest."""
        return self._quotas.set(self._owner(name, most), most, by)

    def _owner(self, name: str, most: int) -> str:
        kind, colon, team = name.rpartition(":")
        if not is_account_name(team) or kind not in ("", TEAM, ActorKind.ACCOUNT.value) or bool(kind) != bool(colon):
            raise InvalidRequest(NO_OWNER, fields={"owner": NO_OWNER})
        if kind == TEAM:
            owner = team_owner(team)
            if not any(team in each.teams for each in self._accounts.all()) and (most or not self._quotas.all({owner})):
                raise InvalidRequest(NO_TEAM, fields={"owner": NO_TEAM})
            return owner
        kept = self._accounts.find(team)
        if kept is None:
            raise AccountNotFound()
        return kept.account.owner


MOST = min(MAX_WEIGHT, 2**53 - 1)
"""The largest quota: what every reader of JSON counts exactly."""
