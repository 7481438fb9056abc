"""Who sends, as `droppr upload` knows it: a key for each link, of a secret that the machine keeps."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.core.checklists import SENDER_KEY
from droppr_client.upload.identity import answers_to, item_named, sender_key
from droppr_client.upload.problems import Refused

ITEMS = [
    {"id": "tax00000", "title": "Tax return"},
    {"id": "pass0000", "title": "Pass"},
    {"id": "more0000", "title": "pass"},
]


def test_a_machine_is_known_again_on_a_link_and_on_no_other(tmp_path: Path) -> None:
    first = sender_key(tmp_path / "new", "link")
    assert first is not None
    assert re.fullmatch(SENDER_KEY, first)
    assert sender_key(tmp_path / "new", "link") == first
    assert sender_key(tmp_path / "new", "other") != first
    assert sender_key(tmp_path / "another", "link") != first
    [secret] = (tmp_path / "new").iterdir()
    assert secret.stat().st_mode & 0o777 == 0o600


def test_of_those_who_begin_at_once_all_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(lambda _: sender_key(tmp_path, "link"), range(40))}) == 1


def test_where_nothing_can_be_kept_files_go_without_a_key(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert sender_key(tmp_path / "file", "link") is None
    (tmp_path / "sender.key").write_bytes(b"short")
    assert sender_key(tmp_path, "link") is None


@pytest.mark.parametrize(
    ("text", "id"),
    [("tax return ", "tax00000"), ("tax00000", "tax00000"), ("pass", None), ("more0000", "more0000"), ("Visa", None)],
)
def test_an_item_is_named_by_its_id_or_by_its_title_if_that_is_one(text: str, id: str | None) -> None:
    assert item_named(ITEMS, text) == id


def test_answers_find_their_questions_whatever_stands_in_them() -> None:
    asked = [{"id": "a0000000", "label": "a=b?"}, {"id": "b0000000", "label": "Agreed?", "kind": "agree"}]
    assert answers_to(asked, ["A=b?=c=d", "b0000000=Yes"]) == {"a0000000": "c=d", "b0000000": True}
    assert answers_to(asked, ["Agreed?=no"]) == {"b0000000": "no"}
    for wrong in ("c=d", "a", ""):
        with pytest.raises(Refused, match="QUESTION=ANSWER"):
            answers_to(asked, [wrong])
    with pytest.raises(Refused, match="asks none"):
        answers_to(None, ["a=b"])
