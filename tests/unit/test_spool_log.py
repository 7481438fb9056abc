"""Bodies that nginx was told to receive are counted until nginx says that they are over."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from app.core.errors import StorageFull
from app.storage.disk.spool_log import SpoolLog, beside_socket, remove_left_bodies, tidy
from tests.support.clock import Now
from tests.support.processes import together

MIB = 1 << 20


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool.log"


def log(path: Path, clock: Now | None = None) -> SpoolLog:
    return SpoolLog(path, path.parent / "spool", clock or Now())


def over(path: Path, *requests: str) -> None:
    """As nginx writes it."""
    with path.open("a") as file:
        file.writelines(f"-{request}\n" for request in requests)


def test_what_was_let_in_counts_until_it_is_over(path: Path) -> None:
    bodies = log(path)
    bodies.let_in("a", 60, lambda: 100)
    bodies.let_in("b", 40, lambda: 100)
    with pytest.raises(StorageFull):
        bodies.let_in("c", 1, lambda: 100)
    over(path, "b", "of another mode")
    bodies.let_in("d", 40, lambda: 100)
    with pytest.raises(StorageFull):
        log(path).let_in("e", 1, lambda: 100)


def test_an_end_that_comes_before_its_beginning_ends_it_all_the_same(path: Path) -> None:
    """A sender went away while gunicorn was asked: nginx may write first."""
    over(path, "a")
    bodies, others = log(path), log(path)
    bodies.let_in("a", 100, lambda: 100)
    for name, each in {"b": bodies, "c": others, "d": log(path)}.items():
        over(path, name)
        each.let_in(name, 100, lambda: 100)
    over(path, "early3", *(f"{number:032}" for number in range(8000)), "early5")
    bodies.let_in("early3", 100, lambda: 100)
    assert path.stat().st_size < 20_000, "it was shortened"
    for each in (others, bodies, log(path)):
        each.let_in("early5", 100, lambda: 100)
        over(path, "early5")


def test_a_long_log_is_shortened_also_where_nothing_is_counted(path: Path) -> None:
    tidy(path.with_name("app.sock"), path.parent, Now())
    assert not path.exists()
    log(path).let_in("stays", 60, lambda: 100)
    over(path, *map(str, range(5000)))
    before = path.stat().st_size
    tidy(path.with_name("app.sock"), path.parent, Now())
    assert path.stat().st_size == before, "so short a log is left alone"
    over(path, *(f"{number:032}" for number in range(8000)))
    tidy(path.with_name("app.sock"), path.parent, Now())
    assert path.stat().st_size < 20_000
    with pytest.raises(StorageFull):
        log(path).let_in("more", 41, lambda: 100)


def test_what_is_on_the_disk_already_counts_once(path: Path) -> None:
    bodies = log(path)
    bodies.let_in("a", 4 * MIB, lambda: 8 * MIB)
    (path.parent / "spool" / "0000000001").write_bytes(bytes(3 * MIB))
    with pytest.raises(StorageFull):
        bodies.let_in("b", 5 * MIB, lambda: 5 * MIB)
    bodies.let_in("b", 4 * MIB, lambda: 5 * MIB)


def test_what_comes_while_it_is_counted_is_not_counted_twice(path: Path) -> None:
    bodies = log(path)
    bodies.let_in("a", 4 * MIB, lambda: 8 * MIB)

    def free() -> int:
        (path.parent / "spool" / "0000000001").write_bytes(bytes(3 * MIB))
        return 5 * MIB

    with pytest.raises(StorageFull):
        bodies.let_in("b", 2 * MIB, free)


def test_a_file_of_nobody_who_counts_makes_no_room(path: Path) -> None:
    (path.parent / "spool" / "0000000001").write_bytes(bytes(3 * MIB))
    with pytest.raises(StorageFull):
        log(path).let_in("a", 2 * MIB, lambda: MIB)


def test_a_new_nginx_has_nothing_under_way(path: Path) -> None:
    bodies = log(path)
    bodies.let_in("a", 100, lambda: 100)
    with path.open("a") as file:
        file.write("!\n")
    bodies.let_in("b", 100, lambda: 100)


def test_who_never_ends_is_forgotten_after_a_day(path: Path) -> None:
    clock = Now()
    bodies = log(path, clock)
    bodies.let_in("a", 100, lambda: 100)
    clock.pass_by(23 * 3600)
    with pytest.raises(StorageFull):
        bodies.let_in("b", 1, lambda: 100)
    clock.pass_by(2 * 3600)
    bodies.let_in("b", 100, lambda: 100)


def test_a_torn_or_foreign_line_breaks_nothing(path: Path) -> None:
    path.write_bytes(b"+\n-\n+a b c\n\xff\xfe\n\n+x 5\n-\n+torn 5")
    log(path).let_in("a", 100, lambda: 100)


def test_the_log_stays_short_and_keeps_what_is_under_way(path: Path) -> None:
    bodies, others = log(path), log(path)
    bodies.let_in("stays", 10, lambda: 100)
    for number in range(12_000):
        bodies.let_in(f"{number:032}", 1, lambda: 100)
        over(path, f"{number:032}")
        if number % 1000 == 0:
            others.let_in(f"o{number}", 1, lambda: 100)
            over(path, f"o{number}")
    assert path.stat().st_size < 600_000
    for each in (bodies, others, log(path)):
        with pytest.raises(StorageFull):
            each.let_in("more", 91, lambda: 100)
    others.let_in("more", 90, lambda: 100)


def test_of_many_at_once_no_more_are_let_in_than_fit(path: Path) -> None:
    def ask(number: int) -> bool:
        try:
            log(path).let_in(str(number), 10, lambda: 70)
        except StorageFull:
            return False
        return True

    assert sum(together(32, ask)) == 7


def test_without_a_socket_there_is_no_nginx_and_no_log(tmp_path: Path) -> None:
    assert beside_socket(None, tmp_path, Now()) is None


def test_what_a_killed_nginx_has_left_goes_after_a_day_and_nothing_else(tmp_path: Path) -> None:
    remove_left_bodies(tmp_path, time.time())  # There is no spool before nginx has started.
    (tmp_path / "spool").mkdir()
    delivered, left = tmp_path / "photo.jpg", tmp_path / "spool" / "0000000001"
    left.write_bytes(b"a photo")
    os.link(left, delivered)
    os.utime(delivered, (1, 1))  # As its sender dates it.
    (tmp_path / "spool" / "folder").mkdir()
    (tmp_path / "spool" / "elsewhere").symlink_to(delivered)
    remove_left_bodies(tmp_path, time.time() + 23 * 3600)
    assert left.exists(), "it may still be on its way"
    remove_left_bodies(tmp_path, time.time() + 25 * 3600)
    assert {path.name for path in (tmp_path / "spool").iterdir()} == {"folder", "elsewhere"}
    assert (delivered.read_bytes(), delivered.stat().st_nlink) == (b"a photo", 1)
