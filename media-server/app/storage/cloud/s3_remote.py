"""Remote on an S3-compatible store: multipart uploads whose parts go in any order and at once.

Nothing is visible before the upload is completed, and completing never replaces an object: names that are taken get a
number. Every object carries the id of its upload, so that a completion whose reply was lost is found again. The store
checks each part against its MD5. Before the file counts, the MD5 of every part that the store lists is compared with the
one that was taken while the part was sent, or that of the local copy where nobody knows the first any more.

A part of a very large file is larger than any buffer. No part is held whole here: its bytes are read while it is sent.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

from app.core.paths import numbered
from app.core.ranges import ByteRanges, Span
from app.core.reasons import Reason, reason_of_status
from app.core.remotes import OutgoingFile, PartDigests, ReadInto, RemoteTarget, RemoteTrouble, Taken, TransferLost
from app.storage.reasons import reason_of_error

MAX_PARTS = 10_000
MAX_OBJECT_BYTES = 5 * 1024**4
"""What Amazon takes in all, in parts of up to 5 GiB. Other stores may take less and then say so."""
PIECE_BYTES = 1024 * 1024
_MARK = "droppr-upload"
_GONE = {"NoSuchUpload"}
_TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}
_REASONS = {
    "AccountProblem": Reason.REFUSED,
    "AuthorizationHeaderMalformed": Reason.LOG_IN,
    "EntityTooLarge": Reason.TOO_LARGE,
    "ExpiredToken": Reason.LOG_IN,
    "InsufficientStorage": Reason.FULL,
    "InvalidAccessKeyId": Reason.LOG_IN,
    "InvalidToken": Reason.LOG_IN,
    "NoSuchBucket": Reason.NO_SUCH,
    "NotImplemented": Reason.REFUSED,
    "QuotaExceeded": Reason.FULL,
    "RequestTimeout": Reason.TIMED_OUT,
    "SignatureDoesNotMatch": Reason.LOG_IN,
    "SlowDown": Reason.TOO_MANY,
    "Throttling": Reason.TOO_MANY,
    "TooManyRequests": Reason.TOO_MANY,
    "XMinioStorageFull": Reason.FULL,
}
MAX_SAID = 200
_NOT_IMPLEMENTED = 501
_PASSING = {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling", "TooManyRequests"}


@dataclass(frozen=True, slots=True)
class S3Settings:
    """How to reach the store. What is empty is left to boto3's own chain of files and environment."""

    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = ""


class S3Remote:
    """One bucket and prefix. ``part_size_for`` says how large parts are, in bytes, for a file of a size; they are larger
    where there would be too many."""

    in_order = False

    def __init__(self, target: RemoteTarget, settings: S3Settings, part_size_for: Callable[[int], int]) -> None:
        self._target = target
        self._settings = settings
        self._part_size_for = part_size_for
        self._made: Any = None

    def check(self) -> None:
        if _session(self._settings).get_credentials() is None:
            raise RemoteTrouble(
                "There are no credentials for S3: set DROPPR_S3_ACCESS_KEY and DROPPR_S3_SECRET_KEY.",
                lasting=True,
                reason=Reason.NOT_SET_UP,
            )

    def part_size(self, size: int) -> int:
        fewest = -(-size // MAX_PARTS)
        return max(self._part_size_for(size), -(-fewest // PIECE_BYTES) * PIECE_BYTES)

    def begin(self, file: OutgoingFile) -> str:
        if file.size > MAX_OBJECT_BYTES:
            raise RemoteTrouble(
                "The file is larger than the 5 TiB that S3 takes.", lasting=True, reason=Reason.TOO_LARGE
            )
        key = self._free_key(file)
        if file.size <= self.part_size(file.size):
            return json.dumps({"key": key}, allow_nan=False)
        with _translated():
            made = self._client.create_multipart_upload(
                Bucket=self._target.bucket, Key=key, Metadata={_MARK: file.upload_id}
            )
        return json.dumps({"key": key, "id": made["UploadId"]}, allow_nan=False)

    def held(self, transfer: str, file: OutgoingFile) -> ByteRanges:
        key, upload_id = _parsed(transfer)
        if upload_id is None:
            return _whole(file) if self._is_ours(key, file) else ByteRanges()
        try:
            parts = list(self._parts(key, upload_id))
        except TransferLost:
            if self._is_ours(key, file):
                return _whole(file)
            raise
        return ByteRanges(
            span for span, part in ((self._span(part, file), part) for part in parts) if part["Size"] == span.length
        )

    def send(self, transfer: str, file: OutgoingFile, span: Span, read: ReadInto) -> Taken:
        key, upload_id = _parsed(transfer)
        md5 = _md5_of(read, span)
        sent = {
            "Bucket": self._target.bucket,
            "Key": key,
            "Body": _Body(span, read),
            "ContentLength": span.length,
            "ContentMD5": base64.b64encode(md5.digest()).decode(),
        }
        with _translated():
            if upload_id is None:
                self._put(file, sent)
            else:
                number = span.start // self.part_size(file.size) + 1
                self._client.upload_part(**sent, UploadId=upload_id, PartNumber=number)
        return Taken(span.length, md5.hexdigest())

    def finish(self, transfer: str, file: OutgoingFile, read: ReadInto, digests: PartDigests) -> str:
        key, upload_id = _parsed(transfer)
        where = f"s3://{self._target.bucket}/{key}"
        if self._is_ours(key, file):
            return where
        with _translated():
            if upload_id is None:
                if file.size:
                    raise TransferLost("The object is not there.")
                self._put(file, {"Bucket": self._target.bucket, "Key": key, "Body": b""})
            else:
                self._complete(key, upload_id, file, read, digests)
        if not self._is_ours(key, file):
            raise TransferLost("What the store has is not the file that was sent.")
        return where

    def abort(self, transfer: str) -> None:
        key, upload_id = _parsed(transfer)
        if upload_id is not None:
            try:
                with _translated():
                    self._client.abort_multipart_upload(Bucket=self._target.bucket, Key=key, UploadId=upload_id)
            except TransferLost:
                pass

    def _complete(self, key: str, upload_id: str, file: OutgoingFile, read: ReadInto, digests: PartDigests) -> None:
        parts = list(self._parts(key, upload_id))
        if sum(part["Size"] for part in parts) != file.size or not self._match(parts, file, read, digests):
            self._client.abort_multipart_upload(Bucket=self._target.bucket, Key=key, UploadId=upload_id)
            raise TransferLost("The parts that the store has are not those of the file.")
        listed = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in parts]
        self._client.complete_multipart_upload(
            Bucket=self._target.bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={"Parts": listed},
            IfNoneMatch="*",
        )

    def _match(self, parts: list[dict[str, Any]], file: OutgoingFile, read: ReadInto, digests: PartDigests) -> bool:
        """Whether every part is that of the local copy, as far as its ETag is an MD5 (with KMS it is not)."""
        for part in parts:
            tag, span = part["ETag"].strip('"'), self._span(part, file)
            if len(tag) == 32 and tag != (digests.get(span.start) or _md5_of(read, span).hexdigest()):
                return False
        return True

    def _put(self, file: OutgoingFile, request: dict[str, Any]) -> None:
        from botocore.exceptions import ClientError

        try:
            self._client.put_object(**request, Metadata={_MARK: file.upload_id}, IfNoneMatch="*")
        except ClientError as error:
            # There is no part without bytes.
            if _status(error) != _NOT_IMPLEMENTED or not file.size:
                raise
            self._put_as_part(file, request)

    def _put_as_part(self, file: OutgoingFile, request: dict[str, Any]) -> None:
        """For stores that compare no name when they are given an object, and do when one is made of parts."""
        where = {"Bucket": request["Bucket"], "Key": request["Key"]}
        made = self._client.create_multipart_upload(**where, Metadata={_MARK: file.upload_id})
        where["UploadId"] = made["UploadId"]
        try:
            request["Body"].seek(0)
            part = self._client.upload_part(**request, UploadId=made["UploadId"], PartNumber=1)
            listed = [{"PartNumber": 1, "ETag": part["ETag"]}]
            self._client.complete_multipart_upload(**where, MultipartUpload={"Parts": listed}, IfNoneMatch="*")
        except BaseException:
            with suppress(Exception):
                self._client.abort_multipart_upload(**where)
            raise

    def _parts(self, key: str, upload_id: str) -> Iterator[dict[str, Any]]:
        with _translated():
            pages = self._client.get_paginator("list_parts").paginate(
                Bucket=self._target.bucket, Key=key, UploadId=upload_id
            )
            for page in pages:
                yield from page.get("Parts", ())

    def _span(self, part: dict[str, Any], file: OutgoingFile) -> Span:
        start = (part["PartNumber"] - 1) * self.part_size(file.size)
        return Span(start, min(start + self.part_size(file.size), file.size))

    def _free_key(self, file: OutgoingFile) -> str:
        """The first of ``name``, ``name (1)``, … that no object has, or that our own has since a reply was lost."""
        folder, _, name = file.path.rpartition("/")
        for number in count():
            key = "/".join(part for part in (self._target.prefix, folder, numbered(name, number)) if part)
            found = self._head(key)
            if found is None or _is_from(found, file):
                return key
        raise AssertionError("unreachable")

    def _is_ours(self, key: str, file: OutgoingFile) -> bool:
        found = self._head(key)
        return found is not None and _is_from(found, file)

    def _head(self, key: str) -> dict[str, Any] | None:
        from botocore.exceptions import ClientError

        with _translated():
            try:
                found: dict[str, Any] = self._client.head_object(Bucket=self._target.bucket, Key=key)
                return found
            except ClientError as error:
                # 403 is what S3 says of a missing key to who may not list the bucket; completing judges in any case.
                if _status(error) in (403, 404):
                    return None
                raise

    @property
    def _client(self) -> Any:
        if self._made is None:
            self._made = _client(self._settings)
        return self._made


class _Body(io.RawIOBase):
    """A span as the file that boto3 wants, without a copy of its bytes."""

    def __init__(self, span: Span, read: ReadInto) -> None:
        self._span = span
        self._read = read
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        view = memoryview(target)
        count = max(0, min(len(view), len(self) - self._position))
        self._read(self._span.start + self._position, view[:count])
        self._position += count
        return count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self)}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def __len__(self) -> int:
        return self._span.length


def _session(settings: S3Settings) -> Any:
    try:
        import boto3
    except ImportError:
        raise RemoteTrouble(
            "This server cannot pass files on to S3: its extra is not installed (pip install 'droppr[s3]').",
            lasting=True,
            reason=Reason.NOT_INSTALLED,
        ) from None
    return boto3.session.Session(
        aws_access_key_id=settings.access_key or None,
        aws_secret_access_key=settings.secret_key or None,
        region_name=settings.region or None,
    )


def _client(settings: S3Settings) -> Any:
    session = _session(settings)
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=16,
        # Retries are ours: they know of cancelling, of the breaker and of what the owner is told.
        retries={"total_max_attempts": 1},
        # Stores other than Amazon's do not know the checksums that boto3 adds of itself since 1.36.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return session.client("s3", endpoint_url=settings.endpoint or None, config=config)


@contextmanager
def _translated() -> Iterator[None]:
    """What boto3 raises in our words."""
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from botocore.exceptions import ConnectionError as NoConnection

    try:
        yield
    except ClientError as error:
        raise _trouble(error) from error
    except (NoConnection, HTTPClientError) as error:
        name = type(error).__name__
        raise RemoteTrouble(f"The store does not answer ({name}).", reason=reason_of_error(error), said=name) from error
    except BotoCoreError as error:
        sentence = f"The store cannot be used: {error}"
        reason = Reason.NOT_SET_UP if "Credential" in type(error).__name__ else Reason.HERE
        raise RemoteTrouble(sentence, lasting=True, reason=reason, said=str(error)) from error


def _trouble(error: Any) -> RemoteTrouble:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = _status(error)
    if code in _GONE:
        return TransferLost("The store no longer knows the upload.")
    if code in _TAKEN or status == 412:
        return TransferLost("Another object has taken the name meanwhile.")
    told, said = f"The store says {code or status}.", _said(error, code or str(status))
    reason = _REASONS.get(code) or reason_of_status(status)
    if status == _NOT_IMPLEMENTED:
        # It will not learn it by being asked again.
        sentence = f"The store lacks what files are passed on with. It says {said}."
        return RemoteTrouble(sentence, lasting=True, reason=reason, said=said)
    if code in _PASSING or status in (408, 429) or status >= 500:
        headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        asked = headers.get("retry-after", "")
        after = float(asked) if asked.isdigit() else None
        return RemoteTrouble(told, retry_after=after, reason=reason, said=said)
    # A part that arrived with other bytes than were sent is sent again.
    passing = code in ("BadDigest", "IncompleteBody", "RequestTimeTooSkewed")
    return RemoteTrouble(told, lasting=not passing, reason=reason, said=said)


def _said(error: Any, code: str) -> str:
    """The store's code with its own sentence, of which some have the address of a request or a key in them: no more than one line."""
    words = " ".join(str(error.response.get("Error", {}).get("Message") or "").split())
    return f"{code}: {words}"[:MAX_SAID] if words and code not in words else words or code


def _status(error: Any) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _is_from(found: dict[str, Any], file: OutgoingFile) -> bool:
    return bool(found.get("Metadata", {}).get(_MARK) == file.upload_id and found["ContentLength"] == file.size)


def _parsed(transfer: str) -> tuple[str, str | None]:
    document = json.loads(transfer)
    return document["key"], document.get("id")


def _whole(file: OutgoingFile) -> ByteRanges:
    return ByteRanges([Span(0, file.size)] if file.size else ())


def _md5_of(read: ReadInto, span: Span) -> Any:
    digest = hashlib.md5(usedforsecurity=False)
    buffer = memoryview(bytearray(min(PIECE_BYTES, span.length)))
    for start in range(span.start, span.stop, PIECE_BYTES):
        piece = buffer[: min(PIECE_BYTES, span.stop - start)]
        read(start, piece)
        digest.update(piece)
    return digest
