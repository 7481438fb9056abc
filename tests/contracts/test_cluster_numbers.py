"""Numbers of parts: nobody gets one that somebody else has, and a cell does not run out of them by chunks that fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.core.errors import Busy, ChunkSizeMismatch
from app.core.ranges import Span
from app.storage.cluster import claims
from app.storage.cluster.claims import Claim, Claims
from app.storage.cluster.grid import MIB, SMALLEST_PART, Grid
from app.storage.cluster.numbers import LONGEST_REQUEST_SECONDS, TAKE_FOR_CHUNK
from app.storage.cluster.objects import Objects
from app.storage.cluster.spans import ClusterSpan
from app.storage.cluster.uploads import ClusterUploads
from tests.support.cluster import Engines
from tests.support.files import content
from tests.support.stores import ID, body, session

CELL = SMALLEST_PART
WHOLE = Span(0, CELL)
FEW = "UPDATE store_tries SET n = %(n)s, at = extract(epoch FROM clock_timestamp()) - %(ago)s"


@dataclass
class Node:
    uploads: ClusterUploads

    @property
    def claims(self) -> Claims:
        return self.uploads._claims

    def open(self, size: int) -> Grid:
        self.uploads.delete(ID)
        self.uploads.create(session(size))
        return Grid(size, self.uploads._grid.part_size(CELL, size))

    def chunk(self, span: Span = WHOLE) -> ClusterSpan:
        return self.uploads.open(ID).claim(span)

    def claimed(self, span: Span = WHOLE) -> Claim:
        claim = self.claims.claim(ID, span)
        self.claims._held.discard(claim.id)
        self._run("DELETE FROM store_claims")
        return claim

    def handed_out(self) -> list[int]:
        with self.uploads._ground.database.read() as tx:
            return [row[0] for row in tx.all("SELECT n FROM store_tries ORDER BY cell")]

    def set(self, n: int, ago: float) -> None:
        self._run(FEW, n=n, ago=ago)

    def _run(self, query: str, **values: float) -> None:
        with self.uploads._ground.database.write() as tx:
            tx.run(query, **values)


@pytest.fixture
def another(engines: Engines) -> Callable[[], Node]:
    bucket = engines.emptied()

    def node() -> Node:
        ground = engines.ground(bucket)
        return Node(ClusterUploads(ground, Objects(ground), usual=CELL, longest=64 * MIB))

    return node


@pytest.fixture
def node(another: Callable[[], Node]) -> Node:
    return another()


@pytest.mark.parametrize("size", [CELL + 1, 2 * CELL, 77 * MIB, 30 * 2**30 + 5, 156 * 2**30, 600 * 2**30, 5 * 2**40])
def test_a_chunk_that_is_a_cell_gets_a_number_with_its_claim_as_the_grid_reckons(node: Node, size: int) -> None:
    grid = node.open(size)
    last = grid.cell(grid.cells - 1)
    claim = node.claimed(last)
    assert (claim.taken, claim.number()) == (1, grid.number(grid.cells - 1, 0))
    node.set(grid.tries, ago=0)
    assert node.claimed(last).taken is None, "all numbers of the cell were handed out"
    node.set(grid.tries, ago=LONGEST_REQUEST_SECONDS + 60)
    assert node.claimed(last).taken == grid.tries + 1, "so long ago that the first one is free"
    if grid.tries > 1:
        node.set(grid.tries - 1, ago=0)
        assert node.claimed(last).number() == grid.number(grid.cells - 1, grid.tries - 1)


@pytest.mark.parametrize("span", [Span(0, CELL - 1), Span(1, CELL), Span(1, CELL + 1), Span(0, 2 * CELL)], ids=str)
def test_a_chunk_that_is_no_cell_gets_none_and_waits_for_no_disk(node: Node, span: Span) -> None:
    node.open(3 * CELL)
    assert node.claimed(span).taken is None
    assert node.handed_out() == []
    for each, waits in ((span, "off"), (WHOLE, "on")):
        about = {"upload_id": ID, "start": each.start, "stop": each.stop, "longest": 900}
        with node.uploads._ground.database.pipelined() as tx:
            tx.run(TAKE_FOR_CHUNK, **about)
            found = tx.ask("SHOW synchronous_commit")
        assert found() == (waits,)


def test_a_file_of_one_cell_has_no_numbers(node: Node) -> None:
    node.open(CELL)
    assert node.claimed().taken is None


def test_chunks_that_break_off_give_their_number_back(node: Node) -> None:
    grid = node.open(156 * 2**30)
    whole = grid.cell(1)
    for _ in range(grid.tries + 1):
        with pytest.raises(ChunkSizeMismatch), node.chunk(whole) as chunk:
            chunk.receive(body(bytes(100)), None)
    assert node.handed_out() == [0]
    with node.chunk(whole), pytest.raises(Busy), node.chunk(whole):
        pass
    assert node.claimed(whole).number() == grid.number(1, 0)


def test_a_number_that_the_store_has_heard_of_is_never_given_back(node: Node) -> None:
    grid = node.open(3 * CELL)
    with node.chunk() as chunk:
        chunk.receive(body(content(CELL, 1)), None)  # Given up: the sender is told that it failed.
    assert node.handed_out() == [1]
    assert node.claimed().number() == grid.number(0, 1)


def test_of_two_one_of_whom_was_taken_for_dead_each_has_a_number_of_his_own(another: Callable[[], Node]) -> None:
    one, other = another(), another()
    grid = one.open(3 * CELL)
    early, late = one.claimed(), other.claimed()
    with one.uploads._ground.database.write() as tx:
        early.give_back(tx)
    assert one.handed_out() == [2], "what comes after it was handed out"
    with one.uploads._ground.database.write() as tx:
        late.give_back(tx)
        late.give_back(tx)
    assert one.handed_out() == [1], "once"
    assert (early.number(), late.number()) == (None, None)
    assert one.claimed().number() == grid.number(0, 1)


def test_a_number_is_used_soon_after_it_was_handed_out_or_handed_out_again(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    node.open(3 * CELL)
    with node.chunk() as chunk:
        monkeypatch.setattr(claims, "FRESH_SECONDS", 0.0)
        node.set(1, ago=5000)
        assert chunk._claim.number() is None
        chunk.receive(body(content(CELL, 1)), None)
        assert chunk.record(3.0).session.received_bytes == CELL
    assert node.handed_out() == [1]
    with node.uploads._ground.database.read() as tx:
        ago = tx.one("SELECT extract(epoch FROM clock_timestamp()) - at FROM store_tries")
    assert ago is not None
    assert 0 <= ago[0] < 1000


def test_a_chunk_of_a_cell_that_has_some_bytes_already_gives_its_number_back(node: Node) -> None:
    node.open(3 * CELL)
    with node.chunk(Span(0, 10)) as chunk:
        chunk.receive(body(bytes(10)), None)
        chunk.record(3.0)
    with node.chunk() as chunk:
        chunk.receive(body(bytes(CELL)), None)
        assert chunk._claim.taken == 1
        chunk.record(3.0)
    # Then it was gathered into a part, with a number that was handed out for that.
    assert node.handed_out() == [1]
    assert node.uploads.open(ID).status().received_bytes == CELL
