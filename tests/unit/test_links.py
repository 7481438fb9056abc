"""What a link has promised and received, as the sum of its events."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import RequestFull
from app.core.ledger import Ledger
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.terms import Terms


def link(max_files: int = 0, max_total_size: int = 0) -> RequestLink:
    return RequestLink("h" * 32, RelPath.parse("x"), 1.0, Terms(max_files=max_files, max_total_size=max_total_size))


def received(upload_id: str, size: int) -> dict[str, object]:
    file = ReceivedFile(upload_id, "a/b.txt", "a/b.txt", size, 2.0)
    return {"event": "received", "upload_id": upload_id, "file": asdict(file)}


def released(upload_id: str, why: str = "cancelled") -> dict[str, object]:
    return {"event": "released", "upload_id": upload_id, "why": why}


def test_open_and_received_files_both_take_a_place():
    ledger, two = Ledger(), link(max_files=2)
    ledger.apply(ledger.reserve(two, "a", 1))
    ledger.apply(received("a", 1))
    ledger.apply(ledger.reserve(two, "b", 1))
    with pytest.raises(RequestFull) as caught:
        ledger.reserve(two, "c", 0)
    assert caught.value.details == {"limit": 2}


def test_the_last_byte_fits_and_one_more_does_not():
    ledger, small = Ledger(), link(max_total_size=100_000)
    ledger.apply(ledger.reserve(small, "a", 70_000))
    assert ledger.reserve(small, "b", 30_000)["size"] == 30_000
    with pytest.raises(RequestFull):
        ledger.reserve(small, "b", 30_001)


def test_no_limit_is_no_limit():
    assert Ledger().reserve(link(), "a", 2**62)


def test_the_name_of_a_file_is_the_end_of_its_path():
    assert ReceivedFile("u", "a/b.txt", "a/b.txt", 1, 1.0).name == "b.txt"


def test_a_link_expires_at_its_moment():
    lasting = Terms()
    assert not lasting.is_expired(1e12)
    ending = Terms(expires_at=5.0)
    assert [ending.is_expired(at) for at in (4.9, 5.0, 5.1)] == [False, True, True]


EVENTS = st.lists(
    st.builds(
        lambda kind, number: (
            {"event": "opened", "upload_id": f"u{number}", "size": number + 1}
            if kind == 0
            else released(f"u{number}", "expired")
            if kind == 1
            else received(f"u{number}", number + 1)
        ),
        st.integers(0, 2),
        st.integers(0, 3),
    )
)


def test_a_ledger_from_before_openings_had_a_time_can_be_read():
    ledger = Ledger()
    ledger.apply({"event": "opened", "upload_id": "a", "size": 7})
    assert (ledger.open["a"].size, ledger.open["a"].at) == (7, 0.0)


@given(EVENTS)
def test_sums_always_equal_what_is_listed_and_repeating_an_event_changes_nothing(events):
    once, twice = Ledger(), Ledger()
    for event in events:
        once.apply(event)
        twice.apply(event)
        twice.apply(event)
    assert once == twice
    load = once.load()
    assert load.files == len(once.open) + len(once.received)
    assert load.weight == 4096 * load.files
    assert once.bytes_received == sum(file.size for file in once.received.values())
