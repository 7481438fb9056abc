"""What the owner sees of what the server does right now."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from tests.support.admin import owner_desk
from tests.support.client import Client
from tests.support.files import MIB, content
from tests.support.live import PROJECT, LiveServer
from tests.support.nginx import LiveNginx


def test_the_owner_sees_uploads_come_and_go_and_memory_through_nginx(
    browser: Browser, live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    server = live(
        workers=2,
        unix_socket=True,
        PARALLEL_UPLOAD_MAX_CONCURRENT_USERS=1,
        # Of an upload that sends nothing for eight seconds the place would go to the one that waits.
        PARALLEL_UPLOAD_FLOOR_KB_PER_SECOND=0,
        DROPPR_CHUNK_SIZE_MB=1,
    )
    assert server.socket_path
    with LiveNginx(server.socket_path, server.data_dir, PROJECT / "nginx" / "dist", tmp_path) as nginx:
        client = Client.of(server, url=nginx.url)
        link = client.make_link()
        data = content(4 * MIB)
        with owner_desk(browser, nginx.url, server.token) as page:
            panel = page.get_by_role("region", name="Right now")
            expect(panel).to_contain_text("Nothing is arriving.")
            figure = page.get_by_role("banner").get_by_text(re.compile(r"^[\d.,]+ .B used · [\d.,]+ .B free$"))
            expect(figure).to_be_visible()
            expect(panel.locator("#memory")).to_be_hidden()
            panel.get_by_text("Server").click()
            expect(panel.get_by_text(re.compile(r"\d+% of .*B"))).to_be_visible()
            expect(panel.get_by_text(re.compile(r"[\d.,]+ .B free of [\d.,]+ .B"))).to_be_visible()
            # What an owner runs out of comes first.
            expect(panel.locator("label")).to_have_text(["Disk", "Memory"])
            expect(panel).not_to_contain_text("at this pace")
            upload_id = link.opened("holiday/film.mov", len(data))
            link.chunk(upload_id, 0, data[:MIB], len(data)).expect(200)
            row = panel.get_by_role("listitem")
            expect(row).to_contain_text("holiday/film.mov")
            expect(row).to_contain_text("25% · 1 MB of 4 MB · 1 of 4 chunks")
            expect(row.get_by_role("progressbar")).to_have_attribute("value", str(MIB))
            # It goes on, or its place is free after a quarter of a minute.
            link.chunk(upload_id, MIB, data[MIB : 2 * MIB], len(data)).expect(200)
            link.open("second.bin", len(data)).expect(503, "busy")
            expect(panel).to_contain_text("1 of 1 upload at once · 1 waiting")
            expect(panel).to_contain_text("asked to come back later since the start: 1 time")
            link.send(upload_id, data, step=MIB)
            expect(panel.get_by_role("listitem")).to_have_count(0)


def test_the_panel_goes_on_when_the_server_was_away(browser: Browser, live: Callable[..., Any]) -> None:
    server = live(workers=1)
    with owner_desk(browser, server.url, server.token) as page:
        panel = page.get_by_role("region", name="Right now")
        expect(panel).to_contain_text("Nothing is arriving.")
        server.kill()
        server.start()
        link = Client.of(server).make_link()
        upload_id = link.opened("back.bin", 20 * MIB)
        link.chunk(upload_id, 0, content(MIB), 20 * MIB).expect(200)
        expect(panel).to_contain_text("back.bin", timeout=25_000)


def test_that_small_files_come_is_told_though_they_take_no_place(
    browser: Browser, live: Callable[..., LiveServer]
) -> None:
    server = live(workers=2)
    link = Client.of(server).make_link()
    with owner_desk(browser, server.url, server.token) as page:
        words = page.locator("#activity-uploads")
        expect(words).to_have_text("Nothing is arriving.")
        said = re.compile(r"Small files are arriving( · [\d,]+ files? a second)? · .*B/s")
        # Figures come every two seconds, and are of what came since those before.
        for number in range(5000):
            link.deliver(f"{number}.txt", b"small" * 100)
            if number % 20 == 0 and said.fullmatch(words.inner_text()):
                break
        else:
            raise AssertionError(words.inner_text())
        expect(words).to_have_text("Nothing is arriving.")
