"""A session moves only along its table of states."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.paths import RelPath
from app.core.ranges import ByteRanges, Span
from app.core.session import NEXT, IllegalTransition, State, UploadSession


def session(**changes) -> UploadSession:
    blank = UploadSession(
        upload_id="u" * 20, request_hash="h" * 20, path=RelPath.parse("a.bin"), size=10, opened_at=1.0, active_at=1.0
    )
    return replace(blank, **changes)


def test_the_table_names_every_state():
    assert set(NEXT) == set(State)


def test_a_completed_session_has_all_its_bytes_and_lacks_none():
    done = session(ranges=ByteRanges([Span(0, 10)])).completed("a (1).bin", None, 5.0)
    assert (done.state, done.received_bytes, done.missing(9)) == (State.COMPLETE, 10, [])
    assert done.is_whole


def test_a_refused_session_has_no_bytes_left():
    assert session(ranges=ByteRanges([Span(0, 5)])).refused("no", 2.0).received_bytes == 0


def test_the_senders_address_is_kept_no_longer_than_anything_may_come():
    assert session(client="192.0.2.7", ranges=ByteRanges([Span(0, 10)])).completed("a", None, 2.0).client == ""
    assert session(client="192.0.2.7").refused("no", 2.0).client == ""


def test_refusing_twice_keeps_the_first_reason():
    assert session().refused("first", 2.0).refused("second", 3.0).refusal == "first"


@pytest.mark.parametrize("state", [State.COMPLETE, State.REFUSED])
def test_what_has_ended_cannot_complete(state):
    with pytest.raises(IllegalTransition):
        session(state=state).completed("a", None, 2.0)


def test_what_is_complete_cannot_be_refused():
    with pytest.raises(IllegalTransition):
        session(state=State.COMPLETE).refused("no", 2.0)


def test_an_empty_file_is_whole_from_the_start():
    assert session(size=0).is_whole


def test_a_clock_that_was_set_back_makes_nothing_idle():
    assert session(active_at=100.0).idle_since(50.0) == 0


def test_gaps_that_are_too_many_are_told_in_one_stretch_that_leaves_none_out() -> None:
    ranges = ByteRanges(Span(at, at + 1) for at in (1, 3, 5, 9))
    strewn = session(ranges=ranges)
    assert strewn.missing_count == 4
    assert strewn.missing(2) == [Span(0, 1), Span(2, 3)]
    assert strewn.missing_outline(2) == [Span(0, 1), Span(2, 9)]
    assert strewn.missing_outline(4) == strewn.missing(9) == [Span(0, 1), Span(2, 3), Span(4, 5), Span(6, 9)]
