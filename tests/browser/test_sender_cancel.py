"""Cancelling while it is hard to cancel: with a pack in the air, and with no line to the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.client import Client
from tests.support.files import MIB, content, file_sha256, hashes, write
from tests.support.nginx import LiveNginx
from tests.support.proxy import BadLine
from tests.support.sender import Sender


@pytest.fixture
def behind(browser: Browser) -> Iterator[Callable[[BadLine, Client], Sender]]:
    """A sender on a new link, who comes by way of a bad line."""
    with ExitStack() as stack:

        def visit(line: BadLine, owner: Client) -> Sender:
            context = stack.enter_context(browser.new_context())
            return Sender(context, line.url, owner.make_link()).visit()

        yield visit


@pytest.mark.parametrize("answer", ["comes", "is lost"])
def test_of_a_pack_in_the_air_all_arrive_but_the_file_that_was_cancelled(
    owner: Client, desk: Path, site: LiveNginx, behind: Callable[[BadLine, Client], Sender], answer: str
) -> None:
    files = [write(desk / f"{at}.jpg", content(32 * 1024, seed=at)) for at in range(40)]
    lost = b'"3.jpg"' if answer == "is lost" else b""
    with BadLine(site.port, keep_answer=lost) as line:
        sender = behind(line, owner)
        # The first of all goes ahead, to prove that files are taken.
        sender.choose(first := write(desk / "first.txt", b"first"))
        sender.expect_arrived(first.name)
        ahead, before = len(packs(sender)), line.carried
        # The first four of the pack take twelve seconds: what has left altogether cannot be cancelled any more.
        sender.line(mib_per_second=0.01)
        sender.choose(*files)
        sender.until(lambda: len(packs(sender)) > ahead and line.carried > before, what="a pack in the air")

        sender.page.get_by_role("button", name="Cancel 3.jpg").click()
        expect(sender.state("3.jpg")).to_have_text("Being cancelled…")
        expect(sender.row("3.jpg").get_by_role("button")).to_have_count(0)
        sender.line()
        sender.expect_all_arrived("40 files have arrived")
        expect(sender.state("3.jpg")).to_have_text("Cancelled")
        assert line.kept == bool(lost)

    wanted = {file.name: file_sha256(file) for file in (first, *files) if file.name != "3.jpg"}
    assert hashes(sender.link.disk) == wanted
    assert {each["path"] for each in sender.link.files()} == set(wanted)


def packs(sender: Sender) -> list[str]:
    return [call.url for call in sender.calls if call.url.endswith("/pack")]


@contextmanager
def cancelled_in_vain(line: BadLine, sender: Sender, desk: Path) -> Iterator[None]:
    """A large file is cancelled while the line is down, which it is to the end of the block."""
    sender.line(mib_per_second=4)
    sender.choose(write(desk / "regretted.bin", content(16 * MIB)))
    sender.until(lambda: sender.received() >= MIB, what="a chunk")
    with line.down():
        sender.page.get_by_role("button", name="Cancel regretted.bin").click()
        expect(sender.state("regretted.bin")).to_have_text("Being cancelled…")
        yield


def test_a_cancellation_that_does_not_get_through_is_told_and_goes_on_when_the_line_is_back(
    owner: Client, desk: Path, site: LiveNginx, behind: Callable[[BadLine, Client], Sender]
) -> None:
    with BadLine(site.port) as line:
        sender = behind(line, owner)
        with cancelled_in_vain(line, sender, desk):
            sender.until(lambda: deletions(sender) > 1, what="a second attempt")
            expect(sender.row("regretted.bin").get_by_role("button")).to_have_count(0)
            assert sender.received() >= MIB, "it was not held by the server at all"
            sender.line(offline=True)
            expect(sender.state("regretted.bin")).to_have_text("Being cancelled… · waiting for the connection…")
        sender.line()
        expect(sender.state("regretted.bin")).to_have_text("Cancelled")
        sender.link.status(sender.upload_id()).expect(404, "upload_not_found")

        sender.page.get_by_role("button", name="Try again to send regretted.bin").click()
        sender.expect_all_arrived("1 file has arrived")
    assert hashes(sender.link.disk) == hashes(desk)


def test_of_a_file_whose_cancellation_never_got_through_the_next_visit_knows(
    owner: Client, desk: Path, site: LiveNginx, behind: Callable[[BadLine, Client], Sender]
) -> None:
    with BadLine(site.port) as line:
        sender = behind(line, owner)
        with cancelled_in_vain(line, sender, desk):
            pass
        # Whether a further attempt came before it or not: nothing stands there that nobody is told of.
        sender.visit()
        unfinished = sender.page.locator("#unfinished")
        if sender.link.status(sender.upload_id()).status == 200:
            expect(unfinished).to_contain_text("regretted.bin")
            sender.page.get_by_role("button", name="Discard what has arrived of regretted.bin").click()
        expect(unfinished).to_be_hidden()
        sender.until(lambda: sender.link.status(sender.upload_id()).status == 404, what="the upload to be gone")


def deletions(sender: Sender) -> int:
    return sum(call.method == "DELETE" for call in sender.calls)
