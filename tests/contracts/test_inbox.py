"""What every Inbox on local disk promises."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import InvalidPath
from app.core.paths import RelPath
from app.storage.disk.inbox import LocalInbox

FOLDER = RelPath.parse("in/box")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def inbox(root: Path) -> LocalInbox:
    return LocalInbox(root)


def source(tmp_path: Path, content: str, name: str = "data") -> Path:
    path = tmp_path / name
    path.write_text(content)
    return path


def deliver(inbox, tmp_path, path: str, content: str = "x"):
    growing = source(tmp_path, content)
    delivery = inbox.deliver(FOLDER, RelPath.parse(path), growing)
    inbox.flush(FOLDER, delivery)
    growing.unlink()
    return delivery


def test_a_file_appears_under_its_path(inbox, root, tmp_path):
    delivery = deliver(inbox, tmp_path, "a/b/c.txt", "hello")
    assert delivery.path == "a/b/c.txt"
    assert (root / "in/box/a/b/c.txt").read_text() == "hello"
    assert inbox.locate(FOLDER, delivery.disk_path) == root / "in/box/a/b/c.txt"


def test_a_second_file_of_one_name_is_numbered_and_the_first_stays(inbox, root, tmp_path):
    made = [deliver(inbox, tmp_path, "c.txt", str(n)).path for n in range(3)]
    assert made == ["c.txt", "c (1).txt", "c (2).txt"]
    assert (root / "in/box/c.txt").read_text() == "0"


def test_delivering_again_finds_its_own_work(inbox, root, tmp_path):
    deliver(inbox, tmp_path, "c.txt", "other")
    growing = source(tmp_path, "x")
    first = inbox.deliver(FOLDER, RelPath.parse("c.txt"), growing)
    assert inbox.deliver(FOLDER, RelPath.parse("c.txt"), growing) == first
    assert len(list((root / "in/box").iterdir())) == 2


def test_a_gap_among_the_first_numbers_is_filled(inbox, root, tmp_path):
    for _ in range(8):
        deliver(inbox, tmp_path, "c.txt")
    (root / "in/box/c (3).txt").unlink()
    assert [deliver(inbox, tmp_path, "c.txt").path for _ in range(2)] == ["c (3).txt", "c (8).txt"]


def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that are looked at or taken from now on."""
    seen: list[str] = []

    def counting(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            seen.append(name)
            return call(*args, **options)

        return counted

    for name in ("stat", "link", "open", "mkdir"):
        monkeypatch.setattr(os, name, counting(getattr(os, name), name))
    return seen


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_number_costs_a_few_looks_however_many_have_the_name(inbox, root, tmp_path, monkeypatch, kind):
    box = root / "in/box"
    box.mkdir(parents=True)
    content = source(tmp_path, "x", "planted")
    os.link(content, box / "c")
    for number in range(1, 3000):
        os.link(content, box / f"c ({number})")
    path = "c" if kind == "file" else "c/d"
    seen = looks(monkeypatch)
    assert deliver(inbox, tmp_path, path).path == path.replace("c", "c (3000)")
    assert len(seen) < 80, seen


def test_numbers_that_somebody_planted_lead_nowhere_and_cost_little(inbox, root, tmp_path, monkeypatch):
    box = root / "in/box"
    box.mkdir(parents=True)
    content = source(tmp_path, "x", "planted")
    for number in {0, *range(1, 17), *(2**power for power in range(5, 70))}:
        os.link(content, box / (f"c ({number}).txt" if number else "c.txt"))
    seen = looks(monkeypatch)
    made = {deliver(inbox, tmp_path, "c.txt").path for _ in range(3)}
    assert len(made) == 3
    assert len(seen) < 600


def test_a_folder_that_went_round_files_is_found_again_after_more_of_them(inbox, tmp_path):
    for _ in range(5):
        deliver(inbox, tmp_path, "d")
    first = deliver(inbox, tmp_path, "d/x").path
    for _ in range(20):
        deliver(inbox, tmp_path, "d")
    assert first == "d (5)/x"
    assert deliver(inbox, tmp_path, "d/y").path == "d (5)/y"


@pytest.mark.parametrize("name", ["c.txt", "c", "c (5).txt", "d (1).e (2)", f"x (5).{'e' * 40}", "n" * 255])
def test_interrupted_work_is_found_among_many_whatever_went_since(inbox, root, tmp_path, name):
    for _ in range(30):
        deliver(inbox, tmp_path, name)
    growing = source(tmp_path, "mine")
    first = inbox.deliver(FOLDER, RelPath.parse(name), growing)
    for number, planted in enumerate(sorted((root / "in/box").iterdir())):
        if number % 2 and not planted.samefile(growing):
            planted.unlink()
    assert inbox.deliver(FOLDER, RelPath.parse(name), growing) == first
    assert inbox.find(FOLDER, RelPath.parse(name), first.file_identity) == first
    assert inbox.find(FOLDER, RelPath.parse(f"{name[:9]}x"), first.file_identity) is None
    growing.write_text("changed")
    assert inbox.find(FOLDER, RelPath.parse(name), first.file_identity) is None


def test_names_equal_but_for_case_or_normal_form_are_different_files(inbox, tmp_path):
    names = ["a.txt", "A.TXT", "é.txt", "e\u0301.txt"]
    assert [deliver(inbox, tmp_path, name, name).path for name in names] == names
    assert inbox.locate(FOLDER, "e\u0301.txt").read_text() == "e\u0301.txt"


def test_a_file_where_a_folder_is_wanted_does_not_stop_the_folder(inbox, root, tmp_path):
    deliver(inbox, tmp_path, "a")
    assert deliver(inbox, tmp_path, "a/b.txt").path == "a (1)/b.txt"
    assert deliver(inbox, tmp_path, "a/c.txt").path == "a (1)/c.txt"


def test_a_folder_where_a_file_is_wanted_does_not_stop_the_file(inbox, tmp_path):
    deliver(inbox, tmp_path, "a/b.txt")
    assert deliver(inbox, tmp_path, "a").path == "a (1)"


def test_a_planted_link_is_never_followed(inbox, root, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "in/box").mkdir(parents=True)
    (root / "in/box/way-out").symlink_to(outside)
    (root / "in/box/c.txt").symlink_to(outside / "target")
    assert deliver(inbox, tmp_path, "way-out/x.txt").path == "way-out (1)/x.txt"
    assert deliver(inbox, tmp_path, "c.txt").path == "c (1).txt"
    assert list(outside.iterdir()) == []
    for path in ("c.txt", "way-out/x.txt"):
        with pytest.raises(FileNotFoundError):
            inbox.locate(FOLDER, path)


def test_a_hard_link_that_was_put_in_a_files_place_is_not_taken_for_it(inbox, root, tmp_path):
    delivery = deliver(inbox, tmp_path, "c.txt")
    place = inbox.locate(FOLDER, delivery.disk_path, delivery.file_identity)
    (root / "copy of c.txt").hardlink_to(place)
    assert inbox.locate(FOLDER, delivery.disk_path, delivery.file_identity) == place, "a backup by hard links"
    (tmp_path / "secret").write_text("of somebody else")
    place.unlink()
    place.hardlink_to(tmp_path / "secret")
    with pytest.raises(FileNotFoundError):
        inbox.locate(FOLDER, delivery.disk_path, delivery.file_identity)
    place.unlink()
    place.write_text("put there by the owner")
    assert inbox.locate(FOLDER, delivery.disk_path, delivery.file_identity) == place


@pytest.mark.parametrize("path", ["missing", "missing/x", "a"])
def test_what_is_no_file_cannot_be_located(inbox, root, path):
    (root / "in/box/a").mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        inbox.locate(FOLDER, path)


@pytest.mark.parametrize("path", ["..", "a/../../..", "/etc/passwd", ""])
def test_a_path_that_leads_out_cannot_be_located(inbox, root, path):
    (root / "in/box/a").mkdir(parents=True)
    with pytest.raises(InvalidPath):
        inbox.locate(FOLDER, path)


def test_dangerous_names_are_harmless_on_disk_and_unchanged_for_people(inbox, root, tmp_path):
    delivery = deliver(inbox, tmp_path, "..\\up/CON/new\nline.txt")
    assert delivery.path == "..\\up/CON/new\nline.txt"
    assert delivery.disk_path == "..%5Cup/CO%4E/new%0Aline.txt"
    assert inbox.locate(FOLDER, delivery.disk_path).is_file()


def test_twenty_at_once_each_get_a_name_of_their_own(inbox, root, tmp_path):
    made: list[str] = []

    def one(number: int) -> None:
        growing = source(tmp_path, str(number), f"data{number}")
        made.append(inbox.deliver(FOLDER, RelPath.parse("d/c.txt"), growing).path)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20
    assert sorted(path.read_text() for path in (root / "in/box/d").iterdir()) == sorted(map(str, range(20)))


def test_the_very_file_of_a_delivery_is_removed_and_no_other(inbox, root, tmp_path):
    first = deliver(inbox, tmp_path, "d/c.txt", "one")
    assert inbox.holds(FOLDER, first.disk_path, first.file_identity)
    assert inbox.remove(FOLDER, first.disk_path, first.file_identity)
    assert not inbox.remove(FOLDER, first.disk_path, first.file_identity)
    second = deliver(inbox, tmp_path, "d/c.txt", "two")
    assert second.disk_path == first.disk_path
    assert not inbox.holds(FOLDER, first.disk_path, first.file_identity)
    assert not inbox.remove(FOLDER, first.disk_path, first.file_identity)
    assert (root / "in/box/d/c.txt").read_text() == "two"


def test_a_file_that_was_written_to_or_is_gone_is_not_the_one(inbox, root, tmp_path):
    delivery = deliver(inbox, tmp_path, "c.txt", "one")
    path = root / "in/box/c.txt"
    path.write_text("two")
    assert not inbox.remove(FOLDER, "c.txt", delivery.file_identity)
    path.unlink()
    path.mkdir()
    assert not inbox.holds(FOLDER, "c.txt", delivery.file_identity)
    assert not inbox.remove(FOLDER, "missing/c.txt", delivery.file_identity)


def test_an_empty_folder_is_made_once_and_goes_round_what_is_in_the_way(inbox, root, tmp_path):
    deliver(inbox, tmp_path, "a")
    (root / "in/box/l").symlink_to(tmp_path)
    for _ in range(2):
        assert inbox.make_folder(FOLDER, RelPath.parse("a/b")) == "a (1)/b"
        assert inbox.make_folder(FOLDER, RelPath.parse("l")) == "l (1)"
        assert inbox.make_folder(FOLDER, RelPath.parse("x\\y")) == "x\\y"
    assert sorted(each.name for each in (root / "in/box").iterdir()) == ["a", "a (1)", "l", "l (1)", "x%5Cy"]
