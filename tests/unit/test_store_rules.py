"""What is told of a bucket's own rules and clock, and of a database whose address cannot be read."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from app.services.operations import notes
from app.services.operations.notes import store_notes
from app.settings import Settings
from app.storage.cluster.rules import Lifecycle
from app.storage.sql.migrate import UnusableCatalogue, on_server

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
