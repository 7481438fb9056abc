"""The HTTP interface is declared once: the table of calls has every route and no other, and what is made of it is up to date."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from app.core.items import Item, Question, QuestionKind
from app.core.kept_terms import document_of, terms_of
from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.remotes import RemoteTarget, TargetKind
from app.core.terms import TERMS, Ask, Audience, CaptchaMode, ChatPreview, Kind, Language, Terms
from app.web.wire import link_views
from app.web.wire.calls import CALLS
from app.web.wire.openapi import document
from tests.support.live import MEDIA_SERVER, PROJECT
from tests.support.routes import routes

TEXTS: dict[str, Any] = {term.field: term.name for term in TERMS if term.kind is Kind.TEXT}
EVERYTHING = Terms(
    accent="#7a1f5c",
    subfolder="{sender}/{date}",
    naming="{date}-{name}",
    language=Language.DE,
    alias="anna",
    **TEXTS,
    expires_at=5.0,
    password_hash="$argon2id$x",
    max_file_size=1,
    max_total_size=2,
    max_files=3,
    allowed_extensions=("jpg",),
    allowed_origins=("https://a.example",),
    notify=("anna@example.org",),
    due_at=6.0,
    allow_late=False,
    reminders=(7, 1, -1),
    confirm=True,
    captcha=CaptchaMode.ALWAYS,
    chat_preview=ChatPreview.YES,
    ask_name=Ask.REQUIRED,
    ask_email=Ask.OPTIONAL,
    destination=RemoteTarget(TargetKind.S3, bucket="b", prefix="p"),
    items=(Item("tax00000", "Tax return", "Of last year", False, 2, 3, ("pdf",), "https://example.org/sample.pdf"),),
    questions=(Question("ask00000", "Which?", QuestionKind.CHOICE, True, ("red", "blue")),),
    recipient_email="ann@example.org",
    recipient_language=Language.FR,
    search=True,
    keep_days=30,
    active=False,
)


def test_every_route_is_declared_and_nothing_else(tmp_path: Path) -> None:
    there = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.rule))
        for route in routes(tmp_path)
        for method in route.methods - {"HEAD", "OPTIONS"}
    }
    declared = {(method, call.path) for call in CALLS for method in call.methods}
    assert there == declared


def test_the_document_is_openapi() -> None:
    validate(document())


def test_what_is_made_of_the_code_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, PROJECT / "scripts" / "generate.py", "--check"],
        env={"PYTHONPATH": str(MEDIA_SERVER)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_terms_of_a_link_come_back_as_they_were_kept() -> None:
    for terms in (Terms(), EVERYTHING):
        assert terms_of(document_of(terms)) == terms
        assert terms_of({**document_of(terms), "from_the_future": 1}) == terms
    assert all(getattr(EVERYTHING, term.field) != term.default for term in TERMS), "a term is missing in this test"


@pytest.mark.parametrize("term", TERMS, ids=lambda term: term.field)
def test_each_is_shown_to_whom_it_is_for(term) -> None:
    owners, senders = link_views.OwnerLink.model_fields, link_views.SenderLink.model_fields
    assert (term.field in owners) == (term.audience is not Audience.NOBODY)
    assert (term.field in senders) == (term.audience is Audience.SENDERS)
    assert term.help.endswith(".")
    assert (term.choices is not None) == (term.kind is Kind.CHOICE)


def test_a_link_has_the_terms_of_which_nothing_is_said() -> None:
    link = RequestLink("h" * 32, RelPath.parse("x"), 1.0)
    assert link.terms == Terms()
    assert replace(link, terms=EVERYTHING).terms.requires_password
