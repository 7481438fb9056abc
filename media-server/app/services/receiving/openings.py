"""Openings: who may open uploads on a link, which files, and how many an hour."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace

from app.core.actors import Credentials
from app.core.checklists import check_answered, check_item, narrowed, party_of
from app.core.errors import RateLimited
from app.core.links import RequestLink
from app.core.policy import Policy
from app.core.ports.guards import Attempts
from app.core.ports.inbox import Inbox
from app.core.ports.parties import PartyStore
from app.core.ports.settings import Current
from app.core.session import Sender
from app.core.terms import Ask
from app.services.links.file_requests import FileRequests
from app.services.memory_monitor import MemoryMonitor
from app.services.receiving.commands import OpenUpload
from app.services.receiving.room import Room

PACKED_FILES_PER_OPENING = 200
"""So many files of a pack count as one opening. By the default limit one client sends 120,000 small files an hour."""

WHOLE_FILES_PER_OPENING = 20
"""So many files that come whole, each in a request of its own, count as one opening: they leave nothing open, and a folder of photos
is a thousand of them. By the default limit one client sends 12,000 of them an hour."""
MAX_PAID_CLIENTS = 10_000
"""Of so many clients is kept how many whole files they have paid for."""


class Openings:
    """The gate that every opening passes: ``link``, ``sender``, ``count`` or ``count_whole``, in this order. ``Admission`` asks less, and earlier.

    ``rate_limit``, such as ``600 per hour``, is how many openings of one client's address count; chunks never do."""

    def __init__(
        self,
        *,
        file_requests: FileRequests,
        policy: Current[Policy],
        attempts: Attempts,
        memory: MemoryMonitor,
        room: Room,
        inbox: Inbox,
        parties: PartyStore,
        rate_limit: Current[str],
    ) -> None:
        self._file_requests = file_requests
        self._policy = policy
        self._attempts = attempts
        self._memory = memory
        self._room = room
        self._inbox = inbox
        self._parties = parties
        self._rate_limit = rate_limit
        self._paid: OrderedDict[str, int] = OrderedDict()
        """By address, how many whole files an opening has paid for that was counted already. Of each process."""
        self._lock = threading.Lock()

    def link(self, hash: str, credentials: Credentials) -> RequestLink:
        """The link, if uploads may be opened on it with these credentials.

        Raises RequestNotFound, RequestClosed, RequestExpired, RequestOverdue; what ``Access.authorize`` raises, about password and
        captcha; AnswersRequired where the link asks what has to be answered first; Busy while memory is short or nothing could be
        delivered to the link's folder. Raises StorageFull, before a wrong password
        is counted, where the disk is below the lower floor: counting writes.
        """
        link = self._file_requests.find_to_open(hash)
        self._memory.check()
        self._room.room_for_chunk(0)
        self._file_requests.authorize_opening(link, credentials)
        self._check_answered(link, credentials)
        self._inbox.check(link.folder)
        return link

    def sender(self, link: RequestLink, command: OpenUpload, credentials: Credentials) -> Sender:
        """The sender as far as the link asks and knows them, if it takes this file. Raises ItemNotFound, FileTooLarge, TypeNotAllowed;
        InvalidRequest where the link requires a name or an e-mail address and ``command`` has none, or one that cannot be."""
        if command.item is not None:
            check_item(link.terms, command.item)
        self._policy().check_file(narrowed(link, command.item), command.path.name, command.size)
        sender = self._file_requests.check_sender(link, command.sender_name, command.sender_email)
        language = credentials.language if sender.email or link.terms.is_personal else None
        return replace(sender, party=party_of(link, credentials.key), language=language)

    def who(self, link: RequestLink, name: str | None, email: str | None) -> Sender:
        """Whoever asks for what is no file, as far as they say: nothing is required of them. Raises InvalidRequest where they say what
        cannot be."""
        if not link.terms.subfolder or not (name or email):
            return Sender()
        terms = link.terms
        asked = replace(terms, ask_name=_not_required(terms.ask_name), ask_email=_not_required(terms.ask_email))
        return self._file_requests.check_sender(replace(link, terms=asked), name, email)

    def _check_answered(self, link: RequestLink, credentials: Credentials) -> None:
        if credentials.actor.rules(link.owner) or not any(each.required for each in link.terms.questions):
            return
        party = party_of(link, credentials.key)
        check_answered(link.terms, party, self._parties.answers(link.hash, party) if party else {})

    def count(self, credentials: Credentials) -> None:
        """Count one opening; those of an owner are not counted. Raises RateLimited, and then it is not counted either."""
        if not credentials.actor.is_known:
            self._count(credentials.actor.address)

    def count_whole(self, credentials: Credentials) -> None:
        """Count a file that comes whole in one request. One opening pays for ``WHOLE_FILES_PER_OPENING`` of them that come to the same
        process; those of an owner are not counted. Raises RateLimited, and then it is not counted either."""
        if credentials.actor.is_known or self._take_paid(credentials.actor.address):
            return
        self._count(credentials.actor.address)
        self._pay(credentials.actor.address)

    def _take_paid(self, client: str) -> bool:
        with self._lock:
            paid = self._paid.pop(client, 0)
            if paid > 1:
                self._paid[client] = paid - 1
            return paid > 0

    def _pay(self, client: str) -> None:
        """Only once the opening was counted: those that come at the same moment count for themselves."""
        with self._lock:
            self._paid[client] = self._paid.pop(client, 0) + WHOLE_FILES_PER_OPENING - 1
            if len(self._paid) > MAX_PAID_CLIENTS:
                self._paid.popitem(last=False)

    def count_packed(self, client: str, number: int) -> None:
        """Count file ``number`` of a pack, from 1 on. The first of every ``PACKED_FILES_PER_OPENING`` files counts as one opening, also of
        an owner. Raises RateLimited."""
        if number % PACKED_FILES_PER_OPENING == 1:
            self._count(client)

    def _count(self, client: str) -> None:
        key = f"open:{client}"
        limit = self._rate_limit()
        if not self._attempts.hit(key, limit):
            raise RateLimited(retry_after=self._attempts.retry_after(key, limit))


def _not_required(ask: Ask) -> Ask:
    return Ask.OPTIONAL if ask is Ask.REQUIRED else ask
