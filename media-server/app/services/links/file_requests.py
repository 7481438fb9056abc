"""FileRequests: make, show, change and close links, and say who may use them."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from app.core.actors import THE_OWNER, Actor, Credentials
from app.core.errors import (
    FileNotFound,
    InvalidRequest,
    RateLimited,
    RequestClosed,
    RequestExpired,
    RequestOverdue,
    UploadError,
)
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.policy import Policy
from app.core.ports.catalogue import RequestStore
from app.core.ports.guards import Attempts, Clock, Hasher
from app.core.ports.inbox import Inbox, StoredFile
from app.core.ports.settings import Current
from app.core.remotes import RemoteTarget
from app.core.room import NAME_BYTES
from app.core.session import Sender
from app.core.standing import NEWEST_FIRST, LinkFilter, LinkOrder, Place, Standing
from app.core.terms import MAX_HOURS, TERMS, Ask, CaptchaMode, Kind, Term
from app.services.accounts import acts
from app.services.links.access import Access
from app.services.links.whose import check_change, folder_of_new

MAX_NAME_LENGTH = 200
MAX_LISTED = 2**31 - 1
"""More links than there are."""
MAX_EMAIL_LENGTH = 254
_IN_IDS = string.ascii_lowercase + string.digits
# Control characters, line breaks, controls of writing direction and halves of characters.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


UNGUARDED = "A readable address can be guessed: give the link a password, or have it always ask for a captcha, or take the address away."
Changes = Mapping[str, Any]
"""What an owner sets on a link, by the names of ``core.terms``; what is absent stays as it is."""


@dataclass(frozen=True, slots=True)
class LinkInfo:
    """What anyone with the link may know. The limits are those that count after the server's own."""

    link: RequestLink
    expires_in: float | None
    due_in: float | None
    file_limit: int
    extensions: tuple[str, ...]
    captcha_required: bool
    files_left: int | None
    """How many files still fit by what has arrived, uploads under way aside; None for no limit. ``bytes_left`` alike."""
    bytes_left: int | None

    @property
    def full(self) -> bool:
        return 0 in (self.files_left, self.bytes_left)


class Listing(NamedTuple):
    """Which links are listed, in which order, and for whom: ``viewer`` is an actor's name, ``owners`` whose links; None for all."""

    viewer: str
    order: LinkOrder = NEWEST_FIRST
    only: LinkFilter | None = None
    active: bool | None = None
    """True for those that take uploads, false for those that do not."""
    owners: Collection[str] | None = None


FOR_THE_OWNER = Listing(THE_OWNER)


class TermChecks(NamedTuple):
    """What others have to say about terms: ``target`` raises where files cannot be passed on to it, ``needs`` raises NotInstalled or
    MailNotReady where this installation has not what a term needs."""

    target: Callable[[RemoteTarget], None]
    needs: Callable[[str], None]


class FileRequests:
    """The owner's links and the senders' rights on them."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        inbox: Inbox,
        access: Access,
        policy: Current[Policy],
        attempts: Attempts,
        hasher: Hasher,
        clock: Clock,
        create_limit: str | None,
        usual_hours: Current[float],
        checks: TermChecks,
    ) -> None:
        """``create_limit``, where there is one, counts links made from one address. A link whose terms say nothing of its
        expiry is open for ``usual_hours``; 0 is for ever."""
        self._requests = requests
        self._inbox = inbox
        self._access = access
        self._policy = policy
        self._attempts = attempts
        self._hasher = hasher
        self._clock = clock
        self._create_limit = create_limit
        self._usual_hours = usual_hours
        self._checks = checks

    def create(
        self,
        folder: RelPath,
        changes: Changes,
        actor: Actor,
        *,
        owner: str | None = None,
        hash: str | None = None,
        entity: str | None = None,
    ) -> RequestLink:
        """Make a link that belongs to ``owner``, else to ``actor``, under a new hash, or one that nobody else has. Raises RateLimited, DestinationNotReady, NotInstalled,
        AdminsOnly."""
        key, limit = f"create:{actor.address}", self._create_limit
        if limit is not None and not self._attempts.hit(key, limit):
            wait = self._attempts.retry_after(key, limit)
            raise RateLimited("Too many links were made in a short time. Wait, then try again.", retry_after=wait)
        whose = owner or str(actor)
        folder = folder_of_new(folder, whose, actor)
        blank = RequestLink(
            hash=hash or new_hash(), folder=folder, created_at=self._clock(), owner=whose, entity=entity
        )
        link = self._change({"expires_hours": self._hours(changes), **changes}, actor)(blank)
        self._requests.create(link, actor)
        acts.note(actor, "link made", link.hash, folder=str(folder))
        return link

    def _hours(self, changes: Changes) -> float:
        """How long a new link is open of which that is not said: as long as usual, and so long after its files are due."""
        due_at = changes.get("due_at")
        wait = 0.0 if due_at is None else max(0.0, (due_at - self._clock()) / 3600)
        usual = self._usual_hours()
        return usual and min(usual + wait, MAX_HOURS)

    def edit(self, hash: str, changes: Changes, actor: Actor, owner: str | None = None) -> RequestLink:
        """Change what ``changes`` names and nothing else, and give it to ``owner``, where one is named. Raises RequestNotFound,
        DestinationNotReady, NotInstalled, AdminsOnly."""
        link = self._requests.update(hash, self._change(changes, actor, owner), actor)
        acts.note(actor, "link changed", hash, changed=sorted([*changes, *(["owner"] if owner else [])]))
        return link

    def close(self, hash: str, actor: Actor) -> None:
        """Take no more uploads; what has arrived stays. Raises RequestNotFound."""
        self._requests.update(hash, self._change({"active": False}, actor), actor)
        acts.note(actor, "link closed", hash)

    def link(self, hash: str) -> RequestLink:
        """The link, whether it takes uploads or not. Raises RequestNotFound."""
        return self._requests.load(hash)

    def find(self, hash: str) -> RequestLink:
        """The link as senders may use it. Raises RequestNotFound, RequestClosed or RequestExpired."""
        link = self._requests.load(hash)
        if not link.terms.active:
            raise RequestClosed()
        if link.terms.is_expired(self._clock()):
            raise RequestExpired()
        return link

    def find_to_open(self, hash: str) -> RequestLink:
        """The link, if it takes new uploads now. Raises what ``find`` raises, and RequestOverdue."""
        link = self.find(hash)
        if link.terms.is_overdue(self._clock()):
            raise RequestOverdue()
        return link

    def readable(self, alias: str, client: str) -> str:
        """The hash of the link with this readable address. Misses of a client count like wrong passwords. Raises TooManyAttempts, also
        for a right one where there were too many before; RequestNotFound, Busy."""
        return self._access.guessed(client, lambda: self._requests.aliased(alias))

    def info(self, hash: str, client: str) -> LinkInfo:
        """What the page of the link shows to ``client``. Raises what ``find`` raises."""
        link = self.find(hash)
        files_left, bytes_left = self._left(link)
        return LinkInfo(
            link=link,
            expires_in=None if link.terms.expires_at is None else link.terms.expires_at - self._clock(),
            due_in=None if link.terms.due_at is None else link.terms.due_at - self._clock(),
            file_limit=self._policy().file_limit(link),
            extensions=self._policy().extensions_for(link),
            captcha_required=self._access.captcha_required(link, client),
            files_left=files_left,
            bytes_left=bytes_left,
        )

    def _left(self, link: RequestLink) -> tuple[int | None, int | None]:
        if not link.terms.max_files and not link.terms.max_total_size:
            return None, None
        used = self._requests.counts(link.hash)
        files = max(0, link.terms.max_files - used.files) if link.terms.max_files else None
        if not link.terms.max_total_size:
            return files, None
        left = link.terms.max_total_size - used.weight
        # Where not even a name fits, nothing does.
        return files, left if left >= NAME_BYTES else 0

    def page(self, most: int, after: Place | None, wanted: Listing) -> list[tuple[RequestLink, Standing]]:
        """Up to ``most`` links, behind the one at ``after``, each with how it stands for who lists them."""
        return self._requests.page(
            most,
            after=after,
            active=wanted.active,
            now=self._clock(),
            order=wanted.order,
            only=wanted.only,
            viewer=wanted.viewer,
            owners=wanted.owners,
        )

    def all(self, wanted: Listing = FOR_THE_OWNER) -> list[tuple[RequestLink, Standing]]:
        """The same of every link."""
        return self.page(MAX_LISTED, None, wanted)

    def moved(self, owners: Collection[str]) -> int:
        """A number that is another one once anything has happened to links of these owners."""
        return self._requests.moved(owners)

    def standing(self, hash: str, viewer: Actor) -> tuple[RequestLink, Standing]:
        """A link as the list has it, also one that takes no uploads. Raises RequestNotFound."""
        return self._requests.standing(hash, str(viewer))

    def see(self, hash: str, viewer: Actor, up_to: int) -> int:
        """Note that ``viewer`` was shown all files up to the arrival of this number; how many are new after that. Raises RequestNotFound."""
        return self._requests.see(hash, str(viewer), up_to)

    def unseen(self, hash: str, viewer: Actor, most: int, before: int | None) -> list[tuple[int, ReceivedFile]]:
        """Up to ``most`` files that ``viewer`` has not seen, each behind the number of its arrival, the last that arrived first; with
        ``before`` those of a smaller number. Raises RequestNotFound."""
        return self._requests.unseen_page(hash, str(viewer), most, before)

    def all_files(self, hash: str) -> tuple[ReceivedFile, ...]:
        """Every received file of a link, in the order of their arrival. Raises RequestNotFound."""
        return self._requests.usage(hash).files

    def received(self, hash: str, path: str) -> tuple[RequestLink, ReceivedFile]:
        """The file that arrived under ``path``, the newest if there were several. Raises FileNotFound."""
        link = self._requests.load(hash)
        file = self._requests.received_at(hash, path)
        if file is None:
            raise FileNotFound()
        return link, file

    def received_by(self, hash: str, upload_id: str) -> ReceivedFile | None:
        """The file that an upload brought; None where it brought none or its sender took it back. Raises RequestNotFound."""
        return self._requests.file(hash, upload_id)

    def stored(self, hash: str, path: str) -> tuple[ReceivedFile, StoredFile]:
        """What ``received`` finds, with its bytes. Raises FileNotFound where no such file arrived, FileNotFoundError where it has been
        moved, deleted or replaced since, Busy."""
        link, file = self.received(hash, path)
        return file, self._inbox.open(link.folder, file.disk_path, file.file_identity)

    def authorize_opening(self, link: RequestLink, credentials: Credentials) -> None:
        """Return if an upload may be opened with these credentials; raises what ``Access.authorize`` raises."""
        self._access.authorize(link, credentials)

    def authorize_look(self, link: RequestLink, credentials: Credentials) -> None:
        """Return if a sender may be shown what they sent themselves: with the link's password, where it has one. Raises what
        ``Access.authorize`` raises; a captcha is asked for only where wrong passwords were."""
        always = link.terms.captcha is CaptchaMode.ALWAYS
        terms = replace(link.terms, captcha=CaptchaMode.AFTER_FAILURES) if always else link.terms
        self._access.authorize(replace(link, terms=terms), credentials)

    def check_sender(self, link: RequestLink, name: str | None, email: str | None) -> Sender:
        """Who sends, as far as the link asks; what it does not ask for is not kept. Raises InvalidRequest."""
        problems: dict[str, str] = {}
        sender = Sender(
            name=_answer(link.terms.ask_name, name, "sender_name", _name_problem, problems),
            email=_answer(link.terms.ask_email, email, "sender_email", _email_problem, problems),
        )
        if problems:
            raise InvalidRequest(" ".join(problems.values()), fields=problems)
        return sender

    def _change(self, changes: Changes, actor: Actor, owner: str | None = None) -> Callable[[RequestLink], RequestLink]:
        """The pure function that applies ``changes``; the slow hash is computed here, before any lock is held."""
        kept = {term.field: self._kept(term, changes[term.name]) for term in TERMS if term.name in changes}

        def changed(link: RequestLink) -> RequestLink:
            terms = replace(link.terms, **kept)
            if terms.alias and not terms.is_guarded:
                raise InvalidRequest(UNGUARDED, fields={"alias": UNGUARDED})
            check_change(link.terms, terms, actor)
            return replace(link, terms=terms, owner=owner or link.owner)

        return changed

    def _kept(self, term: Term, given: Any) -> Any:
        """What is kept of what an owner gives. Raises DestinationNotReady, NotInstalled, MailNotReady."""
        if term.needs and given:
            try:
                self._checks.needs(term.needs)
            except UploadError as error:
                # So that a form shows it where it is.
                error.details["fields"] = {term.name: error.message}
                raise
        match term.kind:
            case Kind.SECRET:
                return self._hasher.hash(given) if given else None
            case Kind.HOURS:
                return self._clock() + given * 3600 if given else None
            case Kind.ITEMS | Kind.QUESTIONS:
                return tuple(each if each.id else replace(each, id=_new_id()) for each in given)
            case Kind.DESTINATION if given is not None:
                self._checks.target(given)
        return given


def _new_id() -> str:
    return "".join(secrets.choice(_IN_IDS) for _ in range(8))


def new_hash() -> str:
    """192 random bits, less what it takes to have a letter or digit at both ends: mail programs leave a dash at the
    end of an address out, and command lines read one at the start as an option."""
    while True:
        text = secrets.token_urlsafe(24)
        if text[0].isalnum() and text[-1].isalnum():
            return text


def _answer(
    ask: Ask, given: str | None, field: str, problem_of: Callable[[str], str | None], problems: dict[str, str]
) -> str | None:
    """What a sender said about themselves, None where they were not asked or said nothing."""
    text = (given or "").strip()
    if ask is Ask.NO or (ask is Ask.OPTIONAL and not text):
        return None
    problem = problem_of(text)
    if problem is not None:
        problems[field] = problem
    return text


def _name_problem(name: str) -> str | None:
    if not name:
        return "This link asks for your name."
    if len(name) > MAX_NAME_LENGTH:
        return f"The name is longer than {MAX_NAME_LENGTH} characters."
    return "The name holds characters that cannot be shown." if _UNPRINTABLE.search(name) else None


def _email_problem(email: str) -> str | None:
    if not email:
        return "This link asks for your e-mail address."
    local, at, domain = email.rpartition("@")
    well_formed = at and local and domain and not any(character.isspace() for character in email)
    if not well_formed or len(email) > MAX_EMAIL_LENGTH or _UNPRINTABLE.search(email):
        return "That is not an e-mail address."
    return None
