"""An owner looks at received files: pictures that this server makes, and bytes of types that it has found, none of which can act."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support import documents
from tests.support.client import Client, Link, Reply
from tests.support.files import content, eventually
from tests.support.pictures import HARMFUL, PAGE, SVG, box, film, picture, shown

POLICY = "sandbox; default-src 'none'; frame-ancestors 'none'"


def look(link: Link, upload_id: str, what: str = "", method: str = "GET", **headers: str) -> Reply:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return link.client.call(method, f"{link.path}/looks/{upload_id}{what}", owner=True, headers=sent)


def delivered(link: Link, name: str, data: bytes) -> str:
    upload_id: str = link.deliver(name, data)["upload_id"]
    return upload_id


def powerless(reply: Reply) -> Reply:
    """Itself, where nothing in it can act, whoever opens it."""
    assert reply.headers["Content-Security-Policy"] == POLICY
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert reply.headers["Cache-Control"] == "private, no-cache"
    assert reply.headers["Content-Disposition"].startswith("inline")
    return reply


def previews(server: Any) -> list[Path]:
    # Folders come and go while one looks.
    return [Path(folder, name) for folder, _, names in os.walk(server.data_dir / "previews") for name in names]


def test_a_picture_is_made_once_and_lies_in_the_owners_browser(way_in: Client) -> None:
    link = way_in.make_link()
    # A name that says nothing, in a folder that is called as the call is.
    upload_id = delivered(link, "looks/picture", picture("JPEG", (900, 600)))
    assert look(link, upload_id).expect(200).json == {
        "look": "picture",
        "type": "image/jpeg",
        "pages": 1,
        "reason": None,
        "problem": None,
    }
    sizes = {}
    for size in (160, 480, 1600):
        reply = powerless(look(link, upload_id, f"/picture?size={size}").expect(200))
        assert reply.headers["Content-Type"] == "image/webp"
        sizes[size] = max(shown(reply.body).size)
        again = look(link, upload_id, f"/picture?size={size}", If_None_Match=reply.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
        assert again.headers["Cache-Control"] == "private, no-cache"
        assert look(link, upload_id, f"/picture?size={size}").body == reply.body
        assert not reply.headers["ETag"].startswith("W/")
    assert sizes == {160: 160, 480: 480, 1600: 900}
    head = look(link, upload_id, "/picture", "HEAD").expect(200)
    assert (head.body, head.headers["Content-Type"]) == (b"", "image/webp")


@pytest.mark.parametrize("query", ["size=161", "size=0", "size=x", "size=", "page=0", "page=501", "page=x", "size=²"])
def test_there_are_few_sizes_so_that_nobody_fills_a_disk_with_them(link: Link, query: str) -> None:
    upload_id = delivered(link, "a.png", picture())
    look(link, upload_id, f"/picture?{query}").expect(400, "invalid_request")


def test_none_but_the_owner_looks(link: Link) -> None:
    upload_id = delivered(link, "a.png", picture())
    for what in ("", "/picture", "/content"):
        link.client.call("GET", f"{link.path}/looks/{upload_id}{what}").expect(401, "unauthorized")
        other = link.client.make_link()
        look(other, upload_id, what).expect(404, "file_not_found")
        assert look(link, "../../etc/passwd", what).status == 404
        look(link, "none", what).expect(404, "file_not_found")


def test_a_document_is_looked_at_page_by_page(link: Link) -> None:
    upload_id = delivered(link, "letter", documents.pdf("One page", "Another"))
    found = look(link, upload_id).expect(200).json
    assert (found["look"], found["type"], found["pages"]) == ("pages", "", 2)
    second = powerless(look(link, upload_id, "/picture?size=480&page=2").expect(200))
    assert max(shown(second.body).size) == 480
    missing = look(link, upload_id, "/picture?page=3").expect(404, "no_picture")
    assert missing.json["reason"] == "no_page"
    # Not by the browser's own viewer, which runs what is in it.
    look(link, upload_id, "/content").expect(404, "no_picture")


def test_films_and_sounds_are_played_from_any_place(way_in: Client, tmp_path: Path) -> None:
    if shutil.which("ffmpeg") is None:
        pytest.fail("This test needs ffmpeg: scripts/system-parts ffmpeg")
    link = way_in.make_link()
    data = film(tmp_path / "film.mp4")
    upload_id = delivered(link, "film.txt", data)
    assert look(link, upload_id).expect(200).json["look"] == "video"
    whole = powerless(look(link, upload_id, "/content").expect(200))
    assert (whole.headers["Content-Type"], whole.headers["Accept-Ranges"]) == ("video/mp4", "bytes")
    assert whole.body == data
    part = powerless(look(link, upload_id, "/content", Range="bytes=100-199"))
    assert (part.status, part.body) == (206, data[100:200])
    assert part.headers["Content-Type"] == "video/mp4"
    frame = powerless(look(link, upload_id, "/picture").expect(200))
    assert shown(frame.body).size == (160, 120)
    sound = delivered(link, "sound", b"ID3\x04" + content(1000, 1))
    assert look(link, sound).expect(200).json["look"] == "audio"
    assert look(link, sound, "/content").expect(200).headers["Content-Type"] == "audio/mpeg"
    assert look(link, sound, "/picture").expect(404, "no_picture").json["reason"] == "unsupported"


HOSTILE = {
    "a page named as a photo.jpg": PAGE,
    "drawing.svg": SVG,
    "page.html": PAGE,
    "script.js": b"alert(1)",
    "text first.png": b"GIF89a/*" + PAGE,
    "marked.txt": b"\xef\xbb\xbf" + PAGE,
    "wide.html": PAGE.decode().encode("utf-16"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_browser_could_run_is_text_and_nothing_else(way_in: Client, name: str) -> None:
    link = way_in.make_link()
    upload_id = delivered(link, name, HOSTILE[name])
    found = look(link, upload_id).expect(200).json
    assert (found["look"], found["type"]) == ("text", "text/plain")
    reply = powerless(look(link, upload_id, "/content").expect(200))
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    look(link, upload_id, "/picture").expect(404, "no_picture")


def test_a_picture_that_is_a_page_as_well_is_only_a_picture(way_in: Client) -> None:
    link = way_in.make_link()
    upload_id = delivered(link, "both.html", picture("GIF") + PAGE)
    reply = powerless(look(link, upload_id, "/content").expect(200))
    assert reply.headers["Content-Type"] == "image/gif"
    drawn = powerless(look(link, upload_id, "/picture").expect(200))
    assert b"<script" not in drawn.body


@pytest.mark.parametrize("name", [name for name in HARMFUL if name != "is huge.png"])
def test_a_harmful_file_gets_a_reason_that_is_remembered(client: Client, server: Any, name: str) -> None:
    link = client.make_link()
    upload_id = delivered(link, name, HARMFUL[name]())
    before = set(previews(server))
    reply = look(link, upload_id, "/picture").expect(404, "no_picture")
    assert reply.json["reason"] in ("damaged", "too_large", "time")
    assert reply.json["error"].endswith(".")
    kept = set(previews(server)) - before
    assert len(kept) == 1
    assert b'"why"' in kept.pop().read_bytes()
    assert look(link, upload_id, "/picture").json == reply.json


def test_what_there_is_no_picture_of_says_so(link: Link) -> None:
    upload_id = delivered(link, "a.zip", b"PK\x03\x04" + bytes(100))
    found = look(link, upload_id).expect(200).json
    assert (found["look"], found["reason"]) == ("none", "unsupported")
    assert "Download" in found["problem"]
    for what in ("/picture", "/content"):
        assert look(link, upload_id, what).expect(404, "no_picture").json["reason"] == "unsupported"
    empty = delivered(link, "empty", b"")
    assert look(link, empty).expect(200).json["look"] == "none"
    noise = delivered(link, "broken.pdf", b"%PDF-1.7\n" + content(400, 2))
    assert look(link, noise).expect(200).json["reason"] == "damaged"


def test_of_a_long_text_the_beginning_is_shown_in_any_encoding(link: Link) -> None:
    long = delivered(link, "long.txt", "ü".encode() * 200_000)
    assert look(link, long, "/content").expect(200).body.decode() == "ü" * 131_072
    old = delivered(link, "old.txt", "Grüße".encode("cp1252"))
    assert look(link, old, "/content").expect(200).body.decode() == "Grüße"


def test_pictures_go_with_their_file_and_with_their_link(client: Client, server: Any) -> None:
    link = client.make_link()
    before = set(previews(server))
    ids = [delivered(link, name, picture(size=(200, 100))) for name in ("a.png", "b.png", "c.png")]
    for upload_id in ids:
        look(link, upload_id, "/picture").expect(200)
    ours = set(previews(server)) - before
    assert len(ours) == 3
    client.call("DELETE", f"{link.path}/files/a.png", owner=True).expect(200)
    eventually(lambda: len(ours & set(previews(server))) == 2, seconds=30, what="a picture less")
    look(link, ids[0], "/picture").expect(404, "file_not_found")
    client.call("POST", f"{link.path}/bin/{ids[0]}/restore", owner=True).expect(200)
    look(link, ids[0], "/picture").expect(200)
    client.call("DELETE", link.path, owner=True).expect(204)
    client.call("DELETE", f"{link.path}?forget=true", owner=True).expect(204)
    eventually(lambda: not set(previews(server)) - before, seconds=30, what="none of the link's pictures")


def test_a_file_that_its_owner_changed_is_drawn_anew(link: Link) -> None:
    upload_id = delivered(link, "a.png", picture(size=(200, 100)))
    first = look(link, upload_id, "/picture").expect(200)
    (link.disk / "a.png").write_bytes(picture(size=(100, 200)))
    second = look(link, upload_id, "/picture", If_None_Match=first.headers["ETag"]).expect(200)
    assert (shown(first.body).size, shown(second.body).size) == ((160, 80), (80, 160))
    (link.disk / "a.png").unlink()
    (link.disk / "a.png").symlink_to("/etc/passwd")
    for what in ("", "/picture", "/content"):
        look(link, upload_id, what).expect(404, "file_not_found")


def test_a_name_that_deceives_stays_one_header(way_in: Client) -> None:
    link = way_in.make_link()
    upload_id = delivered(link, "line\nbreak\r\nX-Evil: 1.mp4", box(b"isom", bytes(100)))
    reply = powerless(look(link, upload_id, "/content").expect(200))
    assert "X-Evil" not in reply.headers
