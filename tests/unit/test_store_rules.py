"""What is told of a bucket's own rules and clock, and of a database whose address cannot be read."""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from app.services.operations import notes
from app.services.operations.notes import store_notes
from app.settings import Settings
from app.storage.cluster.bucket import Bucket, Place, UnusableEndpoint
from app.storage.cluster.cors import Barred, asked, lets
from app.storage.cluster.rules import Lifecycle
from app.storage.sql.migrate import UnusableCatalogue, on_server
from tests.support.hostile import Answer, Asked, Hostile
from tests.support.ports import free_port

ENDS = {"Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 40}}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], (None, False)),
        ([ENDS | {"Filter": {}}], (40.0, False)),
        ([ENDS | {"Prefix": ""}], (40.0, False)),
        ([ENDS | {"Filter": {"Prefix": "dro"}}], (40.0, False)),
        ([ENDS | {"Filter": {"Prefix": "droppr/some"}}], (None, False)),
        ([ENDS | {"Filter": {"Prefix": "other/"}}], (None, False)),
        ([ENDS | {"Filter": {"Tag": {"Key": "a", "Value": "b"}}}], (None, False)),
        ([ENDS | {"Filter": {"And": {"Prefix": "droppr/", "ObjectSizeLessThan": 9}}}], (40.0, False)),
        ([ENDS | {"Status": "Disabled"}], (None, False)),
        ([ENDS, ENDS | {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}], (3.0, False)),
        ([{"Status": "Enabled", "Filter": {"Prefix": "droppr/a"}, "Expiration": {"Days": 90}}], (None, True)),
        ([{"Status": "Enabled", "Filter": {"Prefix": "else"}, "Expiration": {"Days": 90}}], (None, False)),
        ([ENDS | {"Expiration": {"ExpiredObjectDeleteMarker": True}}], (40.0, False)),
    ],
)
def test_which_rules_reach_what_is_ours(rules: list[dict[str, Any]], expected: tuple[float | None, bool]) -> None:
    assert Lifecycle.of(rules, "droppr/") == Lifecycle(expected[0], expected[1])


@pytest.mark.parametrize(
    ("days", "kept", "deletes", "late", "codes"),
    [
        (40.0, 30.0, False, 59.0, []),
        (None, 30.0, False, 0.0, [notes.STORE_LEFTOVERS]),
        (7.0, 30.0, True, 0.0, [notes.STORE_RULE_SHORT, notes.STORE_DELETES]),
        (7.0, inf, False, 61.0, [notes.STORE_RULE_SHORT, notes.STORE_CLOCK]),
        (inf, inf, False, 0.0, []),
    ],
)
def test_what_is_noted_of_a_store(
    days: float | None, kept: float, deletes: bool, late: float, codes: list[notes.Note]
) -> None:
    found = store_notes(ends_uploads_days=days, kept_days=kept, deletes=deletes, clocks_differ_seconds=late)
    assert found == codes
    barred = store_notes(
        ends_uploads_days=inf, kept_days=kept, deletes=False, clocks_differ_seconds=0.0, bars_senders=True
    )
    assert barred == [notes.STORE_NOT_DIRECT]


HERE, THERE = "https://files.example.org", "https://www.example.org"
LETS = {"AllowedOrigins": [HERE], "AllowedMethods": ["PUT"], "AllowedHeaders": ["*"]}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], False),
        ([LETS], True),
        ([LETS | {"AllowedOrigins": ["*"], "AllowedHeaders": ["X-Amz-*"]}], True),
        ([LETS | {"AllowedOrigins": ["https://*.example.org"]}], True),
        ([LETS | {"AllowedOrigins": [THERE]}], False),
        ([LETS | {"AllowedMethods": ["GET"]}], False),
        ([LETS | {"AllowedHeaders": ["Content-Type"]}], False),
        ([LETS | {"AllowedMethods": ["GET"]}, LETS | {"AllowedHeaders": []}], False),
    ],
)
def test_which_rules_of_a_bucket_let_a_page_put_parts(rules: list[dict[str, Any]], expected: bool) -> None:
    assert lets(rules, HERE) is expected


def _answers(headers: dict[str, str], status: int = 200) -> Callable[[Asked], Answer]:
    return lambda _: Answer(b"", status, headers)


ALL = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, PUT",
    "Access-Control-Allow-Headers": "X-Amz-Checksum-Sha256, Range",
}


@pytest.mark.parametrize(
    ("answer", "barred"),
    [
        (_answers(ALL), ()),
        (_answers(ALL | {"Access-Control-Allow-Origin": HERE, "Access-Control-Allow-Headers": "*"}), (THERE,)),
        (_answers({name: each for name, each in ALL.items() if "Headers" not in name}), (HERE, THERE)),
        (_answers(ALL | {"Access-Control-Allow-Methods": "GET"}), (HERE, THERE)),
        (_answers(ALL, 403), (HERE, THERE)),
        (_answers(ALL | {"Location": "http://127.0.0.1:1/"}, 302), (HERE, THERE)),
    ],
)
def test_a_store_is_asked_as_a_browser_asks_it(answer: Callable[[Asked], Answer], barred: tuple[str, ...]) -> None:
    said: list[Asked] = []

    def note(asked: Asked) -> Answer:
        said.append(asked)
        return answer(asked)

    with Hostile(note) as store:
        assert asked(store.url, "bucket/x y", [HERE, THERE], None) == Barred(barred, is_away=False)
    assert [each.headers["origin"] for each in said] == [HERE, THERE]
    assert said[0].method == "OPTIONS"
    assert said[0].headers["access-control-request-method"] == "PUT"
    assert said[0].headers["access-control-request-headers"] == "x-amz-checksum-sha256"


def test_one_that_does_not_answer_bars_nobody_for_certain() -> None:
    assert asked(f"http://127.0.0.1:{free_port()}", "bucket/x", [HERE], None) == Barred((), is_away=True)


def test_what_is_told_of_pages_has_the_rule_that_is_missing() -> None:
    assert notes.cors_notes((), "b", is_away=False) == []
    assert notes.cors_notes((), "b", is_away=True) == [notes.STORE_AWAY]
    (found,) = notes.cors_notes((HERE, THERE), "drop", is_away=False)
    assert found.code == "store_cors"
    assert "put-bucket-cors --bucket drop " in found.sentence
    (rule,) = json.loads(found.sentence.split("'")[1])["CORSRules"]
    assert lets([rule], HERE)
    assert lets([rule], THERE)


def test_notes_that_take_their_time_hold_up_nobody_for_long() -> None:
    go, asked_for = threading.Event(), threading.Event()

    def look() -> list[notes.Note]:
        asked_for.set()
        go.wait(30)
        return [notes.STORE_AWAY]

    slow = notes.InBackground(look, 600.0, patience_seconds=0.01)
    assert slow() == ()
    assert asked_for.wait(30)
    go.set()
    patient = notes.InBackground(look, 600.0, patience_seconds=30)
    assert patient() == [notes.STORE_AWAY]

    def fail() -> list[notes.Note]:
        raise OSError

    assert notes.InBackground(fail, 600.0, patience_seconds=30)() == ()


@pytest.mark.parametrize("password", ["se%zzcret", "12/se/cret", "se/cret", "a@b:secret", "se@cret"])
def test_an_address_of_a_database_that_cannot_be_read_is_shown_to_nobody(password: str) -> None:
    url = f"postgresql://droppr:{password}@127.0.0.1/droppr"
    with pytest.raises(UnusableCatalogue) as told:
        on_server(url)
    assert "%XX" in str(told.value)
    for piece in ("cret", "zz", "12", "127.0.0.1"):
        assert piece not in str(told.value)
    assert told.value.__cause__ is None
    settings = Settings(database_url=url, admin_token="t" * 32, _env_file=None)  # type: ignore[call-arg]
    assert password not in repr(settings)


@pytest.mark.parametrize(
    "url",
    ["postgresql://127.0.0.1/db", "postgres://me:a%40b%2F%25@one:5432,two/db", "postgresql:///db?host=/run/postgresql"],
)
def test_one_that_can_be_read_is_used(url: str) -> None:
    assert on_server(url).dialect.name == "postgresql"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://me:cret@127.0.0.1:1",
        "http://me:se/cret@127.0.0.1:1",
        "me:cret@h",
        "http://127.0.0.1:cret",
        "https://h:99999",
        "https://h/?cret",
    ],
)
def test_an_endpoint_with_a_password_in_it_is_refused_and_shown_to_nobody(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    with pytest.raises(UnusableEndpoint) as told:
        Bucket(Place("bucket", ""))
    assert told.value.__cause__ is None
    assert "cret" not in "".join(traceback.format_exception(told.value, chain=not told.value.__suppress_context__))
    with pytest.raises(ValueError, match="Write it as") as wrong:
        Settings(s3_endpoint=endpoint, admin_token="t" * 32, _env_file=None)  # type: ignore[call-arg]
    assert "cret" not in " ".join(each["msg"] for each in wrong.value.errors())  # type: ignore[attr-defined]


def test_one_without_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for endpoint in ("https://s3.example.org", "http://[::1]:8333", "https://h-1:443/s3/x"):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        assert Bucket(Place("bucket", "")).endpoint == endpoint
