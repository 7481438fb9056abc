"""The page behind a proxy that speaks HTTP/2: files arrive, and the owner is told what it costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.admin import owner_desk
from tests.support.browser import built_pages
from tests.support.client import Client
from tests.support.files import MIB, content, write
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.sender import Sender

PROTOCOLS = "() => performance.getEntriesByType('resource').filter(e => e.name.endsWith('/upload-chunk')).map(e => e.nextHopProtocol)"


@pytest.mark.parametrize(("http2", "protocol"), [(True, "h2"), (False, "http/1.1")])
def test_the_owner_is_told_where_all_chunks_share_one_connection(
    http2: bool, protocol: str, browser: Browser, live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    server = live(workers=2, unix_socket=True, DROPPR_CHUNK_SIZE_MB=1)
    assert server.socket_path
    with LiveNginx(
        server.socket_path, server.data_dir, built_pages(), tmp_path / "nginx", tls=True, http2=http2
    ) as nginx:
        owner = Client.of(server, url=nginx.url)
        link = owner.make_link()
        file = write(tmp_path / "large.bin", content(4 * MIB))
        with browser.new_context() as context:
            sender = Sender(context, nginx.tls_url, link).visit()
            sender.choose(file)
            sender.expect_all_arrived("1 file has arrived")
            assert set(sender.page.evaluate(PROTOCOLS)) == {protocol}
        assert (link.disk / "large.bin").read_bytes() == file.read_bytes()
        notes = owner.call("GET", "/readyz").expect(200).json["notes"]
        assert len(notes) == http2
        with owner_desk(browser, nginx.url, server.token) as page:
            panel = page.get_by_role("region", name="Right now")
            expect(panel.get_by_text("Nothing is arriving.")).to_be_visible()
            if http2:
                expect(panel.get_by_text(notes[0])).to_be_visible()
            else:
                expect(panel.locator("#activity-notes")).to_be_hidden()
