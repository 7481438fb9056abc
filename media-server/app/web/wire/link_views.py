"""A link as its owner and its senders are shown it: made of ``core.terms``, so that each sees what is for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from app.core.checklists import steps
from app.core.colours import dark_accents, light_accents
from app.core.due import Due, due_of
from app.core.items import Item, Question, QuestionKind
from app.core.links import RequestLink
from app.core.receipts import entity_of
from app.core.remotes import RemoteTarget, TargetKind
from app.core.standing import LinkState, Standing, state_of
from app.core.terms import TERMS, Audience, Kind, Term, Terms
from app.services.links.file_requests import LinkInfo
from app.services.receiving.whole_files import WHOLE_FILE_BYTES
from app.web.wire.context import services, whole_address
from app.web.wire.replies import Destination, DriveDestination, FolderDestination, NextCursor, S3Destination
from app.web.wire.upload_bodies import MAX_PACKED


class _Link(BaseModel):
    hash: str
    url: Annotated[str, Field(description="The path of the sender's page.")]
    link: Annotated[str, Field(description="The address to send to people.")]
    created_at: float
    requires_password: bool


class _OwnersLink(_Link):
    """A link as its owner sees it."""

    link_as_asked: Annotated[bool, Field(description="Whether `link` is made of what the request called the server.")]
    readable_link: Annotated[str | None, Field(description="The address that `alias` makes; null for none.")]
    folder: str
    owner: Annotated[str, Field(description="Whose it is: `account:NAME`, `team:NAME` or `owner`.")]
    logo: Annotated[
        str | None, Field(description="The path of its own logo; null where it shows the server's, if any.")
    ]
    entity: Annotated[str, Field(description="The entity under which its files are found, where they are searched.")]


class Steps(BaseModel):
    """How much of what a personal link asks for is there."""

    done: int
    of: Annotated[int, Field(description="What has to be sent and said; where nothing has to, all that is asked for.")]


class PeopleCounts(BaseModel):
    """How many people have got how far with a link that is for nobody in particular."""

    not_begun: Annotated[int, Field(description="It was mailed to them, and nothing has come.")]
    begun: int
    finished: int


class _ListedLink(_OwnersLink):
    """A link in the owner's list, with what it has received."""

    expired: bool
    state: Annotated[LinkState, Field(description="What a sender would meet; `full`: no place or no room is left.")]
    due: Annotated[
        Due, Field(description="How it stands to `due_at`; `soon`: within a week; `done`: the one it is for has sent.")
    ]
    files_received: int
    bytes_received: int
    uploads_open: int
    last_received_at: Annotated[
        float | None, Field(description="Of the newest file that its sender has not taken back; null for none.")
    ]
    last_sender: Annotated[str | None, Field(description="Who sent that: a name, else an e-mail address.")]
    files_arrived: Annotated[int, Field(description="How many files have ever arrived, for `…/seen`.")]
    files_new: Annotated[int, Field(description="Received files that the owner has not seen.")]
    taken_until: Annotated[
        float | None,
        Field(
            description="Up to when whoever asks has taken all that had arrived, as archives that were sent to their end; null before that."
        ),
    ]
    progress: Annotated[
        Steps | None, Field(description="Of a personal link with a checklist or questions; null for all others.")
    ]
    people: Annotated[
        PeopleCounts | None,
        Field(
            description="Of a link for nobody in particular that was mailed or whose senders are told apart; else null."
        ),
    ]


class ShownItem(BaseModel):
    """One thing that the link asks for."""

    id: str
    title: str
    description: str
    required: bool
    count: Annotated[int, Field(description="How many files it takes to count as sent.")]
    most: Annotated[int, Field(description="The most files that it takes; 0 is any number.")]
    extensions: Annotated[list[str], Field(description="In place of the link's own; empty: as the link.")]
    example: Annotated[str, Field(description="A text, or the address of one.")]


class ShownQuestion(BaseModel):
    """One thing that the link asks senders to say."""

    id: str
    label: str
    kind: QuestionKind
    required: bool
    choices: list[str]


class PackLimits(BaseModel):
    """How much goes into one pack of small files."""

    max_files: int
    max_bytes: int


class Accents(BaseModel):
    """The colours of the page that stand for its accent."""

    accent: str
    accent_strong: Annotated[str, Field(description="Where the pointer is.")]
    accent_soft: Annotated[str, Field(description="Behind what is chosen.")]
    on_accent: Annotated[str, Field(description="Of texts on the accent.")]


class Colours(BaseModel):
    """The same where the page is light, and where it is dark."""

    light: Accents
    dark: Accents


class _SendersLink(_Link):
    """What anyone with the link may know. `max_file_size` and `allowed_extensions` are those that count after the
    server's own."""

    expires_in: Annotated[int | None, Field(description="Seconds; null for never.")]
    due_in: Annotated[int | None, Field(description="Seconds, below 0 when files were due; null for no date.")]
    passed_on_to: Annotated[TargetKind | None, Field(description="Null where files stay on this server.")]
    full: Annotated[bool, Field(description="What has arrived leaves no place or no room.")]
    files_left: Annotated[int | None, Field(description="Absent where a password is asked for; null for no limit.")] = (
        None
    )
    bytes_left: int | None = None
    chunk_size: int
    max_parallel_chunks: int
    most_parallel_chunks: int
    pack: PackLimits
    whole_file_bytes: Annotated[int, Field(description="Files up to this may be opened and sent in one request.")]
    store: Annotated[
        str | None,
        Field(description="Where large files go straight to: scheme, host and port; null where this server takes all."),
    ]
    captcha_required: bool
    captcha_provider: str
    captcha_site_key: str | None
    logo_url: Annotated[str | None, Field(description="Of the link's own logo, else of the server's.")]
    colours: Annotated[Colours | None, Field(description="Those of `accent`, in place of the page's own.")]


_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.HOURS: Annotated[float | None, Field(description="Null for never.")],
    Kind.SIZE: int,
    Kind.COUNT: int,
    Kind.EXTENSIONS: Annotated[list[str], Field(description="Without dots, in lower case; empty is all.")],
    Kind.ORIGINS: Annotated[list[str] | None, Field(description="Null for those that the server allows.")],
    Kind.ADDRESSES: Annotated[list[str] | None, Field(description="Null for those that the server names.")],
    Kind.ADDRESS: str,
    Kind.SUBFOLDER: str,
    Kind.NAMING: str,
    Kind.COLOUR: str,
    Kind.ALIAS: str,
    Kind.ITEMS: list[ShownItem],
    Kind.QUESTIONS: list[ShownQuestion],
    Kind.DESTINATION: Destination,
    Kind.SWITCH: bool,
    Kind.TIME: Annotated[float | None, Field(description="Null for none.")],
    Kind.DAYS: Annotated[list[int], Field(description="Those after it are negative.")],
}
_AS_SET = (
    Kind.TEXT,
    Kind.ADDRESS,
    Kind.SUBFOLDER,
    Kind.NAMING,
    Kind.COLOUR,
    Kind.ALIAS,
    Kind.ITEMS,
    Kind.QUESTIONS,
    Kind.SIZE,
    Kind.COUNT,
    Kind.CHOICE,
)
"""What a reply shows as it was set, and what is said of it, too."""


def _seen_by(audience: Audience) -> list[Term]:
    seen = (Audience.SENDERS,) if audience is Audience.SENDERS else (Audience.SENDERS, Audience.OWNER)
    return [term for term in TERMS if term.audience in seen]


def _fields(audience: Audience) -> dict[str, Any]:
    return {term.field: (_type(term), ...) for term in _seen_by(audience)}


def _type(term: Term) -> Any:
    type = _TYPES.get(term.kind, term.choices)
    return Annotated[type, Field(description=term.help)] if term.kind in _AS_SET else type


def _shown_with(name: str, base: type[BaseModel], audience: Audience) -> type[BaseModel]:
    return create_model(name, __base__=base, __doc__=base.__doc__, **_fields(audience))


OwnerLink = _shown_with("OwnerLink", _OwnersLink, Audience.OWNER)
ListedLink = _shown_with("ListedLink", _ListedLink, Audience.OWNER)
SenderLink = _shown_with("SenderLink", _SendersLink, Audience.SENDERS)


class _TemplateTerms(BaseModel):
    """What a template sets, as a link shows it."""


TemplateTerms = _shown_with("TemplateTerms", _TemplateTerms, Audience.OWNER)


class LinkList(BaseModel):
    """Links, newest first where nothing else is asked for."""

    requests: list[ListedLink]  # type: ignore[valid-type]
    default_expires_hours: Annotated[float, Field(description="How long links usually are open; 0 is for ever.")]
    next_cursor: NextCursor = None


def owner_view(link: RequestLink) -> dict[str, Any]:
    return {
        **_common_view(link),
        **_terms_view(link.terms, Audience.OWNER),
        "link_as_asked": services().settings.public_url is None,
        "folder": str(link.folder),
        "owner": link.owner,
        "readable_link": whole_address(f"/to/{link.terms.alias}") if link.terms.alias else None,
        "logo": logo_address(link),
        "entity": entity_of(link),
    }


def listed_view(link: RequestLink, standing: Standing) -> dict[str, Any]:
    now = services().ground.clock()
    return {
        **owner_view(link),
        "expired": link.terms.is_expired(now),
        "state": state_of(link, standing, now),
        "due": due_of(link.terms, standing.finished, now),
        "files_received": standing.files,
        "bytes_received": standing.bytes,
        "uploads_open": standing.open,
        "last_received_at": standing.last_received_at,
        "last_sender": standing.last_sender,
        "files_arrived": standing.arrivals,
        "files_new": standing.new,
        "taken_until": standing.taken_until,
        **_progress_view(link.terms, standing),
    }


def _progress_view(terms: Terms, standing: Standing) -> dict[str, Any]:
    of = steps(terms) if terms.is_personal else 0
    shows_people = not terms.is_personal and any(standing.people)
    return {
        "progress": {"done": min(standing.steps_done, of), "of": of} if of else None,
        "people": standing.people._asdict() if shows_people else None,
    }


def sender_view(info: LinkInfo) -> dict[str, Any]:
    """Never the folder, what others sent, or anything about the password but that there is one. Whoever does not have it
    learns that the link is full, but not how far others have filled it."""
    here, terms = services(), info.link.terms
    left = {} if terms.requires_password else {"files_left": info.files_left, "bytes_left": info.bytes_left}
    return {
        **_common_view(info.link),
        **_terms_view(terms, Audience.SENDERS),
        # Rounded up, as 0 would read as no expiry.
        "expires_in": None if info.expires_in is None else math.ceil(info.expires_in),
        "due_in": None if info.due_in is None else math.ceil(info.due_in),
        "max_file_size": info.file_limit,
        "allowed_extensions": info.extensions,
        "captcha_required": info.captcha_required,
        "captcha_provider": here.links.captcha.name,
        "captcha_site_key": here.links.captcha.site_key,
        "full": info.full,
        **left,
        "passed_on_to": terms.destination.kind if terms.destination else None,
        "chunk_size": here.settings.chunk_size,
        "max_parallel_chunks": here.settings.max_parallel_chunks,
        "most_parallel_chunks": here.settings.most_chunks_at_once,
        "pack": {"max_files": MAX_PACKED, "max_bytes": here.settings.max_chunk_size},
        "whole_file_bytes": min(WHOLE_FILE_BYTES, here.settings.max_chunk_size),
        "store": here.receiving.direct.origin,
        **_brand_view(info.link),
    }


def _brand_view(link: RequestLink) -> dict[str, Any]:
    """Who asks, with what the server says where the link says nothing."""
    here, terms = services(), link.terms
    brand = here.links.brand()
    colour = brand.accent_of(terms)
    both = {"light": light_accents, "dark": dark_accents}
    return {
        "asker": brand.asker(terms),
        "accent": colour,
        "colours": {name: asdict(make(colour)) for name, make in both.items()} if colour else None,
        "logo_url": logo_address(link) or ("/logo" if here.shows_logo else None),
    }


def logo_address(link: RequestLink) -> str | None:
    return f"/logo/{link.hash}/{link.logo}" if link.logo else None


def destination_view(target: RemoteTarget | None) -> FolderDestination | S3Destination | DriveDestination:
    if target is None:
        return {"kind": "folder"}
    if target.kind is TargetKind.S3:
        return {"kind": "s3", "bucket": target.bucket, "prefix": target.prefix}
    return {"kind": "drive", "folder_id": target.folder_id}


def terms_view(terms: Terms) -> dict[str, Any]:
    """Terms alone, as owners see them."""
    return _terms_view(terms, Audience.OWNER)


def _common_view(link: RequestLink) -> dict[str, Any]:
    url = f"/request/{link.hash}"
    return {
        "hash": link.hash,
        "url": url,
        "link": whole_address(url),
        "created_at": link.created_at,
        "requires_password": link.terms.requires_password,
    }


def _as_it_is(value: Any) -> Any:
    return value


def _as_objects(asked: Sequence[Item | Question]) -> list[dict[str, Any]]:
    return [asdict(each) for each in asked]


_SHOW: dict[Kind, Callable[[Any], Any]] = {
    Kind.DESTINATION: destination_view,
    Kind.ITEMS: _as_objects,
    Kind.QUESTIONS: _as_objects,
}
_VIEWS = {
    audience: [(term.field, _SHOW.get(term.kind, _as_it_is)) for term in _seen_by(audience)] for audience in Audience
}


def _terms_view(terms: Terms, audience: Audience) -> dict[str, Any]:
    return {name: show(getattr(terms, name)) for name, show in _VIEWS[audience]}
