"""A bucket of S3, or of a store that speaks like it, as a target. Credentials and endpoint are boto3's own
(``AWS_ACCESS_KEY_ID``, ``AWS_PROFILE``, ``AWS_ENDPOINT_URL`` …)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from droppr_client.upload.items import Item, Pair
from droppr_client.upload.problems import Cancelled, FileRefused, Gone, Refused, Retryable, UploadProblem
from droppr_client.upload.targets import Facts, Packed, Terms, UploadStatus
from droppr_client.upload.throttle import Chunk, Throttle

MIB = 1024 * 1024
PART_BYTES = 8 * MIB
MAX_PARTS = 10_000
PARALLEL_PARTS = 8
SINGLE = "single"
"""The ticket of files that go in one request."""
R = TypeVar("R")

_FOR_ALL = {
    "NoSuchBucket": "There is no such bucket.",
    "AccessDenied": "These credentials may not write to the bucket.",
    "InvalidAccessKeyId": "The store does not know these credentials.",
    "SignatureDoesNotMatch": "The store does not accept these credentials.",
}


class Bucket:
    """Sends to ``bucket`` below ``prefix``. Big files go as multipart uploads, whose parts outlive an interruption."""

    opens_unasked = False

    def __init__(self, bucket: str, prefix: str = "", client: Any = None) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._aborted = False
        try:
            self._s3 = client or boto3.client("s3", config=_config())
        except NoRegionError:
            self._s3 = boto3.client("s3", config=_config(), region_name="us-east-1")

    @property
    def identity(self) -> str:
        return f"s3:{self._s3.meta.endpoint_url}/{self._bucket}/{self._prefix}"

    def prepare(self) -> Terms:
        self._ask(lambda: self._s3.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix, MaxKeys=1))
        return Terms(chunk_size=PART_BYTES, parallel_chunks=PARALLEL_PARTS, fixed_chunks=True)

    def ahead(self, count: int) -> None:
        pass

    def send_unopened(self, item: Item, key: str, chunk: Chunk) -> UploadStatus:
        raise NotImplementedError("a bucket opens nothing unasked")

    def open(self, item: Item, facts: Facts) -> UploadStatus:
        if item.size <= PART_BYTES:
            return UploadStatus(SINGLE, False, ((0, item.size),) if item.size else ())
        made = self._ask(lambda: self._s3.create_multipart_upload(**self._where(item)))
        return self.status(item, str(made["UploadId"]))

    def status(self, item: Item, ticket: str) -> UploadStatus:
        if ticket == SINGLE:
            return self.open(item, Facts(""))
        step = _part_size(item.size)
        arrived = {part["PartNumber"] for part in self._parts(item, ticket)}
        missing: list[Pair] = []
        for start in range(0, item.size, step):
            if start // step + 1 not in arrived:
                _extend(missing, (start, min(start + step, item.size)))
        return UploadStatus(ticket, False, tuple(missing), chunk_size=step)

    def still_there(self, files: Sequence[tuple[Item, str]]) -> list[bool]:
        with ThreadPoolExecutor(PARALLEL_PARTS) as pool:
            return list(pool.map(lambda file: self._holds(file[0]), files))

    def _holds(self, item: Item) -> bool:
        # A list, as that is what credentials are known to allow from the start; a key comes before all that go on from it.
        key = self._prefix + item.path
        found = self._ask(lambda: self._s3.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1))
        return any((each["Key"], each["Size"]) == (key, item.size) for each in found.get("Contents", ()))

    def send(self, item: Item, ticket: str, chunk: Chunk) -> UploadStatus:
        body = b"".join(chunk.pieces())
        checked = {"ContentMD5": base64.b64encode(hashlib.md5(body).digest()).decode()} if chunk.digest else {}
        if ticket == SINGLE:
            self._ask(lambda: self._s3.put_object(**self._where(item), Body=body, **checked))
            return UploadStatus(ticket, True, path=item.path)
        number = chunk.span[0] // _part_size(item.size) + 1
        where = {**self._where(item), "UploadId": ticket, "PartNumber": number}
        self._ask(lambda: self._s3.upload_part(**where, Body=body, **checked))
        return UploadStatus(ticket, False)

    def finish(self, item: Item, ticket: str) -> UploadStatus:
        if ticket == SINGLE:
            if item.size:
                return self.open(item, Facts(""))
            self._ask(lambda: self._s3.put_object(**self._where(item), Body=b""))
            return UploadStatus(ticket, True, path=item.path)
        status = self.status(item, ticket)
        if status.missing:
            return status
        parts = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in self._parts(item, ticket)]
        upload = {"Parts": parts}
        where = {**self._where(item), "UploadId": ticket}
        self._ask(lambda: self._s3.complete_multipart_upload(**where, MultipartUpload=upload))
        return UploadStatus(ticket, True, path=item.path)

    def send_whole(self, item: Item, facts: Facts, chunk: Chunk) -> UploadStatus | None:
        return None

    def send_pack(self, files: Sequence[Packed], throttle: Throttle) -> list[UploadStatus | UploadProblem]:
        raise NotImplementedError("a bucket takes no packs")

    def make_folders(self, paths: Sequence[str]) -> None:
        """Nothing to do: a bucket has no folders."""

    def discard(self, item: Item, ticket: str) -> None:
        if ticket != SINGLE:
            self._ask(lambda: self._s3.abort_multipart_upload(**self._where(item), UploadId=ticket))

    def abort(self) -> None:
        self._aborted = True
        self._s3.close()

    def close(self) -> None:
        self._s3.close()

    def _where(self, item: Item) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + item.path}

    def _parts(self, item: Item, ticket: str) -> list[dict[str, Any]]:
        pages = self._s3.get_paginator("list_parts").paginate(**self._where(item), UploadId=ticket)
        return self._ask(lambda: [part for page in pages for part in page.get("Parts", ())])

    def _ask(self, call: Callable[[], R]) -> R:
        if self._aborted:
            raise Cancelled
        try:
            return call()
        except NoCredentialsError as error:
            raise Refused("There are no credentials: set AWS_ACCESS_KEY_ID or AWS_PROFILE.", "unauthorized") from error
        except ClientError as error:
            raise _problem(error) from error
        except BotoCoreError as error:
            if self._aborted:
                raise Cancelled from error
            raise Retryable(f"The store cannot be reached: {error}", broken=True) from error


def _config() -> Config:
    # Stores other than Amazon's do not know the checksums that newer versions of boto3 add by themselves.
    return Config(
        retries={"total_max_attempts": 1},
        max_pool_connections=64,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )


def _part_size(size: int) -> int:
    """The same for every run, as parts are told apart by their number alone."""
    least = -(-size // MAX_PARTS)
    return max(PART_BYTES, -(-least // MIB) * MIB)


def _extend(pairs: list[Pair], pair: Pair) -> None:
    if pairs and pairs[-1][1] == pair[0]:
        pair = (pairs.pop()[0], pair[1])
    pairs.append(pair)


def _problem(error: ClientError) -> UploadProblem:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _FOR_ALL:
        return Refused(_FOR_ALL[code], code)
    if code == "NoSuchUpload":
        return Gone("The store does not know this upload any more.", "upload_not_found")
    if code == "SlowDown" or status >= 500 or status == 429:
        return Retryable(f"The store is busy: {error}", "busy", overload=True)
    return FileRefused(f"The store does not take it: {error}", code or "refused")
