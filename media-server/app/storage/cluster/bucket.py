"""A bucket of an S3 store, below one prefix: objects, and multipart uploads that become objects.

Requests that each upload needs go over ``Wire``; the rest, which are few, over the store's own library. Keys are given without the prefix.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.core.origins import is_endpoint
from app.core.ranges import Span
from app.storage.cluster.cors import Barred, asked, lets
from app.storage.cluster.probing import PROBE, Compares, Probing, find_out
from app.storage.cluster.rules import Lifecycle
from app.storage.cluster.signing import DIGEST, DownloadSigner, PartSigner, Signer, digest_header
from app.storage.cluster.wire import NoSuchObject, NoSuchUpload, Piece, Wire, away, troubled
from app.storage.disk.atomic import write_at
from app.storage.sql.database import PerProcess

ADDRESS_SECONDS = 3600
"""How long a signed address can be used: a download that began goes on."""
_PROBE_SECONDS = 60
MOST_DELETED = 1000
_ABORTS = 3
"""How often an abortion is tried: parts on their way may land after the first one."""
_ADDRESS = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9._/-]*))?")
_COMPLETE = '<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{parts}</CompleteMultipartUpload>'
_PART = "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>"
_PIECE_BYTES = 256 * 1024


class UnusableEndpoint(ValueError):
    """The store's own library was told of an endpoint that is none. Nobody is shown which: a password may stand in it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is: a bucket, and what all keys in it begin with."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, address: str) -> Self:
        """Of ``s3://bucket/prefix``. Raises ValueError."""
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise ValueError(f"{address} is not s3://bucket/prefix")
        prefix = (found[2] or "").strip("/")
        return cls(found[1], f"{prefix}/" if prefix else "")

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


class Bucket:
    """The bucket at ``place``; endpoint, region and keys are those that the store's own library finds. Safe from any thread. Calls
    raise Busy where the store cannot be reached, StorageFull where it is full."""

    def __init__(self, place: Place, region: str | None = None, *, signs_bodies: bool = False) -> None:
        """``signs_bodies``: the store is told the SHA-256 of all that it is sent, whatever that costs. Raises UnusableEndpoint."""
        self._place = place
        session = botocore.session.get_session()
        region = region or session.get_config_variable("region") or "us-east-1"
        config = Config(
            signature_version="s3v4",
            connect_timeout=5,
            read_timeout=60,
            retries={"total_max_attempts": 2},
            # Other stores than Amazon's do not know the digests that its library adds.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
        )
        # Opens nothing, and so may be made before a fork; each process has connections of its own.
        self._clients: PerProcess[Any] = PerProcess(lambda: _client(region, config))
        try:
            self.endpoint: str = self._client.meta.endpoint_url
        except ValueError:
            raise UnusableEndpoint() from None
        if not is_endpoint(self.endpoint):
            raise UnusableEndpoint()
        self.has_keys = session.get_credentials() is not None
        self._signer = Signer(region, lambda: session.get_credentials())
        self._authorities: str | None = session.get_config_variable("ca_bundle")
        self._wire = Wire(
            self.endpoint,
            self._signer,
            self._authorities,
            signs_bodies=signs_bodies,
            compares_crc32c=lambda: bool((known := self.compares()) and known.crc32c),
        )
        self._probing = PerProcess(lambda: Probing(lambda: find_out(self)))

    @property
    def _client(self) -> Any:
        return self._clients.own()

    def check(self) -> None:
        """Raises NoSuchObject where there is no such bucket."""
        with self._wire.answer("HEAD", self._place.bucket) as reply:
            reply.read()

    @property
    def ahead_seconds(self) -> float | None:
        """How much later it was here than at the store when it answered last; None where it has not, or has not said."""
        return self._wire.ahead_seconds

    def lifecycle(self) -> Lifecycle | None:
        """What the bucket's rules do below the prefix; None where nobody says, as these keys may not ask, or the store knows no rules."""
        try:
            found = self._client.get_bucket_lifecycle_configuration(Bucket=self._place.bucket)
        except ClientError as error:
            told: Any = error.response
            is_none = told.get("Error", {}).get("Code") == "NoSuchLifecycleConfiguration"
            return Lifecycle(None, deletes=False) if is_none else None
        except BotoCoreError:
            return None
        return Lifecycle.of(found.get("Rules", []), self._place.prefix)

    def barred(self, public_url: str, origins: Sequence[str]) -> Barred:
        """Which pages cannot put parts where senders reach the store. Where it does not answer there, by its own rules, as far as these
        keys may ask for them."""
        found = asked(public_url, self._path("asked"), origins, self._authorities)
        if not found.is_away:
            return found
        try:
            told = self._client.get_bucket_cors(Bucket=self._place.bucket).get("CORSRules", [])
        except ClientError as error:
            reply: Any = error.response
            if reply.get("Error", {}).get("Code") != "NoSuchCORSConfiguration":
                return found
            told = []
        except BotoCoreError:
            return found
        return Barred(tuple(each for each in origins if not lets(told, each)), is_away=True)

    def put(self, key: str, body: Piece) -> str:
        """Make an object of a stretch of a file; returns its ETag."""
        with self._wire.answer("PUT", self._path(key), body=body) as reply:
            reply.read()
            return _etag(reply.headers["ETag"])

    def put_part(self, key: str, multipart: str, number: int, body: Piece) -> str:
        """Make a part of a multipart upload; returns its ETag. Raises NoSuchUpload."""
        query = {"partNumber": str(number), "uploadId": multipart}
        with self._wire.answer("PUT", self._path(key), query, body) as reply:
            reply.read()
            return _etag(reply.headers["ETag"])

    def read(self, key: str, span: Span) -> bytes:
        """The bytes of ``span``, which must not lie behind the end. Raises NoSuchObject."""
        with self._wire.answer("GET", self._path(key), Range=f"bytes={span.start}-{span.end}") as reply:
            return reply.read(span.length)

    def copy_into(self, key: str, length: int, descriptor: int, offset: int) -> None:
        """Write an object of ``length`` bytes into an open file. Raises NoSuchObject, Busy where it has another length, OSError."""
        done = 0
        with self._wire.answer("GET", self._path(key)) as reply:
            while data := reply.read(_PIECE_BYTES):
                write_at(descriptor, memoryview(data), offset + done)
                done += len(data)
        if done != length:
            raise away(ValueError())

    def begin(self, key: str) -> str:
        """Begin a multipart upload; returns its id."""
        page = self._wire.told(self._path(key), {"uploads": ""})
        found = next(_texts(page, "UploadId"), "")
        if not found:
            raise away(ValueError())
        return found

    def complete(self, key: str, multipart: str, parts: Sequence[tuple[int, str]]) -> None:
        """Make an object of these parts, each a number and an ETag, in the order of their numbers. Raises NoSuchUpload."""
        listed = "".join(_PART.format(number=number, etag=escape(etag)) for number, etag in parts)
        self._wire.told(self._path(key), {"uploadId": multipart}, _COMPLETE.format(parts=listed).encode())

    def parts(self, key: str, multipart: str, first: int, last: int) -> dict[int, tuple[str, int]]:
        """The parts of a multipart upload with numbers from ``first`` to ``last``, each with its ETag and its size. Raises
        NoSuchUpload."""
        found: dict[int, tuple[str, int]] = {}
        while True:
            query = {"uploadId": multipart, "part-number-marker": str(first - 1), "max-parts": "1000"}
            with self._wire.answer("GET", self._path(key), query) as reply:
                page = ElementTree.fromstring(reply.read())
            numbers = [int(each) for each in _texts(page, "PartNumber")]
            sizes = [int(each) for each in _texts(page, "Size")]
            etags = [_etag(each) for each in _texts(page, "ETag")]
            found |= {n: (etag, size) for n, etag, size in zip(numbers, etags, sizes, strict=True) if n <= last}
            if next(_texts(page, "IsTruncated"), "false") != "true" or not numbers or numbers[-1] >= last:
                return found
            first = numbers[-1] + 1

    def signer(self, public_url: str, seconds: int) -> PartSigner:
        """What signs URLs of this store where senders reach it at ``public_url``."""
        return PartSigner(public_url, self._signer, seconds)

    def download_signer(self, public_url: str | None) -> DownloadSigner:
        """What signs addresses at which others fetch objects, from where they reach the store, or else from where we do."""
        return DownloadSigner(public_url or self.endpoint, self._signer, ADDRESS_SECONDS)

    def path(self, key: str) -> str:
        """Bucket and key, as addresses have them."""
        return self._path(key)

    def compares(self) -> Compares | None:
        """What the store compares the bytes of parts with; None while that is not known."""
        return self._probing.own().known()

    def takes_signed(self, key: str, multipart: str, number: int, sha256: str, data: bytes) -> bool:
        """Whether the store takes these bytes at a URL that is signed for ``sha256`` and their length. Raises Busy."""
        url = self.signer(self.endpoint, _PROBE_SECONDS).url(self._path(key), multipart, number, len(data), sha256)
        return self._wire.takes_at(url, data, {DIGEST: digest_header(sha256)})

    def takes_told(self, key: str, multipart: str, number: int, told: dict[str, str], body: Piece) -> bool:
        """Whether the store takes a part of which headers tell a digest. Raises Busy."""
        return self._wire.takes(self._path(key), {"partNumber": str(number), "uploadId": multipart}, body, told)

    def end_probes(self) -> None:
        """End what died while it found out what the store compares. What is at it now tries again."""
        for each in self.begun(PROBE):
            self.abort(PROBE, each)

    def abort(self, key: str, multipart: str) -> None:
        """End a multipart upload, whether there is one or not, and free its parts. Raises Busy where parts still come."""
        for _ in range(_ABORTS):
            try:
                with _translated():
                    self._client.abort_multipart_upload(**self._of(key), UploadId=multipart)
                    self._client.list_parts(**self._of(key), UploadId=multipart, MaxParts=1)
            except (NoSuchUpload, NoSuchObject):
                return
        raise away(ValueError())

    def begun(self, key: str) -> list[str]:
        """The ids of all multipart uploads of this very key."""
        with _translated():
            found = self._client.list_multipart_uploads(Bucket=self._place.bucket, Prefix=self._key(key))
        return [each["UploadId"] for each in found.get("Uploads", []) if each["Key"] == self._key(key)]

    def size(self, key: str) -> int | None:
        """How many bytes an object has; None where there is none."""
        try:
            with self._wire.answer("HEAD", self._path(key)) as reply:
                reply.read()
                return int(reply.headers["Content-Length"])
        except NoSuchObject:
            return None

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, whether they are there or not."""
        if len(keys) == 1:
            with suppress(NoSuchObject), self._wire.answer("DELETE", self._path(keys[0])) as reply:
                reply.read()
            return
        for at in range(0, len(keys), MOST_DELETED):
            listed = [{"Key": self._key(key)} for key in keys[at : at + MOST_DELETED]]
            with _translated():
                done = self._client.delete_objects(Bucket=self._place.bucket, Delete={"Objects": listed, "Quiet": True})
            if done.get("Errors"):
                raise away(ValueError())

    def keys(self, below: str) -> Iterator[str]:
        """The keys of all objects that begin so."""
        return (key for key, _ in self.listed(below))

    def listed(self, below: str) -> Iterator[tuple[str, int]]:
        """The keys of all objects that begin so, each with how many bytes the object has."""
        query = {"list-type": "2", "prefix": self._key(below)}
        while True:
            with self._wire.answer("GET", self._place.bucket, query) as reply:
                page = ElementTree.fromstring(reply.read())
            keys = (each.removeprefix(self._place.prefix) for each in _texts(page, "Key"))
            yield from zip(keys, map(int, _texts(page, "Size")), strict=True)
            more = next(_texts(page, "NextContinuationToken"), "")
            if not more:
                return
            query["continuation-token"] = more

    def _key(self, key: str) -> str:
        return self._place.prefix + key

    def _of(self, key: str) -> dict[str, str]:
        return {"Bucket": self._place.bucket, "Key": self._key(key)}

    def _path(self, key: str) -> str:
        return f"{self._place.bucket}/{self._place.prefix}{key}"


def _client(region: str, config: Config) -> Any:
    made = boto3.Session(botocore_session=botocore.session.get_session()).client(
        "s3", region_name=region, config=config
    )
    # Where many objects are deleted at once some stores know no other digest, and want one.
    made.meta.events.register("before-call.s3.DeleteObjects", _tell_md5)
    return made


def _tell_md5(params: dict[str, Any], **_: Any) -> None:
    digest = hashlib.md5(params["body"], usedforsecurity=False).digest()
    params["headers"]["Content-MD5"] = base64.b64encode(digest).decode()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        told: Any = error.response
        status = told.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        raise troubled(told.get("Error", {}).get("Code", ""), status) from error
    except BotoCoreError as error:
        raise away(error) from error


def _texts(page: ElementTree.Element, name: str) -> Iterator[str]:
    """What stands in all elements of this name, whatever namespace the store gives them."""
    return (each.text or "" for each in page.iter() if each.tag.rpartition("}")[2] == name)


def _etag(header: str) -> str:
    return header.strip('"')
