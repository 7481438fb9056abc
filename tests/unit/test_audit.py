"""What is written of acts, and of whom: bounded, harmless, and never in the way of the act itself."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from app.core.actors import Actor, ActorKind
from app.core.audit import MAX_FACTS, Act, AuditRow, Erasure, Wanted, facts_text
from app.core.errors import Busy, InvalidRequest, StorageFull
from app.services.accounts.acts import CONTINUED_SECONDS, Acts
from app.services.accounts.failed_log_ins import FailedLogIns
from app.services.accounts.owner import Caller, Owner
from app.storage.sql.counts import SQLCounts
from app.web.wire.audit_views import AuditQuery, ErasureBody, exported
from app.web.wire.json_body import parse
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue


class Store:
    """Keeps what is added, while it can."""

    def __init__(self) -> None:
        self.rows: list[AuditRow] = []
        self.asked: list[tuple[float | None, bool]] = []
        self.trouble: Exception | None = None

    def add(self, row: AuditRow, unless_within: float | None = None, *, urgent: bool = True) -> bool:
        if self.trouble:
            raise self.trouble
        self.rows.append(row)
        self.asked.append((unless_within, urgent))
        return True


class Now:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def acts(store: Store, now: Now) -> Acts:
    return Acts(store, now)  # type: ignore[arg-type]


def test_facts_are_bounded_whatever_a_stranger_has_called_a_file():
    text = facts_text({"path": "x" * 9000, "b": ["\ud800\0y" * 3] * 500, "none": None, "size": 5, "on": True})
    found = json.loads(text)
    assert len(text) <= MAX_FACTS
    assert found["path"] == "x" * 1023 + "…"
    assert len(found["b"]) == 100
    assert found["b"][0] == "?y?y?y"
    assert found["b"][-1] == "… 401 more"
    assert (found["size"], found["on"], "none" in found) == (5, True, False)
    assert facts_text(found) == text
    much = facts_text({f"f{at}": "ä" * 1000 for at in range(20)})
    assert len(much) <= MAX_FACTS
    assert set(json.loads(much)) == {f"f{at}" for at in range(20)}


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("Ann", "ann, Annual, JoAnn, Ann.", "erased, Annual, JoAnn, erased."),
        ("Ann", "for_ann_2.pdf", "for_erased_2.pdf"),
        ("a+b@example.org", "to a+b@example.org or aab@example.org", "to erased or aab@example.org"),
        ("192.0.2.1", "192.0.2.1 192.0.2.12 192x0x2x1", "erased 192.0.2.12 192x0x2x1"),
        (".*", "anything .*", "anything erased"),
        ("Jürgen", "JÜRGEN Ju\u0308rgen", "erased erased"),
    ],
)
def test_a_name_is_erased_where_it_stands_as_a_whole(name, before, after):
    row = AuditRow(1.0, OWNER, Act.LINK_MADE, facts={"path": before, "list": [before, 5], "size": 5})
    assert Erasure(name).of(row).facts == {"path": after, "list": [after, 5], "size": 5}
    assert Erasure("nobody").of(row) == row


def test_the_servers_own_names_are_nobodys():
    row = AuditRow(1.0, Actor(ActorKind.SERVICE, name="retention"), Act.FILE_DELETED)
    assert Erasure("retention").of(row) == row


@pytest.mark.parametrize("trouble", [Busy(), StorageFull()])
def test_an_act_that_cannot_be_written_down_counts_all_the_same(acts, store, trouble, caplog):
    store.trouble = trouble
    with caplog.at_level("ERROR", logger="droppr.owner"):
        acts.note(OWNER, Act.LINK_SENT, "hash")
        acts.note_once(OWNER, Act.FILE_DOWNLOADED, "hash", "upload")
    assert [each.message for each in caplog.records if each.levelname == "ERROR"] == ["an act is not in the audit"] * 2


def test_what_goes_on_costs_no_look_at_the_disk(acts, store, now):
    for _ in range(5):
        acts.note_once(OWNER, Act.FILE_DOWNLOADED, "hash", "upload", path="film.mov")
    acts.note_once(OWNER, Act.FILE_DOWNLOADED, "hash", "another", path="film.mov")
    assert [each.upload for each in store.rows] == ["upload", "another"]
    now.seconds += CONTINUED_SECONDS
    acts.note_once(OWNER, Act.FILE_DOWNLOADED, "hash", "upload", path="film.mov")
    acts.note_begun(OWNER, Act.FILE_DOWNLOADED, "hash", "upload", path="film.mov")
    acts.note_once(OWNER, Act.FILE_DOWNLOADED, "hash", "upload", path="film.mov")
    assert [each.upload for each in store.rows] == ["upload", "another", "upload", "upload"]
    assert store.asked[-2:] == [(CONTINUED_SECONDS, True), (0.0, True)]


# Log-ins that fail


@pytest.fixture
def failed(acts, now, tmp_path) -> FailedLogIns:
    return FailedLogIns(acts, SQLCounts(catalogue(tmp_path), now), now)


def test_an_address_that_guesses_on_gets_ten_rows_and_then_a_count(failed, store, now, tmp_path):
    attempts = SQLCounts(catalogue(tmp_path / "other"), now)
    owner = Owner(token="t" * 43, made=True, secret="s", attempts=attempts, clock=now, failed=failed.note)
    for _ in range(300):
        with pytest.raises(Exception, match=r"That is not|Too many"):
            owner.log_in("wrong", Caller("192.0.2.5"))
    assert len(store.rows) == 10
    assert {(str(each.actor), each.actor.address, each.actor.way) for each in store.rows} == {
        ("stranger", "192.0.2.5", "login")
    }
    # Whoever has no rights gets nothing of what is kept for a full disk.
    assert {urgent for _, urgent in store.asked} == {False}
    failed.tell()
    assert len(store.rows) == 10
    now.seconds += 900
    failed.tell()
    failed.tell()
    assert (store.rows[-1].facts, store.rows[-1].actor.address, len(store.rows)) == ({"tries": 290}, "192.0.2.5", 11)


def test_a_crowd_of_addresses_cannot_fill_the_disk(failed, store, now):
    for number in range(5000):
        failed.note(f"2001:db8:{number:x}::", "header", False)
    assert len(store.rows) == 40
    now.seconds += 901
    failed.tell()
    told = store.rows[40:]
    assert len(told) <= 42
    assert 40 + sum(each.facts["tries"] for each in told) == 5000
    # Nothing of it is remembered any more.
    failed.tell()
    assert len(store.rows) == 40 + len(told)


def test_every_act_is_in_the_docs():
    told = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
    rows = "".join(re.findall(r"^\| (`.*?) \|", told.partition("## The audit")[2].partition("\n## ")[0], re.MULTILINE))
    assert set(re.findall(r"`([a-z]+_[a-z_]+)`", rows)) == set(Act)


# As owners ask for it


def test_a_query_names_days_and_seconds_kinds_and_names():
    wanted = parse(
        AuditQuery, {"actor": "service:retention", "since": "2026-11-29", "until": "12.5", "q": " a "}
    ).wanted()
    assert wanted == Wanted(kind="service", name="retention", since=1795910400.0, until=12.5, text="a")
    assert parse(AuditQuery, {"since": "2026-11-29T01:00:00+01:00"}).wanted().since == 1795910400.0
    nothing = dict.fromkeys(("actor", "act", "link", "since", "until", "q"), "")
    assert parse(AuditQuery, nothing).wanted() == Wanted()
    for field, wrong in (
        ("actor", "nobody"),
        ("act", "made_up"),
        ("since", "yesterday"),
        ("since", "nan"),
        ("until", "1e999"),
        ("format", "xml"),
        ("q", "x" * 201),
    ):
        with pytest.raises(InvalidRequest) as refused:
            parse(AuditQuery, {field: wrong})
        assert refused.value.details["fields"].keys() == {field}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "body", [{}, {"name": "A", "email": "b@example.org"}, {"name": "x"}, {"name": " . "}, {"other": "Ann"}, {"name": 5}]
)
def test_an_erasure_names_one_thing(body):
    with pytest.raises(InvalidRequest):
        parse(ErasureBody, body)


@pytest.mark.parametrize("evil", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_an_export_is_reckoned_with_and_none_is_two_lines(evil):
    actor = Actor(ActorKind.ACCOUNT, evil, evil, "n")
    row = AuditRow(1.5, actor, Act.FILE_DELETED, "h" * 24, "u" * 24, {"path": "a\u202eb\n\x1b[2J"})
    text = b"".join(exported([[row]], "csv")).decode()
    head, cells = csv.reader(io.StringIO(text))
    assert head == ["time", "act", "actor", "address", "way", "link", "upload_id", "facts"]
    assert cells[:3] == ["1970-01-01T00:00:01.500+00:00", "file_deleted", "account:n"]
    assert cells[3] == cells[4]
    assert cells[3].startswith("'")
    assert cells[5:7] == ["hhhhhh…", "uuuuuu…"]
    assert "\u202e" not in text
    assert text.count("\r\n") == text.count("\n") == 2


def test_lines_of_json_tell_the_same_and_open_nothing():
    row = AuditRow(1.5, OWNER, Act.LINK_MADE, "h" * 24, None, {"folder": "ä\u2028"})
    [line] = b"".join(exported([[row], []], "jsonl")).decode().splitlines()
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:01.500+00:00",
        "id": 0,
        "at": 1.5,
        "act": "link_made",
        "actor": "owner",
        "address": "192.0.2.1",
        "way": "header",
        "link": "hhhhhh…",
        "upload_id": None,
        "facts": {"folder": "ä\u2028"},
    }
