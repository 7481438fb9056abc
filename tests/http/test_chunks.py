"""Chunks: every way to say where they lie, in any order, once or often, right or wrong."""

from __future__ import annotations

import base64
import gzip
import hashlib
import itertools
import random
import secrets
from concurrent.futures import ThreadPoolExecutor

import google_crc32c
import pytest

from tests.support.client import Client, Link
from tests.support.files import MIB, content, files_below, spans

TEN = b"0123456789"


def assert_nothing_kept(link: Link, upload_id: str) -> None:
    status = link.status(upload_id).expect(200).json
    assert (status["received_bytes"], status["received_ranges"]) == (0, [])


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_chunk_may_come_by(link: Link, method: str) -> None:
    upload_id = link.opened("a.txt", 10)
    link.chunk(upload_id, 0, TEN[:5], 10, method=method).expect(200)
    assert link.chunk(upload_id, 5, TEN[5:], 10, method=method).expect(200).json["complete"] is True
    assert (link.disk / "a.txt").read_bytes() == TEN


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": "bytes 5-9/10"},
        {"Content-Range": "Bytes 5-9/10"},
        {"X-Upload-Offset": "5", "X-Upload-Length": "10"},
        {"X-Upload-Offset": "5", "X-Upload-End": "9", "X-Upload-Length": "10"},
        {"Content-Range": "bytes 5-9/10", "X-Upload-Offset": "5", "X-Upload-End": "9", "X-Upload-Length": "10"},
        {"Content-Range": "bytes 5-9/10", "X-Chunk-Index": "77"},
        {"X-Upload-Offset": "5", "X-Upload-Length": "10", "X-Chunk-Index": "0"},
    ],
    ids=str,
)
def test_a_place_may_be_spelled(link: Link, headers: dict[str, str]) -> None:
    upload_id = link.opened("a.txt", 10)
    reply = link.raw_chunk({"X-Upload-Id": upload_id, **headers}, TEN[5:]).expect(200).json
    assert (reply["upload_id"], reply["complete"]) == (upload_id, False)
    assert (reply["received_bytes"], reply["missing_ranges"], reply["offset"]) == (5, [[0, 4]], 0)
    assert link.chunk(upload_id, 0, TEN[:5], 10).expect(200).json["complete"] is True
    assert (link.disk / "a.txt").read_bytes() == TEN


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Content-Range": "bytes 5-4/10"}, "invalid_range"),
        ({"Content-Range": "bytes -5-9/10"}, "invalid_range"),
        ({"Content-Range": "bytes 5-/10"}, "invalid_range"),
        ({"Content-Range": "bytes five-nine/10"}, "invalid_range"),
        ({"Content-Range": "5-9/10"}, "invalid_range"),
        ({"Content-Range": "lines 5-9/10"}, "invalid_range"),
        ({"Content-Range": "bytes 5-9"}, "invalid_range"),
        ({"Content-Range": ""}, "invalid_range"),
        ({"Content-Range": "bytes 5-9/7"}, "invalid_range"),
        ({"Content-Range": "bytes ٥-٩/١٠".encode().decode("latin-1")}, "invalid_range"),
        ({"Content-Range": f"bytes {'9' * 400}-{'9' * 400}/10"}, "invalid_range"),
        ({"X-Upload-Offset": "-5", "X-Upload-Length": "10"}, "invalid_range"),
        ({"X-Upload-Offset": "five", "X-Upload-Length": "10"}, "invalid_range"),
        ({"X-Upload-Offset": "1_0", "X-Upload-Length": "10"}, "invalid_range"),
        ({"X-Upload-Offset": "5\xa0", "X-Upload-Length": "10"}, "invalid_range"),
        ({"X-Upload-Offset": "5", "X-Upload-End": "4", "X-Upload-Length": "10"}, "invalid_range"),
        ({"X-Upload-Offset": "5", "X-Upload-End": "x", "X-Upload-Length": "10"}, "invalid_range"),
        ({"X-Upload-Offset": "5", "X-Upload-Length": "x"}, "invalid_range"),
        ({"Content-Range": "bytes 5-9/10", "X-Upload-Offset": "4"}, "invalid_range"),
        ({"Content-Range": "bytes 5-9/10", "X-Upload-End": "8"}, "invalid_range"),
        ({"Content-Range": "bytes 5-9/10", "X-Upload-Length": "11"}, "invalid_range"),
        ({}, "invalid_range"),
        ({"Content-Range": "bytes 5-8/10"}, "chunk_size_mismatch"),
        ({"Content-Range": "bytes 4-9/10"}, "chunk_size_mismatch"),
        ({"X-Upload-Offset": "5", "X-Upload-End": "8", "X-Upload-Length": "10"}, "chunk_size_mismatch"),
        ({"Content-Range": "bytes 5-9/11"}, "size_mismatch"),
        ({"X-Upload-Offset": "5", "X-Upload-Length": "1000000"}, "size_mismatch"),
    ],
    ids=str,
)
def test_headers_that_disagree_are_refused_and_nothing_is_kept(link: Link, headers: dict[str, str], code: str) -> None:
    upload_id = link.opened("a.txt", 10)
    link.raw_chunk({"X-Upload-Id": upload_id, **headers}, TEN[5:]).expect(400, code)
    assert_nothing_kept(link, upload_id)


PAST_THE_END: list[dict[str, str]] = [
    {"X-Upload-Offset": "8"},
    {"X-Upload-Offset": "8", "X-Upload-Length": "10"},
    {"X-Upload-Offset": "10"},
    {"X-Upload-Offset": "6", "X-Upload-End": "10"},
    {"Content-Range": "bytes 8-12/10"},
    {"Content-Range": "bytes 8-12/*"},
]


@pytest.mark.parametrize("headers", PAST_THE_END, ids=str)
def test_a_chunk_past_the_end_of_the_file_is_refused(link: Link, headers: dict[str, str]) -> None:
    upload_id = link.opened("a.txt", 10)
    link.raw_chunk({"X-Upload-Id": upload_id, **headers}, b"abcde").expect(400, "invalid_range")
    assert_nothing_kept(link, upload_id)


def test_an_empty_chunk_of_a_file_that_is_not_empty_is_refused(link: Link) -> None:
    upload_id = link.opened("a.txt", 10)
    reply = link.raw_chunk({"X-Upload-Id": upload_id, "X-Upload-Offset": "0", "X-Upload-Length": "10"}, b"")
    assert (reply.status, reply.code in ("invalid_range", "chunk_size_mismatch")) == (400, True), reply.body
    assert_nothing_kept(link, upload_id)


def sha(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def crc(data: bytes) -> str:
    return f"crc32c=:{base64.b64encode(google_crc32c.value(data).to_bytes(4, 'big')).decode()}:"


@pytest.mark.parametrize("digest", [sha(TEN), crc(TEN), f"{sha(TEN)}, {crc(TEN)}", f"unknown=:AAAA:, {sha(TEN)}"])
def test_a_chunk_with_the_right_digest_counts(link: Link, digest: str) -> None:
    upload_id = link.opened("a.txt", 10)
    reply = link.chunk(upload_id, 0, TEN, 10, headers={"Content-Digest": digest})
    assert reply.expect(200).json["complete"] is True
    assert (link.disk / "a.txt").read_bytes() == TEN


@pytest.mark.parametrize(
    "digest", [sha(b"other"), crc(b"other"), f"{crc(TEN)}, {sha(b'x')}", f"{sha(TEN)}, {crc(b'x')}"]
)
def test_a_chunk_with_a_wrong_digest_is_refused_and_nothing_is_kept(link: Link, digest: str) -> None:
    upload_id = link.opened("a.txt", 10)
    link.chunk(upload_id, 0, TEN, 10, headers={"Content-Digest": digest}).expect(400, "checksum_mismatch")
    assert_nothing_kept(link, upload_id)
    assert link.chunk(upload_id, 0, TEN, 10, headers={"Content-Digest": sha(TEN)}).expect(200).json["complete"] is True


@pytest.mark.parametrize("wish", ["sha-256=1", "sha-512=3, sha-256=10", "unknown=1,sha-256 = 5"])
def test_the_reply_that_completes_a_file_tells_its_digest_where_it_is_asked_for(link: Link, wish: str) -> None:
    upload_id = link.opened("a.txt", 10)
    first = link.chunk(upload_id, 0, TEN[:4], 10, headers={"Want-Repr-Digest": wish}).expect(200).json
    assert first["complete"] is False
    assert "sha256" not in first
    last = link.chunk(upload_id, 4, TEN[4:], 10, headers={"Want-Repr-Digest": wish}).expect(200).json
    assert last["complete"] is True
    assert last["sha256"] == hashlib.sha256(TEN).hexdigest()
    again = link.chunk(upload_id, 4, TEN[4:], 10, headers={"Want-Repr-Digest": wish}).expect(200).json
    assert again["sha256"] == last["sha256"]


@pytest.mark.parametrize("wish", [None, "", "sha-256=0", "sha-512=1", "x-sha-256=1", "sha-256"])
def test_who_does_not_ask_for_the_digest_is_not_told(link: Link, wish: str | None) -> None:
    upload_id = link.opened("a.txt", 10)
    headers = {} if wish is None else {"Want-Repr-Digest": wish}
    last = link.chunk(upload_id, 0, TEN, 10, headers=headers).expect(200).json
    assert last["complete"] is True
    assert "sha256" not in last


@pytest.mark.parametrize("digest", ["sha-256=:not base64!:", "sha-256=:AAAA:", "sha-256", "sha-256=AAAA", "crc32c=::"])
def test_a_digest_that_cannot_be_right_is_refused(link: Link, digest: str) -> None:
    upload_id = link.opened("a.txt", 10)
    assert link.chunk(upload_id, 0, TEN, 10, headers={"Content-Digest": digest}).status == 400
    assert_nothing_kept(link, upload_id)


@pytest.mark.parametrize("seed", range(3))
def test_chunks_come_in_any_order_and_size(link: Link, seed: int) -> None:
    data = content(50_000, seed)
    chance = random.Random(seed)
    cuts = sorted({0, len(data), *(chance.randrange(1, len(data)) for _ in range(20))})
    pieces = list(itertools.pairwise(cuts))
    chance.shuffle(pieces)
    upload_id = link.opened("mixed.bin", len(data))
    for number, (start, stop) in enumerate(pieces, 1):
        reply = link.chunk(upload_id, start, data[start:stop], len(data)).expect(200).json
        assert reply["complete"] is (number == len(pieces))
        assert reply["received_bytes"] == sum(b - a for a, b in pieces[:number])
    assert (link.disk / "mixed.bin").read_bytes() == data


def test_the_completing_reply_names_the_file_and_the_file_stands(link: Link) -> None:
    upload_id = link.opened("dir/ä b.txt", 10)
    link.chunk(upload_id, 5, TEN[5:], 10).expect(200)
    assert files_below(link.disk) == {}, "a half file is nowhere to be seen"
    reply = link.chunk(upload_id, 0, TEN[:5], 10).expect(200).json
    assert (reply["name"], reply["path"], reply["size"]) == ("ä b.txt", "dir/ä b.txt", 10)
    assert (reply["complete"], reply["received_bytes"], reply["missing_ranges"]) == (True, 10, [])
    assert (link.disk / "dir/ä b.txt").read_bytes() == TEN


def test_a_repeated_chunk_changes_nothing(link: Link) -> None:
    upload_id = link.opened("a.txt", 10)
    first = link.chunk(upload_id, 2, TEN[2:6], 10).expect(200).json
    assert link.chunk(upload_id, 2, TEN[2:6], 10).expect(200).json == first
    assert link.chunk(upload_id, 3, TEN[3:5], 10).expect(200).json == first


def test_a_lost_completion_is_told_again_to_whoever_asks(link: Link) -> None:
    upload_id = link.opened("a.txt", 10)
    link.chunk(upload_id, 0, TEN[:5], 10).expect(200)
    told = link.chunk(upload_id, 5, TEN[5:], 10).expect(200).json
    for start, stop in ((0, 5), (5, 10), (0, 10), (3, 7), (9, 10)):
        again = link.chunk(upload_id, start, TEN[start:stop], 10).expect(200).json
        assert again == told
    status = link.status(upload_id).expect(200).json
    assert (status["complete"], status["state"], status["path"]) == (True, "complete", "a.txt")
    assert list(files_below(link.disk)) == ["a.txt"]
    assert len(link.files()) == 1


def test_other_bytes_for_an_acknowledged_place_are_a_conflict_and_change_nothing(link: Link) -> None:
    upload_id = link.opened("a.txt", 10)
    link.chunk(upload_id, 0, TEN[:6], 10).expect(200)
    link.chunk(upload_id, 0, b"XXXXXX", 10).expect(409, "chunk_conflict")
    link.chunk(upload_id, 2, b"2X4", 10).expect(409, "chunk_conflict")
    link.chunk(upload_id, 0, b"XXXXXX", 10, headers={"Content-Digest": sha(b"XXXXXX")}).expect(409, "chunk_conflict")
    link.chunk(upload_id, 6, TEN[6:], 10).expect(200)
    assert (link.disk / "a.txt").read_bytes() == TEN


def test_other_bytes_for_a_finished_file_are_a_conflict_and_change_nothing(link: Link) -> None:
    upload_id = link.deliver("a.txt", TEN)["upload_id"]
    link.chunk(upload_id, 0, b"XXXXX", 10).expect(409, "chunk_conflict")
    link.chunk(upload_id, 0, b"X" * 10, 10).expect(409, "chunk_conflict")
    assert (link.disk / "a.txt").read_bytes() == TEN
    assert link.chunk(upload_id, 0, TEN, 10).expect(200).json["complete"] is True


@pytest.mark.parametrize(("start", "stop"), [(0, 6), (4, 10), (0, 10), (3, 8)])
def test_of_a_chunk_that_overlaps_partly_the_missing_part_counts_and_the_rest_stays(
    link: Link, start: int, stop: int
) -> None:
    upload_id = link.opened("a.txt", 10)
    link.chunk(upload_id, 3, TEN[3:6], 10).expect(200)
    reply = link.chunk(upload_id, start, b"X" * (stop - start), 10).expect(200).json
    got = set(range(3, 6)) | set(range(start, stop))
    assert reply["received_bytes"] == len(got)
    # Fill what is still missing, one piece at a time, as a client does that trusts missing_ranges.
    for first, last in reply["missing_ranges"]:
        link.chunk(upload_id, first, TEN[first : last + 1], 10).expect(200)
    expected = bytes(TEN[i] if 3 <= i < 6 or i not in range(start, stop) else ord("X") for i in range(10))
    assert (link.disk / "a.txt").read_bytes() == expected


def test_an_overlap_may_bridge_many_gaps(link: Link) -> None:
    data = content(1000)
    upload_id = link.opened("a.bin", 1000)
    for start in range(0, 1000, 100):
        link.chunk(upload_id, start, data[start : start + 30], 1000).expect(200)
    assert link.chunk(upload_id, 10, data[10:980], 1000).expect(200).json["missing_ranges"] == [[980, 999]]
    link.chunk(upload_id, 0, data, 1000).expect(200)
    assert (link.disk / "a.bin").read_bytes() == data


def test_a_chunk_reply_stops_after_a_hundred_gaps_and_the_status_does_not(link: Link) -> None:
    upload_id = link.opened("holes.bin", 300)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: link.chunk(upload_id, at, b"x", 300).expect(200), range(1, 239, 2)))
    reply = link.chunk(upload_id, 239, b"x", 300).expect(200).json
    gaps = [[at, at] for at in range(0, 240, 2)] + [[240, 299]]
    gaps[-1] = [240, 299]
    assert reply["missing_ranges"] == gaps[:100]
    assert reply["missing_ranges_truncated"] is True
    assert reply["offset"] == 0
    status = link.status(upload_id).expect(200).json
    assert status["missing_ranges"] == gaps
    assert not status.get("missing_ranges_truncated")
    few = link.chunk(upload_id, 0, b"x" * 239, 300).expect(200).json
    assert (few["missing_ranges"], few.get("missing_ranges_truncated", False)) == ([[240, 299]], False)


def test_a_compressed_body_is_refused(link: Link) -> None:
    upload_id = link.opened("a.txt", 10)
    for encoding in ("gzip", "br", "deflate, gzip"):
        reply = link.chunk(upload_id, 0, TEN, 10, headers={"Content-Encoding": encoding})
        reply.expect(415, "content_encoding_not_allowed")
    assert_nothing_kept(link, upload_id)
    link.chunk(upload_id, 0, TEN, 10, headers={"Content-Encoding": "identity"}).expect(200)


@pytest.mark.parametrize("call", ["uploads", "upload", "pack", "folders", "receipts"])
def test_a_compressed_body_is_refused_wherever_there_is_one(link: Link, call: str) -> None:
    path = f"{link.path}/{call}"
    reply = link.client.call("POST", path, body=gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})
    reply.expect(415, "content_encoding_not_allowed")


def test_a_chunk_of_the_largest_size_is_taken_and_one_byte_more_is_not(link: Link) -> None:
    data = content(16 * MIB + 1)
    upload_id = link.opened("a.bin", len(data))
    refused = link.chunk(upload_id, 0, data, len(data)).expect(413, "chunk_too_large")
    assert 16 * MIB in refused.json.values()
    assert_nothing_kept(link, upload_id)
    link.chunk(upload_id, 0, memoryview(data)[: 16 * MIB], len(data)).expect(200)
    link.chunk(upload_id, 16 * MIB, data[16 * MIB :], len(data)).expect(200)
    assert (link.disk / "a.bin").read_bytes() == data


def test_the_declared_hash_of_the_whole_file_is_checked(link: Link) -> None:
    good = link.opened("good.txt", 10, sha256=hashlib.sha256(TEN).hexdigest())
    assert link.chunk(good, 0, TEN, 10).expect(200).json["complete"] is True
    bad = link.opened("bad.txt", 10, sha256=hashlib.sha256(b"other").hexdigest())
    reply = link.chunk(bad, 0, TEN, 10)
    assert reply.status >= 400, "a file that is not what was declared is never called complete"
    assert sorted(files_below(link.disk)) == ["good.txt"]


FIRST = {"X-Upload-Offset": "0", "X-Upload-Length": "10"}


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ({"X-Upload-Name": "%C3%A4%20b.txt"}, "ä b.txt"),
        ({"X-Upload-Path": "dir/%E6%97%A5%E6%9C%AC.txt"}, "dir/日本.txt"),
        ({"X-Upload-Path": "dir%2Fsub%2Fa.txt"}, "dir/sub/a.txt"),
        ({"X-Upload-Path": "dir/a.txt", "X-Upload-Name": "other.txt"}, "dir/a.txt"),
        ({"X-Upload-Name": "100%25%2B.txt"}, "100%+.txt"),
        ({"X-Upload-Name": "a+b.txt"}, "a+b.txt"),
    ],
)
def test_a_first_chunk_without_an_id_opens_an_upload(link: Link, name: dict[str, str], path: str) -> None:
    reply = link.raw_chunk({**FIRST, **name}, TEN[:4]).expect(200).json
    assert (reply["complete"], reply["received_bytes"], reply["missing_ranges"]) == (False, 4, [[4, 9]])
    done = link.chunk(reply["upload_id"], 4, TEN[4:], 10).expect(200).json
    assert (done["complete"], done["path"]) == (True, path)
    assert (link.disk / path).read_bytes() == TEN


def test_a_whole_file_may_come_as_its_first_chunk(link: Link) -> None:
    reply = link.raw_chunk({"Content-Range": "bytes 0-9/10", "X-Upload-Name": "a.txt"}, TEN).expect(200).json
    assert (reply["complete"], reply["path"], reply["size"]) == (True, "a.txt", 10)
    assert (link.disk / "a.txt").read_bytes() == TEN


def test_an_empty_file_may_come_as_its_first_chunk(link: Link) -> None:
    headers = {"X-Upload-Offset": "0", "X-Upload-Length": "0", "X-Upload-Name": "empty.txt"}
    assert link.raw_chunk(headers, b"").expect(200).json["complete"] is True
    assert (link.disk / "empty.txt").read_bytes() == b""


def test_a_first_chunk_without_a_name_is_refused(link: Link) -> None:
    reply = link.raw_chunk(FIRST, TEN)
    assert (reply.status, reply.code in ("invalid_path", "invalid_request")) == (400, True), reply.body


@pytest.mark.parametrize("name", ["..%2F..%2Fx", "%2Fetc%2Fpasswd", "a%00b", "%ED%A0%80", "%FF", "", "..", "a%2F%2Fb"])
def test_a_first_chunk_with_an_impossible_name_is_refused(link: Link, name: str) -> None:
    link.raw_chunk({**FIRST, "X-Upload-Path": name}, TEN).expect(400, "invalid_path")
    assert files_below(link.disk) == {}


def test_a_later_chunk_without_an_id_is_told_to_wait_for_it(link: Link) -> None:
    headers = {"X-Upload-Offset": "5", "X-Upload-Length": "10", "X-Upload-Name": "a.txt"}
    link.raw_chunk(headers, TEN[5:]).expect(409, "upload_not_opened")


def test_chunks_go_by_the_key_of_their_upload_before_anybody_knows_its_id(link: Link) -> None:
    key = secrets.token_urlsafe(24)
    by_key = [{"Content-Range": place, "X-Upload-Key": key} for place in ("bytes 0-4/10", "bytes 5-9/10")]
    for headers in by_key:
        link.raw_chunk(headers, TEN[:5]).expect(409, "upload_not_opened")
    upload_id = link.open("a.txt", 10, key=key).expect(201).json["upload_id"]
    first, last = [
        link.raw_chunk(headers, TEN[at : at + 5]).expect(200).json for headers, at in zip(by_key, (0, 5), strict=True)
    ]
    assert (first["upload_id"], first["complete"]) == (upload_id, False)
    assert (last["upload_id"], last["complete"], last["path"]) == (upload_id, True, "a.txt")
    assert (link.disk / "a.txt").read_bytes() == TEN
    link.raw_chunk(by_key[1], b"other").expect(409, "chunk_conflict")


def test_all_of_a_file_may_go_by_the_key_of_its_upload(link: Link) -> None:
    key = secrets.token_urlsafe(24)
    upload_id = link.open("a.txt", 10, key=key).expect(201).json["upload_id"]
    reply = link.raw_chunk({"Content-Range": "bytes 0-9/10", "X-Upload-Key": key}, TEN).expect(200).json
    assert (reply["upload_id"], reply["complete"]) == (upload_id, True)


def test_a_key_leads_to_uploads_of_its_own_link_alone(client: Client, link: Link) -> None:
    key = secrets.token_urlsafe(24)
    link.open("a.txt", 10, key=key).expect(201)
    chunk = {"Content-Range": "bytes 5-9/10", "X-Upload-Key": key}
    client.make_link().raw_chunk(chunk, TEN[5:]).expect(409, "upload_not_opened")
    link.raw_chunk({**chunk, "X-Upload-Key": key[:-1] + "~"}, TEN[5:]).expect(400, "invalid_request")
    link.raw_chunk({**chunk, "Content-Range": "bytes 5-9/11"}, TEN[5:]).expect(400, "size_mismatch")
    link.close()
    link.raw_chunk(chunk, TEN[5:]).expect(410, "request_closed")


@pytest.mark.parametrize("seed", range(3))
def test_a_client_that_fires_its_first_burst_without_an_id_completes(link: Link, seed: int) -> None:
    data = content(8 * 50_000, seed)
    pieces = list(enumerate(spans(len(data), 50_000)))
    random.Random(seed).shuffle(pieces)

    def headers(index: int, start: int, stop: int) -> dict[str, str]:
        return {
            "X-Upload-Offset": str(start),
            "X-Upload-End": str(stop - 1),
            "X-Upload-Length": str(len(data)),
            "X-Chunk-Index": str(index),
            "X-Upload-Path": "burst.bin",
        }

    def fire(piece: tuple[int, tuple[int, int]]) -> tuple[tuple[int, tuple[int, int]], int, str | None, str | None]:
        index, (start, stop) = piece
        reply = link.raw_chunk(headers(index, start, stop), data[start:stop])
        return piece, reply.status, reply.code, reply.json.get("upload_id")

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(fire, pieces))
    ids = {upload_id for _, status, _, upload_id in results if status == 200}
    assert len(ids) == 1, "exactly one upload was opened"
    upload_id = ids.pop()
    assert upload_id
    refused = [piece for piece, status, _, _ in results if status != 200]
    assert {(status, code) for _, status, code, _ in results} == {(200, None), (409, "upload_not_opened")}
    assert len(refused) == 7
    with ThreadPoolExecutor(8) as pool:
        again = list(
            pool.map(
                lambda p: link.raw_chunk({**headers(p[0], *p[1]), "X-Upload-Id": upload_id}, data[p[1][0] : p[1][1]]),
                refused,
            )
        )
    assert {reply.status for reply in again} == {200}
    assert link.status(upload_id).json["complete"] is True
    assert (link.disk / "burst.bin").read_bytes() == data
    assert list(files_below(link.disk)) == ["burst.bin"]
