"""The owner's session in a browser: whose pages it serves, how its cookie is called, and when it is over.

Another port of the owner's own machine is the same site to browsers: they send the cookie for its pages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.admin import log_in, owner_desk
from tests.support.browser import built_pages
from tests.support.client import Client
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx

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
        expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
    links = Client.of(server).call("GET", "/api/droppr/requests", owner=True).json["requests"]
    assert "foreign" not in {link["folder"] for link in links}


def test_over_https_the_cookie_is_this_hosts_own_and_logging_out_ends_it_for_good(
    browser: Browser, live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    server = live(workers=2, unix_socket=True)
    assert server.socket_path
    with LiveNginx(server.socket_path, server.data_dir, built_pages(), tmp_path, tls=True) as site:
        context = browser.new_context(base_url=site.tls_url)
        desk = context.new_page()
        desk.goto("/admin")
        log_in(desk, server.token)
        expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
        [cookie] = context.cookies()
        assert cookie["name"] == "__Host-droppr_owner"
        assert (cookie["secure"], cookie["httpOnly"], cookie["path"]) == (True, True, "/")
        desk.get_by_role("button", name="Log out").click()
        expect(desk.get_by_label("Admin token")).to_be_visible()
        assert context.cookies() == []
        # Whoever had copied it has nothing.
        context.add_cookies([cookie])  # type: ignore[list-item]
        desk.reload()
        expect(desk.get_by_label("Admin token")).to_be_visible()
        context.close()
