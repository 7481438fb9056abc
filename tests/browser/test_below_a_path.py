"""A server below a path of a host with other things on it, in Chromium: a sender and the owner, by https, through two nginx."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.admin import log_in, make_link, unfold
from tests.support.below import below, example, inside
from tests.support.between import PlainNginx
from tests.support.browser import Witness
from tests.support.client import Client, Link
from tests.support.files import MIB, content, file_sha256, write
from tests.support.ports import free_ports
from tests.support.sender import Sender

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><rect width="80" height="20"/></svg>'
SLOW = 1.0
"""MiB a second: some of a file has gone before all of it has."""


@contextmanager
def proper(browser: Browser, url: str) -> Iterator[tuple[BrowserContext, list[str]]]:
    """A browser that asks for nothing outside of the path at ``url``, and has nothing to complain about; with all that it
    asks for."""
    context = browser.new_context(accept_downloads=True)
    witness = Witness(context)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    try:
        yield context, asked
    finally:
        context.close()
    assert witness.policy_violations == []
    assert witness.crashes == []
    assert [each for each in asked if not each.startswith((f"{url}/", "blob:", "data:"))] == []


def downloaded(page: Page, name: str) -> str:
    with page.expect_download() as begun:
        page.get_by_role("link", name=f"Download {name}").click()
    return file_sha256(Path(begun.value.path()))


@pytest.mark.parametrize("strips", [True, False], ids=["path taken off", "path left on"])
def test_a_file_is_sent_listed_and_fetched(browser: Browser, tmp_path: Path, strips: bool) -> None:
    logo = write(tmp_path / "logo.svg", LOGO)
    large, small = write(tmp_path / "large.bin", content(9 * MIB)), write(tmp_path / "small.bin", content(1000, seed=1))
    options: dict[str, Any] = {"DROPPR_LOGO": logo, "DROPPR_CHUNK_SIZE_MB": 1}
    with (
        below(tmp_path, behind_nginx=True, strips=strips, tls=True, **options) as site,
        proper(browser, site.url) as (owners, _),
    ):
        desk = owners.new_page()
        # From the home page, as one who has only that.
        desk.goto(f"{site.url}/")
        desk.get_by_role("link", name="Owner's page").click()
        expect(desk).to_have_url(f"{site.url}/admin")
        log_in(desk, site.server.token)
        expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
        [cookie] = owners.cookies()
        assert (cookie["name"], cookie["path"]) == ("__Secure-droppr_owner.drop", "/drop")
        assert (cookie["secure"], cookie["httpOnly"]) == (True, True)
        made = make_link(desk, "inbox")
        assert made.startswith(f"{site.url}/request/")
        expect(desk.locator("#made").get_by_role("link", name="Open the link")).to_have_attribute("href", made)

        link = Link(site.inside, made.rpartition("/")[2], "inbox")
        link.change(captcha="always").expect(200)
        with proper(browser, site.url) as (senders, asked):
            sender = Sender(senders, site.url, link).visit()
            sender.until(
                lambda: sender.page.locator("#logo").evaluate("logo => logo.naturalWidth") > 0, what="the logo"
            )
            sender.choose(large, small)
            sender.expect_all_arrived("2 files have arrived")
            sender.page.locator("#receipt-show").click()
            expect(sender.page.locator("dialog")).to_contain_text(site.url)
            assert any(each.endswith("/upload-chunk") for each in asked)
        for sent in (large, small):
            assert file_sha256(link.disk / sent.name) == file_sha256(sent)

        # What the server does is told by events; without them there is no panel.
        expect(desk.locator("#activity")).to_be_visible()
        desk.reload()
        unfold(desk, "inbox")
        for sent in (large, small):
            assert downloaded(desk, sent.name) == file_sha256(sent)
        desk.get_by_role("button", name="Log out").click()
        expect(desk.get_by_label("Admin token")).to_be_visible()
        assert owners.cookies() == []


def test_another_device_goes_on_by_the_code(browser: Browser, tmp_path: Path) -> None:
    film = write(tmp_path / "film.bin", content(16 * MIB))
    with (
        below(tmp_path, behind_nginx=True, strips=False, DROPPR_CHUNK_SIZE_MB=1) as site,
        proper(browser, site.url) as (first, _),
        proper(browser, site.url) as (second, _),
    ):
        link = site.inside.make_link()
        here = Sender(first, site.url, link).visit()
        here.line(mib_per_second=SLOW)
        here.choose(film)
        here.until(lambda: here.received() > 0, what="some of the file")
        here.hold_the_line()
        here.page.locator("#more summary").click()
        here.page.locator("#move-device").click()
        expect(here.page.locator("dialog .qr")).to_be_visible()
        code = here.page.locator("dialog .code strong").text_content()

        there = Sender(second, site.url, link)
        # With a slash too many, as some programs put it; what stands behind the # comes along.
        there.page.goto(f"{there.url}/#resume={code}")
        expect(there.page.locator("#unfinished")).to_contain_text("film.bin")
        expect(there.page).to_have_url(there.url)
        there.choose(film)
        there.expect_arrived("film.bin")
        assert file_sha256(link.disk / "film.bin") == file_sha256(film)
        assert there.upload_id() == here.upload_id()


def test_two_servers_on_one_host_keep_what_is_theirs_apart(browser: Browser, tmp_path: Path) -> None:
    [port] = free_ports(1)
    origin = f"https://127.0.0.1:{port}"
    with ExitStack() as stack:
        sites, servers = "", {}
        for path, strips in (("/one", True), ("/two", False)):
            inner, server = stack.enter_context(inside(tmp_path / path[1:], origin + path, behind_nginx=True))
            sites += example(int(inner.rpartition(":")[2]), path, strips=strips)
            servers[path] = Client.of(server, url=inner)
        stack.enter_context(PlainNginx(0, tmp_path / "outer", site=sites, listen=port, tls=True))
        context = stack.enter_context(browser.new_context())
        desks = {}
        for path, owner in servers.items():
            desk = desks[path] = context.new_page()
            desk.goto(f"{origin}{path}/admin")
            log_in(desk, owner.token)
            expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
        assert {cookie["path"] for cookie in context.cookies()} == set(servers)
        for desk in desks.values():
            desk.reload()
            expect(desk.get_by_role("heading", name="Your links")).to_be_visible()
        desks["/one"].get_by_role("button", name="Log out").click()
        expect(desks["/one"].get_by_label("Admin token")).to_be_visible()
        desks["/two"].reload()
        expect(desks["/two"].get_by_role("heading", name="Your links")).to_be_visible()

        # The same file on its way to both: each page knows of its own and of no other.
        film = write(tmp_path / "film.bin", content(8 * MIB))
        links = {path: owner.make_link() for path, owner in servers.items()}
        begun = Sender(context, f"{origin}/one", links["/one"]).visit()
        begun.line(mib_per_second=SLOW)
        begun.choose(film)
        begun.until(lambda: begun.received() > 0, what="some of the file")
        begun.hold_the_line()
        begun.page.close()
        other = Sender(context, f"{origin}/two", links["/two"]).visit()
        expect(other.page.locator("#choose")).to_be_visible()
        expect(other.page.locator("#unfinished")).to_be_hidden()
        other.choose(film)
        other.expect_arrived("film.bin")
        again = Sender(context, f"{origin}/one", links["/one"]).visit()
        expect(again.page.locator("#unfinished")).to_contain_text("film.bin")
        again.choose(film)
        again.expect_arrived("film.bin")
        for link in links.values():
            assert file_sha256(link.disk / "film.bin") == file_sha256(film)
