"""Packs on a server of many nodes: small files share an object of the store, and nobody who asks over HTTP can tell."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.http.test_bin import delete, restore
from tests.http.test_shares import share
from tests.support.client import Client, Link
from tests.support.files import content, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer

FILES = {f"d/{n}.txt": content(1000 + n, n) for n in range(70)} | {"empty": b"", "big.bin": content(100_000, 9)}


class House:
    """A node, and a link on it."""

    def __init__(self, server: LiveServer, seaweed: SeaweedServer, bucket: str) -> None:
        self.link: Link = Client.of(server).make_link(title="Many")
        self._seaweed, self._bucket = seaweed, bucket

    def objects(self) -> list[str]:
        return self._seaweed.objects(self._bucket)

    def sent(self, files: dict[str, bytes]) -> dict[str, dict[str, Any]]:
        """What the server says of each file of a pack."""
        lines = b"".join(
            json.dumps({"path": path, "size": len(data), "key": hashlib.sha256(path.encode()).hexdigest()}).encode()
            + b"\n"
            + data
            for path, data in files.items()
        )
        reply = self.link.client.call(
            "POST", f"{self.link.path}/pack", body=lines, headers={"Content-Type": "application/vnd.droppr.pack"}
        )
        return dict(zip(files, reply.expect(200).json["files"], strict=True))


@pytest.fixture(scope="module")
def house(
    postgresql: PostgreSQLServer, seaweed: SeaweedServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    options: dict[str, Any] = {**GENEROUS, **seaweed.settings, "workers": 1, "DROPPR_UNDO_MINUTES": 60}
    options |= {"DROPPR_DATABASE_URL": url, "DROPPR_STORE": f"s3://{bucket}/droppr"}
    with LiveServer(tmp_path_factory.mktemp("one"), **options) as one:
        yield House(one, seaweed, bucket)


def test_a_pack_is_as_other_files_are_for_all_who_ask(house: House, tmp_path: Path) -> None:
    link, told = house.link, house.sent(FILES)
    # 64 files are delivered together; the large one is an object of its own.
    assert sorted(key.rpartition("/")[2] for key in house.objects()) == ["shared", "shared", "whole"]
    for path, data in FILES.items():
        assert (told[path]["complete"], told[path]["sha256"]) == (True, hashlib.sha256(data).hexdigest())
    assert {each["upload_id"] for each in house.sent(FILES).values()} == {each["upload_id"] for each in told.values()}
    assert len(house.objects()) == 3, "sent again it is there"
    for path in ("d/0.txt", "d/33.txt", "d/69.txt"):
        data = FILES[path]
        whole = link.download(path).expect(200)
        assert whole.body == data
        assert link.download(path, headers={"If-None-Match": whole.headers["ETag"]}).status == 304
        for given, right in {
            "bytes=5-9": data[5:10],
            "bytes=990-99999999": data[990:],
            "bytes=-7": data[-7:],
            f"bytes=-{10**9}": data,
            "bytes=0-": data,
        }.items():
            assert link.download(path, headers={"Range": given}).expect(206).body == right
        link.download(path, headers={"Range": f"bytes={len(data)}-"}).expect(416, "invalid_range")
        assert link.download(path, method="HEAD").headers["Content-Length"] == str(len(data))
    assert link.download("empty").expect(200).body == b""
    assert link.download("big.bin").status == 302, "which the store hands out itself"
    # More at once than there are places for what keeps a thread busy.
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(link.download, [f"d/{n}.txt" for n in range(60)]))
    assert [each.body for each in found] == [FILES[f"d/{n}.txt"] for n in range(60)]
    with zipfile.ZipFile(io.BytesIO(link.client.call("GET", f"{link.path}/archive", owner=True).body)) as archive:
        assert {each: archive.read(each) for each in archive.namelist()} == FILES
    shared = share(link, told["d/7.txt"]["upload_id"], max_downloads=3)
    assert shared.fetch(shared.names()["d/7.txt"]).expect(200).body == FILES["d/7.txt"]
    both = share(link, told["d/7.txt"]["upload_id"], told["empty"]["upload_id"])
    for path, id in both.names().items():
        assert both.fetch(id).expect(200).body == FILES[path]
    assert both.downloads() == 1
    receipt = link.client.call("POST", f"{link.path}/receipts", json={"uploads": [told["d/8.txt"]["upload_id"]]})
    assert hashlib.sha256(FILES["d/8.txt"]).hexdigest() in receipt.expect(200).body.decode()


def test_files_of_a_pack_go_one_by_one_and_the_last_takes_the_object_along(house: House) -> None:
    before = set(house.objects())
    files = {f"gone/{n}": content(2000, 500 + n) for n in range(12)}
    link, told = house.link, house.sent(files)
    assert len(set(house.objects()) - before) == 1
    ids = [each["upload_id"] for each in told.values()]
    delete(link, "gone/0", ids[0]).expect(200)
    link.download("gone/0").expect(404, "file_not_found")
    for path, id in list(zip(files, ids, strict=True))[1:10]:
        assert link.cancel(id).status in (200, 204), path  # Its sender takes it back.
    renamed = link.client.call(
        "PATCH", f"{link.path}/files/gone/10", json={"path": "kept/ten", "upload_id": ids[10]}, owner=True
    )
    assert renamed.status == 200, renamed.body
    assert restore(link, ids[0]).expect(200).json["path"] == "gone/0"
    for path, data in {"gone/0": files["gone/0"], "kept/ten": files["gone/10"], "gone/11": files["gone/11"]}.items():
        assert link.download(path).expect(200).body == data
    for id in (ids[0], ids[10], ids[11]):
        assert link.cancel(id).status in (200, 204)
    eventually(lambda: set(house.objects()) == before, what="nothing is left")
