"""What a Droppr server's refusals mean for a sender."""

from __future__ import annotations

from droppr_client.upload import wire
from droppr_client.upload.between import problem_between, too_large
from droppr_client.upload.connection import Answer
from droppr_client.upload.problems import (
    ChunkTooLarge,
    FileChanged,
    FileRefused,
    Gone,
    OutOfOrder,
    Refused,
    Retryable,
    Unwanted,
    UploadProblem,
)

PASSWORD_WANTED = "The link has a password: name it with --password-file or DROPPR_UPLOAD_PASSWORD."
# About the link or about us: the next file would get the same answer.
_FOR_ALL = {
    "request_not_found": "There is no such link: is the address right?",
    "request_expired": "The link has expired: ask for a new one.",
    "request_overdue": "The files were due, and the link takes no late ones: ask its owner for more time.",
    "request_closed": "The link was closed: ask its owner to open it again. What has arrived stays.",
    "password_required": PASSWORD_WANTED,
    "password_invalid": "The password is wrong.",
    "captcha_required": "The captcha was not accepted: try again, or open the link in a browser.",
}
# The same, in the server's own words.
_SAID_FOR_ALL = {
    "too_many_attempts": " Then run the same command again.",
    "too_many_senders": "",
    "item_not_found": "",
    "answers_required": " Answer with --answer 'QUESTION=ANSWER'.",
}
MIN_LIMIT_BYTES = 1024
"""Bytes of a chunk. Nobody sends a file in smaller ones."""
_GONE = {"upload_not_found", "upload_expired"}
# The line or the disk of the server may do better in a moment.
_PASSING = {"chunk_size_mismatch", "checksum_mismatch", "request_timeout", "busy", "upload_not_opened"}
_NEXT_STEP = {
    "storage_full": " Ask the owner to make room, then run the same command again.",
    "request_full": " Ask the owner to raise the link's limit.",
}


def problem_of(answer: Answer, host: str) -> UploadProblem:
    """The problem that an answer other than a success stands for."""
    if between := problem_between(answer, host):
        return between
    document = answer.document
    code = answer.code or f"status_{answer.status}"
    sentence = wire.sentence(document.get("error")) or f"{host} answered with status {answer.status}."
    if 300 <= answer.status < 400:
        return Refused(
            f"{host} leads to another address: open the link in a browser and copy the address from there.", code
        )
    if code in _FOR_ALL:
        return Refused(_FOR_ALL[code], code)
    if code in _SAID_FOR_ALL:
        return Refused(f"{sentence}{_SAID_FOR_ALL[code]}", code)
    if code == "upload_cancelled":
        return Unwanted(sentence, code)
    if code in _GONE:
        return Gone(sentence, code)
    if code == "chunk_conflict":
        return FileChanged("What the server has of this file is not what the file holds now.", code)
    if code == "offset_mismatch":
        return OutOfOrder(sentence, wire.whole(document.get("offset"), 0, 2**63 - 1) or 0)
    if code == "chunk_too_large":
        limit = wire.whole(document.get("limit"), MIN_LIMIT_BYTES, 2**63 - 1)
        return ChunkTooLarge(sentence, limit) if limit else too_large(host)
    return _passing(answer, code, sentence) or FileRefused(sentence + _NEXT_STEP.get(code, ""), code)


def _passing(answer: Answer, code: str, sentence: str) -> Retryable | None:
    status, wait = answer.status, answer.retry_after
    if code == "rate_limited":
        return Retryable(sentence, code, retry_after=wait or 30.0, overload=True, pause=True)
    # At a limit of the server we wait for our turn, which comes however long it takes.
    if code == "busy" and answer.document.get("reason"):
        return Retryable(sentence, code, retry_after=wait or 2.0, pause=True)
    # An upload under way has room again once others have finished or given up; a new one is full for good.
    if code in _NEXT_STEP and wait is not None:
        return Retryable(sentence + _NEXT_STEP[code], code, retry_after=wait)
    if status in (429, 502, 503, 504):
        return Retryable(sentence, code, retry_after=wait, overload=True)
    # A fault of the program; it may have been caught in the middle of a restart.
    if code in _PASSING or status in (408, 425, 500):
        return Retryable(sentence, code, retry_after=wait)
    return None
