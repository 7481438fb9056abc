"""Streams: everybody is told what there is by one thread, nobody what is not theirs, and nobody holds the others up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from app.core.errors import Busy
from app.services.event_readers import Bell
from app.web.api.news import News
from app.web.server import streams as module
from app.web.server.streams import REST_SECONDS, STILL_SECONDS, Saying, Stream, Streams, Topic


@dataclass(eq=False)
class Line:
    """One end of a connection, whose other end is the ``reader``'s."""

    sock: socket.socket
    reader: socket.socket
    is_over: bool = False

    def ended(self) -> bool:
        return self.is_over

    def heard(self) -> bytes:
        """What has come; where the connection was closed, with ``<closed>`` behind it."""
        heard = b""
        with suppress(BlockingIOError):
            while piece := self.reader.recv(65536):
                heard += piece
            heard += b"<closed>"
        return heard


@dataclass
class Look:
    """What there is to be told."""

    data: str = "1"
    times: int = 0
    raises: Exception | None = None

    def __call__(self) -> Saying:
        self.times += 1
        if self.raises:
            raise self.raises
        return Saying(self.data, self.data)


@dataclass
class Hall:
    """The streams of a process, in which time passes when it is told to."""

    now: float = 1000.0
    most: int = 200
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.streams = Streams(self._over, lambda: self.now, most=self.most, begin=lambda run: None)

    def _over(self, line: Line) -> None:
        line.is_over = True
        line.sock.close()

    def join(self, look: Look, who: str = "ann", may: object = None, *, every: float = 1.0, hears: bool = True) -> Line:
        line = Line(*socket.socketpair())
        line.reader.setblocking(False)
        self.lines.append(line)
        topic = Topic(id(look), look, every, hears)
        assert self.streams.reserve(who)
        judge = may if callable(may) else lambda: True
        self.streams.take(line, Stream(who, (topic,), judge, {topic.key: look.data}, bytearray(b"<head>")))
        self.streams.turn(0)
        assert line.heard() == b"<head>"
        return line

    def pass_on(self, seconds: float) -> None:
        self.now += seconds
        self.streams.turn(0)


@pytest.fixture
def hall() -> Iterator[Hall]:
    made = Hall()
    yield made
    for line in made.lines:
        line.sock.close()
        line.reader.close()


def event(data: str) -> bytes:
    return f"id: {data}\ndata: {data}\n\n".encode()


def test_all_are_told_what_is_new_once_and_it_is_looked_for_once(hall: Hall) -> None:
    look = Look()
    lines = [hall.join(look, f"who{number}") for number in range(50)]
    before = look.times
    look.data = "2"
    for _ in range(3):
        hall.pass_on(1)
    assert [line.heard() for line in lines] == [event("2")] * 50
    assert look.times == before + 3


def test_a_sign_of_life_is_what_is_known_again_and_comes_before_anybody_takes_it_for_dead(hall: Hall) -> None:
    line = hall.join(Look())
    for _ in range(int(STILL_SECONDS) - 1):
        hall.pass_on(1)
    assert line.heard() == b""
    hall.pass_on(2)
    assert line.heard() == event("1")
    hall.pass_on(1)
    assert line.heard() == b""


def test_what_happens_here_is_told_at_once_and_what_follows_closely_together(hall: Hall) -> None:
    look, other = Look(), Look()
    line, deaf = hall.join(look), hall.join(other, hears=False)
    hall.pass_on(REST_SECONDS)
    look.data = other.data = "2"
    before = look.times
    hall.streams.ring()
    hall.streams.turn(0)
    assert (line.heard(), deaf.heard()) == (event("2"), b"")
    look.data = "3"
    for _ in range(100):
        hall.streams.ring()
        hall.streams.turn(0)
    assert look.times == before + 1
    hall.pass_on(REST_SECONDS)
    assert (line.heard(), look.times) == (event("3"), before + 2)


def test_who_may_not_hear_it_any_more_is_told_nothing(hall: Hall) -> None:
    look, allowed = Look(), {"out": True, "in": True}
    out = hall.join(look, may=lambda: allowed["out"])
    still = hall.join(look, may=lambda: allowed["in"])
    allowed["out"] = False
    look.data = "2"
    hall.pass_on(1)
    assert (out.heard(), out.is_over) == (b"<closed>", True)
    assert (still.heard(), still.is_over) == (event("2"), False)
    # While nothing happens, no later than with the next sign of life.
    allowed["in"] = False
    hall.pass_on(STILL_SECONDS)
    assert still.heard() == b"<closed>"
    assert len(hall.streams) == 0


def test_who_cannot_be_judged_is_told_later_and_one_fault_ends_one_stream(
    hall: Hall, caplog: pytest.LogCaptureFixture
) -> None:
    look, trouble = Look(), [Exception("a fault"), Busy()]

    def judge(number: int) -> bool:
        if trouble[number] is not None:
            raise trouble[number]
        return True

    broken, waits = hall.join(look, may=lambda: judge(0)), hall.join(look, may=lambda: judge(1))
    fine = hall.join(look)
    look.data = "2"
    hall.pass_on(1)
    assert (broken.heard(), waits.heard(), fine.heard()) == (b"<closed>", b"", event("2"))
    assert "could not be judged" in caplog.text
    trouble[1] = None  # type: ignore[call-overload]
    hall.pass_on(1)
    assert waits.heard() == event("2")


def test_what_cannot_be_looked_for_is_looked_for_again(hall: Hall) -> None:
    look = Look()
    line = hall.join(look)
    look.raises, look.data = Busy(), "2"
    hall.pass_on(1)
    assert line.heard() == b""
    look.raises = None
    hall.pass_on(1)
    assert line.heard() == event("2")


def test_a_reader_who_does_not_read_is_let_go_of_and_holds_nobody_up(hall: Hall) -> None:
    look = Look()
    slow, quick = hall.join(look), hall.join(look)
    slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    for number in range(int(module.STUCK_SECONDS) - 2):
        look.data = str(number) * 2000
        hall.pass_on(1)
        assert quick.heard() == event(look.data)
    assert slow.is_over, "what waits for a reader is bounded, and not only for how long"
    assert len(slow.heard()) < 200_000


def test_a_reader_who_takes_nothing_for_long_is_let_go_of(hall: Hall) -> None:
    look = Look()
    line = hall.join(look)
    line.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with suppress(BlockingIOError):
        while True:
            line.sock.send(bytes(1000))
    look.data = "2" * 3_500
    hall.pass_on(1)
    hall.pass_on(module.STUCK_SECONDS - 1)
    assert not line.ended()
    # One who takes some of it has its time again.
    assert line.heard()
    hall.streams.turn(0)
    hall.pass_on(2)
    assert not line.ended()
    hall.pass_on(module.STUCK_SECONDS)
    assert line.ended()
    assert not line.heard().endswith(b"\n\n<closed>"), "there was nothing left to take"


def test_nobody_has_more_than_their_part_and_there_is_an_end_for_all() -> None:
    hall = Hall(most=10)
    look = Look()
    anns = [hall.join(look, "ann") for _ in range(8)]
    assert not hall.streams.has_room("ann")
    assert not hall.streams.reserve("ann")
    bobs = [hall.join(look, "bob") for _ in range(2)]
    assert not hall.streams.has_room("eve")
    assert not hall.streams.reserve("eve")
    # Who leaves makes room, whether anything is said or not.
    anns[0].reader.close()
    hall.streams.turn(0)
    assert anns[0].is_over
    assert hall.streams.has_room("ann")
    for line in anns[1:] + bobs:
        line.reader.close()
        hall.streams.turn(0)
    assert len(hall.streams) == 0


def test_who_speaks_is_not_listened_to_for_long(hall: Hall) -> None:
    line = hall.join(Look())
    over = []
    for said in (b"GET / HTTP/1.1\r\n", *[bytes(8000)] * 5):
        if not line.is_over:
            line.reader.sendall(said)
            hall.streams.turn(0)
        over.append(line.is_over)
    assert (over[0], over[-1]) == (False, True)


def test_a_stream_ends_some_time_and_not_all_in_one_moment(hall: Hall) -> None:
    lines = [hall.join(Look()) for _ in range(8)]
    ended: list[int] = []
    for _ in range(300):
        hall.pass_on(5)
        ended.append(sum(line.is_over for line in lines))
    assert ended[int(module.LIFE_SECONDS / 5) - 2] == 0
    assert ended[-1] == 8
    assert len(set(ended)) > 4


def test_a_process_that_stops_ends_all_and_takes_no_more(hall: Hall) -> None:
    lines = [hall.join(Look()) for _ in range(3)]
    reserved = hall.streams.reserve("late")
    late = Line(*socket.socketpair())
    hall.streams.end()
    hall.streams.end()
    hall.streams.turn(0)
    assert all(line.is_over for line in lines)
    assert reserved
    assert not hall.streams.has_room("bob")
    hall.streams.take(late, Stream("late", (Topic("x", Look(), 1.0),), lambda: True, {}, bytearray()))
    hall.streams.turn(0)
    assert late.is_over
    late.reader.close()


def test_one_stream_tells_of_several_things_each_in_its_time(hall: Hall) -> None:
    news, figures = Look(), Look()
    alone = hall.join(news)
    both = Line(*socket.socketpair())
    both.reader.setblocking(False)
    hall.lines.append(both)
    topics = (
        Topic(id(news), news, 1.0, hears=True),
        Topic("figures", lambda: Saying(figures().data, kind="figures"), 2.0),
    )
    assert hall.streams.reserve("ann")
    hall.streams.take(both, Stream("ann", topics, lambda: True, {id(news): "1"}, bytearray()))
    hall.streams.turn(0)
    assert both.heard() == b""
    hall.pass_on(2)
    assert (alone.heard(), both.heard()) == (b"", b"event: figures\ndata: 1\n\n")
    news.data = "2"
    hall.pass_on(1)
    assert (alone.heard(), both.heard()) == (event("2"), event("2"))
    both.reader.close()
    hall.streams.turn(0)
    before = figures.times
    hall.pass_on(10)
    assert figures.times == before
    assert not alone.is_over


def test_what_nobody_is_left_to_hear_is_not_looked_for(hall: Hall) -> None:
    first, second = Look(), Look()
    line = Line(*socket.socketpair())
    line.reader.setblocking(False)
    hall.lines.append(line)
    assert hall.streams.reserve("ann")
    topics = (Topic(1, first, 1.0), Topic(2, second, 1.0))
    hall.streams.take(line, Stream("ann", topics, lambda: False, {}, bytearray()))
    hall.streams.turn(0)
    hall.pass_on(1)
    assert (line.heard(), first.times, second.times) == (b"<closed>", 1, 0)


def test_nothing_is_done_while_nobody_looks_on(hall: Hall) -> None:
    look = Look()
    line = hall.join(look)
    line.reader.close()
    hall.streams.turn(0)
    before = look.times
    hall.streams.ring()
    for _ in range(3):
        hall.pass_on(10)
    assert look.times == before


def test_its_own_thread_tells_what_is_rung_for() -> None:
    over, look, bell = threading.Event(), Look(), Bell()
    running = Streams(lambda _: over.set())
    bell.tell(running.ring)
    line = Line(*socket.socketpair())
    line.reader.settimeout(60)
    assert running.reserve("ann")
    topic = Topic("x", look, 600.0, hears=True)
    running.take(line, Stream("ann", (topic,), lambda: True, {"x": "1"}, bytearray(b"<head>")))
    assert line.reader.recv(100) == b"<head>"
    look.data = "2"
    bell.ring()
    assert line.reader.recv(100) == event("2")
    running.end()
    assert over.wait(60)
    line.sock.close()
    line.reader.close()


class Ledgers:
    """What is asked for news, counted."""

    def __init__(self) -> None:
        self.now, self.newest, self.moved = 0.0, 1, {"ann": 10, "bob": 20}
        self.asked: list[str] = []
        self.news = News(self._newest, self._moved, lambda: self.now)

    def _newest(self) -> int:
        self.asked.append("newest")
        return self.newest

    def _moved(self, owners: Collection[str]) -> int:
        self.asked.extend(owners)
        return sum(self.moved[each] for each in owners)

    def look(self) -> list[int]:
        self.asked.clear()
        return [self.news.look(each) for each in (None, frozenset({"ann"}), frozenset({"bob"}), frozenset({"ann"}))]


def test_news_are_looked_for_once_for_all_and_of_each_only_after_something_happened() -> None:
    here = Ledgers()
    assert here.look() == [1, 10, 20, 10]
    assert here.asked == ["newest", "ann", "bob"]
    here.now += 1
    assert here.look() == [1, 10, 20, 10]
    assert here.asked == ["newest"]
    here.now += 1
    here.newest, here.moved["bob"] = 2, 21
    assert here.look() == [2, 10, 21, 10]
    assert here.asked == ["newest", "ann", "bob"]
    # What makes no event is seen a little later.
    here.moved["ann"] = 11
    seen = []
    for _ in range(5):
        here.now += 1
        seen.append(here.look()[1])
    assert seen == [10, 10, 10, 10, 11]
