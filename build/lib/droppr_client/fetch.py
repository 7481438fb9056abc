"""Pulling what has arrived through a link: several ranges at once, resumable, verified, and only what is new."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from droppr_client.api import JSON, Api, ApiError
from droppr_client.upload.flow import Cancellation
from droppr_client.upload.items import Outcome, UploadResult
from droppr_client.upload.retry import Retries
from droppr_client.upload.troubles import Cancelled, FileRefused, Passing, Trouble

RANGE = 16 * 1024 * 1024
NOTES = ".droppr-fetch"
"""The folder inside the destination in which it is noted what was fetched, and where files grow."""
_DECEIVING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file at the server, as the owner's list tells it."""

    upload_id: str
    path: str
    size: int
    sha256: str | None
    received_at: float

    @classmethod
    def of(cls, said: JSON) -> Arrived:
        return cls(said["upload_id"], said["path"], int(said["size"]), said["sha256"], float(said["received_at"]))


class Fetch:
    """Fetches from the link ``hash`` into ``folder``. One bad file never raises: every file has a result."""

    def __init__(self, api: Api, hash: str, folder: Path, *, workers: int = 4, retries: int = 10) -> None:
        self._api = api
        self._hash = hash
        self._folder = folder
        self._notes = folder / NOTES
        self._workers = workers
        self._retries = retries
        self._lock = threading.Lock()
        self.cancellation = Cancellation()
        self.fetched_bytes = 0

    def new(self, again: bool = False) -> list[Arrived]:
        """What has arrived and was not fetched into this folder before; with ``again`` everything. Raises ApiError."""
        fetched = set() if again else self._fetched()
        files = [Arrived.of(each) for each in self._api.files(self._hash)]
        return [each for each in reversed(files) if each.upload_id not in fetched]

    def run(self, files: Sequence[Arrived]) -> Iterator[UploadResult]:
        """Fetch these; results as they come."""
        self._notes.mkdir(parents=True, exist_ok=True)
        with ThreadPoolExecutor(self._workers, thread_name_prefix="droppr-fetch") as pool:
            running: set[Future[UploadResult]] = set()
            try:
                for file in files:
                    running.add(pool.submit(self._fetch, file, pool))
                    # One file whose last ranges are under way does not keep the next from beginning.
                    while len(running) >= max(2, self._workers):
                        done, running = wait(running, return_when=FIRST_COMPLETED)
                        yield from (each.result() for each in done)
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (each.result() for each in done)
            except GeneratorExit:
                self.cancellation.request()
                raise

    def _fetch(self, file: Arrived, pool: ThreadPoolExecutor) -> UploadResult:
        try:
            growing = _Growing(self._notes, file)
            with growing:
                self._fill(growing, pool)
            final = self._deliver(file, growing.place)
        except (Trouble, ApiError, OSError) as error:
            outcome = Outcome.CANCELLED if isinstance(error, Cancelled) else Outcome.FAILED
            code = error.code if isinstance(error, Trouble) else "failed"
            sentence = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            return UploadResult(file.path, file.size, outcome, sentence, code)
        growing.forget()
        local = final.relative_to(self._folder).as_posix()
        self._note({"upload_id": file.upload_id, "path": file.path, "local": local})
        return UploadResult(
            file.path,
            file.size,
            Outcome.SENT,
            delivered_path=local,
            upload_id=file.upload_id,
            sha256=file.sha256,
            verified=file.sha256 is not None,
        )

    def _fill(self, growing: _Growing, pool: ThreadPoolExecutor) -> None:
        """Fetch what is missing: here, and by every worker of the pool that has nothing else to do."""
        missing = iter(growing.missing())
        lock = threading.Lock()

        def some() -> None:
            while True:
                with lock:
                    number = next(missing, None)
                if number is None:
                    return
                self._range(growing, number)

        helpers = [pool.submit(some) for _ in range(min(self._workers - 1, growing.ranges - 1))]
        try:
            some()
        finally:
            # Those that did not even begin are not needed; those that did must end before the file is closed.
            wait([each for each in helpers if not each.cancel()])
        for each in helpers:
            if not each.cancelled():
                each.result()

    def _range(self, growing: _Growing, number: int) -> None:
        retries = Retries(self._retries)
        start, stop = number * RANGE, min((number + 1) * RANGE, growing.file.size)
        at = start
        while at < stop:
            try:
                for piece in self._api.download(self._hash, growing.file.path, at, stop):
                    self.cancellation.check()
                    growing.write(piece, at)
                    at += len(piece)
                    retries.progressed()
                    with self._lock:
                        self.fetched_bytes += len(piece)
            except Passing as trouble:
                pause = retries.wait_before_next(trouble)
                if pause is None:
                    raise FileRefused(f"{trouble} Run the same command again to go on.", trouble.code) from trouble
                self.cancellation.wait(pause)
        growing.got(number)

    def _deliver(self, file: Arrived, place: Path) -> Path:
        """Give a whole file its name. Raises FileRefused where its bytes are not those that were received."""
        with place.open("rb") as whole:
            digest = hashlib.file_digest(whole, "sha256").hexdigest()
            os.fsync(whole.fileno())
        if file.sha256 not in (None, digest):
            place.unlink()
            raise FileRefused("What was fetched is not what had arrived: fetch it again.", "checksum_mismatch")
        wanted = self._folder / safe_path(file.path)
        wanted.parent.mkdir(parents=True, exist_ok=True)
        os.utime(place, (file.received_at, file.received_at))
        return _linked(place, wanted, digest)

    def _fetched(self) -> set[str]:
        try:
            lines = (self._notes / "fetched.jsonl").read_text().splitlines()
        except FileNotFoundError:
            return set()
        return {json.loads(line)["upload_id"] for line in lines if line.endswith("}")}

    def _note(self, facts: JSON) -> None:
        with self._lock, (self._notes / "fetched.jsonl").open("a") as file:
            file.write(json.dumps(facts) + "\n")


class _Growing:
    """A file that is being fetched, and a list of the ranges that are whole."""

    def __init__(self, notes: Path, file: Arrived) -> None:
        name = hashlib.sha256(file.upload_id.encode()).hexdigest()[:32]
        self.file = file
        self.place = notes / f"{name}.part"
        self._ranges = notes / f"{name}.ranges"
        self.ranges = -(-file.size // RANGE)

    def missing(self) -> list[int]:
        have = set(self._ranges.read_text().split()) if self._ranges.exists() and self.place.exists() else set()
        return [number for number in range(self.ranges) if str(number) not in have]

    def write(self, piece: bytes, at: int) -> None:
        os.pwrite(self._fd, piece, at)

    def got(self, number: int) -> None:
        with self._ranges.open("a") as file:
            file.write(f"{number}\n")

    def forget(self) -> None:
        self.place.unlink(missing_ok=True)
        self._ranges.unlink(missing_ok=True)

    def __enter__(self) -> None:
        if not self.place.exists():
            self._ranges.unlink(missing_ok=True)
        self._fd = os.open(self.place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)


def safe_path(path: str) -> Path:
    """Where a file of this name may lie below the destination. Raises FileRefused where it would lie outside.

    Senders choose names; what could deceive whoever lists the folder is written as ``%``.
    """
    parts = path.split("/")
    if path.startswith("/") or any(part in ("", ".", "..", NOTES) or "\0" in part for part in parts):
        raise FileRefused("Its name leads out of the folder.", "invalid_path")
    return Path(*("".join(map(_harmless, part)) for part in parts))


def _harmless(character: str) -> str:
    if character.isprintable() and character not in _DECEIVING and character != "\\":
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _linked(place: Path, wanted: Path, digest: str) -> Path:
    """The file's own name, or the next free one; where the very same file is there already, that one."""
    number, final = 0, wanted
    while True:
        try:
            os.link(place, final)
            return final
        except FileExistsError:
            if final.is_file() and final.stat().st_size == place.stat().st_size:
                with final.open("rb") as there:
                    if hashlib.file_digest(there, "sha256").hexdigest() == digest:
                        return final
            number += 1
            final = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")
