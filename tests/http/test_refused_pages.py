"""Addresses that people open: what is refused there is told in a page, in their language; programs are told in JSON."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from app import create_app
from app.core import errors
from app.settings import Settings
from app.web.wire.errors import render
from app.web.wire.lost import LOST_POLICY
from app.web.wire.share_html import POLICY
from app.wiring import build
from tests.http.test_shares import share
from tests.support.browser import built_pages
from tests.support.client import Client, Reply
from tests.support.nginx import LiveNginx

PERSON = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Accept-Language": "de-AT,en;q=0.5"}
OPENED = [
    "/to/anna",
    f"/request/{'x' * 32}",
    f"/download/{'x' * 32}",
    "/admin",
    f"/admin/links/{'x' * 32}",
    "/admin/document",
    "/admin/audit",
    f"/logo/{'x' * 32}",
    f"/api/droppr/reminders/{'x' * 32}",
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    settings = Settings(data_dir=tmp_path_factory.mktemp("app"), pages_dir=built_pages(), _env_file=None)  # type: ignore[call-arg]
    return create_app(settings, build(settings, time.time))


def is_page(reply: Reply, words: str) -> bool:
    assert reply.headers["Content-Type"].replace(" ", "").lower() == "text/html;charset=utf-8", reply.body
    assert reply.headers["Content-Security-Policy"] == POLICY
    assert reply.headers["Cache-Control"] == "no-store"
    text = reply.body.decode()
    return '<html lang="de"' in text and words in text


def test_who_tries_readable_addresses_too_often_is_told_in_a_page_and_a_program_in_json(client: Client) -> None:
    here = client.elsewhere()
    for _ in range(5):
        here.call("GET", f"/to/{uuid4().hex}").expect(404)
    refused = here.call("GET", "/to/anna", headers=PERSON)
    assert refused.status == 429
    assert is_page(refused, "Aus Ihrem Netz wurde zu oft gefragt.")
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["X-Robots-Tag"] == "noindex, nofollow"
    head = here.call("HEAD", "/to/anna", headers=PERSON)
    assert (head.status, head.body) == (429, b"")
    for accept in ("*/*", "application/json, text/html"):
        here.call("GET", "/to/anna", headers={"Accept": accept}).expect(429, "too_many_attempts")
    here.call("POST", "/to/anna", headers=PERSON).expect(405, "method_not_allowed")


@pytest.mark.parametrize("path", OPENED)
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.RateLimited(retry_after=7), "zu oft gefragt"),
        (errors.Busy(), "Der Server ist beschäftigt."),
        (errors.InternalError(), "Auf dem Server ist etwas schiefgegangen."),
    ],
    ids=["limited", "busy", "broken"],
)
def test_what_any_address_that_people_open_is_refused_with(
    app: Flask, path: str, error: errors.UploadError, words: str
) -> None:
    with app.test_request_context(path, headers=PERSON):
        page = render(error)
    assert page.mimetype == "text/html"
    assert words in page.get_data(as_text=True)
    assert page.headers.get("Retry-After") == {429: "7", 503: "1"}.get(page.status_code)
    with app.test_request_context(path, headers={"Accept": "*/*"}):
        assert render(error).get_json()["code"] == error.code


def test_calls_of_the_interface_stay_json_whoever_asks(app: Flask) -> None:
    for path in (f"/api/droppr/requests/{'x' * 32}", "/api/droppr/session", "/assets/a.js"):
        with app.test_request_context(path, headers=PERSON):
            assert render(errors.Busy()).get_json()["code"] == "busy"


def test_a_logo_that_there_is_not_is_told_in_the_page_for_that(way_in: Client) -> None:
    built_pages()
    reply = way_in.call("GET", f"/logo/{'x' * 32}", headers=PERSON)
    assert (reply.status, reply.headers["Content-Security-Policy"]) == (404, LOST_POLICY)
    assert "There is nothing at this address" in reply.body.decode()


def test_a_download_that_is_refused_after_its_button_was_pressed(client: Client) -> None:
    link = client.make_link()
    upload = link.deliver("a.txt", b"x")["upload_id"]
    shared = share(link, upload, password="secret")
    refused = shared.archive(**PERSON)
    assert refused.status == 401
    assert is_page(refused, "Diese Dateien haben ein Passwort")
    shared.archive().expect(401, "password_required")
    unknown = client.elsewhere().call("GET", f"/api/droppr/shares/{'x' * 32}/archive", headers=PERSON)
    assert unknown.status == 404
    assert is_page(unknown, "Diesen Download gibt es nicht.")


def test_without_gunicorn_people_get_a_page_that_is_whole_by_itself(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    with LiveNginx(tmp_path / "nobody.sock", tmp_path / "data", built_pages(), tmp_path) as nginx:
        client = Client(nginx.url, "", tmp_path)
        for path in ("/to/anna", f"/download/{'x' * 32}", f"/logo/{'x' * 32}"):
            reply = client.call("GET", path, headers=PERSON)
            assert reply.status == 503
            text = reply.body.decode()
            assert "The server is busy or starting" in text
            assert all(f'lang="{tongue}"' in text for tongue in ("en", "de", "fr", "es", "pl", "ar", "ja"))
            assert reply.headers["Content-Security-Policy"] == LOST_POLICY
            assert (reply.headers["Cache-Control"], reply.headers["Retry-After"]) == ("no-store", "2")
            client.call("GET", path).expect(503, "busy")
            client.call("POST", path, headers=PERSON).expect(503, "busy")
        client.call("GET", "/api/droppr/session", headers=PERSON).expect(503, "busy")
        # These need nobody.
        for path in ("/admin", f"/request/{'x' * 32}"):
            assert client.call("GET", path, headers=PERSON).status == 200
