"""An append-only file folded into a value, shared by threads and processes.

Appending is one small write under the kernel's own file lock, so it costs microseconds, queues fairly without
polling, and is freed when a process dies. Each reader remembers how far it has read and folds only what is new.
A record that was torn by a crash or a full disk is recognised by its codec and never counts.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from app.storage.disk.atomic import disk_errors, raise_disk_error, replace_file, sync_file

_HEAD_BYTES = 40
"""A compacted log is told from the old one by comparing this many of its first bytes."""

Record = TypeVar("Record")
State = TypeVar("State")


class Codec(Protocol[Record]):
    """How records look on disk. Each record carries a checksum of its own."""

    def encode(self, record: Record) -> bytes:
        """The bytes of one record."""
        ...

    def decode(self, raw: bytes) -> tuple[list[Record], int]:
        """The records in ``raw`` whose checksum is right, and how many bytes they and damaged ones take; what follows is an
        unfinished record, to be read again."""
        ...


class AppendLog(Generic[Record, State]):
    """One log file, and the state that ``fold`` makes of ``empty`` and all its records. Safe from any number of threads and
    processes; the file's lock is taken inside the lock among the threads of this process.

    The file must exist: where it is missing, what it describes is gone, and every call raises FileNotFoundError.
    """

    def __init__(
        self,
        path: Path,
        codec: Codec[Record],
        empty: Callable[[], State],
        fold: Callable[[State, Sequence[Record]], State],
    ) -> None:
        self._path = path
        self._codec = codec
        self._empty = empty
        self._fold = fold
        self._lock = threading.Lock()
        self._state: State
        self.length: int
        """How many bytes of the log have been read or written here."""
        self._head: bytes
        self._stamp: tuple[int, int, int]
        """Number, size and time of change, which tell whether the log has changed. Compared where it is, as a chunk asks for it
        several times."""
        self._forget()

    def read(self, look: Callable[[State], Any]) -> Any:
        """What ``look`` returns of the newest state. It runs with the log locked: it must not call the log, nor keep a state that can
        change."""
        with self._lock:
            status = os.stat(self._path)
            if (status.st_ino, status.st_size, status.st_mtime_ns) != self._stamp:
                self._read_on()
            return look(self._state)

    def newest(self) -> State:
        """The newest state, the same object as long as nothing is appended. Only for logs whose states are immutable."""
        with self._lock:
            status = os.stat(self._path)
            if (status.st_ino, status.st_size, status.st_mtime_ns) != self._stamp:
                self._read_on()
            return self._state

    def add(self, record: Record, *, sync: bool = False) -> tuple[State, State]:
        """Append ``record``, whatever the newest state is; returns the states right before and right after it. ``sync`` waits until the
        record is on the disk itself. Raises StorageFull or Busy, and then nothing was appended."""
        # Not by way of ``_alone``, whose generators take longer than the rest: this is done for each chunk.
        with self._lock:
            try:
                descriptor = self._opened_alone()
                try:
                    before = self._state
                    self._write(descriptor, self._codec.encode(record), sync)
                    self._state = self._fold(before, (record,))
                    return before, self._state
                finally:
                    os.close(descriptor)
            except OSError as error:
                raise_disk_error(error)

    def append(self, decide: Callable[[State], Record | None], *, sync: bool = False) -> State:
        """Append what ``decide`` makes of the newest state, nothing if that is None; returns the state after it.

        ``decide`` runs alone among all threads and processes and may raise to append nothing. ``sync`` waits
        until the record is on the disk itself. Raises StorageFull or Busy, and then nothing was appended.
        """

        def decide_one(state: State) -> list[Record]:
            record = decide(state)
            return [] if record is None else [record]

        return self.append_all(decide_one, sync=sync)

    def append_all(self, decide: Callable[[State], Sequence[Record]], *, sync: bool = False) -> State:
        """Like ``append``, for any number of records with one write. A power cut on the way may leave the first few of them."""
        with self._alone() as descriptor:
            records = decide(self._state)
            if records:
                self._write(descriptor, b"".join(map(self._codec.encode, records)), sync)
                self._state = self._fold(self._state, records)
            return self._state

    def compact(self, snapshot: Callable[[State], Sequence[Record]], *, sync: bool) -> None:
        """Replace the log by the records of ``snapshot``, which must fold to the same state. Atomic: readers and crashes see the old or
        the new log; with ``sync`` power cuts do, too.

        Whoever appends meanwhile waits. Raises StorageFull or Busy, and then the old log stays.
        """
        with self._alone():
            raw = b"".join(map(self._codec.encode, snapshot(self._state)))
            replace_file(self._path, raw, durable=sync)
            self._forget()

    @contextmanager
    def locked(self) -> Iterator[State]:
        """The newest state, to which nobody appends before the block ends, no thread and no process.

        Inside, calling this log would wait for ever. Raises what ``append`` raises.
        """
        with self._alone():
            yield self._state

    def sync(self) -> None:
        """Wait until all that was appended is on the disk itself. Holds no lock, so that many can wait for one sync."""
        with disk_errors():
            sync_file(self._path)

    @contextmanager
    def _alone(self) -> Iterator[int]:
        """The log, open, nobody else's, and up to date."""
        with self._lock, disk_errors():
            descriptor = self._opened_alone()
            try:
                yield descriptor
            finally:
                os.close(descriptor)

    def _opened_alone(self) -> int:
        """The log, open, locked until it is closed, and read up to its end."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                status = os.fstat(descriptor)
                if status.st_nlink:
                    if (status.st_ino, status.st_size, status.st_mtime_ns) != self._stamp:
                        self._catch_up(descriptor, status)
                    if status.st_size > self.length:
                        # Only a record torn by a crash can lie here while we hold the lock.
                        os.ftruncate(descriptor, self.length)
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            # Removed or replaced between opening and locking: a record written now would vanish with it.
            os.close(descriptor)

    def _read_on(self) -> None:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._catch_up(descriptor, os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def _write(self, descriptor: int, raw: bytes, sync: bool) -> None:
        try:
            if os.write(descriptor, raw) != len(raw):
                raise OSError(errno.ENOSPC, "The record was cut short")
            if sync:
                os.fdatasync(descriptor)
        except OSError:
            os.ftruncate(descriptor, self.length)
            raise
        self._head = self._head or raw[:_HEAD_BYTES]
        self.length += len(raw)
        status = os.fstat(descriptor)
        self._stamp = status.st_ino, status.st_size, status.st_mtime_ns

    def _catch_up(self, descriptor: int, status: os.stat_result) -> None:
        # A compacted log begins with another record; its inode number may be one that was used before.
        if self._head and os.pread(descriptor, len(self._head), 0) != self._head:
            self._forget()
        raw = os.pread(descriptor, status.st_size - self.length, self.length)
        records, done = self._codec.decode(raw)
        if records:
            self._state = self._fold(self._state, records)
        self._head = self._head or raw[: min(done, _HEAD_BYTES)]
        self.length += done
        self._stamp = status.st_ino, status.st_size, status.st_mtime_ns

    def _forget(self) -> None:
        self._state = self._empty()
        self.length = 0
        self._head = b""
        self._stamp = (0, 0, 0)


class JSONLines:
    """Events as lines: eight hex digits of CRC-32, a space, a JSON object."""

    def encode(self, record: dict[str, Any]) -> bytes:
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        return b"%08x %s\n" % (zlib.crc32(text), text)

    def decode(self, raw: bytes) -> tuple[list[dict[str, Any]], int]:
        done = raw.rfind(b"\n") + 1
        lines = raw[:done].splitlines()
        return [json.loads(line[9:]) for line in lines if _sound(line)], done


def _sound(line: bytes) -> bool:
    check, _, text = line.partition(b" ")
    return check == b"%08x" % zlib.crc32(text)
