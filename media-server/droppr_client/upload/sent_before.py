"""What an earlier run has sent: the target says whether it is still there. Our own notes only say what to ask about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from droppr_client.upload.items import Item
from droppr_client.upload.problems import Cancelled, FileRefused, Retryable, UploadProblem
from droppr_client.upload.run_context import RunContext
from droppr_client.upload.state import SavedUpload

FILES_PER_QUESTION = 500
"""Files in one question. They wait in memory until it is asked."""


def still_there(
    context: RunContext, files: Sequence[tuple[Item, SavedUpload]]
) -> Iterator[tuple[Item, SavedUpload, bool]]:
    """Each file with whether the target has it. Where it does not say so, the files have failed, and none comes."""
    began = context.clock()
    try:
        answers = _asked(context, [(item, known.ticket or "") for item, known in files])
    except UploadProblem as problem:
        if isinstance(problem, Retryable):
            problem = FileRefused(f"{problem} Run the same command again to go on.", problem.code)
        for item, _ in files:
            context.failed(item, problem, began)
        return
    for (item, known), there in zip(files, answers, strict=True):
        yield item, known, there


def _asked(context: RunContext, files: Sequence[tuple[Item, str]]) -> list[bool]:
    retries = context.retries()
    while True:
        if context.schedule.stopped:
            raise Cancelled
        try:
            return context.target.still_there(files)
        except Retryable as problem:
            wait = retries.wait_before_next(problem)
            if wait is None:
                raise
            context.progress.retried()
            context.throttle.cancellation.wait(wait)
