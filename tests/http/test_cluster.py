"""Two nodes with nothing in common but a database and a bucket: whoever is asked, it is one server."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import urllib3

from app.services.operations.notes import STORE_LEFTOVERS
from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.support.client import Client, Link, Reply
from tests.support.command import Sender, address
from tests.support.documents import pdf
from tests.support.files import MIB, content, eventually, spans, write
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.pictures import film
from tests.support.pictures import picture as drawn
from tests.support.postgresql import PostgreSQLServer
from tests.support.program import Droppr
from tests.support.s3_server import S3Server

CELL = 5 * MIB


@dataclass
class Cluster:
    nodes: list[LiveServer]
    seaweed: S3Server
    bucket: str
    options: dict[str, Any]

    def link(self, **terms: object) -> tuple[Link, Link]:
        """A link, by way of each node."""
        one, other = map(Client.of, self.nodes)
        made = one.make_link(**terms)
        return made, made.seen_by(other)

    def objects(self) -> set[str]:
        return set(self.seaweed.objects(self.bucket))

    def cleanup(self, **settings: str) -> str:
        """What the purge says, on the second node, to which every upload is old."""
        environment = self.nodes[1].environment | {"DROPPR_SESSION_MAX_AGE_HOURS": "1e-9"} | settings
        return str(Droppr.run(["cleanup"], env=environment, capture_output=True, text=True, check=True).stdout)


@pytest.fixture(scope="module")
def cluster(
    postgresql: PostgreSQLServer, seaweed: S3Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    options: dict[str, Any] = {
        **GENEROUS,
        **seaweed.settings,
        "DROPPR_DATABASE_URL": url,
        "DROPPR_STORE": f"s3://{bucket}/droppr",
        "DROPPR_CHUNK_SIZE_MB": 5,
        "workers": 1,
    }
    with (
        LiveServer(tmp_path_factory.mktemp("one"), **options) as one,
        # Browsers do not reach the store where this one is.
        LiveServer(tmp_path_factory.mktemp("other"), **options, DROPPR_STORE_SIGNED="false") as other,
    ):
        yield Cluster([one, other], seaweed, bucket, options)


def fetched(reply: Reply) -> bytes:
    """What a node sends, or the store to whom a node has sent there."""
    assert reply.headers["Location" if reply.status == 302 else "Content-Disposition"]
    if reply.status in (200, 206):
        return reply.body
    assert reply.status == 302, reply
    found = urllib3.request("GET", reply.headers["Location"], redirect=False)
    assert found.status == 200
    assert found.headers["Content-Disposition"].startswith("attachment")
    return found.data


def sent(links: tuple[Link, Link], upload_id: str, data: bytes, pieces: list[tuple[int, int]]) -> None:
    """All pieces, by turns through either node, several at once, each until it is taken."""

    def send(number: int) -> None:
        start, stop = pieces[number]
        link = links[number % 2]
        eventually(lambda: link.chunk(upload_id, start, data[start:stop], len(data)).status == 200, seconds=60)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(send, range(len(pieces))))


def shuffled(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    random.Random(5).shuffle(pieces)
    return pieces


@pytest.mark.parametrize("step", [CELL, 700_001, 7 * MIB], ids=["cells", "odd", "longer"])
def test_chunks_of_any_size_in_any_order_through_both_nodes_make_one_file(cluster: Cluster, step: int) -> None:
    links, data = cluster.link(), content(11 * MIB + 7, step)
    opened = links[0].open("a/film.mov", len(data)).expect(201).json
    assert opened["chunk_size"] == CELL
    before = cluster.objects()
    sent(links, opened["upload_id"], data, shuffled(spans(len(data), step)))
    assert links[1].status(opened["upload_id"]).expect(200).json["complete"] is True
    for link in links:
        (file,) = link.files()
        assert (file["path"], file["size"]) == ("a/film.mov", len(data))
        assert fetched(link.download("a/film.mov")) == data
    assert [link.download("a/film.mov").status for link in links] == [302, 200]
    for link in links:
        told = link.download("a/film.mov", method="HEAD").expect(200)
        assert (told.headers["Content-Length"], told.body) == (str(len(data)), b""), "what is signed is for fetching"
    part = links[1].download("a/film.mov", headers={"Range": f"bytes={CELL - 3}-{CELL + 3}"}).expect(206)
    assert part.body == data[CELL - 3 : CELL + 4]
    assert len(cluster.objects() - before) == 1, "what was gathered is gone"
    assert cluster.seaweed.uploads(cluster.bucket) == []


def test_a_large_file_whose_digest_was_declared_is_compared_after_its_last_byte_was_answered(cluster: Cluster) -> None:
    links, data = cluster.link(), content(65 * MIB, 4)
    digest = hashlib.sha256(data).hexdigest()
    upload_id = links[0].opened("film.mov", len(data), sha256=digest)
    sent(links, upload_id, data, spans(len(data), CELL))
    told = links[1].status(upload_id).expect(200).json
    assert (told["state"], told["missing_ranges"]) in [("verifying", []), ("complete", [])]
    eventually(lambda: links[1].status(upload_id).json["state"] == "complete", seconds=60)
    (file,) = links[0].files()
    assert (file["path"], file["size"], file["sha256"]) == ("film.mov", len(data), digest)


def test_files_of_one_name_are_numbered_whichever_node_takes_them(cluster: Cluster) -> None:
    links = cluster.link()

    def deliver(number: int) -> Any:
        return links[number % 2].deliver("same.txt", str(number).encode())["path"]

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(deliver, range(6)))
    assert sorted(made) == sorted(["same.txt", *(f"same ({n}).txt" for n in range(1, 6))])
    assert [fetched(links[0].download(path)) for path in made] == [str(n).encode() for n in range(6)]


def test_what_is_taken_back_or_cancelled_leaves_nothing_in_the_bucket(cluster: Cluster) -> None:
    links = cluster.link()
    before = cluster.objects()
    upload_id = links[0].opened("whole.bin", 6 * MIB)
    links[0].send(upload_id, content(6 * MIB), CELL)
    assert len(cluster.objects() - before) == 1
    assert links[1].cancel(upload_id).status in (200, 204)
    half = links[0].opened("half.bin", 11 * MIB)
    links[0].chunk(half, 0, bytes(CELL), 11 * MIB).expect(200)
    links[1].chunk(half, 6 * MIB, bytes(MIB), 11 * MIB).expect(200)
    assert cluster.seaweed.uploads(cluster.bucket) != []
    assert links[1].cancel(half).status in (200, 204)
    assert cluster.objects() == before
    assert cluster.seaweed.uploads(cluster.bucket) == []
    assert links[0].files() == []


def test_an_upload_goes_on_through_the_other_node_when_one_is_killed(cluster: Cluster) -> None:
    links, data = cluster.link(), content(16 * MIB + 3, 8)
    upload_id = links[0].opened("film.mov", len(data))
    links[0].chunk(upload_id, 0, data[:CELL], len(data)).expect(200)
    links[0].chunk(upload_id, CELL, data[CELL : CELL + 100_000], len(data)).expect(200)
    cluster.nodes[0].kill()
    try:
        status = links[1].status(upload_id).expect(200).json
        assert status["received_bytes"] == CELL + 100_000, "what was acknowledged"
        rest = [
            (start + CELL + 100_000, stop + CELL + 100_000) for start, stop in spans(len(data) - CELL - 100_000, CELL)
        ]
        sent((links[1], links[1]), upload_id, data, rest)
        assert fetched(links[1].download("film.mov")) == data
    finally:
        cluster.nodes[0].start()
    assert fetched(links[0].download("film.mov")) == data


def test_a_tree_arrives_through_either_node(cluster: Cluster, tmp_path: Path) -> None:
    links = cluster.link()
    sizes = {
        "empty": 0,
        "one": 1,
        "middle.bin": 300_000,
        "big.bin": 13 * MIB + 1,
        **{f"small/{n}": n for n in range(20)},
    }
    for number, link in enumerate(links):
        tree = tmp_path / f"sender{number}" / f"tree{number}"
        for name, size in sizes.items():
            write(tree / name, content(size, number))
        Sender(tree.parent).run(tree.name, "--to", address(link))
    found = {file["path"]: file["size"] for file in links[0].files()}
    assert found == {f"tree{number}/{name}": size for number in range(2) for name, size in sizes.items()}
    for name in ("big.bin", "small/19", "empty"):
        assert fetched(links[0].download(f"tree1/{name}")) == content(sizes[name], 1)


def test_a_node_behind_nginx_takes_bodies_as_the_files_that_nginx_made_of_them(
    cluster: Cluster, tmp_path: Path
) -> None:
    data = content(12 * MIB + 5, 9)
    options = cluster.options | {"DROPPR_STORE_SIGNED": "false"}
    with LiveServer(tmp_path, unix_socket=True, **options) as third:
        assert third.socket_path
        with LiveNginx(third.socket_path, third.data_dir, PROJECT / "nginx" / "dist", tmp_path) as nginx:
            link = Client.of(third, url=nginx.url).make_link()
            links = link, link.seen_by(Client.of(cluster.nodes[0]))
            upload_id = link.opened("film.mov", len(data))
            sent(links, upload_id, data, shuffled(spans(len(data), CELL)))
            assert fetched(link.download("film.mov")) == fetched(links[1].download("film.mov")) == data
            assert fetched(link.download("film.mov", headers={"Range": "bytes=0-"})) == data
            small = link.deliver("small.txt", b"small")
            assert fetched(links[1].download(small["path"])) == b"small"


def test_the_purge_removes_what_was_left_alone_and_all_that_the_bucket_has_of_it(cluster: Cluster) -> None:
    links = cluster.link()
    data = content(6 * MIB, 3)
    kept = links[0].opened("kept.bin", len(data))
    links[0].send(kept, data, CELL)
    left = links[0].opened("left.bin", 11 * MIB)
    links[0].chunk(left, 0, bytes(CELL), 11 * MIB).expect(200)
    links[0].chunk(left, CELL, bytes(MIB), 11 * MIB).expect(200)
    assert "Removed" in cluster.cleanup()
    assert links[1].status(left).status in (404, 410)
    assert cluster.seaweed.uploads(cluster.bucket) == []
    files = [file for link in [links[0]] for file in link.files()]
    assert [file["path"] for file in files] == ["kept.bin"]
    assert fetched(links[1].download("kept.bin")) == data


def test_a_node_says_what_is_wrong(cluster: Cluster, tmp_path: Path) -> None:

    def notes() -> Any:
        return Client.of(cluster.nodes[0]).call("GET", "/readyz").expect(200).json["notes"]

    # They are found in the background, and whoever asks first does not wait for them for long.
    assert eventually(notes, what="what is noted of the store") == [STORE_LEFTOVERS.sentence]
    eventually(lambda: STORE_LEFTOVERS.sentence in cluster.nodes[0].log.read_text(), what="the log says it, too")
    told = {
        "There is no bucket there-is-none": {"DROPPR_STORE": "s3://there-is-none/x"},
        f"lie in s3://{cluster.bucket}/droppr.": {"DROPPR_STORE": f"s3://{cluster.bucket}/other"},
        "There are received files in the data folder": {"DROPPR_DATA_DIR": str(tmp_path)},
        "DROPPR_STORE needs DROPPR_DATABASE_URL": {"DROPPR_DATABASE_URL": ""},
        "(AWS_ENDPOINT_URL_S3) cannot be read": {"AWS_ENDPOINT_URL_S3": "http://me:se/cret@127.0.0.1:1"},
        "The database of DROPPR_DATABASE_URL cannot be reached: connection failed": {
            "DROPPR_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/db"
        },
        "DROPPR_DATABASE_URL cannot be read": {"DROPPR_DATABASE_URL": "postgresql://me:se/cret%zz@127.0.0.1/db"},
    }
    write(tmp_path / "files" / "in" / "a.txt", b"from before")
    for sentence, other in told.items():
        environment = cluster.nodes[0].environment | other
        done = Droppr.run(["cleanup"], env=environment, capture_output=True, text=True)
        assert done.returncode != 0
        assert sentence in " ".join(done.stderr.split()), done.stderr
        assert "Traceback" not in done.stderr
        assert "cret" not in done.stderr


def test_what_lies_in_the_bucket_is_drawn_and_read_by_any_node(cluster: Cluster, tmp_path: Path) -> None:
    links = cluster.link(search=True)
    sent_by, looked_by = links

    def picture(upload_id: str) -> Reply:
        return looked_by.client.call("GET", f"{looked_by.path}/looks/{upload_id}/picture?size=480", owner=True)

    paper = pdf("Boathouse rent")
    for name, data in (("a.png", drawn()), ("b.pdf", paper), ("c.mp4", film(tmp_path / "c.mp4"))):
        upload_id = sent_by.deliver(name, data)["upload_id"]
        assert picture(upload_id).expect(200).headers["Content-Type"] in ("image/webp", "image/jpeg")

    def finds(node: Link, names: list[str]) -> bool:
        reply = node.client.call("GET", "/api/search?q=boathouse", owner=True).expect(200)
        return [each["name"] for each in reply.json["results"]] == names

    for node in links:
        eventually(partial(finds, node, ["b.pdf"]), seconds=120, what="it is found")
    looked_by.client.call("DELETE", f"{looked_by.path}/files/b.pdf", owner=True).expect(200)
    for node in links:
        eventually(partial(finds, node, []), seconds=30, what="it is found no more")
