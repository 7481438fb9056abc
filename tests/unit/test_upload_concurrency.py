"""Limits on uploads at once: as many as are allowed, in fair order, across processes, free again on every way out."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Busy, StorageFull
from app.core.ports.places import TakenSlot
from app.services.memory_monitor import ROW as PROMISE
from app.services.memory_monitor import MemoryMonitor, MemoryUse
from app.services.upload_concurrency_manager import LIMITED, MIN_TURN_CHUNKS, UploadConcurrencyManager
from app.services.upload_slots import WINDOW_SECONDS, Limits
from app.storage.disk.bodies import StreamBody
from app.storage.disk.host_table import HostTable
from app.storage.disk.places import LocalPlaces
from tests.support.live import MEDIA_SERVER

BIG = 10_000_000
LIMITS: dict[str, Any] = {"slots": 2, "per_user": 2, "turn": 120, "idle": 15, "memory": 10, "small": 1_000_000}


class Clock:
    """Monotonic seconds that stand still until a test moves them."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class Machine:
    """A machine on which any number of worker processes share their limits."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.used = 0

    def worker(self, places: LocalPlaces | None = None, **limits: Any) -> UploadConcurrencyManager:
        chosen = Limits(**{**LIMITS, **limits})
        places = places or LocalPlaces(self.folder, chosen.slots, self.clock)
        return UploadConcurrencyManager(places, self.memory(), chosen)

    def memory(self) -> MemoryMonitor:
        return MemoryMonitor(
            self.folder / "none",
            machine=lambda: MemoryUse(self.used, 1000),
            ledger=HostTable(self.folder / "memory", 64, PROMISE.size),
            clock=self.clock,
        )

    def reserved(self) -> int:
        """Bytes that all workers have reserved."""
        return self.memory().reserved()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def inside() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def chunk(worker: UploadConcurrencyManager, upload: str, user: str = "u", **more: Any) -> Any:
    return worker.receiving(upload, user, BIG, **{"begun": False, **more})


def refused(worker: UploadConcurrencyManager, upload: str, user: str = "u", **more: Any) -> Busy:
    with pytest.raises(Busy) as caught, chunk(worker, upload, user, **more):
        pass
    return caught.value


def names(worker: UploadConcurrencyManager) -> list[str]:
    return [each.upload_id for each in worker.running()]


def test_no_more_uploads_than_places_and_the_refusal_says_so(machine, inside):
    worker = machine.worker()
    inside.enter_context(chunk(worker, "a", "x"))
    inside.enter_context(chunk(worker, "b", "y"))
    busy = refused(worker, "c", "z")
    assert (busy.message, busy.details) == (LIMITED, {"reason": "places", "retry_after": 1})
    assert (names(worker), worker.waiting()) == (["a", "b"], 1)


def test_no_more_uploads_of_one_user_than_a_user_may_have(machine, inside):
    worker = machine.worker(slots=20, per_user=3)
    for name in "abc":
        inside.enter_context(chunk(worker, name, "x"))
    assert refused(worker, "d", "x").details["reason"] == "user"
    inside.enter_context(chunk(worker, "e", "y"))


def test_many_chunks_of_one_upload_share_its_place_in_all_processes(machine, inside):
    workers = [machine.worker() for _ in range(4)]
    for number in range(64):
        inside.enter_context(chunk(workers[number % 4], "a"))
    assert names(workers[0]) == ["a"]


def test_files_of_one_chunk_take_no_place(machine, inside):
    worker = machine.worker(slots=1)
    inside.enter_context(chunk(worker, "a", "x"))
    for number in range(50):
        inside.enter_context(worker.receiving(f"small{number}", "x", 1_000_000, begun=False))
    assert names(worker) == ["a"]


def test_a_place_is_kept_between_chunks_and_free_when_nothing_comes(machine):
    one, other = machine.worker(slots=1), machine.worker(slots=1)
    with chunk(one, "a", "x"):
        pass
    refused(other, "b", "y")
    machine.clock.at += 14
    with chunk(one, "a", "x"):
        pass
    machine.clock.at += 14
    one.sweep()
    refused(other, "b", "y")
    machine.clock.at += 1
    one.sweep()
    with chunk(other, "b", "y"):
        assert names(one) == ["b"]


def test_a_finished_upload_frees_its_place_at_once_in_all_processes(machine, inside):
    one, other = machine.worker(slots=1), machine.worker(slots=1)
    inside.enter_context(chunk(one, "a", "x"))
    with chunk(other, "a", "x") as place:
        place.is_done = True
    inside.enter_context(chunk(one, "b", "y"))
    assert names(one) == ["b"]


def test_a_cancelled_upload_frees_its_place_at_once(machine):
    one, other = machine.worker(slots=1), machine.worker(slots=1)
    with chunk(one, "a"):
        pass
    other.finished("a")
    assert names(one) == []
    with chunk(other, "b"):
        pass


def test_a_killed_process_frees_its_places_at_once(machine):
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from tests.unit.test_upload_concurrency import Machine, chunk\n"
        "worker = Machine(Path(sys.argv[1])).worker()\n"
        "with chunk(worker, 'a', 'x'), chunk(worker, 'b', 'y'):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)\n"
    )
    worker = machine.worker()
    path = os.pathsep.join([str(MEDIA_SERVER), str(MEDIA_SERVER.parent)])
    with subprocess.Popen(
        [sys.executable, "-c", program, str(machine.folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        refused(worker, "c", "z")
        assert sorted(names(worker)) == ["a", "b"]
        other.send_signal(signal.SIGKILL)
    assert names(worker) == []
    with chunk(worker, "c", "z"), chunk(worker, "d", "w"):
        assert sorted(names(worker)) == ["c", "d"]


def test_who_waited_goes_before_who_comes_now(machine):
    one, other = machine.worker(slots=1), machine.worker(slots=1)
    with chunk(one, "a", "x") as place:
        refused(other, "first", "y")
        refused(other, "second", "z")
        place.is_done = True
    refused(one, "third", "w")
    refused(one, "second", "z")
    with chunk(one, "first", "y") as place:
        place.is_done = True
    with chunk(other, "second", "z") as place:
        place.is_done = True
    with chunk(other, "third", "w"):
        assert one.waiting() == 0


def test_who_does_not_come_back_holds_up_nobody(machine):
    worker = machine.worker(slots=1)
    with chunk(worker, "a", "x") as place:
        refused(worker, "gone", "y")
        place.is_done = True
    refused(worker, "b", "z")
    machine.clock.at += 5
    with chunk(worker, "b", "z"):
        pass
    machine.clock.at += 60
    assert worker.waiting() == 0


def test_a_turn_ends_when_others_wait_and_not_before(machine):
    worker = machine.worker(slots=1)

    def send(upload: str, user: str, count: int) -> None:
        for _ in range(count):
            with chunk(worker, upload, user, begun=True):
                machine.clock.at += 1

    send("a", "x", 300)
    refused(worker, "b", "y")
    assert refused(worker, "a", "x", begun=True).message == LIMITED
    for _ in range(120):
        send("b", "y", 1)
        refused(worker, "a", "x", begun=True)
    refused(worker, "b", "y", begun=True)
    send("a", "x", 10)
    assert names(worker) == ["a"]


def test_a_turn_s_last_chunks_may_finish_and_nobody_comes_in_before(machine, inside):
    worker = machine.worker(slots=1)
    last = ExitStack()
    for _ in range(MIN_TURN_CHUNKS):
        with chunk(worker, "a", "x"):
            pass
    last.enter_context(chunk(worker, "a", "x"))
    machine.clock.at += 200
    refused(worker, "b", "y")
    refused(worker, "a", "x", begun=True)
    refused(worker, "b", "y")
    last.close()
    inside.enter_context(chunk(worker, "b", "y"))
    assert names(worker) == ["b"]


def test_a_process_that_has_no_use_for_a_place_does_not_keep_it_beyond_its_turn(machine):
    one, other = machine.worker(slots=1), machine.worker(slots=1)
    for worker in (one, other):
        for _ in range(MIN_TURN_CHUNKS + 1):
            with chunk(worker, "a", "x"):
                pass
    machine.clock.at += 119
    with chunk(other, "a", "x"):
        pass
    machine.clock.at += 1
    refused(one, "b", "y")
    refused(one, "a", "x", begun=True)
    machine.clock.at += 1
    refused(one, "b", "y")
    one.sweep()
    other.sweep()
    with chunk(other, "b", "y"):
        assert names(other) == ["b"]


def test_bytes_that_are_here_are_not_thrown_away_unless_it_waits_for_a_place(machine, inside):
    worker = machine.worker(slots=1)
    inside.enter_context(chunk(worker, "a", "x"))
    inside.enter_context(chunk(worker, "b", "y", arrived=True))
    assert names(worker) == ["a"]
    refused(worker, "c", "z")
    refused(worker, "c", "z", arrived=True)


def test_an_opening_waits_in_the_same_order_and_keeps_its_place(machine, inside):
    worker = machine.worker(slots=1)
    with chunk(worker, "a", "x") as place:
        with pytest.raises(Busy, match=LIMITED), worker.opening("id-1", "y", BIG, "y big.bin"):
            raise AssertionError("it was let in")
        place.is_done = True
    refused(worker, "c", "z")
    with worker.opening("id-2", "y", BIG, "y big.bin"):
        pass
    refused(worker, "c", "z")
    with chunk(worker, "id-2", "y"):
        assert names(worker) == ["id-2"]


def test_opening_many_files_first_is_no_reason_to_refuse(machine):
    worker = machine.worker()
    for number in range(50):
        with worker.opening(f"id-{number}", "x", BIG):
            pass
    assert names(worker) == []


def test_an_opening_that_fails_gives_its_place_back(machine):
    worker = machine.worker(slots=1, when_opened=True)
    seen = []

    def open_on_a_full_disk() -> None:
        with worker.opening("id-1", "x", BIG):
            seen.extend(names(worker))
            raise StorageFull()

    with pytest.raises(StorageFull):
        open_on_a_full_disk()
    assert seen == ["id-1"]
    assert names(worker) == []


def test_memory_over_its_limit_keeps_new_uploads_out_and_lets_others_finish(machine):
    worker = machine.worker()
    with chunk(worker, "a", "x"):
        machine.used = 852
        machine.clock.at += 1
        with chunk(worker, "a", "x"):
            pass
        assert refused(worker, "b", "y").message == "Memory usage too high: 85.2%"
        with chunk(worker, "resumed", "y", begun=True):
            pass
        machine.used = 500
        machine.clock.at += 1
        worker.finished("resumed")
        with chunk(worker, "b", "y"):
            pass


def test_memory_is_reserved_for_each_upload_and_given_back(machine):
    worker = machine.worker(slots=20, per_user=20, memory=300)
    memory = MemoryMonitor(machine.folder / "none", ledger=HostTable(machine.folder / "memory", 64, PROMISE.size))
    with chunk(worker, "a"), chunk(worker, "b"):
        assert memory.reserved() == 600
        assert "Memory usage too high" in refused(worker, "c").message
    worker.finished("a")
    assert memory.reserved() == 300
    machine.clock.at += 16
    worker.sweep()
    assert memory.reserved() == 0


def test_memory_reserved_for_an_upload_that_another_process_ended_is_given_back(machine):
    one, other = machine.worker(memory=300), machine.worker(memory=300)
    memory = MemoryMonitor(machine.folder / "none", ledger=HostTable(machine.folder / "memory", 64, PROMISE.size))
    with chunk(one, "a"):
        with chunk(other, "a") as place:
            place.is_done = True
        one.sweep()
        assert memory.reserved() == 300
    assert memory.reserved() == 300
    one.sweep()
    assert memory.reserved() == 0
    with chunk(one, "a"):
        assert names(other) == ["a"]


def test_a_user_with_thousands_of_files_does_not_fill_the_list(machine, inside):
    worker = machine.worker(slots=1)
    inside.enter_context(chunk(worker, "a", "x"))
    for number in range(2000):
        refused(worker, f"f{number}", "y")
    assert worker.waiting() == 8
    refused(worker, "one", "z")
    assert worker.waiting() == 9


def test_two_hundred_at_once_are_all_served_once_and_nobody_waits_for_ever(machine):
    chance = random.Random(5)
    workers = [machine.worker(slots=20, per_user=3) for _ in range(4)]
    left = {(f"user{user}", f"file{user}-{n}"): 6 for user in range(200) for n in range(50 if user == 0 else 1)}
    comes_at = dict.fromkeys(left, machine.clock.at)
    served: Counter[str] = Counter()
    first_seen: dict[str, float] = {}
    while left:
        machine.clock.at += 1
        due = [each for each in left if comes_at[each] <= machine.clock.at]
        chance.shuffle(due)
        for user, upload in due:
            worker = chance.choice(workers)
            try:
                with worker.receiving(upload, user, BIG, begun=left[user, upload] < 6) as place:
                    first_seen.setdefault(upload, machine.clock.at - 1000)
                    left[user, upload] -= 1
                    place.is_done = not left[user, upload]
            except Busy as busy:
                wait = busy.details["retry_after"]
                assert isinstance(wait, int)
                comes_at[user, upload] = machine.clock.at + wait
                continue
            if place.is_done:
                served[upload] += 1
                del left[user, upload]
        running = workers[0].running()
        assert len(running) <= 20
        for worker in workers:
            worker.sweep()
    assert set(served.values()) == {1}
    assert len(served) == 249
    # Six seconds each, twenty at once. Who has one file is not behind one who has fifty, nor waits much longer than needed.
    assert max(at for upload, at in first_seen.items() if not upload.startswith("file0-")) < 3 * 6 * 200 / 20
    assert (workers[0].running(), workers[0].waiting()) == ([], 0)


def test_a_place_is_kept_by_a_rate_and_not_by_a_sign_of_life(machine: Machine) -> None:
    worker = machine.worker(floor=1000)

    def receive(upload: str, count: int) -> None:
        with chunk(worker, upload, upload, begun=True) as place:
            body = place.counting(StreamBody(io.BytesIO(bytes(count))))
            while body.readinto(memoryview(bytearray(4096))):
                pass

    def pass_by(fast: int) -> None:
        for _ in range(int(WINDOW_SECONDS) + 1):
            receive("slow", 1)
            receive("fast", fast)
            machine.clock.at += 1
            worker.sweep()

    pass_by(2000)
    assert {each.upload_id for each in worker.running()} == {"slow", "fast"}, "nobody waits"
    refused(worker, "third", "x")
    worker.sweep()
    assert [each.upload_id for each in worker.running()] == ["fast"]
    receive("third", 1)
    refused(worker, "slow", "slow", begun=True)


def test_a_slow_upload_that_is_inside_goes_on_beside_the_limit(machine: Machine, inside: ExitStack) -> None:
    worker = machine.worker(slots=1, floor=1000)
    inside.enter_context(chunk(worker, "slow"))
    machine.clock.at += WINDOW_SECONDS
    refused(worker, "next", "x")
    worker.sweep()
    inside.enter_context(chunk(worker, "next", "x"))
    inside.close()
    assert [each.upload_id for each in worker.running()] == ["next"]
    refused(worker, "third", "y")


def test_who_has_just_got_a_place_has_time_to_begin(machine: Machine, inside: ExitStack) -> None:
    worker = machine.worker(slots=1, floor=1000)
    inside.enter_context(chunk(worker, "slow"))
    machine.clock.at += WINDOW_SECONDS - 0.1
    refused(worker, "next", "x")
    worker.sweep()
    refused(worker, "next", "x")


class Away(LocalPlaces):
    """A table that is away when it is asked for, taken, or about to keep what was written, as one in a database may be."""

    asked = taking = leaving = False

    @contextmanager
    def locked(self) -> Iterator[None]:
        if self.asked:
            raise Busy
        with super().locked():
            yield
        if self.leaving:
            raise Busy

    def take(self, slot: TakenSlot) -> None:
        if self.taking:
            raise Busy
        super().take(slot)


def test_nothing_is_lost_for_good_while_the_table_is_away(machine: Machine) -> None:
    table = Away(machine.folder, 2, machine.clock)
    worker, other = machine.worker(table), machine.worker()
    # One is over while the table is away, one gets idle, one is refused as its row cannot be written, and of one that is not known.
    with chunk(worker, "over") as place, chunk(worker, "idle", "v"):
        place.is_done = table.asked = True
    assert machine.reserved() == 10, "what is over needs no memory, wherever its row is"
    machine.clock.at += LIMITS["idle"]
    worker.sweep()
    table.asked = False
    worker.sweep()
    assert (machine.reserved(), names(other)) == (0, [])
    table.taking = True
    refused(worker, "refused")
    table.taking, table.leaving = False, True
    refused(worker, "unknown")
    table.leaving = False
    machine.clock.at += LIMITS["idle"]
    worker.sweep()
    assert (machine.reserved(), names(other)) == (0, [])
    with chunk(other, "a", "x"), chunk(other, "b", "y"):
        assert names(worker) == ["a", "b"]


def test_a_slot_that_could_not_be_given_back_is_not_taken_from_who_has_it_next(machine: Machine) -> None:
    table = Away(machine.folder, 1, machine.clock)
    worker = machine.worker(table, slots=1)
    with chunk(worker, "over") as place:
        place.is_done = True
        worker.finished("over")
        table.asked = True
    table.asked = False
    with chunk(worker, "next"):
        worker.sweep()
        assert names(machine.worker(slots=1)) == ["next"]
