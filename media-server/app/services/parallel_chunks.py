"""The parallel chunks API for Python callers: six functions and the ChunkTracker.

Short doors to the adapters the server itself runs on, for code that receives chunks without going through HTTP::

    tracker = load_chunk_tracker(base_dir, upload_id, total_size)
    store_chunk(base_dir, upload_id, chunk_data, offset, chunk_index)
    tracker.add_range(offset, end)
    save_chunk_tracker(base_dir, upload_id, tracker)
    if tracker.is_complete() and assemble_chunks(base_dir, upload_id, target_path, total_size):
        cleanup_chunks(base_dir, upload_id)

Any number of threads and processes may do this for one upload at once: saving a tracker merges it with what others
saved and brings it up to date, so the caller that saves last always sees the whole.
"""

from __future__ import annotations

import io
import os
import shutil
import time
from functools import partial
from pathlib import Path

from app.core.errors import Busy, ChunkConflict, UploadNotFound
from app.core.ranges import Span
from app.core.tracker import ChunkTracker
from app.storage.disk.atomic import disk_errors, sync_file
from app.storage.disk.bodies import StreamBody
from app.storage.disk.growing_file import claim, receive_staged
from app.storage.disk.span_log import Arrival, Arrived, Kind, SpanLog, boot_number, span_log
from app.storage.disk.uploads import DiskUploads, upload_folder

__all__ = [
    "ChunkTracker",
    "assemble_chunks",
    "cleanup_chunks",
    "cleanup_expired_sessions",
    "load_chunk_tracker",
    "save_chunk_tracker",
    "store_chunk",
]

PathLike = str | os.PathLike[str]


def load_chunk_tracker(base_dir: PathLike, upload_id: str, total_size: int) -> ChunkTracker:
    """The tracker of an upload of ``total_size`` bytes, made on first use. Raises InvalidRange for another size."""
    return ChunkTracker(total_size, _log(base_dir, upload_id).newest().ranges)


def save_chunk_tracker(base_dir: PathLike, upload_id: str, tracker: ChunkTracker) -> None:
    """Persist ``tracker``, merged with what others saved; afterwards it knows their ranges too.

    Waits until the chunks stored so far, and the record of them, are on the disk itself.
    """
    log = _log(base_dir, upload_id)
    with disk_errors():
        sync_file(_folder(base_dir, upload_id) / "data")
    for span in tracker.ranges:
        log.append(partial(_arrival_of, span), sync=True)
    tracker.ranges = log.newest().ranges


def store_chunk(base_dir: PathLike, upload_id: str, chunk_data: bytes, offset: int, chunk_index: int) -> None:
    """Put a chunk in its place, durably against a crash of the process. ``chunk_index`` is not used for order.

    Bytes whose range was saved before stay as they are. Raises ChunkConflict when all of the chunk was saved
    before and its bytes are others, StorageFull when the disk is full.
    """
    del chunk_index  # The offset says where the bytes belong; an index would assume one chunk size for ever.
    span = Span(offset, offset + len(chunk_data))
    log = _log(base_dir, upload_id)
    folder = _folder(base_dir, upload_id)
    with disk_errors():
        descriptor = claim(f"{folder}/data", span, wait=True)
        try:
            wanted = log.newest().ranges.missing(span)
            if wanted:
                body = StreamBody(io.BytesIO(chunk_data))
                receive_staged(f"{folder}/chunks", descriptor, span, body, wanted, None)
            elif os.pread(descriptor, span.length, span.start) != chunk_data:
                raise ChunkConflict()
        finally:
            os.close(descriptor)


def assemble_chunks(base_dir: PathLike, upload_id: str, target_path: PathLike, total_size: int) -> bool:
    """Make the whole file appear under ``target_path``, atomically; true once it stands there.

    False while ranges are missing, and when another file has that name: it is never replaced. Of several callers
    one does the work and all are told true.
    """
    target = Path(target_path)
    try:
        with DiskUploads(Path(base_dir)).open(upload_id).exclusive():
            ranges = _log(base_dir, upload_id).newest().ranges
            if not ChunkTracker(total_size, ranges).is_complete():
                return False
            return _appear(_folder(base_dir, upload_id) / "data", target)
    except UploadNotFound:
        # Somebody else has assembled it and cleaned up already.
        return target.is_file() and target.stat().st_size == total_size


def cleanup_chunks(base_dir: PathLike, upload_id: str) -> None:
    """Remove the temporary files of an upload, if there are any."""
    DiskUploads(Path(base_dir)).delete(upload_id)


def cleanup_expired_sessions(base_dir: PathLike, max_age_hours: float = 24) -> int:
    """Remove every upload to which nothing was added for ``max_age_hours``; returns how many.

    Judges whole uploads, each under its lock, and passes over one that is being written to.
    """
    before = time.time() - max_age_hours * 3600
    uploads = DiskUploads(Path(base_dir))
    return sum(_removed_if_idle(uploads, Path(base_dir), upload_id, before) for upload_id in list(uploads.ids()))


def _folder(base_dir: PathLike, upload_id: str) -> Path:
    return upload_folder(Path(base_dir), upload_id)


def _log(base_dir: PathLike, upload_id: str) -> SpanLog:
    folder = _folder(base_dir, upload_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("spans", "data"):
        (folder / name).touch()
    return span_log(folder / "spans")


def _arrival_of(span: Span, known: Arrived) -> Arrival | None:
    return None if known.ranges.covers(span) else Arrival(Kind.DURABLE, boot_number(), time.time(), span)


def _appear(source: Path, target: Path) -> bool:
    with disk_errors():
        sync_file(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileExistsError:
        return os.path.samefile(source, target)
    except OSError:
        # Another file system: a copy beside the target, then a name for it.
        beside = target.with_name(f".{target.name}.{source.parent.name}")
        shutil.copyfile(source, beside)
        try:
            os.link(beside, target)
        except FileExistsError:
            return False
        finally:
            beside.unlink()
    return True


def _removed_if_idle(uploads: DiskUploads, base: Path, upload_id: str, before: float) -> int:
    try:
        upload = uploads.open(upload_id)
        with upload.exclusive(wait=False):
            spans = base / upload_id / "spans"
            last = max(span_log(spans).newest().last_at, spans.stat().st_mtime)
            if last > before or upload.is_claimed():
                return 0
            uploads.delete(upload_id)
            return 1
    except (UploadNotFound, Busy, FileNotFoundError):
        return 0
