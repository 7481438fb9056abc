"""Pictures of strangers' files: what is drawn, what is not and why, and that nothing of the server or of the file comes along."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from PIL import ImageCms

from app.core.errors import Busy, NotInstalled
from app.core.looks import Look, PictureSize, Sort, WhyNone, sort_of, text_of
from app.core.ports.pictures import Picture, PictureKey
from app.storage.confined import process
from app.storage.disk.content import opened
from app.storage.pictures import maker as makers
from app.storage.pictures import store as stores
from app.storage.pictures.maker import ConfinedMaker, NoMaker
from app.storage.pictures.store import LocalPictures
from tests.support import documents
from tests.support.clock import Now
from tests.support.pictures import HARMFUL, PAGE, SVG, box, dot, film, noise, picture, playlist, shown, turned

FFMPEG = shutil.which("ffmpeg")


@pytest.fixture
def draw(tmp_path):
    def drawn(data: bytes, size: PictureSize = 160, page: int = 1, **options) -> Picture | WhyNone:
        path = tmp_path / "file"
        path.write_bytes(data)
        made = ConfinedMaker(lambda: None, lambda: FFMPEG, **options)
        with opened(path) as content:
            return made.make(content, sort_of(path.read_bytes()[:4096]).reader, size, page)

    return drawn


@pytest.mark.parametrize(
    ("content", "sort"),
    [
        (picture("JPEG"), Sort(Look.PICTURE, "image/jpeg", "JPEG")),
        (picture("TIFF"), Sort(Look.PICTURE, "", "TIFF")),
        (picture("BMP"), Sort(Look.PICTURE, "image/bmp", "BMP")),
        (picture("HEIF"), Sort(Look.PICTURE, "", "HEIF")),
        (picture("AVIF"), Sort(Look.PICTURE, "image/avif", "AVIF")),
        (documents.pdf("page"), Sort(Look.PAGES, "", "pdf")),
        (box(b"isom", b"\0"), Sort(Look.VIDEO, "video/mp4", "film:mov")),
        (box(b"M4A ", b"\0"), Sort(Look.AUDIO, "audio/mp4")),
        (b"ID3\x04\0", Sort(Look.AUDIO, "audio/mpeg")),
        (b"\x1aE\xdf\xa3\x9fB\x82\x84webm", Sort(Look.VIDEO, "video/webm", "film:matroska")),
        (b"OggS\0\x02\x01\x13OpusHead", Sort(Look.AUDIO, "audio/ogg")),
        (PAGE, Sort(Look.TEXT, "text/plain")),
        (SVG, Sort(Look.TEXT, "text/plain")),
        (b"\xef\xbb\xbf<svg/>", Sort(Look.TEXT, "text/plain")),
        ("日本語".encode("utf-16"), Sort(Look.TEXT, "text/plain")),
        ("naïve".encode("cp1252"), Sort(Look.TEXT, "text/plain")),
        (b"GIF89a" + PAGE, Sort(Look.TEXT, "text/plain")),
        (b"the free world", Sort(Look.TEXT, "text/plain")),
        (playlist(Path("/etc/passwd")), Sort(Look.TEXT, "text/plain")),
        (b"PK\x03\x04" + bytes(40), Sort(Look.NONE)),
        (b"\x7fELF" + bytes(40), Sort(Look.NONE)),
        (b"", Sort(Look.NONE)),
    ],
    ids=lambda value: value.type or value.look if isinstance(value, Sort) else "",
)  # fmt: skip
def test_what_a_file_is_its_own_bytes_say(content, sort):
    assert sort_of(content[:4096]) == sort


@pytest.mark.parametrize(
    ("content", "is_cut", "text"),
    [
        ("für 日本".encode(), False, "für 日本"),
        ("für 日本".encode()[:-1], True, "für 日"),
        ("für".encode("cp1252"), False, "für"),
        ("für 日本".encode("utf-16-le").join([b"\xff\xfe", b""]), False, "für 日本"),
        ("für 日本".encode("utf-16-le").join([b"\xff\xfe", b""])[:-1], True, "für 日\ufffd"),
    ],
)
def test_any_text_can_be_shown(content, is_cut, text):
    assert text_of(content, is_cut=is_cut) == text


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF"])
def test_each_kind_of_picture_is_drawn(draw, kind):
    found = draw(picture(kind))
    assert (found.type, found.pages) == ("image/webp", 1)
    assert shown(found.content).size == (160, 120)
    left, right = dot(found.content, (20, 60)), dot(found.content, (140, 60))
    assert left[0] > 150 > 100 > left[2]
    assert right[2] > 150 > 100 > right[0]


@pytest.mark.parametrize(
    ("mode", "kind", "shown_as"),
    [("P", "GIF", "RGB"), ("1", "PNG", "RGB"), ("I;16", "PNG", "RGB"), ("CMYK", "JPEG", "RGB"), ("LA", "PNG", "RGBA")],
)
def test_colours_of_all_kinds_become_those_of_screens(draw, mode, kind, shown_as):
    assert shown(draw(picture(kind, mode=mode)).content).mode == shown_as


def test_a_photo_stands_upright_and_says_nothing_of_itself(draw):
    found = draw(turned()).content
    assert shown(found).size == (120, 160)
    red, _, blue = dot(found, (60, 20))
    assert red > blue
    assert not shown(found).getexif()
    assert b"secret place" not in draw(turned(), 1600).content


def test_a_picture_in_colours_of_its_own_is_drawn_whatever_it_says_of_them(draw):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for told in (profile, b"no profile", profile[:200] + noise(300)):
        assert "icc_profile" not in shown(draw(picture("JPEG", icc_profile=told)).content).info


def test_small_pictures_stay_small(draw):
    assert shown(draw(picture(size=(20, 10)), 1600).content).size == (20, 10)


def test_each_page_of_a_document_is_drawn(draw):
    content = documents.pdf("One page", "Another")
    first, second = draw(content, 480), draw(content, 480, page=2)
    assert (first.pages, second.pages) == (2, 2)
    assert max(shown(first.content).size) == 480
    assert first.content != second.content
    assert draw(content, page=3) is WhyNone.NO_PAGE
    assert draw(documents.HARMFUL["password.pdf"]()) is WhyNone.PASSWORD


def with_ffmpeg() -> None:
    if FFMPEG is None:
        pytest.fail("This test needs ffmpeg: scripts/system-parts ffmpeg")


@pytest.mark.parametrize("kind", ["mp4", "avi"])
def test_a_frame_of_a_film_is_drawn(draw, tmp_path, kind):
    with_ffmpeg()
    found = draw(film(tmp_path / f"film.{kind}"))
    assert found.type == "image/jpeg"
    assert shown(found.content).size == (160, 120)
    assert draw(film(tmp_path / f"film.{kind}"), page=2) is WhyNone.NO_PAGE


def test_without_ffmpeg_there_is_a_reason(tmp_path):
    path = tmp_path / "film"
    path.write_bytes(b"x")
    with opened(path) as content:
        found = ConfinedMaker(lambda: None, lambda: None).make(content, "film:mov", 160, 1)
    assert found is WhyNone.NO_PROGRAM
    assert not found.stays
    assert "ffmpeg" in found.sentence


@pytest.mark.parametrize("name", HARMFUL)
def test_a_harmful_file_gets_a_reason(draw, name):
    with_ffmpeg()
    assert draw(HARMFUL[name]()) in (WhyNone.DAMAGED, WhyNone.TOO_LARGE, WhyNone.TIME)


def test_a_list_that_calls_itself_a_film_opens_no_file_of_this_machine(draw, tmp_path):
    with_ffmpeg()
    film(tmp_path / "secret.mp4")
    for content in (playlist(tmp_path / "secret.mp4"), box(b"isom", playlist(tmp_path / "secret.mp4"))):
        path = tmp_path / "list"
        path.write_bytes(content)
        with opened(path) as given:
            made = ConfinedMaker(lambda: None, lambda: FFMPEG).make(given, "film:mov", 160, 1)
        assert made is WhyNone.DAMAGED


CHILD = """
import socket, sys
tried = []
for act in (lambda: socket.socket(), lambda: open({path!r}, "w"), lambda: __import__("os").kill(1, 0)):
    try:
        act()
    except PermissionError:
        tried.append("refused")
sys.stdout.buffer.write(b"\\xff\\xd8\\xff" + " ".join(tried).encode())
"""


def test_what_becomes_another_program_keeps_no_right(tmp_path):
    program, path = tmp_path / "ffmpeg", tmp_path / "film"
    program.write_text(f"#!{sys.executable} -I\n{CHILD.format(path=str(tmp_path / 'made'))}")
    program.chmod(0o755)
    path.write_bytes(b"x")
    with opened(path) as content:
        found = ConfinedMaker(lambda: None, lambda: str(program)).make(content, "film:mov", 160, 1)
    assert found == Picture("image/jpeg", b"\xff\xd8\xffrefused refused refused", 1)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "said",
    [
        "b''",
        "b'[]'",
        'b\'{"type": "text/html", "pages": 1}\\n<script>\'',
        'b\'{"type": "image/webp", "pages": -1}\\nRIFFxxxxWEBP\'',
        'b\'{"type": "image/webp", "pages": "1"}\\nRIFFxxxxWEBP\'',
        'b\'{"why": "no such"}\'',
        "b'{' * (9 << 20)",
    ],
)
def test_who_was_taken_over_says_nothing_that_is_believed(draw, monkeypatch, said):
    monkeypatch.setattr(process, "_PROGRAM", f"import sys; sys.stdout.buffer.write({said})")
    assert draw(picture()) is WhyNone.DAMAGED


def test_a_process_that_takes_too_long_is_ended_and_a_file_that_had_no_time_is_not_to_blame(draw, monkeypatch):
    monkeypatch.setattr(process, "_PROGRAM", "import time; time.sleep(60)")
    with pytest.raises(Busy, match="no time"):
        draw(picture(), seconds=0.3)
    monkeypatch.setattr(makers, "LEAST_CPU_SECONDS", 0.0)
    assert draw(picture(), seconds=0.3) is WhyNone.TIME


@pytest.mark.parametrize(
    ("ended_by", "why"),
    [(signal.SIGXCPU, WhyNone.TIME), (signal.SIGKILL, WhyNone.TOO_LARGE), (signal.SIGSEGV, WhyNone.DAMAGED)],
)
def test_a_process_that_is_ended_says_why(draw, monkeypatch, ended_by, why):
    monkeypatch.setattr(process, "_PROGRAM", f"import os; os.kill(os.getpid(), {int(ended_by)})")
    assert draw(picture()) is why


def test_where_no_process_can_give_up_its_rights_nothing_is_drawn(draw, monkeypatch):
    monkeypatch.setattr(process, "_PROGRAM", "raise SystemExit(3)")
    with pytest.raises(Busy, match="seccomp"):
        draw(picture())


def test_a_server_without_the_extra_says_so_and_one_that_shall_not_draw_does_not(tmp_path):
    def lacks() -> None:
        raise NotInstalled()

    path = tmp_path / "file"
    path.write_bytes(picture())
    with opened(path) as content:
        with pytest.raises(NotInstalled):
            ConfinedMaker(lacks, lambda: None).make(content, "PNG", 160, 1)
        assert NoMaker().make(content, "PNG", 160, 1) is WhyNone.OFF


# What is kept.

KEY = PictureKey("link", "upload", "1", 160, 1)
FOUND = Picture("image/webp", b"RIFF....WEBP" + bytes(3000), 3)
KIB = 1024


def stored(folder: Path, most: int = 1024 * KIB, clock: Now | None = None, **options) -> LocalPictures:
    return LocalPictures(folder / "previews", most, clock or Now(), **options)


@pytest.mark.parametrize("found", [FOUND, WhyNone.DAMAGED])
def test_what_is_kept_is_found_by_every_process_until_it_is_dropped(tmp_path, found):
    kept = stored(tmp_path)
    assert kept.find(KEY) is None
    kept.keep(KEY, found)
    assert stored(tmp_path).find(KEY) == found
    others = [
        PictureKey("other", "upload", "1", 160, 1),
        PictureKey("link", "other", "1", 160, 1),
        PictureKey("link", "upload", "2", 160, 1),
        PictureKey("link", "upload", "1", 480, 1),
        PictureKey("link", "upload", "1", 160, 2),
    ]
    assert [kept.find(other) for other in others] == [None] * 5
    kept.keep(others[1], found)
    kept.drop("link", "upload")
    assert (kept.find(KEY), kept.find(others[1])) == (None, found)
    kept.drop("link")
    kept.drop("link")
    assert kept.find(others[1]) is None
    assert "link" not in "".join(map(str, tmp_path.rglob("*"))).replace(str(tmp_path), "")


def test_what_nobody_asks_for_is_let_go_where_that_has_a_time(tmp_path):
    now = Now()
    kept, others = stored(tmp_path, clock=now, longest_seconds=9_000), PictureKey("link", "other", "1", 160, 1)
    for key in (KEY, others):
        kept.keep(key, FOUND)
    now.at += 8_000
    kept.tidy()
    assert kept.find(others) == FOUND
    now.at += 8_000
    stored(tmp_path, clock=now).tidy()
    kept.tidy()
    assert (kept.find(KEY), kept.find(others)) == (None, FOUND)


def test_a_newer_version_takes_the_place_of_the_older(tmp_path):
    kept = stored(tmp_path)
    kept.keep(KEY, WhyNone.DAMAGED)
    kept.keep(PictureKey("link", "upload", "2", 160, 1), FOUND)
    assert kept.find(KEY) is None
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_nothing_half_written_is_ever_given(tmp_path):
    kept = stored(tmp_path)
    kept.keep(KEY, FOUND)
    [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
    whole = path.read_bytes()
    for broken in (b"", whole[:50], whole[:-1], whole[:-1] + b"x", whole + b"x", bytes(len(whole)), b"[]\n", b"{}\n"):
        path.write_bytes(broken)
        assert kept.find(KEY) is None
    path.write_bytes(whole)
    assert kept.find(KEY) == FOUND


def taken(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in (folder / "previews").rglob("*") if path.is_file())


def test_what_was_asked_for_least_lately_goes_and_the_bound_holds_whoever_writes(tmp_path):
    clock = Now()
    both = [stored(tmp_path, 512 * KIB, clock, processes=2) for _ in range(2)]
    wanted = PictureKey("link", "wanted", "1", 160, 1)
    both[0].keep(wanted, FOUND)
    for number in range(200):
        clock.pass_by(stores.FRESH_SECONDS + 1)
        assert both[1].find(wanted) == FOUND
        both[number % 2].keep(PictureKey("link", f"upload {number}", "1", 160, 1), FOUND)
        assert taken(tmp_path) <= 512 * KIB
    assert both[0].find(PictureKey("link", "upload 0", "1", 160, 1)) is None
    assert both[0].find(PictureKey("link", "upload 199", "1", 160, 1)) == FOUND
    # With the last picture of a file goes its folder.
    assert len(list((tmp_path / "previews").glob("*/*"))) < 100


def test_what_a_killed_process_left_half_goes_like_all_else(tmp_path):
    clock = Now()
    kept = stored(tmp_path, 256 * KIB, clock)
    kept.keep(KEY, FOUND)
    left = next((tmp_path / "previews").glob("*/*")) / ".160-1.0123456789ab"
    left.write_bytes(b"half")
    os.utime(left, (clock() - 10, clock() - 10))
    for number in range(100):
        clock.pass_by(1)
        kept.keep(PictureKey("link", f"upload {number}", "1", 160, 1), FOUND)
    assert not left.exists()


def test_where_others_need_the_disk_nothing_is_kept_and_nothing_fails(tmp_path):
    kept = stored(tmp_path, has_room=lambda: False)
    kept.keep(KEY, FOUND)
    assert kept.find(KEY) is None
    (tmp_path / "previews").write_bytes(b"in the way")
    stored(tmp_path).keep(KEY, FOUND)
    assert stored(tmp_path).find(KEY) is None


def test_the_largest_picture_is_kept_only_where_it_fits(tmp_path):
    kept = stored(tmp_path, 64 * KIB)
    kept.keep(KEY, Picture("image/webp", bytes(60 * KIB), 1))
    assert kept.find(KEY) is None
