"""An index in PostgreSQL: made by itself, mended by itself, and what was removed is not kept in its tables."""

from __future__ import annotations

import signal
from contextlib import suppress

import psycopg
import pytest

from app.core.errors import Busy
from app.core.search.documents import EVERYTHING, About, Scope
from app.core.search.words import terms
from app.storage.search.rules import SHARDS, shard_of, token_of
from tests.support.entity_indexes import MODEL, by_words, document, found, pointing
from tests.support.files import files_below
from tests.support.postgresql import PostgreSQLServer
from tests.support.processes import together

pytest.importorskip("numpy", reason="comes with the extra `search`")
from app.storage.search.postgresql_index import PostgreSQLIndex
from app.storage.sql.postgresql import PostgreSQLDatabase


@pytest.fixture
def make(indexes):
    return indexes("postgresql")


def asked(address: str, question: str, *values):
    with psycopg.connect(address, autocommit=True) as connection:
        return connection.execute(question, values).fetchall()


def changed(address: str, order: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(order)


@pytest.mark.parametrize(("kind", "kept_as"), [("postgresql", "bytea"), ("pgvector", "halfvec")])
def test_vectors_are_compared_by_the_server_where_it_can(indexes, request, kind, kept_as):
    indexes(kind)().put(document("e", "d", "word"))
    address = request.getfixturevalue(f"index_on_{kind}")
    assert asked(address, "SELECT value FROM search_facts WHERE name = 'vectors'") == [(kept_as,)]
    column = "SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = 'search_vectors'::regclass AND attname = 'vector'"
    assert asked(address, column) == [(kept_as,)]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "pgvector"])
def test_words_are_ranked_alike_on_every_engine(indexes, kind):
    index = indexes(kind)()
    texts = {
        "often": "rent rent rent of the boathouse",
        "once": "the rent of it",
        "long": "rent " + "and many other words besides " * 12,
        "rare": "the landlord of the old harbour and many other words besides and many other words besides",
        **{f"common {at}": "the words of nobody" for at in range(12)},
    }
    for name, text in texts.items():
        index.put(document("e", name, text))
    assert [key[1] for key in by_words(index, "rent")] == ["often", "once", "long"]
    # What only one holds weighs more than what all hold.
    assert by_words(index, "the landlord")[0][1] == "rare"


def test_the_word_that_stands_for_an_entity_is_in_no_text(make):
    index = make()
    index.put(document("mine", "d", "boathouse"))
    index.put(document("other", "d", f"boathouse {token_of('mine')} _{token_of('mine')} '_{token_of('mine')}'"))
    assert by_words(index, "boathouse", Scope(frozenset({"mine"}))) == [("mine", "d", 0)]


def test_tables_that_were_dropped_or_are_of_another_version_are_made_again(make, index_on_postgresql):
    index = make()
    put = document("e", "d", "word", vectors=(pointing(1, 0),))
    index.put(put)
    assert found(index.meaning(pointing(1, 0), MODEL, EVERYTHING, 10))
    changed(index_on_postgresql, "DROP TABLE search_chunks CASCADE")
    changed(index_on_postgresql, "UPDATE search_facts SET value = '0' WHERE name = 'version'")
    with pytest.raises(Busy):
        by_words(index, "word")
    assert (by_words(index, "word"), list(index.holds(EVERYTHING))) == ([], [])
    assert index.put(put)
    assert by_words(index, "word") == found(index.meaning(pointing(1, 0), MODEL, EVERYTHING, 10)) == [("e", "d", 0)]


@pytest.fixture
def own_server():
    """One that may be stopped, as it comes back on another port."""
    with PostgreSQLServer() as running:
        yield running


def test_a_damaged_shard_is_emptied_the_others_answer_and_it_fills_again(own_server):
    address = own_server.new_database()
    index = PostgreSQLIndex(PostgreSQLDatabase(address))
    documents = [document(f"e{at}", "d", "word " * 50, vectors=(pointing(1, at),)) for at in range(60)]
    assert all(map(index.put, documents))
    [(path,)] = asked(address, "SELECT pg_relation_filepath('search_chunks_3')")
    own_server.stop()
    with (own_server.folder / "data" / path).open("r+b") as file:
        file.write(b"\xa5" * 8192)
    own_server.start()
    again = PostgreSQLIndex(PostgreSQLDatabase(own_server.address(address.rpartition("/")[2])))
    with pytest.raises(Busy):
        by_words(again, "word", limit=100)
    missing = {each.held for each in documents} - set(again.holds(EVERYTHING))
    assert {shard_of(held.entity) for held in missing} == {3}
    assert len(by_words(again, "word", limit=100)) == 60 - len(missing)
    assert [again.put(each) for each in documents].count(True) == len(missing)
    assert len(by_words(again, "word", limit=100)) == 60
    assert again.check().parts == ()


def test_a_document_of_which_rows_are_missing_is_made_again(make, index_on_postgresql):
    index = make()
    put = document("e", "d", "one", "two", vectors=(pointing(1, 0), pointing(0, 1)))
    index.put(put)
    for table in ("search_chunks", "search_vectors"):
        changed(index_on_postgresql, f"DELETE FROM {table} WHERE number = 1")
        assert index.check().parts == (f"{shard_of('e'):02}",)
        assert index.held("e", "d") is None
        assert index.put(put)
    assert index.check().parts == ()


def test_what_was_removed_is_in_no_table_after_the_next_check(make, postgresql, index_on_postgresql):
    index = make()
    text = "the whistleblower lives in Valparaiso"
    about = About("leak.txt", sender="deepthroat")
    index.put(document("e", "kept", "the harbour of Valparaiso"))
    index.put(document("e", "d", text, vectors=(b"SECRETVECTORSECRET",), about=about))
    index.put(document("e", "old", text, about=about))
    changed(index_on_postgresql, "CHECKPOINT")
    changed(index_on_postgresql, "ANALYZE")
    secrets = (b"whistleblower", b"histleb", b"leak.txt", b"deepthroat", b"SECRETVECTOR")
    assert [word for word in secrets if word in tables(postgresql)] == list(secrets)
    index.drop("e", "d")
    index.put(document("e", "old", "nothing"))
    assert index.check().parts == ()
    changed(index_on_postgresql, "CHECKPOINT")
    assert [word for word in secrets if word in tables(postgresql)] == []
    assert by_words(index, "valparaiso") == [("e", "kept", 0)]


def tables(server) -> bytes:
    found = []
    for path in files_below(server.folder / "data" / "base").values():
        with suppress(FileNotFoundError):  # The server has removed it meanwhile.
            found.append(path.read_bytes())
    return b"".join(found)


def test_a_check_passes_over_what_somebody_reads_for_long_and_comes_back_to_it(make, index_on_postgresql, monkeypatch):
    from app.storage.search import postgresql_tables

    monkeypatch.setattr(postgresql_tables, "LOCK_MILLISECONDS", 50)
    index = make()
    index.put(document("e", "d", "word"))
    index.drop("e", "d")
    with psycopg.connect(index_on_postgresql) as reader:
        reader.execute(f"SELECT count(*) FROM search_chunks_{shard_of('e')}").fetchall()
        index.check()
        assert asked(index_on_postgresql, "SELECT number FROM search_shards WHERE removed") == [(shard_of("e"),)]
    index.check()
    assert asked(index_on_postgresql, "SELECT number FROM search_shards WHERE removed") == []


def test_many_processes_may_come_to_an_empty_database(postgresql):
    address = postgresql.new_database()

    def work(number):
        index = PostgreSQLIndex(PostgreSQLDatabase(address))
        return index.put(document("e", f"{number}", "word"))

    assert together(4, work) == [True] * 4
    assert len(list(PostgreSQLIndex(PostgreSQLDatabase(address)).holds(EVERYTHING))) == 4
    [(count,)] = asked(address, "SELECT count(*) FROM search_shards")
    assert count == SHARDS


def test_while_the_server_is_away_everything_is_busy(own_server):
    index = PostgreSQLIndex(PostgreSQLDatabase(own_server.new_database()))
    index.put(document("e", "d", "word"))
    own_server.stop(signal.SIGQUIT)
    for ask in (
        lambda: index.words(terms("word"), EVERYTHING, 1),
        lambda: index.put(document("e", "d", "other")),
        lambda: index.check(),
    ):
        with pytest.raises(Busy):
            ask()
    own_server.start()
