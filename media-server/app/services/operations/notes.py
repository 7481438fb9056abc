"""Notes: what the owner should know although everything works."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from app.core.ports.shared import LastSeen

log = logging.getLogger("droppr.notes")


class Note(NamedTuple):
    """A sentence for the owner, under a code by which pages say it in other languages."""

    code: str
    sentence: str


ONE_CONNECTION = frozenset({"h2", "h3"})
"""What browsers call HTTP/2 and 3, over which they send all chunks by one connection (ALPN's names)."""
CLOCKS_DIFFER_SECONDS = 60.0
_LAPSE_SECONDS = 24 * 3600.0
"""Seconds after which what was seen no more is told no more."""
_HTTP2 = Note(
    "http2_in_front",
    "Senders' browsers say that they reach this server by HTTP/2 or 3, where all chunks share one connection: uploads are faster over HTTP/1.1, "
    "so have the proxy in front offer that alone (nginx: `listen 443 ssl` without `http2`; Caddy: `protocols h1`).",
)
_UNSAFE = Note(
    "unsafe_reading",
    "Texts in files are not indexed: this machine does not let a process give up its rights by seccomp, which is needed on Linux on x86-64 or "
    "ARM64. Switch `search` of links off, or run Droppr where it is.",
)
PREVIEWS_MISSING = Note(
    "previews_missing",
    "No pictures of received files are made: the extra for it is not installed (pip install 'droppr[server,previews]'). "
    "Add it, or set DROPPR_PREVIEWS_MB=0.",
)
FFMPEG_MISSING = Note(
    "ffmpeg_missing",
    "No pictures of films are made: ffmpeg is not installed (Debian: apt install --no-install-recommends ffmpeg). "
    "Add it, or set DROPPR_PREVIEWS_MB=0 to have no pictures at all.",
)
SEARCH_MISSING = Note(
    "search_missing",
    "Links have their files searched, and nothing is found: the extra for it is not installed any more "
    "(pip install 'droppr[server,search]'). Add it, or switch `search` of links off.",
)
STORE_LEFTOVERS = Note(
    "store_leftovers",
    "Nothing ends unfinished uploads in the bucket where this server cannot: give the bucket a lifecycle rule that aborts incomplete "
    "multipart uploads, some days later than DROPPR_UPLOAD_MAX_AGE_DAYS.",
)
STORE_RULE_SHORT = Note(
    "store_rule_short",
    "A lifecycle rule of the bucket ends unfinished uploads sooner than this server does, and what it ends has to be sent again: give it more "
    "days than DROPPR_UPLOAD_MAX_AGE_DAYS.",
)
STORE_DELETES = Note(
    "store_deletes",
    "A lifecycle rule of the bucket deletes objects by their age below the prefix of DROPPR_STORE, and so received files: take it away, or let "
    "it spare that prefix.",
)
STORE_NOT_DIRECT = Note(
    "store_not_direct",
    "Files go through this server although DROPPR_STORE_PUBLIC_URL is set: the store takes other bytes than were signed for, or none at such "
    "an address. Leave that setting out, or use a store that compares x-amz-checksum-sha256.",
)
STORE_CLOCK = Note(
    "store_clock",
    "The clocks of this machine and of the store differ by more than a minute, and from a quarter of an hour on the store refuses everything: "
    "have both set by NTP.",
)
STORE_CORS = Note(
    "store_cors",
    "The bucket does not let {origins} put parts into it, so browsers send everything through this server: set its CORS by "
    "`aws s3api put-bucket-cors --bucket {bucket} --cors-configuration '{rule}'`.",
)
STORE_AWAY = Note(
    "store_public_away",
    "The store does not answer this machine at DROPPR_STORE_PUBLIC_URL. Where it does not answer senders, either, they send everything "
    "through this server.",
)


def cors_notes(barred: Sequence[str], bucket: str, *, is_away: bool) -> list[Note]:
    """What is told where pages of these origins cannot put parts into the store, or nobody can from here."""
    found = [STORE_AWAY] if is_away else []
    if barred:
        rule = {"AllowedOrigins": [*barred], "AllowedMethods": ["PUT"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 7200}
        words = {
            "origins": ", ".join(barred),
            "bucket": bucket,
            "rule": json.dumps({"CORSRules": [rule]}, allow_nan=False),
        }
        found.append(Note(STORE_CORS.code, STORE_CORS.sentence.format(**words)))
    return found


def store_notes(
    *,
    ends_uploads_days: float | None,
    deletes: bool,
    kept_days: float,
    clocks_differ_seconds: float,
    bars_senders: bool = False,
) -> list[Note]:
    """What an S3 store does to what lies in it, and should not, or the other way round: ``kept_days`` are those for which unfinished uploads
    stay. Where its rules are not known, it is as if they ended uploads after an endless time. ``bars_senders``: senders are to reach it, and
    it is known to be unfit for that."""
    found = []
    if ends_uploads_days is None:
        found.append(STORE_LEFTOVERS)
    elif ends_uploads_days < kept_days:
        found.append(STORE_RULE_SHORT)
    if deletes:
        found.append(STORE_DELETES)
    if bars_senders:
        found.append(STORE_NOT_DIRECT)
    if clocks_differ_seconds > CLOCKS_DIFFER_SECONDS:
        found.append(STORE_CLOCK)
    return found


def missing_parts(*, previews: bool, searched: bool, has_extra: Callable[[str], bool], has_ffmpeg: bool) -> list[Note]:
    """What is switched on and lacks something here: pictures of received files, texts that are searched."""
    found = []
    if previews and not has_extra("previews"):
        found.append(PREVIEWS_MISSING)
    elif previews and not has_ffmpeg:
        found.append(FFMPEG_MISSING)
    if searched and not has_extra("search"):
        found.append(SEARCH_MISSING)
    return found


def tell(notes: Sequence[Note]) -> None:
    """Say it in the log."""
    for each in notes:
        log.warning(each.sentence, extra={"note": each.code})


class InBackground:
    """Notes that take their time to be found: whoever asks gets what was found last, and waits for the first ones only, and not long."""

    def __init__(self, look: Callable[[], Sequence[Note]], every_seconds: float, patience_seconds: float = 2.0) -> None:
        self._look = look
        self._every = every_seconds
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._next = 0.0
        self._first = threading.Event()
        self._found: Sequence[Note] = ()

    def __call__(self) -> Sequence[Note]:
        with self._lock:
            now = time.monotonic()
            is_due = now >= self._next
            if is_due:
                self._next = now + self._every
        if is_due:
            threading.Thread(target=self._run, name="notes", daemon=True).start()
        self._first.wait(self._patience)
        return self._found

    def _run(self) -> None:
        try:
            self._found = self._look()
        except Exception:
            log.exception("notes of the store cannot be found")
        finally:
            self._first.set()


class Notes:
    """What is told here comes from strangers in part: it is for people to read, and nothing behaves by it."""

    def __init__(
        self, one_connection: LastSeen, unsafe: LastSeen, lacking: Callable[[], Sequence[Note]] = lambda: ()
    ) -> None:
        """``one_connection`` remembers that a browser came by HTTP/2 or 3, ``unsafe`` that the text of a file could not be read
        safely on this machine; ``lacking`` says what is switched on and needs something that this machine has not."""
        self._lacking = lacking
        self._noted = ((one_connection, _HTTP2), (unsafe, _UNSAFE))
        self._one_connection = one_connection

    def came_by(self, protocol: str) -> None:
        """A sender's browser says by which protocol it came, in ALPN's words; anything else means nothing."""
        if protocol in ONE_CONNECTION:
            self._one_connection.note()

    def all(self) -> list[Note]:
        """Mostly none."""
        found = [note for seen, note in self._noted if seen.seconds_ago() < _LAPSE_SECONDS]
        return [*found, *self._lacking()]

    def sentences(self) -> list[str]:
        """One for each thing."""
        return [each.sentence for each in self.all()]
