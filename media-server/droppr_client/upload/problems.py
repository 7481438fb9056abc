"""What can go wrong on the way to a target, told apart by what is to be done about it.

The text of each is a sentence for a person; ``code`` is stable, for programs.
"""

from __future__ import annotations


class UploadProblem(Exception):
    """Something went wrong with one file or with all of them."""

    def __init__(self, sentence: str, code: str = "failed") -> None:
        super().__init__(sentence)
        self.code = code


class Retryable(UploadProblem):
    """Trying again may help. ``retry_after``: seconds the target asks us to wait; ``overload``: send less at once.

    ``pause``: the target takes nothing new from us until then, so waiting does not count as an attempt; nor does it where the target
    is ``working`` on what it has.
    """

    def __init__(
        self,
        sentence: str,
        code: str = "unreachable",
        *,
        retry_after: float | None = None,
        overload: bool = False,
        pause: bool = False,
        broken: bool = False,
        working: bool = False,
    ) -> None:
        super().__init__(sentence, code)
        self.retry_after = retry_after
        self.overload = overload
        self.pause = pause
        self.broken = broken
        self.working = working


class FileRefused(UploadProblem):
    """The target does not take this file; others may fare better."""


class MovedAway(FileRefused):
    """The server tells of the file and has it no more: somebody has moved or removed it there."""


class Unwanted(FileRefused):
    """The owner has cancelled this upload, or what arrived was refused in the end. We do not begin another; whoever runs us again may."""


class ChunkTooLarge(UploadProblem):
    """Send at most ``limit`` bytes at once, or fewer than now where nobody says how many."""

    def __init__(self, sentence: str, limit: int | None = None) -> None:
        super().__init__(sentence, "chunk_too_large")
        self.limit = limit


class OutOfOrder(UploadProblem):
    """The target takes the chunks of a file one after the other and wants the byte at ``offset`` next."""

    def __init__(self, sentence: str, offset: int) -> None:
        super().__init__(sentence, "offset_mismatch")
        self.offset = offset


class Gone(UploadProblem):
    """The target does not know this upload any more: begin it afresh."""


class FileChanged(UploadProblem):
    """The file is not what it was when its upload began: begin afresh."""


class Unreadable(UploadProblem):
    """The file cannot be read on this machine."""


def unreadable(error: OSError) -> Unreadable:
    if isinstance(error, FileNotFoundError):
        return Unreadable("The file has gone.", "file_gone")
    return Unreadable(f"It cannot be read: {error.strerror or error}.", "unreadable")


class Refused(UploadProblem):
    """The target takes nothing from us, whichever file it is."""


class Cancelled(UploadProblem):
    """We were told to stop. What has arrived stays and counts the next time."""

    def __init__(self) -> None:
        super().__init__("Stopped before it was sent.", "cancelled")
