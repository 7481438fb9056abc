"""The policy judges sizes, extensions, and heads against names."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from app.core.errors import ChunkTooLarge, FileTooLarge, TooManyGaps, TypeNotAllowed
from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.policy import MAX_STRETCHES, MIN_STRETCHES, Policy
from app.core.ranges import ByteRanges, Span
from app.core.terms import Terms

OPEN = Policy(max_file_size=0, max_chunk_size=100, allowed_extensions=())


def link(**limits) -> RequestLink:
    return RequestLink(hash="h" * 20, folder=RelPath.parse("in"), created_at=0.0, terms=Terms(**limits))


def test_no_limit_takes_any_size():
    OPEN.check_file(link(), "a.bin", 2**62)


@pytest.mark.parametrize(("server", "own", "limit"), [(0, 10, 10), (10, 0, 10), (10, 20, 10), (20, 10, 10)])
def test_the_smaller_of_two_limits_counts(server, own, limit):
    policy = Policy(max_file_size=server, max_chunk_size=100, allowed_extensions=())
    policy.check_file(link(max_file_size=own), "a", limit)
    with pytest.raises(FileTooLarge):
        policy.check_file(link(max_file_size=own), "a", limit + 1)


def test_a_chunk_over_the_limit_is_refused():
    OPEN.check_chunk(ByteRanges(), Span(0, 100), 1000)
    with pytest.raises(ChunkTooLarge):
        OPEN.check_chunk(ByteRanges(), Span(0, 101), 1000)


def test_chunks_of_a_quarter_of_a_mebibyte_pass_in_any_order(seed):
    size, chunk = 4 * 1024**3, 256 * 1024
    places = list(range(0, size, chunk))
    random.Random(seed).shuffle(places)
    ranges, policy = ByteRanges(), replace(OPEN, max_chunk_size=chunk)
    for place in places:
        span = Span(place, place + chunk)
        policy.check_chunk(ranges, span, size)
        ranges = ranges.add(span)
    assert ranges.length == size


@pytest.mark.parametrize(("size", "most"), [(1024**2, MIN_STRETCHES), (5 * 1024**4, MAX_STRETCHES)])
def test_bytes_that_are_strewn_too_far_come_in_only_beside_others(size, most):
    ranges = ByteRanges(Span(at, at + 1) for at in range(4, 2 * most + 4, 2))
    with pytest.raises(TooManyGaps) as caught:
        OPEN.check_chunk(ranges, Span(0, 1), size)
    assert caught.value.details == {"offset": 0, "limit": most}
    OPEN.check_chunk(ranges, Span(0, 4), size)
    OPEN.check_chunk(ranges, Span(5, 6), size)
    OPEN.check_chunk(ranges.add(Span(5, 6)), Span(0, 1), size)


def test_an_extension_must_be_on_both_lists():
    policy = Policy(0, 100, ("jpg", "png"))
    mine = link(allowed_extensions=("png", "gif"))
    policy.check_file(mine, "A.PNG", 1)
    for name in ("a.jpg", "a.gif", "a", "png"):
        with pytest.raises(TypeNotAllowed):
            policy.check_file(mine, name, 1)
    assert policy.extensions_for(mine) == ("png",)
    for servers, own, both in [
        (("jpeg",), ("jpg",), {"jpg", "jpeg", "jpe", "jfif"}),
        (("gz",), ("tar.gz",), {"tar.gz"}),
        (("tar.gz", "zip"), ("gz",), {"tar.gz"}),
    ]:
        assert set(Policy(0, 100, servers).extensions_for(link(allowed_extensions=own))) == both


def test_lists_that_have_nothing_in_common_do_not_read_as_all():
    policy = Policy(0, 100, ("txt",))
    assert policy.extensions_for(link(allowed_extensions=("gif",))) == ("gif",)
    for name in ("a.jpg", "a.txt"):
        with pytest.raises(TypeNotAllowed):
            policy.check_file(link(allowed_extensions=("jpg",)), name, 1)


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.jpg", "application/x-dosexec"),
        ("a.jpg", "text/html"),
        ("a.png", "application/zip"),
        ("a.mp4", "text/html"),
        ("a.pdf", "application/x-executable"),
        ("a.txt", "text/x-shellscript"),
        ("a.jpg", "text/plain"),
    ],
)
def test_a_head_that_belies_its_name_is_refused_where_types_are_limited(name, mime):
    mine = link(allowed_extensions=(name.rpartition(".")[2],))
    with pytest.raises(TypeNotAllowed):
        OPEN.check_head(mine, name, mime)
    OPEN.check_head(link(), name, mime)


@pytest.mark.parametrize(
    ("name", "mime"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.jpg", "image/png"),
        ("a.jpg", "application/octet-stream"),
        ("a.svg", "text/xml"),
        ("a.mp4", "video/mp4"),
        ("a.ogg", "application/ogg"),
        ("a.exe", "application/x-dosexec"),
        ("a.sh", "text/x-shellscript"),
        ("a.docx", "application/zip"),
        ("a.ts", "text/plain"),
        ("a.zip", "application/zip"),
    ],
)
def test_an_honest_or_unknown_head_is_taken(name, mime):
    OPEN.check_head(link(allowed_extensions=(name.rpartition(".")[2],)), name, mime)
