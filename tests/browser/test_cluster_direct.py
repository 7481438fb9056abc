"""The page puts parts straight into the store where the bucket lets it, and sends by the server where it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from playwright.sync_api import Browser

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.browser import Witness, built_pages
from tests.support.client import Client, Link
from tests.support.files import MIB, content, write
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.postgresql import PostgreSQLServer
from tests.support.proxy import BadLine
from tests.support.s3_server import S3Server
from tests.support.sender import Sender

CELL = 5 * MIB
SIZE = 4 * CELL + 7


@pytest.fixture(scope="module")
def place(
    postgresql: PostgreSQLServer, seaweed: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, LiveNginx, BadLine, str]]:
    """The owner, the site, the line to the store, and the bucket."""
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    folder = tmp_path_factory.mktemp("place")
    with BadLine(seaweed.port, notice=re.compile(rb"PUT /[^ ]*partNumber=(\d+)")) as line:
        options: dict[str, Any] = {
            **GENEROUS,
            **seaweed.settings,
            "DROPPR_DATABASE_URL": url,
            "DROPPR_STORE": f"s3://{bucket}/droppr",
            "DROPPR_STORE_PUBLIC_URL": line.url,
            "DROPPR_CHUNK_SIZE_MB": "5",
        }
        with LiveServer(folder, unix_socket=True, workers=1, **options) as server:
            assert server.socket_path
            store: dict[str, Any] = {"DROPPR_STORE_PUBLIC_URL": line.url}
            with LiveNginx(server.socket_path, server.data_dir, built_pages(), folder, **store) as nginx:
                yield Client.of(server, url=nginx.url), nginx, line, bucket


def fetched(link: Link, path: str) -> bytes:
    return urllib3.request("GET", link.download(path).expect(302).headers["Location"], redirect=False).data


def test_parts_go_into_the_store_where_its_cors_lets_the_page_and_by_the_server_where_not(
    place: tuple[Client, LiveNginx, BadLine, str], seaweed: S3Server, browser: Browser, tmp_path: Path
) -> None:
    owner, nginx, line, bucket = place
    link, data = owner.make_link(), content(SIZE, 1)
    rule = {"AllowedMethods": ["PUT"], "AllowedHeaders": ["*"], "MaxAgeSeconds": 1}

    def allow(origin: str) -> None:
        rules = {"CORSRules": [{**rule, "AllowedOrigins": [origin]}]}
        seaweed.client.put_bucket_cors(Bucket=bucket, CORSConfiguration=rules)

    with browser.new_context() as context:
        witness = Witness(context)
        if seaweed.has_rules:
            allow("https://elsewhere.example.org")
        sender = Sender(context, nginx.url, link).visit()
        sender.choose(write(tmp_path / "barred.bin", data))
        sender.expect_all_arrived("1 file has arrived")
        assert fetched(link, "barred.bin") == data
        assert sum(stop - start for start, stop in sender.spans) >= SIZE
        if not seaweed.has_rules:
            assert line.noticed == [], "no sender is let at such a store"
            return

        allow(nginx.url)
        before = len(sender.spans)
        line.noticed.clear()
        sender.choose(write(tmp_path / "direct.bin", data[::-1]))
        sender.expect_all_arrived("2 files have arrived")
        assert fetched(link, "direct.bin") == data[::-1]
        assert sender.spans[before:] == [], "nothing of it went by the server"
        assert len(line.noticed) == 5
        assert witness.policy_violations == []
        assert witness.crashes == []
        assert witness.hosts <= {f"127.0.0.1:{nginx.port}", line.url.removeprefix("http://")}
