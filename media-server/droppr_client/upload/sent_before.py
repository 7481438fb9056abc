"""What an earlier run has sent: the target says whether it is still there. Our own notes only say what to ask about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from droppr_client.upload.items import Item
from droppr_client.upload.state import Remembered
from droppr_client.upload.troubles import Cancelled, FileRefused, Passing, Trouble
from droppr_client.upload.work import Work

ASKED_AT_ONCE = 500
"""Files in one question. They wait in memory until it is asked."""


def still_there(work: Work, files: Sequence[tuple[Item, Remembered]]) -> Iterator[tuple[Item, Remembered, bool]]:
    """Each file with whether the target has it. Where it does not say so, the files have failed, and none comes."""
    began = work.clock()
    try:
        answers = _asked(work, [(item, known.ticket or "") for item, known in files])
    except Trouble as trouble:
        if isinstance(trouble, Passing):
            trouble = FileRefused(f"{trouble} Run the same command again to go on.", trouble.code)
        for item, _ in files:
            work.failed(item, trouble, began)
        return
    for (item, known), there in zip(files, answers, strict=True):
        yield item, known, there


def _asked(work: Work, files: Sequence[tuple[Item, str]]) -> list[bool]:
    retries = work.retries()
    while True:
        if work.schedule.stopped:
            raise Cancelled
        try:
            return work.target.still_there(files)
        except Passing as trouble:
            wait = retries.wait_before_next(trouble)
            if wait is None:
                raise
            work.progress.retried()
            work.flow.cancellation.wait(wait)
