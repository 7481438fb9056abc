"""What a journal comes to does not depend on how it is told."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.ranges import Span
from app.storage.disk.span_log import Arrival, ArrivalCodec, Arrived, Kind

SPANS = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 40), st.integers(1, 10))
TIMES = st.integers(0, 1000).map(float)
BOOTS = st.sampled_from([1, 2, 3])
RECORDS = st.one_of(
    st.builds(Arrival, st.sampled_from([Kind.VOLATILE, Kind.PENDING, Kind.DURABLE]), BOOTS, TIMES, SPANS),
    st.builds(lambda boot, at, n: Arrival(Kind.CHECKPOINT, boot, at, covered=n), BOOTS, TIMES, st.integers(0, 20)),
    st.builds(lambda boot, at: Arrival(Kind.SYNC_FAILED, boot, at), BOOTS, TIMES),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(RECORDS, min_size=1), st.lists(RECORDS), st.integers(0, 2**63 - 1))
def test_told_shortly_it_comes_to_the_same_now_and_later(before, after, nonce):
    codec = ArrivalCodec()
    known = Arrived().plus(before)
    told = b"".join(map(codec.encode, known.snapshot(nonce)))
    records, done = codec.decode(told)
    assert done == len(told)
    again = Arrived().plus(records)
    assert again == known
    assert again.plus(after) == known.plus(after)


def test_a_journal_told_twice_does_not_begin_with_the_same_record():
    codec = ArrivalCodec()
    known = Arrived().plus([Arrival(Kind.PENDING, 1, 2.0, Span(0, 5))])
    assert codec.encode(known.snapshot(1)[0]) != codec.encode(known.snapshot(2)[0])
