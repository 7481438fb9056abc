"""The journal of one upload: which spans were received, in records of fixed size, each with a checksum.

A record that survives the death of every process may still be ahead of the bytes it speaks of when the power fails. So
each record says under which boot of the machine it was written and what it promises, and checkpoints say which
spans have reached the disk since. After another boot only those count.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from itertools import groupby
from pathlib import Path

from app.core.ranges import ByteRanges, Span
from app.storage.disk.append_log import AppendLog

# first, second, time in microseconds, boot, kind, CRC-32 of all before it: 40 bytes, little endian.
_RECORD = struct.Struct("<QQQQII")
_CHECKED = struct.Struct("<QQQQI")
_RECENT_RECORDS = 200
"""Records from which the pace of an upload is measured."""


class Kind(IntEnum):
    """What a record promises about its span."""

    VOLATILE = 0
    """Counts until the machine stops."""
    PENDING = 1
    """The same, until a checkpoint covers it."""
    DURABLE = 2
    """Its bytes were on the disk before it was written."""
    CHECKPOINT = 3
    """The first so many pending spans are on the disk."""
    SYNC_FAILED = 4
    """A sync failed: nothing counts any more that was still pending. A second sync would succeed without having
    written what the first one lost."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record. ``span`` is what was received; None with CHECKPOINT, which has ``covered``, and with SYNC_FAILED. ``at`` is seconds since
    the epoch, ``boot`` the boot under which it was written."""

    kind: Kind
    boot: int
    at: float
    span: Span | None = None
    covered: int = 0
    nonce: int = 0
    """Makes a record without a span unlike any other; 63 bits, of no further meaning."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The state of a journal: what all its records come to."""

    ranges: ByteRanges = field(default_factory=ByteRanges)
    """What counts as received under ``boot``."""
    durable: ByteRanges = field(default_factory=ByteRanges)
    """What of it counts under every boot."""
    pending: tuple[Span, ...] = ()
    """Spans that become durable by a checkpoint, in the order of their records."""
    unsynced: int = 0
    """Bytes of the pending spans: what no checkpoint covers yet."""
    checkpointed: int = 0
    """How many spans have left ``pending`` since the upload was opened, by checkpoint, failed sync or another boot."""
    boot: int = 0
    """The boot under which ``ranges`` count; 0 before the first record."""
    last_at: float = 0.0
    """The newest time of a record, in seconds since the epoch; 0 before the first."""
    sync_failed: bool = False
    """Whether a sync has ever failed, after which spans are recorded again that were recorded before."""

    def plus(self, arrivals: Sequence[Arrival]) -> Arrived:
        """The state after these further records. Neighbours of one kind are taken together, so that a long journal is read quickly."""
        if len(arrivals) == 1 and arrivals[0].span is not None:
            return self._plus_span(arrivals[0], arrivals[0].span)
        known = self
        for (kind, boot), group in groupby(arrivals, key=_kind_and_boot):
            known = known._plus_alike(kind, boot, list(group))
        return known

    def under(self, boot: int) -> Arrived:
        """The state as it counts under ``boot``: all of it under the same one, else what is durable."""
        if boot == self.boot or not self.boot:
            return self
        return self._without_pending()

    @property
    def total_pending(self) -> int:
        """How many spans were ever pending: the ``covered`` of a checkpoint that is made of a sync from now on."""
        return self.checkpointed + len(self.pending)

    def _plus_span(self, arrival: Arrival, span: Span) -> Arrived:
        """This and one span, as every chunk adds one."""
        known = self if arrival.boot == self.boot else self.under(arrival.boot)
        durable, pending, unsynced = known.durable, known.pending, known.unsynced
        if arrival.kind is Kind.DURABLE:
            durable = durable.add(span)
        elif arrival.kind is Kind.PENDING:
            pending, unsynced = (*pending, span), unsynced + span.stop - span.start
        last_at = max(self.last_at, arrival.at)
        ranges, checkpointed = known.ranges.add(span), known.checkpointed
        return Arrived(ranges, durable, pending, unsynced, checkpointed, arrival.boot, last_at, known.sync_failed)

    def _plus_alike(self, kind: Kind, boot: int, group: list[Arrival]) -> Arrived:
        known = self.under(boot)
        if kind is Kind.CHECKPOINT:
            known = known._checkpointed(max(each.covered for each in group))
        elif kind is Kind.SYNC_FAILED:
            known = replace(known._without_pending(), sync_failed=True)
        spans = [each.span for each in group if each.span is not None]
        ranges, durable, pending, unsynced = known.ranges, known.durable, known.pending, known.unsynced
        if spans:
            ranges = ranges.add_all(spans)
        if kind is Kind.DURABLE:
            durable = durable.add_all(spans)
        elif kind is Kind.PENDING:
            pending, unsynced = (*pending, *spans), unsynced + sum(span.length for span in spans)
        last_at = max(self.last_at, max(each.at for each in group))
        # Not dataclasses.replace, which takes ten times as long, for every chunk of every process.
        return Arrived(ranges, durable, pending, unsynced, known.checkpointed, boot, last_at, known.sync_failed)

    def snapshot(self, nonce: int) -> list[Arrival]:
        """The fewest records that come to the same state. The first one is a checkpoint with ``nonce`` and ``checkpointed``."""
        promised = self.durable.union(ByteRanges(self.pending))
        rest = [part for span in self.ranges for part in promised.missing(span)]
        kinds = ((Kind.DURABLE, self.durable), (Kind.VOLATILE, rest), (Kind.PENDING, self.pending))
        first = Arrival(Kind.CHECKPOINT, self.boot, self.last_at, covered=self.checkpointed, nonce=nonce)
        # Before the spans, of which it takes none away there.
        failed = [Arrival(Kind.SYNC_FAILED, self.boot, self.last_at)] if self.sync_failed else []
        return [
            first,
            *failed,
            *(Arrival(kind, self.boot, self.last_at, span) for kind, spans in kinds for span in spans),
        ]

    @property
    def snapshot_size(self) -> int:
        """About how many bytes the records of ``snapshot`` take."""
        return _RECORD.size * (1 + len(self.ranges) + len(self.pending))

    def _without_pending(self) -> Arrived:
        return replace(self, ranges=self.durable, pending=(), unsynced=0, checkpointed=self.total_pending)

    def _checkpointed(self, covered: int) -> Arrived:
        count = max(0, covered - self.checkpointed)
        settled, pending = self.pending[:count], self.pending[count:]
        return replace(
            self,
            durable=self.durable.add_all(settled),
            pending=pending,
            unsynced=sum(span.length for span in pending),
            checkpointed=self.checkpointed + count,
        )


def _kind_and_boot(arrival: Arrival) -> tuple[Kind, int]:
    return arrival.kind, arrival.boot


class ArrivalCodec:
    """Codec of records of 40 bytes. One whose checksum is wrong is passed over."""

    def encode(self, record: Arrival) -> bytes:
        first, second = (record.span.start, record.span.stop) if record.span else (record.covered, record.nonce)
        raw = _CHECKED.pack(first, second, int(record.at * 1e6), record.boot, record.kind)
        return raw + zlib.crc32(raw).to_bytes(4, "little")

    def decode(self, raw: bytes) -> tuple[list[Arrival], int]:
        done = len(raw) - len(raw) % _RECORD.size
        arrivals = []
        for at, (first, second, micros, boot, kind, check) in enumerate(_RECORD.iter_unpack(raw[:done])):
            offset = at * _RECORD.size
            if check == zlib.crc32(raw[offset : offset + _CHECKED.size]):
                arrivals.append(_arrival(Kind(kind), boot, micros / 1e6, first, second))
        return arrivals, done


def _arrival(kind: Kind, boot: int, at: float, first: int, second: int) -> Arrival:
    if kind in (Kind.CHECKPOINT, Kind.SYNC_FAILED):
        return Arrival(kind, boot, at, covered=first, nonce=second)
    return Arrival(kind, boot, at, Span(first, second))


SpanLog = AppendLog[Arrival, Arrived]


def span_log(path: Path) -> SpanLog:
    """The journal in the file ``path``."""
    return AppendLog(path, ArrivalCodec(), Arrived, Arrived.plus)


def recent(path: Path, since: float) -> tuple[int, float | None]:
    """See ``Upload.recent``. Reads no more than the end of the journal. Raises FileNotFoundError."""
    codec = ArrivalCodec()
    with path.open("rb", buffering=0) as file:
        whole = os.fstat(file.fileno()).st_size // _RECORD.size * _RECORD.size
        start = max(0, whole - _RECENT_RECORDS * _RECORD.size)
        head = codec.decode(os.pread(file.fileno(), _RECORD.size, 0))[0]
        latest = codec.decode(os.pread(file.fileno(), whole - start, start))[0]
    # What a compaction wrote says when its last span came, and no longer when each of them did.
    told = head[0].at if head and head[0].nonce else None
    before = [told] if told is not None else []
    if start and latest:
        before.append(latest.pop(0).at)
    before += [each.at for each in latest if each.at <= since]
    new = [each.span for each in latest if each.span is not None and each.at > since and each.at != told]
    return sum(span.length for span in new), max(before, default=None)


def boot_number(boot_id: str | None = None) -> int:
    """The present boot of the machine as a number, never 0. Processes of one boot agree on it."""
    text = boot_id or _kernel_boot_id()
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") or 1


def _kernel_boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        # Nothing tells boots apart here: everything counts, as it would without power cuts.
        return "unknown"
