"""The journal of one upload: which spans have arrived, in fixed-size records that check themselves."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from app.core.ranges import ByteRanges, Span
from app.storage.append_log import AppendLog

# start, stop, time in microseconds, kind (0: a span arrived), CRC-32 of all before it: 32 bytes, little endian.
_RECORD = struct.Struct("<QQQII")
_CHECKED = struct.Struct("<QQQI")
_ARRIVED = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A span and when its last byte arrived, in seconds since the epoch."""

    span: Span
    at: float


@dataclass(frozen=True, slots=True)
class Arrived:
    """What all arrivals come to."""

    ranges: ByteRanges = field(default_factory=ByteRanges)
    last_at: float = 0.0

    def plus(self, arrival: Arrival) -> Arrived:
        return Arrived(self.ranges.add(arrival.span), max(self.last_at, arrival.at))


class ArrivalCodec:
    """Arrivals as 32-byte records. A record whose check fails is passed over, an unfinished one is left."""

    def encode(self, record: Arrival) -> bytes:
        raw = _CHECKED.pack(record.span.start, record.span.stop, int(record.at * 1e6), _ARRIVED)
        return raw + zlib.crc32(raw).to_bytes(4, "little")

    def decode(self, raw: bytes) -> tuple[list[Arrival], int]:
        done = len(raw) - len(raw) % _RECORD.size
        arrivals = []
        for at, (start, stop, micros, kind, check) in enumerate(_RECORD.iter_unpack(raw[:done])):
            offset = at * _RECORD.size
            if kind == _ARRIVED and check == zlib.crc32(raw[offset : offset + _CHECKED.size]):
                arrivals.append(Arrival(Span(start, stop), micros / 1e6))
        return arrivals, done


SpanLog = AppendLog[Arrival, Arrived]


def span_log(path: Path) -> SpanLog:
    return AppendLog(path, ArrivalCodec(), Arrived, Arrived.plus)
