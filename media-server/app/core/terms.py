"""The terms of a link: everything that its owner may set, each stated once.

From ``Terms`` come the body of POST and PATCH, the replies that show a link, what is kept of it, the options of ``droppr
request create`` and ``edit``, and by way of docs/openapi.json the tables in the docs and the types of the pages. So a new
text on a link is one line here, a field in the owner's form, and what the generator writes (``make generated``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Annotated, get_args, get_type_hints

from app.core.items import MAX_ITEMS, MAX_QUESTIONS, Item, Question
from app.core.remotes import RemoteTarget
from app.core.term_kinds import Ask as Ask
from app.core.term_kinds import Audience as Audience
from app.core.term_kinds import CaptchaMode as CaptchaMode
from app.core.term_kinds import ChatPreview as ChatPreview
from app.core.term_kinds import Kind as Kind
from app.core.term_kinds import Language as Language
from app.core.term_kinds import Term as Term

MAX_COUNT = 2**53 - 1
"""The largest number that a JSON reader in a browser still counts exactly."""
MAX_HOURS = 24 * 365 * 100
"""The furthest away that a link may expire: a century."""
MAX_PASSWORD_LENGTH = 256
MAX_EXTENSIONS = 200
MAX_EXTENSION_LENGTH = 32
MAX_ORIGINS = 100
MAX_NOTIFIED = 20
ALIAS = r"[a-z0-9-]{3,64}"
MAX_REMINDERS = 10
MAX_REMINDER_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the owner of a link has set. Sizes are bytes, 0 is no limit of its own; times are seconds since the epoch."""

    title: Annotated[
        str, Term(kind=Kind.TEXT, label="Title", most=200, help="What the sender's page is headed with.")
    ] = ""
    message: Annotated[
        str, Term(kind=Kind.TEXT, label="Message", most=10_000, help="What the sender's page says below.")
    ] = ""
    note: Annotated[
        str,
        Term(
            kind=Kind.TEXT,
            label="Note",
            most=10_000,
            help="A note for the owner alone; senders never see it.",
            audience=Audience.OWNER,
        ),
    ] = ""
    asker: Annotated[
        str,
        Term(
            kind=Kind.TEXT,
            label="Who asks",
            most=100,
            help="Who asks for the files, such as Roth & Partners; '' as the server says.",
            more="The server's own is `DROPPR_BRAND_NAME`. See [Who asks](#who-asks).",
        ),
    ] = ""
    accent: Annotated[
        str,
        Term(
            kind=Kind.COLOUR,
            label="Colour",
            help="The colour of the sender's page, such as #0b6f66; '' as the server says.",
            more="One in which texts could not be read on the page, with less than 4.5 : 1, is refused. The server's own is "
            "`DROPPR_BRAND_ACCENT`.",
        ),
    ] = ""
    chat_preview: Annotated[
        ChatPreview,
        Term(
            kind=Kind.CHOICE,
            label="Preview in chats",
            audience=Audience.OWNER,
            help="Whether chats that the address is sent in show its title and who asks, and so learn them.",
            more="`server` is as `DROPPR_CHAT_PREVIEW` says, which is `no`. See [Previews in chats](#previews-in-chats).",
        ),
    ] = ChatPreview.SERVER
    expires_at: Annotated[
        float | None,
        Term(
            kind=Kind.HOURS,
            label="Expires",
            name="expires_hours",
            spellings=("expiresHours", "hours"),
            most=MAX_HOURS,
            help="Hours from now; 0 is never.",
            more="A link that is made without it is open for `DROPPR_LINK_EXPIRES_HOURS`, a week; so are the page's and the "
            "command line's. Replies tell the time, as `expires_at`.",
        ),
    ] = None
    password_hash: Annotated[
        str | None,
        Term(
            kind=Kind.SECRET,
            label="Password",
            name="password",
            most=MAX_PASSWORD_LENGTH,
            audience=Audience.NOBODY,
            help="What senders must know; '' takes it away.",
            more="So does null. Replies tell whether there is one, as `requires_password`.",
        ),
    ] = None
    alias: Annotated[
        str,
        Term(
            kind=Kind.ALIAS,
            label="Readable address",
            most=64,
            audience=Audience.OWNER,
            help="A word by which the link is reached as well, such as anna for /to/anna; '' is none.",
            more="3 to 64 of a-z, 0-9 and `-`; only where there is a password, or `captcha` is `always`. See "
            "[Readable addresses](#readable-addresses).",
        ),
    ] = ""
    max_file_size: Annotated[
        int, Term(kind=Kind.SIZE, label="Largest file", most=MAX_COUNT, help="Of one file; 0 is no limit.")
    ] = 0
    max_total_size: Annotated[
        int,
        Term(
            kind=Kind.SIZE,
            label="All files",
            most=MAX_COUNT,
            help="Of all files together; 0 is no limit.",
            more="Open uploads count with their declared size, until their room lapses. A file weighs at least 4 KiB, and so "
            "does each folder: names take room, too.",
        ),
    ] = 0
    max_files: Annotated[
        int,
        Term(
            kind=Kind.COUNT,
            label="Number of files",
            most=MAX_COUNT,
            help="How many files; 0 is no limit.",
            more="Open uploads count.",
        ),
    ] = 0
    allowed_extensions: Annotated[
        tuple[str, ...],
        Term(
            kind=Kind.EXTENSIONS,
            label="Extensions",
            help="Such as jpg,mov; '' is all.",
            more="A list, or one text with commas, semicolons or blanks; empty or `*` is all. See [Types](#types).",
        ),
    ] = ()
    allowed_origins: Annotated[
        tuple[str, ...] | None,
        Term(
            kind=Kind.ORIGINS,
            label="Pages of",
            audience=Audience.OWNER,
            help="Pages of which addresses may send, such as https://www.example.org; '*', none, or '' as the server says.",
            more='A list such as `["https://www.example.org"]`, or one text; `*` is all, `[]` or `none` nobody\'s. Null or '
            "empty: those of `DROPPR_ALLOWED_ORIGINS`. See [Pages of other addresses](#pages-of-other-addresses).",
        ),
    ] = None
    captcha: Annotated[CaptchaMode, Term(kind=Kind.CHOICE, label="Captcha", help="When senders solve one.")] = (
        CaptchaMode.AFTER_FAILURES
    )
    ask_name: Annotated[
        Ask, Term(kind=Kind.CHOICE, label="Asks for name", help="Whether senders say who they are.")
    ] = Ask.NO
    ask_email: Annotated[
        Ask, Term(kind=Kind.CHOICE, label="Asks for e-mail", help="Whether they give an e-mail address.")
    ] = Ask.NO
    items: Annotated[
        tuple[Item, ...],
        Term(
            kind=Kind.ITEMS,
            label="Checklist",
            most=MAX_ITEMS,
            help="What the link asks for, item by item.",
            more="Null or empty: nothing by name. See [Checklists](#checklists).",
        ),
    ] = ()
    questions: Annotated[
        tuple[Question, ...],
        Term(
            kind=Kind.QUESTIONS,
            label="Questions",
            most=MAX_QUESTIONS,
            help="What senders are asked to say.",
            more="Null or empty: nothing. See [Checklists](#checklists).",
        ),
    ] = ()
    recipient_name: Annotated[
        str,
        Term(kind=Kind.TEXT, label="For", most=200, help="For whom the link is.", audience=Audience.OWNER),
    ] = ""
    recipient_email: Annotated[
        str,
        Term(
            kind=Kind.ADDRESS,
            label="Their e-mail",
            help="The e-mail address of whom the link is for.",
            audience=Audience.OWNER,
            more="Everybody who opens a link that has one of these two is one party; see [Checklists](#checklists).",
        ),
    ] = ""
    recipient_language: Annotated[
        Language,
        Term(
            kind=Kind.CHOICE,
            label="Their language",
            help="In which language whoever the link is for reads: mails to them, and the page until they choose another.",
            more="`auto`: mails are in the link's `language`, and the page in that of their browser.",
        ),
    ] = Language.AUTO
    notify: Annotated[
        tuple[str, ...] | None,
        Term(
            kind=Kind.ADDRESSES,
            label="Tell by mail",
            audience=Audience.OWNER,
            needs="mail",
            help="Who is mailed what has arrived, such as anna@example.org; none, or '' as the server says.",
            more="A list, or one text with commas; `[]` or `none` nobody. Null or empty: those of `DROPPR_NOTIFY_MAIL`. "
            "See [Messages](#messages).",
        ),
    ] = None
    due_at: Annotated[
        float | None,
        Term(
            kind=Kind.TIME,
            label="Due",
            option="due",
            help="When the files are due, such as 2026-07-03T18:00; '' is at no time.",
            more="Seconds since the epoch, or ISO 8601 with a zone, such as `2026-07-03T18:00:00+02:00`. It closes nothing: see "
            "[Due dates](#due-dates-and-reminders).",
        ),
    ] = None
    allow_late: Annotated[
        bool,
        Term(kind=Kind.SWITCH, label="Takes late files", help="Take files after they were due."),
    ] = True
    reminders: Annotated[
        tuple[int, ...],
        Term(
            kind=Kind.DAYS,
            label="Reminds",
            option="remind",
            most=MAX_REMINDER_DAYS,
            audience=Audience.OWNER,
            needs="reminders",
            help="Days before the files are due on which to remind by mail, such as 7,1,-1: -1 is the day after; '' is never.",
            more=f"A list of up to {MAX_REMINDERS}, or one text with commas. See [Due dates](#due-dates-and-reminders).",
        ),
    ] = ()
    confirm: Annotated[
        bool,
        Term(
            kind=Kind.SWITCH,
            label="Confirms by mail",
            audience=Audience.OWNER,
            needs="mail",
            help="Mail senders who give an e-mail address what has arrived, with the signed receipt.",
            more="Counts where `ask_email` is not `no`. See [Messages](#messages).",
        ),
    ] = False
    destination: Annotated[
        RemoteTarget | None,
        Term(
            kind=Kind.DESTINATION,
            label="Passed on to",
            audience=Audience.OWNER,
            help="Where files go after the link's folder: folder (nowhere), s3://BUCKET/PREFIX or drive:FOLDER_ID.",
            more='Written as `{"kind": "folder"}`, `{"kind": "s3", "bucket", "prefix"?}` or `{"kind": "drive", "folder_id"}`. '
            "It counts for files that arrive from then on. Senders see the kind and nothing more, as `passed_on_to`.",
        ),
    ] = None
    subfolder: Annotated[
        str,
        Term(
            kind=Kind.SUBFOLDER,
            label="Sorted into",
            most=200,
            audience=Audience.OWNER,
            help="Folders that files are sorted into as they come, such as {sender}/{date}; '' is none.",
            more="See [A folder for each sender](#a-folder-for-each-sender).",
        ),
    ] = ""
    naming: Annotated[
        str,
        Term(
            kind=Kind.NAMING,
            label="Named",
            most=100,
            audience=Audience.OWNER,
            help="What files are called as they come, such as {date}-{sender}-{name}; '' is as they were sent.",
            more="See [Names by rule](#names-by-rule).",
        ),
    ] = ""
    language: Annotated[
        Language,
        Term(
            kind=Kind.CHOICE,
            label="Language of mails",
            audience=Audience.OWNER,
            help="In which language people are mailed about the link.",
            more="`recipient_language` goes before it. `auto`: in that of the browser they sent with, else in that of the server, "
            "`DROPPR_LANGUAGE`.",
        ),
    ] = Language.AUTO
    keep_days: Annotated[
        int,
        Term(
            kind=Kind.COUNT,
            label="Days kept",
            most=36_500,
            audience=Audience.OWNER,
            help="Days after its arrival a file is deleted for good; 0 is as the server says.",
            more="Done by the nightly purge, without the bin. A file that has still to be passed on is kept until it was. The server's "
            "own is `DROPPR_KEEP_DAYS`.",
        ),
    ] = 0
    search: Annotated[
        bool,
        Term(
            kind=Kind.SWITCH,
            label="Searched",
            needs="search",
            help="Have texts in files indexed, so that the owner finds files by what they say.",
            more="Counts for files that have arrived before, too; false removes their texts from the index. Senders are told. "
            "Needs the extra `search`; see [Finding files](#finding-files).",
        ),
    ] = False
    active: Annotated[
        bool,
        Term(
            kind=Kind.SWITCH, label="Open", help="Open a closed link again, or close it.", more="false pauses the link."
        ),
    ] = True

    @property
    def requires_password(self) -> bool:
        return self.password_hash is not None

    @property
    def is_guarded(self) -> bool:
        """Whether it takes more than its address to send here."""
        return self.requires_password or self.captcha is CaptchaMode.ALWAYS

    def is_overdue(self, now: float) -> bool:
        """Whether files come too late to be taken."""
        return not self.allow_late and self.due_at is not None and now >= self.due_at

    @property
    def is_personal(self) -> bool:
        """Whether it is for one: then everybody who opens it is one party."""
        return bool(self.recipient_name or self.recipient_email)

    def mail_language(self, said: str | None) -> str | None:
        """In which language people are mailed about the link, where the browser of these ``said`` one; None for the server's."""
        return self.recipient_language.known(self.language.known(said))

    def is_expired(self, now: float) -> bool:
        return self.expires_at is not None and now >= self.expires_at


def _terms() -> Iterator[Term]:
    hints = get_type_hints(Terms, include_extras=True)
    for each in fields(Terms):
        type, term = get_args(hints[each.name])
        choices = type if term.kind is Kind.CHOICE else None
        yield replace(term, name=term.name or each.name, field=each.name, default=each.default, choices=choices)


TERMS = tuple(_terms())


def changed_terms(before: Terms, after: Terms) -> list[str]:
    """The names of the terms that are not the same, as owners give them."""
    return sorted(term.name for term in TERMS if getattr(before, term.field) != getattr(after, term.field))
