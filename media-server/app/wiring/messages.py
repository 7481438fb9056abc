"""The part of the wiring that is about telling owners and senders."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from app.core.actors import EVERYTHING, THE_OWNER, ActorKind, Reach, actor_named
from app.core.addresses import named_address
from app.core.backoff import Backoff
from app.core.mail_server import MailServer
from app.core.messages import Message, Pace
from app.core.ports.settings import Current
from app.services.event_readers import Bell
from app.services.links.finishing import Finishing
from app.services.messages.account_invitations import AccountInvitations
from app.services.messages.chats import Chats
from app.services.messages.closing import Closing, ConfirmationLimits
from app.services.messages.delivery import Delivery, MailRoom
from app.services.messages.endpoints import Endpoints
from app.services.messages.invitations import Invitations
from app.services.messages.item_messages import ItemMessages, ReturnLimits
from app.services.messages.mails import Mails
from app.services.messages.message_log import MessageLog
from app.services.messages.pushes import Pushes
from app.services.messages.reader import MessageReader
from app.services.messages.reminders import Reminders, Stops
from app.services.messages.rules import Rules
from app.services.messages.subscriptions import Subscriptions
from app.services.messages.worker import MessageWorker
from app.services.senders.receipts import Receipts
from app.settings import Settings
from app.storage.messages.chats import AppriseChats
from app.storage.messages.push import GONE, PushKey, WebPush
from app.storage.messages.smtp import SMTPMail
from app.storage.messages.webhooks import HTTPHooks
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.endpoints import SQLEndpoints
from app.storage.sql.messages import SQLMessages
from app.storage.sql.reminders import SQLReminders
from app.wiring.account_invitations import build_account_invitations, why_not
from app.wiring.ground import Ground
from app.wiring.links import brand_of

MOST_MESSAGES = 20_000
"""So many are kept in the log, however young they are."""
WEBHOOK_MOST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Messages:
    """What is told, to whom, and what became of it."""

    log: MessageLog
    invitations: Invitations
    account_invitations: AccountInvitations
    reminders: Reminders
    endpoints: Endpoints
    subscriptions: Subscriptions
    reader: MessageReader
    worker: MessageWorker


def build_messages(ground: Ground, settings: Settings, receipts: Receipts) -> Messages:
    """Nothing is looked up or connected to before there is a message."""
    store, endpoints, clock, bell = SQLMessages(ground.catalogue), SQLEndpoints(ground.catalogue), ground.clock, Bell()
    current, requests = ground.current, ground.requests
    rules = current.derived(rules_of)
    hooks = HTTPHooks(settings.webhook_allow_private)
    chats = Chats(
        AppriseChats(settings.webhook_allow_private), lambda: current().public_url, lambda: current().language
    )
    push = _push(ground, settings)
    pushes = Pushes(push, requests, _reach_of(SQLAccounts(ground.catalogue, clock=clock)))
    closing = _closing(ground, rules, (store, endpoints))
    reminding = SQLReminders(ground.catalogue, clock=clock, happened=ground.bell.ring)
    reminders = _reminders(ground, rules, reminding, bell)
    log = MessageLog(store=store, endpoints=endpoints, rules=rules, clock=clock, bell=bell, acts=ground.acts)
    inviting = build_account_invitations(ground.catalogue, log, rules, ground.attempts, clock)
    judge = why_not(reminders, inviting)
    delivery = _delivery(ground, receipts, (store, endpoints), (hooks, chats, pushes), judge)
    worker = MessageWorker(
        store=store,
        closing=closing,
        delivery=delivery,
        leader=ground.stores.leader("messages"),
        clock=clock,
        bell=bell,
        remind=reminders.remind_due,
        prune=lambda: store.prune(clock() - current().messages_kept_days * 86_400, MOST_MESSAGES),
    )
    return Messages(
        log,
        Invitations(links=requests, store=reminding, rules=rules, clock=clock, bell=bell, acts=ground.acts),
        inviting,
        reminders,
        Endpoints(store=endpoints, links=requests, hooks=hooks, chats=chats, clock=clock, acts=ground.acts),
        Subscriptions(store=endpoints, carrier=push, log=log, clock=clock, acts=ground.acts),
        _reader(ground, rules, (store, endpoints)),
        worker,
    )


def _reader(ground: Ground, rules: Current[Rules], stores: tuple[SQLMessages, SQLEndpoints]) -> MessageReader:
    store, endpoints = stores
    return MessageReader(
        requests=ground.requests,
        store=store,
        endpoints=endpoints,
        items=_items(ground, rules),
        rules=rules,
        look=ground.current.look,
        clock=ground.clock,
    )


def _closing(ground: Ground, rules: Current[Rules], stores: tuple[SQLMessages, SQLEndpoints]) -> Closing:
    store, endpoints = stores
    return Closing(
        requests=ground.requests,
        store=store,
        endpoints=endpoints,
        attempts=ground.attempts,
        rules=rules,
        limits=ground.current.derived(lambda now: ConfirmationLimits(link=now.rate_limit_confirmations)),
        clock=ground.clock,
    )


def _items(ground: Ground, rules: Current[Rules]) -> ItemMessages:
    return ItemMessages(
        links=ground.requests,
        parties=ground.parties,
        attempts=ground.attempts,
        rules=rules,
        limits=ReturnLimits(),
        clock=ground.clock,
    )


def _reminders(ground: Ground, rules: Current[Rules], store: SQLReminders, bell: Bell) -> Reminders:
    return Reminders(
        requests=ground.requests,
        finishing=Finishing(ground.requests, ground.parties),
        store=store,
        stops=Stops(store, ground.stores.secrets.get("reminder_key").encode(), ground.clock),
        attempts=ground.attempts,
        rules=rules,
        clock=ground.clock,
        bell=bell,
        acts=ground.acts,
        public_url=lambda: ground.current().public_url,
    )


def _delivery(
    ground: Ground,
    receipts: Receipts,
    stores: tuple[SQLMessages, SQLEndpoints],
    carriers: tuple[HTTPHooks, Chats, Pushes],
    judge: Callable[[Message], str | None],
) -> Delivery:
    (store, endpoints), (hooks, chats, pushes) = stores, carriers
    return Delivery(
        store=store,
        endpoints=endpoints,
        requests=ground.requests,
        mail=ground.current.derived(partial(mail_room, receipts)),
        hooks=hooks,
        chats=chats,
        pushes=pushes,
        clock=ground.clock,
        backoff=Backoff(5.0, 3600.0, random.random),
        why_not=judge,
    )


def _push(ground: Ground, settings: Settings) -> WebPush:
    hooks = HTTPHooks(settings.webhook_allow_private, gone=GONE)
    key = PushKey(ground.stores.secrets.get("push_key"))
    return WebPush(hooks, key, ground.current.derived(_contact), ground.clock)


def _contact(settings: Settings) -> str | None:
    if settings.mail_from is not None:
        return f"mailto:{named_address(settings.mail_from)[1]}"
    return settings.public_url


def _reach_of(accounts: SQLAccounts) -> Callable[[str], Reach | None]:
    """What whoever has a browser told may see, as things are now."""

    def reach_of(name: str) -> Reach | None:
        actor = actor_named(name)
        kept = accounts.find(actor.name) if actor.kind is ActorKind.ACCOUNT else None
        if kept is not None:
            return None if kept.account.disabled else kept.account.reach
        return EVERYTHING if name == THE_OWNER else None

    return reach_of


def rules_of(settings: Settings) -> Rules:
    most = settings.notify_at_most_minutes * 60
    quick = settings.webhook_after_seconds
    most_quick = max(quick, WEBHOOK_MOST_SECONDS)
    return Rules(
        mail=settings.smtp_url is not None,
        notify=settings.notify_mail,
        mail_pace=Pace(min(settings.notify_after_seconds, most), most, most),
        hook_pace=Pace(quick, most_quick, most_quick),
        quiet=settings.quiet,
        brand=brand_of(settings),
    )


def mail_room(receipts: Receipts, settings: Settings) -> MailRoom | None:
    if settings.smtp_url is None or settings.mail_from is None:
        return None
    carrier = SMTPMail(MailServer.of(settings.smtp_url), named_address(settings.mail_from)[1])
    return MailRoom(
        Mails(settings.mail_from, settings.public_url, settings.language), carrier, receipts, settings.public_url
    )
