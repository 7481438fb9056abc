"""Anything in any order, against a model: what a sender may do, what the owner may do, and what happens to machines.

The model is the promise in short: an upload is its bytes, what of them was acknowledged, and what became of it.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import seed as hypothesis_seed
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.wiring import build
from tests.support.catalogues import settings_of
from tests.support.client import Client, Link, Reply
from tests.support.clock import MovedClock
from tests.support.files import content, files_below
from tests.support.live import GENEROUS, LiveServer

JUMP = 25
MAX_AGE = 24
SIZES = st.sampled_from([0, 1, 2, 9, 40, 9000])


@dataclass
class Model:
    """One upload as it must be."""

    upload_id: str
    name: str
    data: bytes
    active_at: int
    """The hour of the moved clock at which a byte last came."""
    state: str = "open"
    got: set[int] = field(default_factory=set)
    delivered_at: int = 0

    def __post_init__(self) -> None:
        self.arrived(0, 0, self.active_at)

    def arrived(self, start: int, stop: int, now: int) -> None:
        self.got.update(range(start, stop))
        self.active_at = max(self.active_at, now)
        if len(self.got) == len(self.data):
            self.state = "complete"
            self.delivered_at = now

    def stale(self, now: int) -> bool:
        return now - self.active_at >= MAX_AGE

    def missing(self) -> list[list[int]]:
        """The gaps as the interface tells them: pairs of first and last byte."""
        gaps: list[list[int]] = []
        for at in range(len(self.data)):
            if at not in self.got:
                if gaps and gaps[-1][1] == at - 1:
                    gaps[-1][1] = at
                else:
                    gaps.append([at, at])
        return gaps

    def refusal(self, now: int) -> tuple[int, str] | None:
        """What anyone hears who asks about it, None where it may go on."""
        if self.state in ("cancelled", "forgotten"):
            return 404, "upload_not_found"
        if self.state == "purged" or (self.state == "open" and self.stale(now)):
            return 410, "upload_expired"
        return None


class World:
    """The live server, shared by all examples: starting one takes longer than most examples run."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="droppr-model-"))
        self.clock = MovedClock(self.folder / "clock")
        env: dict[str, Any] = {**self.clock.environment, "DROPPR_SESSION_MAX_AGE_HOURS": MAX_AGE}
        self.server = LiveServer(self.folder, workers=2, **env, **GENEROUS)

    def purge(self) -> None:
        options = settings_of(self.server, session_max_age_hours=MAX_AGE)
        build(options, clock=lambda: time.time() + self.clock.hours * 3600).receiving.uploads.sweep()


class Uploads(RuleBasedStateMachine):
    """What may happen. Every rule says what must come back."""

    world: ClassVar[World]
    tally: ClassVar[Counter[str]]
    crashes_allowed: ClassVar[int]
    uploads = Bundle("uploads")

    @initialize()
    def begin(self) -> None:
        # The clock goes on by days, and what is asked here is not when links expire.
        self.link: Link = Client.of(self.world.server).make_link(expires_hours=0)
        self.models: list[Model] = []
        self.names = itertools.count(1)
        self.crashes = 0

    def teardown(self) -> None:
        if hasattr(self, "link"):
            shutil.rmtree(self.link.disk, ignore_errors=True)

    @property
    def now(self) -> int:
        return round(self.world.clock.hours)

    @rule(target=uploads, size=SIZES)
    def open(self, size: int) -> Model:
        number = next(self.names)
        model = Model("", f"{number}.bin", content(size, number), self.now)
        reply = self.link.open(model.name, size).expect(201).json
        model.upload_id = reply["upload_id"]
        assert (reply["complete"], reply["missing_ranges"]) == (size == 0, model.missing())
        self.models.append(model)
        return model

    @rule(model=uploads, ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
    def chunk(self, model: Model, ends: tuple[float, float]) -> None:
        """Any part of the file: new, repeated, or overlapping what is there."""
        self._send(model, *_span(model, ends))

    @rule(model=uploads)
    def finish(self, model: Model) -> None:
        for first, last in model.missing():
            self._send(model, first, last + 1)

    @rule(model=uploads, ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
    def conflict(self, model: Model, ends: tuple[float, float]) -> None:
        """Other bytes for a place that is settled."""
        start, stop = _span(model, ends)
        if start == stop or not model.got.issuperset(range(start, stop)):
            return
        wrong = bytes(byte ^ 0xFF for byte in model.data[start:stop])
        reply = self.link.chunk(model.upload_id, start, wrong, len(model.data))
        self._expect(reply, model, 409, "chunk_conflict")

    @rule(model=uploads)
    def status(self, model: Model) -> None:
        reply = self.link.status(model.upload_id)
        self._expect(reply, model, 200)
        if reply.status == 200:
            found = reply.json
            assert (found["complete"], found["missing_ranges"]) == (model.state != "open", model.missing())
            assert found["received_bytes"] == len(model.got)

    @rule(model=consumes(uploads))
    def cancel(self, model: Model) -> None:
        reply = self.link.cancel(model.upload_id)
        if model.state not in ("complete", "delivered"):
            self._expect(reply, model, 204)
        elif self.now <= model.delivered_at:
            reply.expect(204)
        else:
            reply.expect(409, "upload_complete")
        if reply.status == 204:
            model.state = "cancelled"

    @rule()
    def purge(self) -> None:
        self.world.purge()
        for model in self.models:
            if model.state in ("open", "complete") and model.stale(self.now):
                # A delivered file stays; only what was known of its upload may go.
                model.state = "purged" if model.state == "open" else "delivered"

    @rule(back=st.booleans())
    def jump(self, back: bool) -> None:
        """A clock that was wrong by a day, or is from now on."""
        self.world.clock.forward(-JUMP if back else JUMP)

    @precondition(lambda self: self.crashes < self.crashes_allowed)
    @rule()
    def crash(self) -> None:
        self.crashes += 1
        self.world.server.kill()
        self.world.server.start()
        # Links of a pool that died are tried again by nobody here.
        self.link.client.pool.close()
        self.link = self.link.seen_by(Client.of(self.world.server))

    @invariant()
    def exactly_the_delivered_files_are_there(self) -> None:
        self.tally["steps of the model"] += 1
        if hasattr(self, "models"):
            wanted = {each.name: each.data for each in self.models if each.state in ("complete", "delivered")}
            assert {name: path.read_bytes() for name, path in files_below(self.link.disk).items()} == wanted
            assert sorted(each["path"] for each in self.link.files()) == sorted(wanted)

    def _send(self, model: Model, start: int, stop: int) -> None:
        if start == stop:
            return
        reply = self.link.chunk(model.upload_id, start, model.data[start:stop], len(model.data))
        self._expect(reply, model, 200)
        if reply.status == 200:
            if model.state == "open":
                model.arrived(start, stop, self.now)
            found = reply.json
            assert (found["complete"], found["missing_ranges"]) == (model.state != "open", model.missing()[:100])

    def _expect(self, reply: Reply, model: Model, status: int, code: str | None = None) -> None:
        if model.state == "delivered":
            # What is left of a purged upload of a delivered file is in the link's ledger or nowhere.
            assert reply.status in (status, 404), reply
            return
        refusal = model.refusal(self.now)
        reply.expect(*refusal) if refusal else reply.expect(status, code)


def _span(model: Model, ends: tuple[float, float]) -> tuple[int, int]:
    start, stop = sorted(round(end * len(model.data)) for end in ends)
    return start, stop


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    with world.server:
        yield world
    shutil.rmtree(world.folder, ignore_errors=True)


def test_whatever_happens_in_whatever_order_uploads_are_as_the_model_says(
    world: World, torture: bool, seed: int, tally: Counter[str]
) -> None:
    Uploads.world, Uploads.tally, Uploads.crashes_allowed = world, tally, 2 if torture else 1
    options = settings(
        max_examples=80 if torture else 5,
        stateful_step_count=60 if torture else 25,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink] if torture else [Phase.generate],
        print_blob=False,
    )
    hypothesis_seed(seed)(Uploads)
    assert_the_clock_moves(world)
    run_state_machine_as_test(Uploads, settings=options)


def assert_the_clock_moves(world: World) -> None:
    link = Client.of(world.server).make_link()
    upload_id = link.opened("a.bin", 10)
    world.clock.set(JUMP)
    link.status(upload_id).expect(410, "upload_expired")
    world.clock.set(0)
    link.status(upload_id).expect(200)
