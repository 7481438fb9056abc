"""Where files can be sent: one module each, all of them the same port (``Target``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from droppr_client.upload.items import Item, Pair
from droppr_client.upload.problems import UploadProblem
from droppr_client.upload.throttle import Chunk, Throttle


@dataclass(frozen=True, slots=True)
class PackTerms:
    """How many small files may go in one request, and how many bytes of them."""

    max_files: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Terms:
    """How a target likes to be sent to. ``chunk_size`` is in bytes."""

    chunk_size: int
    parallel_chunks: int
    most_parallel_chunks: int | None = None
    """The same for who measures, and goes back where more carry no more; None where that is no more."""
    pack: PackTerms | None = None
    whole_file_bytes: int = 0
    """Files up to this may be opened and sent in one request."""
    fixed_chunks: bool = False
    """Chunks have to begin at multiples of ``chunk_size``."""
    compares: bool = False
    """The target computes the SHA-256 of whole files, to be compared with ours."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a sender knows of a file when its upload begins."""

    key: str
    sample: str | None = None
    sha256: str | None = None


class Way(Protocol):
    """A way for parts of a file, which begin at multiples of their length."""

    def length_from(self, start: int) -> int | None:
        """Bytes from there to the end of the part; None where parts are of no more use."""
        ...


@dataclass(frozen=True, slots=True)
class UploadStatus:
    """How an upload stands. ``ticket`` is what to name it by later, also after a restart."""

    ticket: str
    complete: bool
    missing: tuple[Pair, ...] = ()
    chunk_size: int | None = None
    parallel_chunks: int | None = None
    most_parallel_chunks: int | None = None
    path: str | None = None
    sha256: str | None = None
    sample: str | None = None
    way: Way | None = None
    """For whole parts, where there is one that is better than chunks of any length."""
    verifying: bool = False
    """Whether the target has everything and compares the digest that was declared, however long that takes."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A small file, read."""

    item: Item
    key: str
    data: bytes
    sha256: str


class Target(Protocol):
    """Safe from several threads. Every method raises the problems of ``problems.py`` and no others."""

    @property
    def identity(self) -> str:
        """What tells this target from others, in the state file."""
        ...

    def prepare(self) -> Terms:
        """Find out whether the target is there and how it wants to be sent to."""
        ...

    @property
    def opens_unasked(self) -> bool:
        """Whether ``open`` may be called before ``prepare`` has returned: the target judges every opening itself."""
        ...

    def ahead(self, count: int) -> float | None:
        """Get one more of ``count`` connections ready, where there are any: how many seconds it is there and back, where that shows. What
        goes wrong is told by who uses it."""
        ...

    def open(self, item: Item, facts: Facts) -> UploadStatus:
        """Begin an upload. The same key again gives the same upload."""
        ...

    def status(self, item: Item, ticket: str) -> UploadStatus:
        """How an upload stands that was begun before. Raises Gone."""
        ...

    def send(self, item: Item, ticket: str, chunk: Chunk) -> UploadStatus:
        """Send a chunk. Of what is said, ``complete`` and then ``path`` count; ``missing`` may be left out."""
        ...

    def send_unopened(self, item: Item, key: str, chunk: Chunk) -> UploadStatus:
        """The same while the upload is being opened under ``key``, at a target that ``opens_unasked``. Raises Retryable (``upload_not_opened``)
        where it is not open yet."""
        ...

    def send_whole(self, item: Item, facts: Facts, chunk: Chunk) -> UploadStatus | None:
        """Begin an upload by the one chunk that is all of it. None, and nothing is sent, where it has to be opened first."""
        ...

    def still_there(self, files: Sequence[tuple[Item, str]]) -> list[bool]:
        """Of files that were completed, each with its ticket: whether the target still has them."""
        ...

    def finish(self, item: Item, ticket: str) -> UploadStatus:
        """All chunks were sent: the target's last word. Not complete where it misses something."""
        ...

    def send_pack(self, files: Sequence[Packed], throttle: Throttle) -> list[UploadStatus | UploadProblem]:
        """Send small whole files in one request: what became of each, in order."""
        ...

    def make_folders(self, paths: Sequence[str]) -> None:
        """Make folders that hold no files."""
        ...

    def discard(self, item: Item, ticket: str) -> None:
        """Give an upload up that was not completed."""
        ...

    def abort(self) -> None:
        """End what is on its way, from another thread."""
        ...

    def close(self) -> None: ...
