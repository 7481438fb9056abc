"""Pages of another port of the owner's own machine: to browsers the same site, so that they send the cookie for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser

from tests.support.admin import owner_desk
from tests.support.client import Client
from tests.support.live import LiveServer

FORM = """<!doctype html><meta charset="utf-8"><title>Elsewhere</title>
<form method="post" enctype="text/plain"><input name='{"folder": "foreign", "title": "' value='"}'></form>"""


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(FORM.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}/"
        running.shutdown()


def test_a_page_of_another_port_acts_in_vain_by_the_owners_session(
    browser: Browser, server: LiveServer, elsewhere: str
) -> None:
    address = f"{server.url}/api/droppr/requests"
    send = """address => fetch(address, {
        method: "POST", mode: "no-cors", credentials: "include",
        headers: {"Content-Type": "text/plain"}, body: '{"folder": "foreign"}',
    }).then(() => null)"""
    submit = """address => { const form = document.forms[0]; form.action = address; form.submit(); }"""
    with owner_desk(browser, server.url, server.token) as desk:
        page = desk.context.new_page()
        for script in (send, submit):
            page.goto(elsewhere)
            with page.expect_response(address) as reply:
                page.evaluate(script, address)
            # 401 would mean that the browser sent no cookie, and that this test shows nothing.
            assert reply.value.status == 403
        desk.reload()
        assert desk.get_by_role("heading", name="Your links").is_visible()
    links = Client.of(server).call("GET", "/api/droppr/requests", owner=True).json["requests"]
    assert "foreign" not in {link["folder"] for link in links}
