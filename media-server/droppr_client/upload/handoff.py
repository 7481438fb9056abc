"""Going on with uploads that another device has begun."""

from __future__ import annotations

import os
from dataclasses import dataclass

from droppr_client.upload import wire
from droppr_client.upload.digests import sample_digest
from droppr_client.upload.items import Item
from droppr_client.upload.problems import Refused, UploadProblem
from droppr_client.upload.state import SavedUpload
from droppr_client.upload.targets import Target
from droppr_client.upload.targets.droppr import DropprLink


@dataclass(frozen=True, slots=True)
class Handed:
    """An upload that waits to be gone on with."""

    path: str
    size: int
    sample: str
    ticket: str

    def fits(self, item: Item) -> bool:
        """Whether this is the file that was begun: by its size and what is in it, whatever it is called here."""
        if item.size != self.size:
            return False
        try:
            fd = os.open(item.source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return False
        try:
            return sample_digest(fd, item.size) == self.sample
        except (UploadProblem, OSError):
            return False
        finally:
            os.close(fd)


def handed_off(target: Target, code: str) -> dict[str, Handed]:
    """The uploads behind the code that a sender's page shows, by path. Raises Refused."""
    if not isinstance(target, DropprLink):
        raise Refused("A code belongs to a link.", "invalid_code")
    try:
        uploads = target.handed_off(code)
    except Refused:
        raise
    except UploadProblem as problem:
        raise Refused(f"The code does not work: {problem}", problem.code) from problem
    found: dict[str, Handed] = {}
    for each in uploads:
        path, sample, ticket = (
            wire.text(each.get("path")),
            wire.text(each.get("sample")),
            wire.upload_id(each.get("upload_id")),
        )
        size = wire.whole(each.get("size"), 0, 2**63 - 1)
        if path and sample and ticket and size is not None and not each.get("complete"):
            found[path] = Handed(path, size, sample, ticket)
    return found


def claimed(handed: dict[str, Handed], item: Item) -> SavedUpload | None:
    """The handed-over upload that ``item`` is, taken out of ``handed``."""
    for path, each in handed.items():
        if each.fits(item):
            del handed[path]
            return SavedUpload(item.size, item.mtime_ns, each.sample, each.ticket, 0, False)
    return None
