"""What the server tells of itself: how busy it is, and how far an upload has come. Declared as all replies are (``replies.py``)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from app.core.session import State


class LiveConcurrency(TypedDict):
    running_uploads: Annotated[int, Field(description="With a place among the uploads at once.")]
    waiting_uploads: int
    max_concurrent_uploads: int
    max_concurrent_per_user: int
    max_concurrent_chunks: int


class Concurrency(LiveConcurrency):
    active_uploads: Annotated[int, Field(description="Open, whether anything comes or not.")]


class MemoryAt(TypedDict):
    seconds_ago: float
    used_bytes: int


class LiveMemory(TypedDict):
    current_usage: Annotated[float, Field(description="In percent of the limit that counts.")]
    max_usage: Annotated[float, Field(description="From which percentage on new uploads are refused.")]
    used_bytes: int
    limit_bytes: int
    peak_bytes: int
    reserved_bytes: int
    available_bytes: int
    bytes_per_second: int
    seconds_to_limit: int | None


class Memory(LiveMemory):
    history: list[MemoryAt]


class Disk(TypedDict):
    total_bytes: int
    free_bytes: int
    promised_bytes: Annotated[int, Field(description="To uploads under way.")]
    available_bytes: Annotated[int, Field(description="For new ones.")]
    received_bytes: Annotated[int, Field(description="Of received files, of all links together.")]
    bin_bytes: Annotated[int, Field(description="Of deleted files that can be restored.")]
    bin_files: int


class BufferPool(TypedDict):
    """Of the process that answers."""

    in_use: int
    kept: int
    held_bytes: int
    hits: int
    misses: int
    waits: int
    refusals: int


class PartsSent(TypedDict):
    """Of the process that answers."""

    sending: int
    sent: int
    failed: int


class Destinations(TypedDict):
    """How many files of all links are at which point of being passed on."""

    arriving: int
    waiting: int
    sending: int
    retrying: int
    failed: int
    bytes_left: int
    chunks: PartsSent
    circuits: Annotated[dict[str, str], Field(description="By remote: `closed`, `open` or `half-open`.")]


class Parts(TypedDict):
    disk: Disk
    buffer_pool: BufferPool
    destinations: Destinations


class ServerStatus(Parts):
    concurrency: Concurrency
    memory_monitor: Memory


class ChunkProgress(TypedDict):
    chunk_size: int
    completed_chunks: int
    total_chunks: int


class Progress(TypedDict):
    """How far one upload is."""

    state: State
    size: int
    received_bytes: int
    percent: float
    missing_ranges: Annotated[int, Field(description="How many gaps there are.")]
    chunk_progress: ChunkProgress
    opened_at: float
    last_byte_at: float
    elapsed_seconds: float
    bytes_per_second: float
    chunks_per_second: float
    seconds_left: float | None
    running: bool


class RunningUpload(Progress):
    """One of the uploads that something comes of."""

    upload_id: str
    path: str
    seconds: Annotated[float, Field(description="Since it has its place.")]


class Refusals(TypedDict):
    """How often each limit has sent somebody away since the server started."""

    places: int
    user: int
    memory: int


class ReceivedSoFar(TypedDict):
    """What has come since the server started."""

    files: int
    bytes: int


class LiveFigures(Parts):
    """The `data` of each server-sent event: how busy the server is at that moment."""

    at: float
    concurrency: LiveConcurrency
    uploads: Annotated[list[RunningUpload], Field(description="The first 50 of those that something comes of.")]
    memory_monitor: LiveMemory
    refusals: Refusals
    received: ReceivedSoFar
    notes: Annotated[list[str], Field(description="Sentences for the owner.")]
    note_codes: Annotated[list[str], Field(description="For each of them what it is about, in a word that stays.")]


class OnceQuery(BaseModel):
    """How the figures are asked for."""

    once: Annotated[
        bool,
        Field(description="One event and the end, after which browsers come back, for lines that keep streams back."),
    ] = False


class FollowQuery(BaseModel):
    """What a stream of news tells besides."""

    figures: Annotated[
        bool,
        Field(
            description="For admins: also how busy the server is, every two seconds, as events of the kind `figures`."
        ),
    ] = False
