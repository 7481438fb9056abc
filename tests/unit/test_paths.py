"""A path from a stranger stays below its folder, keeps its name for people, and is safe on any disk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidPath
from app.core.paths import MAX_COMPONENT_BYTES, RelPath, disk_name, extension, numbered

NAMES = st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1, max_size=300)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "/etc/passwd",
        "..",
        "a/../b",
        "../a",
        "a/..",
        ".",
        "a/./b",
        "a//b",
        "a/",
        "a\x00b",
        "\ud800",
        "x" * 256,
        "é" * 256,
        "🎞" * 128,
        "/".join("a" * 65),
    ],
)
def test_what_is_not_plainly_below_a_folder_is_refused(text):
    with pytest.raises(InvalidPath):
        RelPath.parse(text)


@pytest.mark.parametrize(
    "text", ["a", "a/b/c.txt", "日本語.txt", "é" * 255, "🎞" * 127, "...", ".bashrc", "a b", "-rf", "/".join("a" * 64)]
)
def test_a_plain_relative_path_is_kept_as_it_is(text):
    assert str(RelPath.parse(text)) == text


@given(NAMES)
def test_a_disk_name_never_leaves_its_folder_and_always_fits(name):
    made = disk_name(name)
    assert made not in ("", ".", "..")
    assert "/" not in made
    assert "\\" not in made
    assert "\x00" not in made
    assert len(made.encode()) <= MAX_COMPONENT_BYTES


@pytest.mark.parametrize(
    "name", ["report.pdf", "日本語.txt", "Ünïcödé (1).JPG", "no extension", ".hidden", "100%.txt", "a" * 255]
)
def test_a_harmless_name_is_the_same_on_disk(name):
    assert disk_name(name) == name


@pytest.mark.parametrize(
    ("name", "on_disk"),
    [
        ("a\\b.txt", "a%5Cb.txt"),
        ("..\\..\\evil", "..%5C..%5Cevil"),
        ("file.txt:stream", "file.txt%3Astream"),
        ("exe\u202egpj.exe", "exe%E2%80%AEgpj.exe"),
        ("line\nbreak", "line%0Abreak"),
        ("CON", "CO%4E"),
        ("con.txt", "co%6E.txt"),
        ("LPT1 .tar.gz", "LPT%31 .tar.gz"),
        ("console.txt", "console.txt"),
        ("trailing.", "trailing%2E"),
        ("trailing ", "trailing%20"),
    ],
)
def test_a_dangerous_name_is_encoded_on_disk(name, on_disk):
    assert disk_name(name) == on_disk


@given(NAMES, st.integers(1, 10_000))
def test_a_numbered_name_fits_and_differs(name, number):
    made = numbered(disk_name(name), number)
    assert len(made.encode()) <= MAX_COMPONENT_BYTES
    assert made != disk_name(name)


def test_the_number_stands_before_the_extension():
    assert numbered("photo.jpg", 1) == "photo (1).jpg"
    assert numbered("photo", 2) == "photo (2)"
    assert numbered(".bashrc", 1) == ".bashrc (1)"
    assert numbered("photo.jpg", 0) == "photo.jpg"


def test_a_name_of_255_bytes_gives_way_to_its_number_but_keeps_its_extension():
    made = numbered("é" * 125 + "x.jpg", 12)
    assert made.endswith(" (12).jpg")
    assert len(made.encode()) <= 255


@pytest.mark.parametrize(
    ("name", "found"), [("a.JPG", "jpg"), ("a.tar.gz", "gz"), ("a", ""), (".bashrc", ""), ("a.", "")]
)
def test_the_extension_is_the_last_one_in_lower_case(name, found):
    assert extension(name) == found
