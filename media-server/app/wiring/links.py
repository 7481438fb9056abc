"""The part of the wiring that is about links and who may use them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from app.core.accounts import TEAM
from app.core.brand import Brand
from app.core.errors import MailNotReady
from app.core.ports.guards import CaptchaProvider
from app.core.ports.settings import Current
from app.services.forwarding.remotes import Remotes
from app.services.links.access import Access, AccessRules
from app.services.links.file_requests import FileRequests, TermChecks
from app.services.links.finishing import Finishing
from app.services.links.logos import Logos
from app.services.links.passwords import Argon2Hasher
from app.services.links.templates import Templates
from app.services.links.whose import Kept, Whose
from app.settings import Settings
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.documents import SQLDocumentLists
from app.storage.sql.endpoints import SQLEndpoints
from app.storage.sql.logos import SQLLogos
from app.storage.sql.messages import SQLMessages
from app.storage.sql.shares import SQLShares
from app.storage.sql.templates import SQLTemplates
from app.wiring.captcha import build_captcha
from app.wiring.extras import check_extra
from app.wiring.ground import Ground, policy_of

NO_ADDRESS = (
    "Reminders tell people the address of a link, and this server does not know its own. Whoever looks after it can set that "
    "on its settings page, or as DROPPR_PUBLIC_URL."
)


@dataclass(frozen=True, slots=True)
class Links:
    """Links, and who tells people from programs on them."""

    file_requests: FileRequests
    finishing: Finishing
    captcha: CaptchaProvider
    access: Access
    hasher: Argon2Hasher
    logos: Logos
    brand: Current[Brand]
    whose: Whose
    templates: Templates


def build_links(ground: Ground, settings: Settings, remotes: Remotes) -> Links:
    """Links; ``remotes`` judge the targets that they name."""
    captcha = build_captcha(settings, ground.stores.secrets, ground.attempts, ground.clock)
    hasher = Argon2Hasher()
    access = Access(
        attempts=ground.attempts,
        captcha=captcha,
        hasher=hasher,
        clock=ground.clock,
        rules=access_rules(settings),
        waiting=ground.bounds.passwords,
    )
    file_requests = FileRequests(
        requests=ground.requests,
        inbox=ground.stores.inbox,
        access=access,
        policy=ground.current.derived(policy_of),
        attempts=ground.attempts,
        hasher=hasher,
        clock=ground.clock,
        create_limit=settings.rate_limit_share_create,
        usual_hours=lambda: ground.current().link_expires_hours,
        checks=TermChecks(target=remotes.check, needs=partial(_check, ground.current)),
    )
    finishing = Finishing(ground.requests, ground.parties)
    logos = Logos(links=ground.requests, store=SQLLogos(ground.catalogue))
    whose = _whose(ground)
    templates = Templates(
        store=SQLTemplates(ground.catalogue),
        links=ground.requests,
        whose=whose,
        clock=ground.clock,
        acts=ground.acts,
    )
    return Links(
        file_requests, finishing, captcha, access, hasher, logos, ground.current.derived(brand_of), whose, templates
    )


def _whose(ground: Ground) -> Whose:
    catalogue = ground.catalogue
    accounts = SQLAccounts(catalogue, clock=ground.clock)

    def exists(owner: str) -> bool:
        kind, _, name = owner.partition(":")
        if kind == TEAM:
            return any(name in each.teams for each in accounts.all())
        return accounts.find(name) is not None

    return Whose(
        Kept(
            links=ground.requests,
            shares=SQLShares(catalogue, clock=ground.clock, durable=False),
            messages=SQLMessages(catalogue),
            endpoints=SQLEndpoints(catalogue),
            documents=SQLDocumentLists(catalogue),
        ),
        exists,
    )


def _check(current: Current[Settings], name: str) -> None:
    """Raises NotInstalled, MailNotReady where this installation lacks what a term needs."""
    if name not in ("mail", "reminders"):
        check_extra(name)
    elif current().smtp_url is None:
        raise MailNotReady()
    elif name == "reminders" and current().public_url is None:
        raise MailNotReady(NO_ADDRESS)


def brand_of(settings: Settings) -> Brand:
    """Who asks where a link does not say so."""
    return Brand(settings.brand_name, settings.brand_accent)


def access_rules(settings: Settings) -> AccessRules:
    """How often one may guess."""
    return AccessRules(
        failure_max=settings.request_password_failure_max,
        failure_window=settings.request_password_failure_window_seconds,
        captcha_threshold=settings.request_password_failure_captcha_threshold,
    )
