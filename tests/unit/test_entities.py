"""From what happens to a link to what is found: each file that its owner has searched, and none that was taken away."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import Busy
from app.core.receipts import link_fingerprint
from app.core.search.documents import Scope
from app.core.search.listing import DocumentState, ListedDocument
from app.core.search.texts import ExtractedText
from app.services.entities import indexer
from app.settings import InvalidSettings, load_settings
from app.storage.search.sqlite_index import SQLiteIndex
from app.storage.sql.documents import SQLDocumentLists
from app.storage.text.extractor import ProcessExtractor
from tests.support.actors import OWNER
from tests.support.documents import pdf
from tests.support.files import eventually
from tests.support.scans import png, scanned_pdf
from tests.support.searched import BOATHOUSE, TOKEN, FirstWord, House, form

pytest.importorskip("numpy", reason="comes with the extra `search`")


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr("app.wiring.entities.UniversalEmbedder", FirstWord)
    return House(tmp_path)


def test_switching_on_finds_what_arrived_before_and_after_and_switching_off_leaves_nothing(house: House) -> None:
    link, other = house.link(), house.link()
    house.send(link, "before.txt")
    house.send(other, "other.txt")
    house.settle()
    assert house.found("boathouse") == []
    assert not any((house.data / "search").iterdir())
    house.edit(link, search=True)
    house.settle()
    house.send(link, "after.txt")
    house.settle()
    assert sorted(house.found("boathouse")) == ["after.txt", "before.txt"]
    assert set(house.states(link).values()) == {(DocumentState.READY, None)}
    assert b"boathouse" in house.bytes_of_the_index()
    house.edit(link, search=False)
    house.settle()
    assert house.found("boathouse") == []
    assert house.states(link) == {}
    assert b"boathouse" not in house.bytes_of_the_index()


def test_what_a_sender_takes_back_is_found_no_more(house: House) -> None:
    link = house.link(search=True)
    kept, taken = house.send(link, "kept.txt", b"A word that stays."), house.send(link, "taken.txt")
    house.settle()
    assert house.found("boathouse")[0] == "taken.txt"
    house.take_back(link, taken)
    house.settle()
    assert "taken.txt" not in house.found("boathouse")
    assert house.found("stays")[0] == "kept.txt"
    assert b"boathouse" not in house.bytes_of_the_index()
    assert [each.document for each in house.lists.page(link_fingerprint(link), 10)] == [kept]


def test_what_is_taken_back_while_it_is_read_does_not_get_into_the_index(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = house.link(search=True)
    taken = house.send(link, "taken.txt")
    house.services.readers.catch_up()
    read = ProcessExtractor.extract

    def and_taken_back(self: ProcessExtractor, path: Path, kind: str) -> ExtractedText:
        text = read(self, path, kind)
        house.take_back(link, taken)
        return text

    monkeypatch.setattr(ProcessExtractor, "extract", and_taken_back)
    [document] = house.due()
    house.indexer.index(document)
    # No event was acted on yet: the ledger alone knows.
    assert b"boathouse" not in house.bytes_of_the_index()
    house.settle()
    assert house.states(link) == {}


def test_a_link_that_is_closed_is_searched_and_one_that_is_deleted_is_not(house: House) -> None:
    link = house.link(search=True)
    house.send(link, "a.txt")
    house.services.links.file_requests.close(link, OWNER)
    house.settle()
    assert house.found("boathouse") == ["a.txt"]
    house.services.receiving.forgetting.forget(link, OWNER)
    house.settle()
    assert house.found("boathouse") == []
    assert b"boathouse" not in house.bytes_of_the_index()


def test_the_id_of_a_links_entity_opens_nothing(house: House) -> None:
    link = house.link(search=True, title="Club")
    house.send(link, "a.txt")
    house.settle()
    _, reply = house.ask("/api/entities")
    entity = link_fingerprint(link)
    assert reply["entities"] == [
        {"entity": entity, "title": "Club", "link": link, "documents": 1, "states": {"ready": 1}}
    ]
    assert link.encode() not in house.bytes_of_the_index()
    assert house.ask(f"/api/entities/{link}/files")[1]["code"] == "entity_not_found"
    assert house.ask(f"/api/entities/{entity}/files")[1]["files"][0]["name"] == "a.txt"


def test_a_search_tells_page_place_and_sender_and_can_be_narrowed(house: House) -> None:
    link, other = house.link(search=True, ask_name="required"), house.link(search=True)
    content = pdf("An invoice of the club", "The rent for the boathouse is late")
    house.send(link, "b.pdf", content, sender_name="Ada")
    house.send(other, "a.txt")
    house.settle()
    status, reply = house.ask("/api/search", query_string={"q": "boathouse RENT", "type": "pdf"})
    [result] = reply["results"]
    assert (status, result["name"], result["sender"], result["link"]) == (200, "b.pdf", "Ada", link)
    passage = result["passages"][0]
    assert passage["page"] == 2
    assert [passage["text"][start:end] for start, end in passage["marks"]] == ["rent", "boathouse"]
    assert house.found("boathouse", entity=link_fingerprint(other)) == ["a.txt"]
    assert house.found("boathouse", entity=[link_fingerprint(other), link_fingerprint(link)], limit=1) != []
    assert house.found("boathouse", sender="Ada") == ["b.pdf"]
    assert house.found("boathouse", until=5) == []
    assert house.found("boath", typing=True, type="txt") == ["a.txt"]
    _, reply = house.ask(f"/api/entities/{link_fingerprint(link)}/search", query_string={"q": "boathouse"})
    assert [each["name"] for each in reply["results"]] == ["b.pdf"]


@pytest.mark.parametrize(
    "asked", ["", "?q=" + "x" * 1001, "?q=a&limit=0", "?q=a&limit=51", "?q=a&since=nan", "?q=a&typing=perhaps"]
)
def test_what_makes_no_sense_is_named(house: House, asked: str) -> None:
    status, reply = house.ask("/api/search" + asked)
    assert (status, reply["code"]) == (400, "invalid_request")
    assert len(reply["fields"]) == 1


@pytest.mark.parametrize("entity", ["%00", "%0A", "x" * 300, "none", "%ED%A0%80"])
def test_an_entity_that_there_is_not_is_not_found(house: House, entity: str) -> None:
    for method, path in (("GET", "/search?q=a"), ("GET", "/files"), ("DELETE", "")):
        status, reply = house.ask(f"/api/entities/{entity}{path}", method)
        assert (status, reply["code"]) == (404, "entity_not_found")


def test_nobody_but_the_owner_searches(house: House) -> None:
    link = house.link(search=True)
    for method, path in (
        ("GET", "/api/search?q=a"),
        ("GET", "/api/entities"),
        ("GET", f"/api/entities/{link_fingerprint(link)}/search?q=a"),
        ("GET", f"/api/entities/{link_fingerprint(link)}/files"),
        ("DELETE", f"/api/entities/{link_fingerprint(link)}"),
    ):
        status, reply = house.ask(path, method, token="")
        assert (status, reply["code"]) == (401, "unauthorized")


def test_forgetting_an_entity_switches_its_link_off_and_keeps_its_files(house: House) -> None:
    link = house.link(search=True)
    house.send(link, "a.txt")
    house.settle()
    assert house.ask(f"/api/entities/{link_fingerprint(link)}", "DELETE")[0] == 204
    assert house.found("boathouse") == []
    assert b"boathouse" not in house.bytes_of_the_index()
    house.settle()
    assert house.states(link) == {}
    assert house.services.ground.requests.load(link).terms.search is False
    assert (house.data / "files" / "in" / "a.txt").read_bytes() == BOATHOUSE


def test_the_owner_is_told_why_there_is_no_text(house: House) -> None:
    link = house.link(search=True)
    house.send(link, "film.mov")
    house.send(link, "half.pdf", pdf("One")[:200])
    house.send(link, "empty.txt", b" \n")
    house.settle()
    _, reply = house.ask(f"/api/entities/{link_fingerprint(link)}/files")
    told = {each["name"]: (each["state"], each["reason"]) for each in reply["files"]}
    assert {state for state, _ in told.values()} == {"no_text"}
    assert "this type" in told["film.mov"][1]
    assert "damaged" in told["half.pdf"][1]
    assert "no text" in told["empty.txt"][1]
    assert house.due() == []


@pytest.mark.slow
def test_what_was_empty_is_read_again_once_scans_are(house: House, tmp_path: Path) -> None:
    link = house.link(search=True)
    house.send(link, "scan.pdf", scanned_pdf("The landlord raises the rent"))
    house.send(link, "photo.png", png("The boathouse is for sale"))
    house.send(link, "blank.pdf", pdf(""))
    house.settle()
    empty, unsupported = (DocumentState.NO_TEXT, "empty"), (DocumentState.NO_TEXT, "unsupported")
    assert house.states(link) == {"scan.pdf": empty, "photo.png": unsupported, "blank.pdf": empty}
    read = DocumentState.READY, None
    for _ in range(2):
        seeing = House(tmp_path, search_ocr="eng")
        seeing.indexer._compare()
        seeing.settle()
        assert seeing.states(link) == {"scan.pdf": read, "photo.png": read, "blank.pdf": empty}
        assert (seeing.found("landlord"), seeing.found("boathouse")) == (["scan.pdf"], ["photo.png"])
        # What is empty all the same is not read again and again.
        again = House(tmp_path, search_ocr="eng")
        again.indexer._compare()
        assert again.due() == []
    blind = House(tmp_path)
    blind.indexer._compare()
    blind.settle()
    assert blind.states(link) == {"scan.pdf": read, "photo.png": read, "blank.pdf": empty}


def test_the_owner_is_told_what_reading_scans_lacks(tmp_path: Path) -> None:
    _, reply = House(tmp_path / "a", search_ocr="eng+xyz").ask("/readyz")
    assert [note for note in reply["notes"] if "tesseract-ocr-xyz" in note]
    _, reply = House(tmp_path / "b", search_ocr="eng").ask("/readyz")
    assert not [note for note in reply.get("notes", []) if "tesseract" in note]


def test_the_owner_is_told_when_files_are_searched_and_the_extra_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.wiring.entities.UniversalEmbedder", FirstWord)
    monkeypatch.setattr("app.wiring.operations.has_extra", lambda name: name != "search")
    nothing = House(tmp_path / "a")
    assert nothing.ask("/readyz") == (200, {"status": "ready", "notes": []})
    house = House(tmp_path / "b")
    house.send(house.link(search=True), "a.txt")
    house.settle()
    status, reply = house.ask("/readyz")
    assert (status, [each for each in reply["notes"] if "droppr[server,search]" in each]) == (200, reply["notes"])
    assert [each.code for each in house.services.operations.notes.all()] == ["search_missing"]


@pytest.mark.parametrize("languages", ["eng+", "../x", "eng deu", "eng;rm"])
def test_languages_of_scans_that_make_no_sense_are_named(monkeypatch: pytest.MonkeyPatch, languages: str) -> None:
    monkeypatch.setenv("DROPPR_SEARCH_OCR", languages)
    with pytest.raises(InvalidSettings, match="DROPPR_SEARCH_OCR"):
        load_settings()


def test_what_the_server_cannot_do_now_is_put_off_and_told_of_no_file(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = house.link(search=True)
    house.send(link, "a.txt")

    def busy(self: ProcessExtractor, path: Path, kind: str) -> ExtractedText:
        raise Busy()

    with monkeypatch.context() as patch:
        patch.setattr(ProcessExtractor, "extract", busy)
        house.settle()
    [document] = house.lists.page(link_fingerprint(link), 10)
    assert (document.state, document.trouble, document.attempts) == (DocumentState.WAITING, None, 1)
    assert document.next_at is not None
    assert document.next_at > house.services.ground.clock() - 1
    house.indexer.index(document)
    assert house.states(link) == {"a.txt": (DocumentState.READY, None)}
    assert house.lists.page(link_fingerprint(link), 10)[0].attempts == 0


def test_a_crash_before_the_note_loses_no_reason(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    link = house.link(search=True)
    house.send(link, "empty.txt", b" ")
    house.send(link, "a.txt")
    with monkeypatch.context() as patch:
        patch.setattr(SQLDocumentLists, "note", lambda *_, **__: True)
        house.settle()
    assert set(house.states(link).values()) == {(DocumentState.WAITING, None)}
    house.settle()
    assert house.states(link) == {
        "a.txt": (DocumentState.READY, None),
        "empty.txt": (DocumentState.NO_TEXT, "empty"),
    }


class TestComparison:
    """Whatever is lost or left comes right by itself."""

    @pytest.fixture
    def compare(self, house: House, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
        monkeypatch.setattr("app.services.entities.comparison.EVERY_SECONDS", 0.0)

        def run() -> None:
            house.indexer._compare()
            house.settle()

        return run

    def test_a_lost_index_is_filled_again(self, house: House, compare: Callable[[], None]) -> None:
        link = house.link(search=True)
        house.send(link, "a.txt")
        house.settle()
        again = House(house.data.parent)
        shutil.rmtree(again.data / "search")
        (again.data / "search").mkdir()
        assert again.found("boathouse") == []
        again.indexer._compare()
        again.settle()
        assert again.found("boathouse") == ["a.txt"]

    def test_nothing_is_made_where_nothing_is_searched(self, house: House, compare: Callable[[], None]) -> None:
        house.send(house.link(), "a.txt")
        compare()
        assert list((house.data / "search").iterdir()) == []

    def test_lists_follow_ledgers(self, house: House, compare: Callable[[], None]) -> None:
        link, off = house.link(search=True), house.link()
        house.send(link, "a.txt")
        house.settle()
        # As a power cut leaves it, that kept the events and lost what was made of them.
        house.lists.remove(link_fingerprint(link))
        house.lists.add([ListedDocument(link_fingerprint(link), "stale", "b.txt", 1.0, 1, link=link)])
        house.lists.add([ListedDocument(link_fingerprint(off), "stale", "b.txt", 1.0, 1, link=off)])
        house.lists.add([ListedDocument(link_fingerprint("gone"), "stale", "b.txt", 1.0, 1, link="gone")])
        compare()
        assert house.states(link) == {"a.txt": (DocumentState.READY, None)}
        assert [each.entity for each in house.lists.entities(10)] == [link_fingerprint(link)]

    def test_the_index_follows_lists(self, house: House, compare: Callable[[], None]) -> None:
        link, other = house.link(search=True), house.link(search=True)
        kept, lost = house.send(link, "a.txt"), house.send(link, "b.txt")
        house.send(other, "c.txt")
        house.settle()
        house.lists.remove(link_fingerprint(other))
        house.edit(other, search=False)
        house.lists.remove(link_fingerprint(link), [lost])
        # The ledger still has that file, so it is listed again.
        compare()
        assert sorted(house.found("boathouse")) == ["a.txt", "b.txt"]
        index = SQLiteIndex(house.data / "search")
        assert {each.document for each in index.holds(Scope())} == {kept, lost}
        index.close()

    def test_a_file_that_was_moved_is_missing_until_it_is_back(self, house: House, compare: Callable[[], None]) -> None:
        link = house.link(search=True)
        house.send(link, "a.txt")
        house.settle()
        file = house.data / "files" / "in" / "a.txt"
        file.rename(house.data / "elsewhere")
        compare()
        assert house.states(link) == {"a.txt": (DocumentState.MISSING, None)}
        assert house.found("boathouse") == []
        assert b"boathouse" not in house.bytes_of_the_index()
        (house.data / "elsewhere").rename(file)
        compare()
        assert house.found("boathouse") == ["a.txt"]

    def test_another_model_means_embedding_again(
        self, house: House, compare: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        link = house.link(search=True)
        house.send(link, "a.txt")
        house.settle()
        monkeypatch.setattr(FirstWord, "model", "another")
        again = House(house.data.parent)
        again.indexer._compare()
        assert [each.name for each in again.due()] == ["a.txt"]
        again.settle()
        assert again.due() == []
        index = SQLiteIndex(house.data / "search")
        assert {each.model for each in index.holds(Scope())} == {"another"}
        index.close()


def test_without_the_extra_the_switch_names_it(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.wiring.extras.find_spec", lambda name: None)
    link = house.link()
    for status, reply in (
        house.ask(f"/api/droppr/requests/{link}", "PATCH", json={"search": True}),
        house.ask("/api/droppr/requests", "POST", json={"folder": "x", "search": True}),
        house.ask("/api/search?q=a"),
    ):
        assert (status, reply["code"]) == (400, "not_installed")
        assert "droppr[server,search]" in reply["error"]
    assert house.ask(f"/api/droppr/requests/{link}", "PATCH", json={"search": False})[0] == 200


def test_senders_are_told_that_texts_are_indexed(house: House) -> None:
    for searched in (False, True):
        _, reply = house.ask(f"/api/droppr/requests/{house.link(search=searched)}", token="")
        assert reply["search"] is searched


class TestNamedEntities:
    """Documents of entities that the owner names: sent as on a link, and searched from the first one on."""

    def post(self, house: House, entity: str, name: str, content: bytes = BOATHOUSE, token: str = TOKEN) -> Any:
        return house.ask(f"/api/entities/{entity}/files", "POST", token, **form(name, content))

    def test_documents_are_found_under_the_entitys_own_id(self, house: House) -> None:
        for entity, name in (("acme", "a.txt"), ("acme", "b.txt"), ("Ünï %26 ..", "c.txt")):
            status, reply = self.post(house, entity, name)
            assert (status, reply["name"]) == (200, name)
        house.settle()
        _, reply = house.ask("/api/entities")
        assert [(each["entity"], each["title"], each["documents"]) for each in reply["entities"]] == [
            ("acme", "acme", 2),
            ("Ünï & ..", "Ünï & ..", 1),
        ]
        assert sorted(house.found("boathouse", entity="acme")) == ["a.txt", "b.txt"]
        _, reply = house.ask("/api/entities/Ünï %26 ../search?q=boathouse")
        assert [(each["name"], each["entity"]) for each in reply["results"]] == [("c.txt", "Ünï & ..")]
        assert not (house.data / "files" / "c.txt").exists()

    def test_a_big_document_comes_in_chunks(self, house: House) -> None:
        status, opened = house.ask("/api/entities/acme/uploads", "POST", json={"path": "a.txt", "size": len(BOATHOUSE)})
        assert status == 201
        address = f"/api/entities/acme/uploads/{opened['upload_id']}"
        for start in (20, 0):
            chunk = BOATHOUSE[start:] if start else BOATHOUSE[:20]
            headers = {"X-Auth": TOKEN, "X-Upload-Id": opened["upload_id"], "X-Upload-Offset": str(start)}
            reply = house.client.post("/api/entities/acme/upload-chunk", data=chunk, headers=headers)
            assert reply.status_code == 200, reply.text
        assert house.ask(address)[1]["state"] == "complete"
        house.settle()
        assert house.found("boathouse") == ["a.txt"]
        assert house.ask(address, "DELETE")[0] == 204
        house.settle()
        assert house.found("boathouse") == []

    def test_one_that_was_forgotten_is_searched_again_with_its_next_document(self, house: House) -> None:
        self.post(house, "acme", "a.txt")
        house.settle()
        assert house.ask("/api/entities/acme", "DELETE")[0] == 204
        house.settle()
        assert house.found("boathouse") == []
        self.post(house, "acme", "b.txt")
        house.settle()
        assert sorted(house.found("boathouse")) == ["a.txt", "b.txt"]

    @pytest.mark.parametrize("entity", ["0123456789abcdef", "x" * 201, "a%0Ab"])
    def test_ids_of_links_and_what_cannot_be_shown_name_no_entity(self, house: House, entity: str) -> None:
        status, reply = self.post(house, entity, "a.txt")
        assert (status, reply["code"], list(reply["fields"])) == (400, "invalid_request", ["entity_id"])
        assert house.services.links.file_requests.all() == []

    def test_nobody_but_the_owner_sends_to_them(self, house: House) -> None:
        assert self.post(house, "acme", "a.txt", token="")[1]["code"] == "unauthorized"
        for method, path in (
            ("POST", "uploads"),
            ("POST", "upload-chunk"),
            ("GET", "uploads/x"),
            ("DELETE", "uploads/x"),
        ):
            assert house.ask(f"/api/entities/acme/{path}", method, "")[1]["code"] == "unauthorized"
        assert house.services.links.file_requests.all() == []

    def test_after_its_link_was_deleted_nothing_of_it_is_found(self, house: House) -> None:
        self.post(house, "acme", "a.txt")
        house.settle()
        [(link, _)] = house.services.links.file_requests.all()
        house.services.links.file_requests.close(link.hash, OWNER)
        house.services.receiving.forgetting.forget(link.hash, OWNER)
        house.settle()
        assert house.found("boathouse") == []
        assert b"boathouse" not in house.bytes_of_the_index()


def test_while_chunks_arrive_one_document_is_read_now_and_then(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    link = house.link(search=True)
    for number in range(4):
        house.send(link, f"{number}.txt")
    house.services.readers.catch_up()
    ready = (DocumentState.READY, None)

    def count() -> int:
        return list(house.states(link).values()).count(ready)

    arriving = house.services.entities.arriving
    monkeypatch.setattr(arriving, "seconds_ago", lambda: 0.0)
    monkeypatch.setattr(indexer, "CROWDED_SECONDS", 600.0)
    house.indexer._begun_at = -600.0
    house.indexer.look()
    eventually(lambda: count() == 1, what="the first document")
    eventually(lambda: not house.indexer._running)
    house.indexer.look()
    assert not house.indexer._running
    monkeypatch.setattr(arriving, "seconds_ago", lambda: 5.0)
    house.indexer.look()
    eventually(lambda: count() == 4, what="the others")


def test_whoever_sends_chunks_is_noticed(house: House) -> None:
    link, entities = house.link(), house.services.entities
    entities.look_for_arriving()
    assert entities.arriving.seconds_ago() > 3600
    size = 2 * house.services.settings.chunk_size
    status, opened = house.ask(f"/api/droppr/requests/{link}/uploads", "POST", "", json={"path": "a.bin", "size": size})
    assert status == 201
    headers = {"X-Upload-Id": opened["upload_id"], "X-Upload-Offset": "0"}
    reply = house.client.post(f"/api/droppr/requests/{link}/upload-chunk", data=b"0" * 10, headers=headers)
    assert reply.status_code == 200
    entities.look_for_arriving()
    assert entities.arriving.seconds_ago() < 60
