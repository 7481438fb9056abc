"""The catalogue's tables, the same on SQLite and PostgreSQL. A migration makes them; this page is what statements are built from.

Times are seconds since the epoch, sizes bytes, JSON is text. Only plain types are used, so that what a driver returns
needs no conversion. Rows of a link carry its number ``link`` and no foreign key: a deleted link's rows are removed
piece by piece afterwards, as a link may have a million of them (``doomed``).
"""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import BigInteger, Column, Double, Index, Integer, LargeBinary, Table, Text, text

from app.storage.sql import (  # noqa: F401  a catalogue has those, too
    account_tables,
    setting_tables,
    share_tables,
    telling_tables,
)
from app.storage.sql.columns import NOTHING, Number, Sorted, number, some
from app.storage.sql.columns import metadata as metadata

REVISION = "0035"
"""The newest migration, which the tables below are made by."""
NEEDED = "0035"
"""The oldest schema that this code works on: behind it come only migrations of the kind ``contract``."""


class State(IntEnum):
    """What became of an upload, as its link remembers."""

    OPEN = 1
    """It is open, and room is set aside for it until a time."""
    ANNOUNCED = 2
    """The file is whole and about to get its name."""
    RECEIVED = 3
    REMOVED = 4
    """Its sender took the file back."""
    GONE = 5
    """It ended without a file, for a reason that is remembered."""
    DELETED = 6
    """Its file was deleted; it lies in the bin until ``until``, where that is set."""


links = Table(
    "links",
    metadata,
    Column("id", Number, primary_key=True),
    Column("hash", Text, nullable=False, unique=True),
    Column("created_at", Double, nullable=False),
    Column("active", Integer, nullable=False),
    Column("expires_at", Double),
    Column("document", Text, nullable=False),  # The link itself, as JSON.
    Column("version", BigInteger, nullable=False),  # Another number after each change of the link.
    # Of the document, to be asked for.
    Column("max_files", BigInteger, nullable=False, server_default=NOTHING),
    Column("max_total_size", BigInteger, nullable=False, server_default=NOTHING),
    Column("sorted_name", Sorted, nullable=False, server_default=text("''")),
    Column("ends_at", Double, nullable=False, server_default=NOTHING),  # Far away where it never expires.
    Column("due_at", Double, nullable=False, server_default=NOTHING),  # Far away where nothing is ever due.
    # Whether whom it is for has sent and said all; 0 where it is for nobody in particular.
    Column("finished", Integer, nullable=False, server_default=NOTHING),
    Column("remind_at", Double),  # When people are reminded next.
    Column("alias", Text),  # The word that its readable address has.
    Column("owner", Text, nullable=False, server_default=text("'owner'")),  # Whose it is.
    Column("metered", Integer, nullable=False, server_default=NOTHING),  # Whether its owner has a quota.
    Column("steps_done", Integer, nullable=False, server_default=NOTHING),  # Of what it asks of the one it is for.
    # How many people have not begun, begun and finished, of links that are for nobody in particular.
    Column("people_waited", BigInteger, nullable=False, server_default=NOTHING),
    Column("people_begun", BigInteger, nullable=False, server_default=NOTHING),
    Column("people_finished", BigInteger, nullable=False, server_default=NOTHING),
    Index("links_by_age", "created_at", "hash"),
    Index("links_by_name", "sorted_name", "hash"),
    Index("links_by_end", "ends_at", "hash"),
    Index("links_by_due", "due_at", "hash"),
    Index("links_by_owner", "owner", "hash"),
    # Numbers of deleted links are not given again, while rows of theirs may still be there.
    sqlite_autoincrement=True,
)

# What has been used of each link: its rows in ``ledger`` by their state. ``weight`` is bytes as its limits count them. Apart from the
# link, whose row is large: these are written with every file, and those of many links lie on one page.
link_sums = Table(
    "link_sums",
    metadata,
    Column("link", Number, primary_key=True, autoincrement=False),
    Column("hash", Text, nullable=False),  # The link's, to sort by.
    Column("open", BigInteger, nullable=False),
    Column("announced", BigInteger, nullable=False),
    Column("coming_weight", BigInteger, nullable=False),  # Of open and announced files.
    Column("received", BigInteger, nullable=False),
    Column("received_bytes", BigInteger, nullable=False),
    Column("received_weight", BigInteger, nullable=False),
    Column("removed", BigInteger, nullable=False),
    Column("gone", BigInteger, nullable=False),
    Column("folders", BigInteger, nullable=False),  # Its rows in ``folders``.
    Column("parties", BigInteger, nullable=False),  # Its rows in ``parties``.
    Column("arrivals", BigInteger, nullable=False),  # How many files have ever arrived.
    # When the newest file arrived that was not taken back, 0 for none, and who sent it.
    Column("last_received_at", Double, nullable=False),
    Column("last_sender", Text),
    Index("links_by_arrival", "last_received_at", "hash"),
)

# One row for each upload that a link knows of, whatever became of it.
ledger = Table(
    "ledger",
    metadata,
    Column("id", Number, primary_key=True),
    Column("link", BigInteger, nullable=False),
    Column("upload_id", Text, nullable=False),
    Column("state", Integer, nullable=False),
    Column("at", Double, nullable=False),  # When it was opened, announced or received.
    Column("size", BigInteger, nullable=False),
    Column(
        "until", Double
    ),  # From when on others may have an open upload's place; how long a deleted file can be restored.
    Column("path", Text),
    Column("path_mark", BigInteger),  # Eight bytes that stand for the path, which may be too long for an index.
    Column("disk_path", Text),
    Column("sha256", Text),
    Column("file_identity", Text),  # What tells this very file from any other that may come to lie in its place.
    Column("sender_name", Text),
    Column("sender_email", Text),
    Column("last_modified", Double),
    Column("destination", Text),  # A remote target as JSON.
    Column("passed_on_to", Text),
    Column("leaving", Integer, nullable=False),  # Whether it is about to appear elsewhere.
    Column("why", Text),  # Why it is gone.
    Column("brings", Integer, nullable=False),  # How many rows it has in ``brought``.
    Column("crc32", BigInteger),
    Column("deleted_at", Double),
    Column("deleted_by", Text),  # The name of who did.
    # Its number among all files that have arrived on the link; 0 before they were numbered.
    Column("arrival", BigInteger, nullable=False, server_default=NOTHING),
    Column("item", Text),  # The item of the link that it is for.
    Column("party", Text),  # Who sends it, where that is known.
    # How many of the folders in front of its path its link's rule has put there.
    Column("lead", Integer, nullable=False, server_default=NOTHING),
    Column("sent_name", Text),  # What its sender called it, where a rule calls it otherwise.
    Column("language", Text),  # That of the browser that sent it.
)
_received = ledger.c.state == number(State.RECEIVED)


some("links_by_alias", links.c.alias, only=links.c.alias.is_not(None), unique=True)
some("links_to_remind", links.c.remind_at, only=links.c.remind_at.is_not(None))
Index("ledger_by_upload", ledger.c.link, ledger.c.upload_id, unique=True)
Index("ledger_by_age", ledger.c.link, ledger.c.state, ledger.c.at, ledger.c.upload_id)
# SQLite takes the index of which a statement fixes most columns, so these begin with all that theirs fix.
some("ledger_by_path", ledger.c.link, ledger.c.state, ledger.c.path_mark, ledger.c.at, only=_received)
some("ledger_by_arrival", ledger.c.link, ledger.c.state, ledger.c.arrival, only=_received)
# Only rows that have these are in them, so that links without checklists pay nothing.
some(
    "ledger_by_item",
    *(ledger.c[each] for each in ("link", "state", "item", "party", "at", "upload_id")),
    only=_received & ledger.c.item.is_not(None),
)
some(
    "ledger_by_party",
    *(ledger.c[each] for each in ("link", "state", "party", "at", "upload_id")),
    only=_received & ledger.c.party.is_not(None),
)
some(
    "ledger_coming_by_item",
    *(ledger.c[each] for each in ("link", "state", "item", "party", "until")),
    only=(ledger.c.state == number(State.OPEN)) & ledger.c.item.is_not(None),
)
# Files with the same content; the first to arrive stands first.
some(
    "ledger_by_digest",
    *(ledger.c[each] for each in ("sha256", "link", "state", "at")),
    only=_received & ledger.c.sha256.is_not(None),
)
some("ledger_unhashed", ledger.c.id, only=_received & ledger.c.sha256.is_(None))
some(
    "ledger_owed",
    ledger.c.state,
    ledger.c.passed_on_to,
    ledger.c.link,
    only=_received & ledger.c.destination.is_not(None) & ledger.c.passed_on_to.is_(None),
)

some(
    "ledger_bin",
    ledger.c.until,
    ledger.c.id,
    only=(ledger.c.state == number(State.DELETED)) & ledger.c.until.is_not(None),
)

# How far a link was seen by whom.
seen = Table(
    "seen",
    metadata,
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    Column("viewer", Text, primary_key=True),  # An actor's name.
    Column("up_to", BigInteger, nullable=False),  # The arrival up to which all was seen.
    Column("files", BigInteger, nullable=False),  # The received files among those.
    Column("taken_until", Double),  # When the newest of those arrived that were taken in archives, with all before it.
    sqlite_with_rowid=False,
)

# Who sends to a link, as far as senders are told apart, with what each has sent that is there.
parties = Table(
    "parties",
    metadata,
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    Column("party", Text, primary_key=True),
    Column("name", Text),
    Column("email", Text),
    Column("first_at", Double, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("answers", Text),  # As JSON.
    Column("language", Text),  # That of the browser that sent last.
    Column("state", Integer, nullable=False, server_default=NOTHING),  # How far it has got, see ``progress.py``.
    Index("parties_by_age", "link", "first_at", "party"),
    sqlite_with_rowid=False,
)

# How each item stands for each of them. A number of its own, as rows of a deleted link go piece by piece.
party_items = Table(
    "party_items",
    metadata,
    Column("id", Number, primary_key=True),
    Column("link", BigInteger, nullable=False),
    Column("party", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("files", BigInteger, nullable=False),
    Column("coming", BigInteger, nullable=False),
    Column("verdict", Text),
    Column("note", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("returned_at", Double),  # When what was there was sent back, if it was.
    Index("party_items_by_item", "link", "party", "item", unique=True),
)

# Folders that exist, or that uploads under way will bring. Each is known by eight bytes that stand for its path.
folders = Table(
    "folders",
    metadata,
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    Column("kept", Integer, nullable=False),
    Column("awaited", BigInteger, nullable=False),  # How many uploads under way will bring it.
    sqlite_with_rowid=False,
)
some("folders_awaited", folders.c.link, only=folders.c.kept == number(0))

# Which uploads under way will bring which folders.
brought = Table(
    "brought",
    metadata,
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    Column("upload_id", Text, primary_key=True),
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
Index("brought_by_mark", brought.c.link, brought.c.mark)

# Deleted links some of whose rows are still there.
doomed = Table("doomed", metadata, Column("link", Number, primary_key=True, autoincrement=False))

outbox = Table(
    "outbox",
    metadata,
    Column("upload_id", Text, primary_key=True),
    Column("link", Text, nullable=False),  # Its hash.
    Column("target", Text, nullable=False),  # A remote target as JSON.
    Column("size", BigInteger, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("transfer", Text),
    Column("path", Text),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("next_at", Double, nullable=False),
    Column("sent_bytes", BigInteger, nullable=False),
    Column("remote", Text, nullable=False),  # What of the target is slow or fails together.
    Column("digests", Text),  # Of the parts that were sent, by where each begins, as JSON.
    Column("reason", Text),  # Of the error: its kind, and what the other side said.
    Column("said", Text),
    Index("outbox_by_age", "created_at", "upload_id"),
    Index("outbox_due", "remote", "next_at", "created_at"),
)

# A code stands here as a digest of itself and its link, so that neither can be read from the table.
handoffs = Table(
    "handoffs",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("upload_ids", Text, nullable=False),  # A list as JSON.
    Column("expires_at", Double, nullable=False),
    Index("handoffs_by_end", "expires_at"),
    sqlite_with_rowid=False,
)

# What is counted in moving windows: one row for each time that something happened.
counts = Table(
    "counts",
    metadata,
    Column("id", Number, primary_key=True),
    Column("key", LargeBinary, nullable=False),
    Column("at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Index("counts_by_key", "key", "at"),
    Index("counts_by_end", "expires_at"),
)

# Tokens that were used and must not be again, each as its digest.
used_tokens = Table(
    "used_tokens",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("expires_at", Double, nullable=False),
    Index("used_tokens_by_end", "expires_at"),
    sqlite_with_rowid=False,
)

# What happened, in the order in which it became true. A number that was given once stands for one event, also after that one was
# pruned: the newest stays, behind which the next is numbered. SQLite could see to that, too, and would write a page more for it.
events = Table(
    "events",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),
    Column("link", Text, nullable=False),  # Its hash, which outlives the link.
    Column("upload_id", Text),
    Column("actor", Text, nullable=False),  # The name of who did it.
    Column("about", Text),  # What else there is to say, as JSON.
)

# Who did what.
audit = Table(
    "audit",
    metadata,
    Column("id", Number, primary_key=True),
    Column("at", Double, nullable=False),
    Column("kind", Text, nullable=False),  # Of the actor.
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("link", Text),  # Its hash, which outlives the link.
    Column("upload", Text),
    Column("facts", Text, nullable=False),  # As JSON.
    Column("mark", BigInteger),  # Eight bytes that stand for what it says, where that is said once in a while only.
    Index("audit_by_age", "at", "id"),
    Index("audit_by_act", "act", "at", "id"),
    # The id of a row that is gone, to which a list goes on, is given to no other.
    sqlite_autoincrement=True,
)
some("audit_by_link", audit.c.link, audit.c.at, audit.c.id, only=audit.c.link.is_not(None))
some("audit_said", audit.c.mark, audit.c.at, only=audit.c.mark.is_not(None))

# How far each reader of events has got.
readers = Table(
    "readers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("passed", BigInteger, nullable=False),  # The last event that the reader is done with.
)

# Pictures of those who ask.
logos = Table(
    "logos",
    metadata,
    Column("link", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# What belongs to entities, and how far finding it has got: what the index of texts is made of.
documents = Table(
    "documents",
    metadata,
    Column("id", Number, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sender", Text, nullable=False),
    Column("link", Text),  # The hash of the link that it came by.
    Column("state", Text, nullable=False),
    Column("trouble", Text),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Double),
    Index("documents_by_id", "entity", "document", unique=True),
    Index("documents_by_age", "entity", "at", "document"),
    Index("documents_by_state", "entity", "state", "link"),
    Index("documents_by_link", "link", "entity"),
)
some("documents_due", documents.c.next_at, documents.c.id, only=documents.c.next_at.is_not(None))

# What the catalogue knows of itself.
facts = Table("facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
