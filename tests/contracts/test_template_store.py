"""What every TemplateStore promises, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.core.accounts import Account, Role
from app.core.errors import InvalidRequest
from app.core.items import Item, Question
from app.core.templates import MAX_TEMPLATES, Template, template_terms
from app.core.terms import CaptchaMode, Language, Terms
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.database import Database
from app.storage.sql.templates import SQLTemplates
from tests.contracts.conftest import databases
from tests.support.actors import OWNER

TERMS = Terms(
    title="Papers",
    message="Please",
    captcha=CaptchaMode.ALWAYS,
    items=(Item("a1b2c3d4", "Passport", extensions=("pdf",)),),
    questions=(Question("q1w2e3r4", "When?"),),
    password_hash="secret",
    alias="anna",
    recipient_email="anna@example.org",
    recipient_language=Language.FR,
    note="about Anna",
    max_files=9,
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return databases(request.param, request, tmp_path)()


def template(id: str, name: str, owner: str = "account:ann") -> Template:
    return Template(id, name, owner, 5.0, template_terms(TERMS))


def test_templates_keep_what_is_not_of_one_link_alone(database: Database) -> None:
    store = SQLTemplates(database)
    store.add(template("b", "Zulu"))
    store.add(template("a", "Alpha", "team:law"))
    assert store.all() == [template("a", "Alpha", "team:law"), template("b", "Zulu")]
    assert store.all(["account:ann", "account:bob"]) == [template("b", "Zulu")]
    found = store.find("b")
    assert found is not None
    assert set(found.changes) == {"title", "message", "captcha", "items", "questions", "max_files"}
    assert (found.terms.items[0].id, found.terms.questions[0].id) == ("", "")
    assert found.terms.items[0].extensions == ("pdf",)
    for missing in ("c", "", "\0", "x" * 500):
        assert store.find(missing) is None


def test_a_name_stands_once_for_each_owner(database: Database) -> None:
    store = SQLTemplates(database)
    store.add(template("a", "Papers"))
    store.add(template("b", "Papers", "team:law"))
    store.add(template("c", "Others"))
    with pytest.raises(InvalidRequest) as refused:
        store.add(template("d", "Papers"))
    assert "name" in str(refused.value.details["fields"])
    with pytest.raises(InvalidRequest):
        store.rename("c", "Papers")
    store.rename("c", "Others")
    store.rename("c", "More")
    store.rename("missing", "More")
    store.remove("a")
    store.remove("a")
    assert [(each.id, each.name) for each in store.all()] == [("c", "More"), ("b", "Papers")]

    def take(number: int) -> bool:
        try:
            store.add(template(f"n{number}", "Wanted"))
        except InvalidRequest:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(12))) == 1


def test_there_are_only_so_many_and_they_go_with_their_account(database: Database) -> None:
    store, accounts = SQLTemplates(database), SQLAccounts(database, clock=lambda: 60.0)
    accounts.add(Account("ann", Role.MEMBER), None, OWNER)
    for number in range(MAX_TEMPLATES):
        store.add(template(f"t{number}", f"Name {number}"))
    with pytest.raises(InvalidRequest):
        store.add(template("more", "One more"))
    store.add(template("law", "One more", "team:law"))
    accounts.remove("ann", OWNER)
    assert [each.id for each in store.all()] == ["law"]
