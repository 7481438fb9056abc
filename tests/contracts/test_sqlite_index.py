"""An index in files: damage is set aside, and what was removed is gone in the bytes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from app.core.errors import Busy
from app.core.search.documents import EVERYTHING, About
from tests.support.entity_indexes import by_words, document, pointing

pytest.importorskip("numpy", reason="comes with the extra `search`")


@pytest.fixture
def make(indexes):
    return indexes("sqlite")


@pytest.mark.parametrize("how", ["dropped", "all dropped", "replaced"])
def test_what_was_removed_is_in_no_byte_of_the_files(make, tmp_path, how):
    index = make()
    secret = document(
        "e",
        "d",
        "the whistleblower lives in Valparaiso",
        vectors=(b"SECRETVECTORSECRET",),
        about=About("leak.txt", sender="deepthroat"),
    )
    index.put(document("e", "kept", "the harbour of Valparaiso"))
    index.put(secret)
    if how == "replaced":
        index.put(document("e", "d", "nothing"))
    else:
        index.drop("e", "d" if how == "dropped" else None)
    bytes_on_disk = b"".join(path.read_bytes() for path in (tmp_path / "index").iterdir())
    for word in (b"whistleblower", b"histleb", b"leak.txt", b"deepthroat", b"SECRETVECTOR"):
        assert word not in bytes_on_disk


def test_what_somebody_was_reading_when_it_was_removed_goes_with_the_next_check(make, tmp_path):
    index = make()
    index.put(document("e", "d", "the whistleblower"))
    (path,) = [path for path in files(tmp_path / "index") if b"whistleblower" in path.read_bytes() + beside(path)]
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM chunks").fetchone()
    index.drop("e", "d")
    reader.close()
    assert index.check().parts == ()
    assert b"whistleblower" not in path.read_bytes() + beside(path)


def beside(path: Path) -> bytes:
    log = path.with_name(path.name + "-wal")
    return log.read_bytes() if log.exists() else b""


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.db"))


def spoil(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(min(4096, size // 2))
        file.write(b"\xa5" * (size - min(4096, size // 2)))


@pytest.mark.parametrize("is_open", [True, False], ids=["in use", "not in use"])
def test_a_damaged_shard_is_set_aside_the_others_answer_and_it_fills_again(make, tmp_path, is_open):
    index = make()
    documents = [document(f"e{at}", "d", "word " * 200, vectors=(pointing(1, at),)) for at in range(60)]
    assert all(map(index.put, documents))
    index.check()
    if not is_open:
        index.close()
    for path in files(tmp_path / "index"):
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    spoil(tmp_path / "index/03-0.db")
    assert index.check().parts == ("03",)
    missing = {each.held for each in documents} - set(index.holds(EVERYTHING))
    assert 0 < len(missing) < 20
    assert len(by_words(index, "word", limit=100)) == 60 - len(missing)
    assert [index.put(each) for each in documents].count(True) == len(missing)
    assert len(by_words(index, "word", limit=100)) == 60
    assert make().check().parts == ()
    # Nothing of what was damaged stays for good.
    assert not (tmp_path / "index/03-0.db").exists()


def test_damage_that_is_met_by_a_search_is_set_aside_at_once(make, tmp_path):
    index = make()
    for at in range(60):
        index.put(document(f"e{at}", "d", "word"))
    index.close()
    (tmp_path / "index/05-0.db").write_bytes(b"no database at all" * 1000)
    (tmp_path / "index/05-0.db-wal").unlink(missing_ok=True)
    with pytest.raises(Busy):
        by_words(index, "word", limit=100)
    assert 0 < len(by_words(index, "word", limit=100)) < 60


def test_a_file_of_another_version_is_begun_anew(make, tmp_path):
    index = make()
    put = document("e", "d", "word")
    index.put(put)
    [path] = files(tmp_path / "index")
    index.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 0")
    connection.close()
    assert (make().held("e", "d"), by_words(index, "word")) == (None, [])
    assert index.put(put)
    assert by_words(make(), "word") == [("e", "d", 0)]
    assert index.check().parts == ()
    assert path not in files(tmp_path / "index")


def test_room_that_is_not_used_any_more_goes_back_to_the_disk(make, tmp_path):
    index = make()
    for at in range(40):
        index.put(document("e", f"{at}", *(f"{at} {number} " + "and many other words " * 20 for number in range(20))))
    index.check()
    [path] = files(tmp_path / "index")
    large = path.stat().st_size
    index.drop("e")
    assert path.stat().st_size < large / 4


def test_names_of_files_are_not_made_of_ids(make, tmp_path):
    make().put(document("../../x", "../y", "word"))
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_nobody_else_may_read_the_index(make, tmp_path):
    make().put(document("e", "d", "word"))
    assert all(path.stat().st_mode & 0o077 == 0 for path in [tmp_path / "index", *(tmp_path / "index").iterdir()])
