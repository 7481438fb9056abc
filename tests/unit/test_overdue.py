"""What takes too long is ended from outside, by one thread for all."""

from __future__ import annotations

import threading

import pytest

from droppr_client.upload.overdue import within

LONG = 3600.0


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "droppr-overdue"]


def test_what_takes_too_long_is_ended_and_says_so() -> None:
    ended = threading.Event()
    with pytest.raises(TimeoutError), within(0.01, ended.set):
        assert ended.wait(30)


def test_a_short_limit_counts_while_others_wait_for_long() -> None:
    ended, others = threading.Event(), threading.Event()
    with within(LONG, others.set), pytest.raises(TimeoutError), within(0.01, ended.set):
        assert ended.wait(30)
    assert not others.is_set()


def test_what_is_over_in_time_is_not_ended_afterwards() -> None:
    ours, ended = threading.Event(), threading.Event()
    with within(1.5, ours.set):
        pass
    # One that is due later: it has been looked at both by then.
    with pytest.raises(TimeoutError), within(1.7, ended.set):
        assert ended.wait(30)
    assert not ours.is_set()


def test_an_error_of_the_block_comes_out_as_it_is() -> None:
    with pytest.raises(KeyError), within(LONG, lambda: None):
        raise KeyError("ours")


def test_one_thread_looks_after_all_of_them() -> None:
    with within(LONG, lambda: None), within(LONG, lambda: None), within(LONG, lambda: None):
        assert len(watchers()) == 1
