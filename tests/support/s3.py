"""An S3 store of our own: moto's real HTTP server in this process, for tests to look into and to trouble."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from tests.support.live import free_port

KEY = {"aws_access_key_id": "test-key", "aws_secret_access_key": "test-secret", "region_name": "us-east-1"}


class Store:
    """``url`` is where it listens; ``client`` looks into it."""

    def __init__(self, url: str) -> None:
        self.url = url
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


@contextmanager
def running_store() -> Iterator[Store]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield Store(f"http://{host}:{port}")
    finally:
        server.stop()
