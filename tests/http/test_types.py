"""Types: the name is judged at opening, the content as soon as its head is there, whenever that is."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from tests.support.client import Client, Link
from tests.support.files import HTML, JPEG, PNG, content, files_below, linux_program, windows_program

PROGRAMS = {"pe": windows_program(), "elf": linux_program(), "html": HTML}


@pytest.fixture
def photos(client: Client) -> Link:
    return client.make_link(allowed_extensions=[".JPG", "png", "mov"])


@pytest.mark.parametrize("name", ["a.exe", "a", "jpg", ".jpg", "a.jpg.exe", "a.jpg ", "a.jpg.", "a.jpegs", "a/b.gif"])
def test_an_extension_the_link_does_not_name_is_refused_at_opening(photos: Link, name: str) -> None:
    refused = photos.open(name, 10).expect(415, "type_not_allowed")
    assert "jpg" in refused.json["error"] or "jpg" in str(refused.json)


@pytest.mark.parametrize("name", ["a.jpg", "a.JPG", "a.tar.jPg", "dir/ä.png", "a.jpeg", "a.JFIF"])
def test_an_extension_the_link_names_is_taken_in_any_case(photos: Link, name: str) -> None:
    photos.open(name, 10).expect(201)


def test_the_first_chunk_way_in_judges_the_extension_too(photos: Link) -> None:
    headers = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Name": "a.exe"}
    photos.raw_chunk(headers, b"a").expect(415, "type_not_allowed")


@pytest.mark.parametrize("head", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.parametrize("order", ["head first", "head last", "whole", "tiny chunks", "tiny chunks backwards"])
def test_a_file_that_is_not_what_it_is_called_is_never_delivered(photos: Link, head: bytes, order: str) -> None:
    # Text is told by all of it, so what follows a page is a page.
    rest = HTML * 60 if head == HTML else content(20_000)
    data = head + rest
    if "tiny" in order:
        # Each byte of the head by itself; the rest of the file is one chunk.
        data = head + rest[:2000]
        cuts = [(n, n + 1) for n in range(12)] + [(12, len(data))]
        cuts = cuts[::-1] if "backwards" in order else cuts
    elif order == "whole":
        cuts = [(0, len(data))]
    else:
        cuts = [(0, 9000), (9000, 15_000), (15_000, len(data))]
        cuts = cuts[::-1] if order == "head last" else cuts
    upload_id = photos.opened("photo.jpg", len(data))
    replies = [photos.chunk(upload_id, start, data[start:stop], len(data)) for start, stop in cuts]
    refused = [reply for reply in replies if reply.status != 200]
    assert refused, "nobody objected"
    assert {(reply.status, reply.code) for reply in refused} == {(415, "type_not_allowed")}
    assert not any(reply.status == 200 and reply.json["complete"] for reply in replies)
    assert files_below(photos.disk) == {}
    assert photos.files() == []


def test_the_head_is_judged_when_it_arrives_and_not_at_the_end(photos: Link) -> None:
    data = windows_program() + content(40_000)
    upload_id = photos.opened("photo.jpg", len(data))
    photos.chunk(upload_id, 0, data[:10_000], len(data)).expect(415, "type_not_allowed")
    photos.chunk(upload_id, 10_000, data[10_000:], len(data)).expect(415, "type_not_allowed")
    status = photos.status(upload_id)
    assert status.status != 200 or status.json["complete"] is False


def test_a_refused_upload_gives_its_place_back(client: Client) -> None:
    link = client.make_link(allowed_extensions=["jpg"], max_files=1, max_total_size=50_000)
    data = windows_program() + content(40_000)
    upload_id = link.opened("photo.jpg", len(data))
    link.chunk(upload_id, 0, data, len(data)).expect(415, "type_not_allowed")
    link.deliver("photo.jpg", JPEG + content(40_000))


@pytest.mark.parametrize("given", ["tar.gz;nii.gz jpg", ["tar.gz;nii.gz", ".JPG"], "*.tar.gz, .nii.gz,jpg"])
def test_extensions_of_several_parts_and_in_any_list(client: Client, given: Any) -> None:
    link = client.make_link(allowed_extensions=given)
    told = link.info().json["allowed_extensions"]
    assert told == ["tar.gz", "tgz", "nii.gz", "jpg", "jpeg", "jpe", "jfif"]
    for name in ("backup.tar.gz", "Scan.NII.GZ", "a.b.tar.gz", "backup.tgz"):
        link.open(name, 10).expect(201)
    for name in ("a.gz", ".tar.gz", "tar.gz", "a.tar", "a.tar.gz.exe", "atar.gz"):
        link.open(name, 10).expect(415, "type_not_allowed")


GENUINE = {
    "l.svgz": gzip.compress(b'<svg xmlns="http://www.w3.org/2000/svg"/>'),
    "d.dxf": b"  0\nSECTION\n  2\nHEADER\n",
    "fw.bin": windows_program(),
    "mod.pyd": windows_program(),
    "disk.img": linux_program(),
    "i.zsh": b"#!/bin/zsh\n",
    "i.cgi": b"#!/bin/sh\n",
    "scene.hdr": b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n",
    "film.rm": b".RMF\0\0\0\x12\0\1",
    "photo.jpeg": PNG,
}


@pytest.mark.parametrize("name", GENUINE)
def test_an_extension_of_which_nothing_is_known_is_the_owners_word(client: Client, name: str) -> None:
    link = client.make_link(allowed_extensions=name.rpartition(".")[2])
    link.deliver(name, GENUINE[name])
    assert (link.disk / name).read_bytes() == GENUINE[name]


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.zip", "a.tar.gz", "a.mp4", "a.nef", "a.txt"])
@pytest.mark.parametrize("program", [windows_program(), linux_program(), b"#!/bin/sh\nexit\n"])
def test_a_program_that_is_called_something_else_stays_refused(client: Client, name: str, program: bytes) -> None:
    link = client.make_link(allowed_extensions=name.rpartition(".")[2])
    upload = link.opened(name, len(program))
    link.chunk(upload, 0, program, len(program)).expect(415, "type_not_allowed")


def test_types_are_not_read_from_the_machine() -> None:
    policy = Path(__file__).parents[2] / "media-server" / "app"
    assert not [
        each for each in policy.rglob("*.py") if "mimetypes" in each.read_text() and "guess" in each.read_text()
    ]


GOOD: list[tuple[str, bytes]] = [("a.jpg", JPEG), ("b.png", PNG)]


@pytest.mark.parametrize(("name", "head"), GOOD)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_file_that_is_what_it_is_called_is_delivered(photos: Link, name: str, head: bytes, backwards: bool) -> None:
    data = head + content(20_000)
    upload_id = photos.opened(name, len(data))
    cuts = [(0, 1), (1, 2), (2, 5000), (5000, len(data))]
    replies = [photos.chunk(upload_id, a, data[a:b], len(data)) for a, b in (cuts[::-1] if backwards else cuts)]
    assert replies[-1].expect(200).json["complete"] is True
    assert (photos.disk / name).read_bytes() == data


@pytest.mark.parametrize("size", [1, 20, 97])
def test_a_tiny_file_is_judged_by_the_little_there_is(photos: Link, size: int) -> None:
    upload_id = photos.opened("photo.jpg", size)
    reply: Any = photos.chunk(upload_id, 0, JPEG[:size], size).expect(200).json
    assert reply["complete"] is True


def test_a_link_that_takes_everything_takes_a_program(link: Link) -> None:
    data = windows_program()
    link.deliver("setup.exe", data)
    link.deliver("odd.jpg", data)
    assert (link.disk / "odd.jpg").read_bytes() == data
