"""What the inbox on local disk promises beyond the port: where files lie, what is planted there, what a look costs."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Busy, ChunkSizeMismatch
from app.core.paths import RelPath
from app.storage.disk.content import GrownFile
from app.storage.disk.inbox import LocalInbox
from app.storage.disk.unlinked_files import LocalUnlinkedFiles
from tests.support.files import files_below, open_below
from tests.support.memory_stores import Memory, MemorySource
from tests.support.stores import body

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
    delivery = inbox.deliver(FOLDER, RelPath.parse(path), GrownFile(growing))
    inbox.flush(FOLDER, [delivery])
    growing.unlink()
    return delivery


def test_a_file_appears_under_its_path(inbox, root, tmp_path):
    delivery = deliver(inbox, tmp_path, "a/b/c.txt", "hello")
    assert delivery.path == "a/b/c.txt"
    assert (root / "in/box/a/b/c.txt").read_text() == "hello"
    assert inbox.open(FOLDER, delivery.disk_path, None).path == root / "in/box/a/b/c.txt"


def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that this thread looks at or takes from now on."""
    seen, ours = list[str](), threading.get_ident()

    def counting(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            if threading.get_ident() == ours:
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


@pytest.mark.parametrize("name", ["c.txt", "c", "c (5).txt", "d (1).e (2)", f"x (5).{'e' * 40}", "n" * 255])
def test_interrupted_work_is_found_among_many_whatever_went_since(inbox, root, tmp_path, name):
    for _ in range(30):
        deliver(inbox, tmp_path, name)
    growing = source(tmp_path, "mine")
    first = inbox.deliver(FOLDER, RelPath.parse(name), GrownFile(growing))
    for number, planted in enumerate(sorted((root / "in/box").iterdir())):
        if number % 2 and not planted.samefile(growing):
            planted.unlink()
    assert inbox.deliver(FOLDER, RelPath.parse(name), GrownFile(growing)) == first
    assert inbox.find(FOLDER, RelPath.parse(name), first.file_identity) == first
    assert inbox.find(FOLDER, RelPath.parse(f"{name[:9]}x"), first.file_identity) is None
    growing.write_text("changed")
    assert inbox.find(FOLDER, RelPath.parse(name), first.file_identity) is None


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
            inbox.open(FOLDER, path, None)


def test_a_hard_link_that_was_put_in_a_files_place_is_not_taken_for_it(inbox, root, tmp_path):
    delivery = deliver(inbox, tmp_path, "c.txt")
    place = inbox.open(FOLDER, delivery.disk_path, delivery.file_identity).path
    (root / "copy of c.txt").hardlink_to(place)
    assert inbox.open(FOLDER, delivery.disk_path, delivery.file_identity).path == place, "a backup by hard links"
    (tmp_path / "secret").write_text("of somebody else")
    place.unlink()
    place.hardlink_to(tmp_path / "secret")
    with pytest.raises(FileNotFoundError):
        inbox.open(FOLDER, delivery.disk_path, delivery.file_identity)
    place.unlink()
    place.write_text("put there by the owner")
    assert inbox.open(FOLDER, delivery.disk_path, delivery.file_identity).path == place


def test_a_folder_that_its_owner_keeps_from_us_is_trouble_that_may_pass(inbox, tmp_path, monkeypatch):
    delivery = deliver(inbox, tmp_path, "mine/c.txt")
    opened = os.open

    def refusing(path, *args, **options):
        if path == "mine":
            raise PermissionError(errno.EACCES, "Not yours", path)
        return opened(path, *args, **options)

    monkeypatch.setattr(os, "open", refusing)
    for call in (inbox.open, inbox.holds, inbox.remove):
        with pytest.raises(Busy):
            call(FOLDER, delivery.disk_path, delivery.file_identity)


def test_dangerous_names_are_harmless_on_disk_and_unchanged_for_people(inbox, root, tmp_path):
    delivery = deliver(inbox, tmp_path, "..\\up/CON/new\nline.txt")
    assert delivery.path == "..\\up/CON/new\nline.txt"
    assert delivery.disk_path == "..%5Cup/CO%4E/new%0Aline.txt"
    assert inbox.open(FOLDER, delivery.disk_path, None).path.is_file()


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


def test_identities_of_before_generations_and_of_files_that_cannot_be_opened_count(inbox, root, tmp_path, monkeypatch):
    delivery = deliver(inbox, tmp_path, "c.txt")
    seen, generation = delivery.file_identity.rpartition("-")[::2]
    assert inbox.holds(FOLDER, "c.txt", seen)
    assert not inbox.holds(FOLDER, "c.txt", f"{seen}-{int(generation) + 1}")
    real = os.open

    def refusing(path, flags, *args, **options):
        if path == "c.txt":
            raise PermissionError
        return real(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", refusing)
    assert inbox.remove(FOLDER, "c.txt", delivery.file_identity), "its owner may have closed it to us"


def test_what_another_store_made_gets_no_name_here(inbox, root):
    with pytest.raises(TypeError):
        inbox.deliver(FOLDER, RelPath.parse("c.txt"), MemorySource(Memory(), bytearray(b"x")))
    assert files_below(root) == {}


def test_names_are_synced_once_a_folder_and_only_where_they_have_to_last(root, tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        "app.storage.disk.inbox.sync_folder", lambda folder: synced.append(str(folder.relative_to(root)))
    )
    for durable in (False, True):
        inbox = LocalInbox(root, durable=durable)
        made = [
            inbox.deliver(FOLDER, RelPath.parse(f"a/{n}"), GrownFile(source(tmp_path, "x", str(n)))) for n in range(3)
        ]
        inbox.flush(FOLDER, made)
        assert synced == (["in/box/a", "in/box", "in", "."] if durable else [])


@pytest.fixture
def unlinked(tmp_path: Path) -> LocalUnlinkedFiles:
    (tmp_path / "uploads").mkdir()
    return LocalUnlinkedFiles(tmp_path / "uploads")


def test_an_unlinked_file_is_nowhere_before_it_is_delivered_and_gone_when_it_is_closed(unlinked, inbox, root, tmp_path):
    made, other = unlinked.write(body(b"x"), 1, None), unlinked.write(body(b"y"), 1, None)
    assert files_below(tmp_path) == {}
    delivery = inbox.deliver(FOLDER, RelPath.parse("a/b.bin"), made)
    assert len(open_below(tmp_path)) == 2
    for each in (made, other):
        each.close()
    assert open_below(tmp_path) == []
    assert delivery.disk_path == "a/b.bin"
    assert {name: path.read_bytes() for name, path in files_below(tmp_path).items()} == {"files/in/box/a/b.bin": b"x"}


def test_a_body_of_another_size_leaves_nothing_open(unlinked, tmp_path):
    with pytest.raises(ChunkSizeMismatch):
        unlinked.write(body(b"abc"), 4, None)
    assert open_below(tmp_path) == []


def test_a_file_system_without_unlinked_files_says_so(unlinked, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    assert unlinked.supported
    monkeypatch.setattr(os, "open", refuse)
    assert not LocalUnlinkedFiles(Path("/nowhere")).supported
