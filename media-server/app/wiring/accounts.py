"""The part of the wiring that is about people with accounts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from secrets import token_urlsafe

from app.core.ports.accounts import AccountStore
from app.core.ports.guards import Hasher
from app.core.ports.identities import IdentityStore
from app.current import CurrentSettings
from app.services.accounts.acts import Acts
from app.services.accounts.challenges import Challenges
from app.services.accounts.failed_log_ins import FailedLogIns
from app.services.accounts.identities import Identities
from app.services.accounts.keys import Keys
from app.services.accounts.log_ins import LogIns
from app.services.accounts.passkeys import Passkeys
from app.services.accounts.people import People
from app.services.accounts.provider_log_ins import ProviderLogIns
from app.services.accounts.quotas import Quotas
from app.services.accounts.second_factors import SecondFactors
from app.services.accounts.sessions import AccountSessions
from app.services.accounts.wrong_tokens import WrongTokens
from app.services.event_readers import Bell
from app.services.links.passwords import Argon2Hasher
from app.services.messages.account_invitations import AccountInvitations
from app.services.messages.message_log import MessageLog
from app.settings import Settings
from app.storage.disk.data_folder import make_data_folder
from app.storage.disk.readiness import check_start
from app.storage.sql.account_sessions import SQLAccountSessions
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.audit import SQLAudit
from app.storage.sql.counts import SQLCounts
from app.storage.sql.database import Database
from app.storage.sql.endpoints import SQLEndpoints
from app.storage.sql.identities import SQLIdentities
from app.storage.sql.invitations import SQLInvitations
from app.storage.sql.keys import SQLKeys
from app.storage.sql.messages import SQLMessages
from app.storage.sql.passkeys import SQLPasskeys
from app.storage.sql.quotas import SQLQuotas
from app.storage.sql.second_factors import SQLSecondFactors
from app.storage.sql.settings import SQLSettings
from app.storage.sql.takeover import open_catalogue
from app.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class Accounts:
    """Who has an account, who is logged in, and how one does."""

    people: People
    sessions: AccountSessions
    log_ins: LogIns
    keys: Keys
    factors: SecondFactors
    quotas: Quotas
    identities: Identities
    provider: ProviderLogIns | None
    """Where people log in elsewhere, where there is such a place."""


def build_accounts(ground: Ground, settings: Settings, hasher: Hasher, failed: FailedLogIns) -> Accounts:
    accounts = SQLAccounts(ground.catalogue, clock=ground.clock)
    sessions = AccountSessions(SQLAccountSessions(ground.catalogue, clock=ground.clock), ground.clock)
    secret = ground.stores.secrets.get("session_key")
    factors = _build_factors(ground, accounts, secret)
    log_ins = LogIns(
        accounts=accounts,
        sessions=sessions,
        hasher=hasher,
        attempts=ground.attempts,
        wrong=WrongTokens(ground.attempts, ground.clock, failed.note, "password"),
        waiting=ground.bounds.passwords,
        secret=secret,
        factors=factors,
        by_password=settings.password_login,
        failed=failed.note,
    )
    people = People(
        accounts=accounts,
        invitations=SQLInvitations(ground.catalogue, clock=ground.clock),
        sessions=sessions,
        hasher=hasher,
        attempts=ground.attempts,
        clock=ground.clock,
    )
    keys = Keys(SQLKeys(ground.catalogue, clock=ground.clock), ground.clock)
    quotas = Quotas(SQLQuotas(ground.catalogue, clock=ground.clock), accounts)
    identities = Identities(
        store=SQLIdentities(ground.catalogue, clock=ground.clock),
        accounts=accounts,
        people=people,
        sessions=sessions,
        log_ins=log_ins,
        admission=settings.admission,
        clock=ground.clock,
    )
    provider = _build_provider(ground, settings, failed)
    return Accounts(people, sessions, log_ins, keys, factors, quotas, identities, provider)


def _build_factors(ground: Ground, accounts: AccountStore, secret: str) -> SecondFactors:
    passkeys = Passkeys(
        SQLPasskeys(ground.catalogue, clock=ground.clock),
        accounts,
        Challenges(secret, ground.attempts, ground.clock),
        ground.clock,
        ground.current.derived(lambda settings: settings.public_origin),
    )
    return SecondFactors(
        SQLSecondFactors(ground.catalogue, clock=ground.clock), ground.attempts, ground.clock, passkeys
    )


def _build_provider(ground: Ground, settings: Settings, failed: FailedLogIns) -> ProviderLogIns | None:
    """Where people log in elsewhere; nobody is asked there yet."""
    if settings.oidc_issuer is None:
        return None
    # Here, as most servers do without it.
    from app.storage.oidc.provider import Client, OpenIDProvider

    client = Client(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_scopes,
        settings.oidc_groups_claim if settings.admission.groups else "",
    )
    return ProviderLogIns(
        OpenIDProvider(client, ground.clock, ground.bounds.threads),
        secret=ground.stores.secrets.get("session_key"),
        attempts=ground.attempts,
        wrong=WrongTokens(ground.attempts, ground.clock, failed.note, "log-in elsewhere"),
        clock=ground.clock,
    )


@dataclass(frozen=True, slots=True)
class AccountsHere:
    """What commands do about accounts on the data folder itself."""

    people: People
    keys: Keys
    factors: SecondFactors
    quotas: Quotas
    mails: Callable[[], AccountInvitations]
    """Made when they are asked for: few commands mail anything."""
    identities: IdentityStore


def _factors_here(catalogue: Database, settings: Settings) -> SecondFactors:
    """Second factors for a command, which takes them away and asks for none."""
    attempts, accounts = SQLCounts(catalogue, time.time), SQLAccounts(catalogue, clock=time.time)
    passkeys = Passkeys(
        SQLPasskeys(catalogue, clock=time.time),
        accounts,
        # A command asks for no passkey, and has no need of the key that browsers' challenges are signed with.
        Challenges(token_urlsafe(32), attempts, time.time),
        time.time,
        lambda: settings.public_origin,
    )
    return SecondFactors(SQLSecondFactors(catalogue, clock=time.time), attempts, time.time, passkeys)


def _mails_here(catalogue: Database, settings: Settings) -> AccountInvitations:
    """Mails of a command are sent by the server, which looks for them each second."""
    from app.wiring.account_invitations import build_account_invitations
    from app.wiring.messages import rules_of

    current, clock = CurrentSettings(settings, SQLSettings(catalogue)), time.time
    rules = current.derived(rules_of)
    log = MessageLog(
        store=SQLMessages(catalogue),
        endpoints=SQLEndpoints(catalogue),
        rules=rules,
        clock=clock,
        bell=Bell(),
        acts=Acts(SQLAudit(catalogue), clock),
    )
    return build_account_invitations(catalogue, log, rules, SQLCounts(catalogue, clock), clock)


@contextmanager
def accounts_here(settings: Settings) -> Iterator[AccountsHere]:
    """The accounts of this data folder, for a command, whether a server runs on it or not. Raises UnusableDataFolder, Busy,
    StorageFull."""
    make_data_folder(settings.data_dir, settings.umask)
    check_start(settings.data_dir)
    catalogue = open_catalogue(settings.data_dir, settings.database_url)
    try:
        people = People(
            accounts=SQLAccounts(catalogue, clock=time.time),
            invitations=SQLInvitations(catalogue, clock=time.time),
            sessions=AccountSessions(SQLAccountSessions(catalogue, clock=time.time), time.time),
            hasher=Argon2Hasher(),
            attempts=SQLCounts(catalogue, time.time),
            clock=time.time,
        )
        factors = _factors_here(catalogue, settings)
        keys = Keys(SQLKeys(catalogue, clock=time.time), time.time)
        quotas = Quotas(SQLQuotas(catalogue, clock=time.time), SQLAccounts(catalogue, clock=time.time))
        mails = partial(_mails_here, catalogue, settings)
        identities = SQLIdentities(catalogue, clock=time.time)
        yield AccountsHere(people, keys, factors, quotas, mails, identities)
    finally:
        catalogue.close()
