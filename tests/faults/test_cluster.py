"""Nodes that are killed and cut off, a database that crashes, a store that dies and is silent, while files come in all ways that
there are: what was acknowledged arrives, once, and nothing is left."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from app.storage.sql.postgresql import PostgreSQLDatabase
from app.storage.sql.quotas import SQLQuotas
from tests.support.actors import OWNER
from tests.support.client import Client, Link
from tests.support.crowd import Crowd
from tests.support.files import eventually
from tests.support.machines import Accidents, Machines
from tests.support.program import Droppr
from tests.support.s3_server import S3Server

GONE = ("uploads", "pieces", "spans", "tries", "claims", "readers", "signed", "leftovers")
_WEIGHT = "SELECT coalesce(sum(coming_weight + received_weight + folders * 4096), 0)::bigint FROM link_sums"
# Those from which files have moved into a smaller one stay for a day.
_OF_NOBODY = """
    SELECT o.identity, o.state FROM store_objects o WHERE o.state <> 'moved'
        AND NOT EXISTS (SELECT FROM store_names n WHERE n.identity = o.identity)
        AND NOT EXISTS (SELECT FROM store_members m JOIN store_names n USING (identity) WHERE m.object = o.identity)
"""
_COUNTED = """
    SELECT l.hash, l.open, l.announced, l.coming_weight, l.received, l.received_bytes,
        count(b.id) FILTER (WHERE b.state = 3), coalesce(sum(b.size) FILTER (WHERE b.state = 3), 0)::bigint
    FROM link_sums l LEFT JOIN ledger b ON b.link = l.link GROUP BY l.link
"""


@pytest.fixture(scope="module")
def machines(store_kind: type[S3Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    with Machines(tmp_path_factory.mktemp("machines"), store_kind) as running:
        yield running


@pytest.mark.slow
@pytest.mark.many_nodes
@pytest.mark.timeout(1500)
def test_nothing_acknowledged_is_lost_and_nothing_is_left(
    machines: Machines, seed: int, torture: bool, tally: Counter[str]
) -> None:
    for round_number in range(6 if torture else 1):
        one = seed + round_number
        clients = [Client.of(node) for node in machines.nodes]
        crowd = Crowd(clients, clients[0].make_link())
        quotas = SQLQuotas(PostgreSQLDatabase(machines.url), clock=lambda: 0.0)
        quotas.set("owner", 10**15, OWNER)
        accidents = Accidents(machines, random.Random(one))
        crowd.begin(one)
        try:
            accidents.happen(60 if torture else 12)
        finally:
            crowd.end()
        print(f"seed {one}: {dict(accidents.happened)}; {dict(crowd.counts)}; longest wait {crowd.longest}")
        assert crowd.faults == []
        judge(machines, crowd)
        tally["accidents"] += accidents.happened.total()
        tally["files through accidents"] += len(crowd.files) + len(crowd.closed)


def judge(machines: Machines, crowd: Crowd) -> None:
    link = crowd.link.seen_by(random.choice(crowd.clients))
    check_files(link, crowd.files)
    for closed, upload_id, data in crowd.closed:
        check_files(closed, {upload_id: data})
    # Once nobody comes back to them any more, all that accidents have left goes.
    environment = machines.nodes[0].environment | {"DROPPR_SESSION_MAX_AGE_HOURS": "1e-9"}
    for _ in range(2):
        Droppr.run(["cleanup"], env=environment, check=True, capture_output=True)
    with PostgreSQLDatabase(machines.url).read() as tx:
        assert {table: tx.one(f"SELECT count(*) FROM store_{table}") for table in GONE} == dict.fromkeys(GONE, (0,))
        assert tx.all(_OF_NOBODY) == []
        keys = [row[0] for row in tx.all("SELECT key FROM store_objects")]
        for hash_, opened, announced, coming, received, size, rows, bytes_ in tx.all(_COUNTED):
            assert (opened, announced, coming, received, size) == (0, 0, 0, rows, bytes_), hash_
        assert tx.one("SELECT used FROM quotas WHERE owner = 'owner'") == tx.one(_WEIGHT)
    assert sorted(machines.seaweed.objects(machines.bucket)) == sorted(f"droppr/{key}" for key in keys)
    assert machines.seaweed.uploads(machines.bucket) == []
    eventually(lambda: not any(map(busy, crowd.clients)), seconds=90, what="places that are all free")


def check_files(link: Link, expected: dict[str, bytes]) -> None:
    """Each file is on the list once, under a name of its own, and has the bytes that were sent."""
    files = link.files()
    assert sorted(file["upload_id"] for file in files) == sorted(expected), "each once, and no other"
    assert len({file["path"] for file in files}) == len(files)
    for file in files:
        assert hashlib.sha256(fetched(link, file)).digest() == hashlib.sha256(expected[file["upload_id"]]).digest(), (
            file
        )


def fetched(link: Link, file: dict[str, Any]) -> bytes:
    """From the store, or from the node where files share an object."""
    reply = link.download(file["path"])
    if reply.status == 200:
        return reply.body
    return urllib3.request("GET", reply.expect(302).headers["Location"], redirect=False).data


def busy(client: Client) -> bool:
    told = client.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json["concurrency"]
    return any(told[each] for each in ("active_uploads", "running_uploads", "waiting_uploads"))
