"""An S3 store of our own: moto's real HTTP server in this process, for tests to look into and to trouble."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import boto3
from moto.server import ThreadedMotoServer

from tests.support.ports import free_port

KEY = {"aws_access_key_id": "test-key", "aws_secret_access_key": "test-secret", "region_name": "us-east-1"}


@dataclass(frozen=True)
class Trouble:
    """What goes wrong with one part."""

    status: int = 0
    """Answer this in place of doing it; 0 does it."""
    code: str = ""
    cut: bool = False
    """Take half of the body, then break the connection without a word."""
    mute: bool = False
    """Do it all, then break the connection in place of the reply."""
    forget: bool = False
    """Lose the upload first."""


class Store:
    """``url`` is where it listens; ``client`` looks into it. ``part_fault`` looks at every part that is sent, by its number,
    and may make that fail; no other call does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.part_fault: Callable[[int], Trouble | None] = lambda _: None
        self.client: Any = boto3.client("s3", endpoint_url=url, **KEY)

    @property
    def settings(self) -> dict[str, str]:
        """What a server needs to use it."""
        return {
            "DROPPR_S3_ENDPOINT": self.url,
            "DROPPR_S3_ACCESS_KEY": KEY["aws_access_key_id"],
            "DROPPR_S3_SECRET_KEY": KEY["aws_secret_access_key"],
            "DROPPR_S3_REGION": KEY["region_name"],
        }

    def bucket(self, name: str) -> str:
        self.client.create_bucket(Bucket=name)
        return name

    def objects(self, bucket: str) -> dict[str, bytes]:
        """Every finished object by its key."""
        listed = self.client.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {each["Key"]: self.client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed}

    def unfinished(self, bucket: str) -> list[str]:
        """The keys of multipart uploads that nobody has completed or aborted."""
        return [each["Key"] for each in self.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]

    def has_parts(self, bucket: str) -> bool:
        """Whether a part of any of these has arrived. Before its first part is sent, a transfer has been noted."""
        found = self.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        keys = [{"Bucket": bucket, "Key": each["Key"], "UploadId": each["UploadId"]} for each in found]
        return any(self.client.list_parts(**each).get("Parts") for each in keys)


@contextmanager
def running_store() -> Iterator[Store]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        store = Store(f"http://{host}:{port}")
        assert server._server is not None
        server._server.app = _troubled(server._server.app, store)
        yield store
    finally:
        server.stop()


def _troubled(app: Callable[..., Iterable[bytes]], store: Store) -> Callable[..., Iterable[bytes]]:
    """The store's WSGI application with the troubles that tests ask for."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        query = parse_qs(environ["QUERY_STRING"])
        sent = environ["REQUEST_METHOD"] == "PUT" and "partNumber" in query
        trouble = store.part_fault(int(query["partNumber"][0])) if sent else None
        if trouble is None:
            return app(environ, start_response)
        if trouble.forget:
            bucket, key = environ["PATH_INFO"].lstrip("/").split("/", 1)
            store.client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=query["uploadId"][0])
        if trouble.cut:
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]) // 2)
        elif trouble.status:
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            start_response(f"{trouble.status} Trouble", [("Content-Type", "application/xml")])
            return [f"<Error><Code>{trouble.code}</Code><Message>no</Message></Error>".encode()]
        else:
            reply = app(environ, start_response)
            if not trouble.mute:
                return reply
            b"".join(reply)
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionResetError

    return call
