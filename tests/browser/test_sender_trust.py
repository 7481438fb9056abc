"""What makes people trust the page: proof, taking back, going on elsewhere, and not dying in silence."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Visit
from tests.support.browser import FLAGS, Witness, built_pages, chromium_program, powerless_chromium
from tests.support.client import Client
from tests.support.files import MIB, content, file_sha256, files_below, hashes, write
from tests.support.live import LiveServer
from tests.support.nginx import LiveNginx
from tests.support.program import Droppr
from tests.support.sender import Sender

SLOW = 4


def test_the_receipt_is_shown_printed_and_saved_and_stands_up_to_droppr_verify(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(title="Contracts")
    file = write(desk / "contract ü.pdf", content(3 * MIB))
    sender = visit(link)
    page = sender.page
    sender.choose(file)
    sender.expect_all_arrived("1 file has arrived")

    page.get_by_role("button", name="Show the receipt").click()
    receipt = page.get_by_role("dialog", name="Receipt")
    expect(receipt.get_by_role("cell", name=file.name)).to_be_visible()
    expect(receipt).to_contain_text(file_sha256(file))
    page.emulate_media(media="print")
    expect(receipt.get_by_role("cell", name=file.name)).to_be_visible()
    expect(page.locator("#link")).to_be_hidden()
    expect(receipt.get_by_role("button", name="Print")).to_be_hidden()
    page.emulate_media(media="screen")

    with page.expect_download() as download:
        receipt.get_by_role("button", name="Download").click()
    saved = desk / "receipt.json"
    download.value.save_as(saved)
    assert droppr_verify(saved, file).returncode == 0
    changed = write(desk / "other" / file.name, content(3 * MIB, seed=1))
    assert droppr_verify(saved, changed).returncode != 0

    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Show the receipt")).to_be_focused()


def droppr_verify(receipt: Path, file: Path) -> subprocess.CompletedProcess[str]:
    return Droppr.run(["verify", receipt, file], capture_output=True, text=True, check=False)


def test_what_was_just_sent_can_be_taken_back(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link()
    files = [write(desk / name, content(2 * MIB)) for name in ("mistake.bin", "right.bin")]
    sender = visit(link)
    sender.choose(*files)
    sender.expect_all_arrived("2 files have arrived")

    sender.page.get_by_role("button", name="Take back: mistake.bin").click()
    expect(sender.state("mistake.bin")).to_have_text("About to be taken back…")
    expect(sender.state("mistake.bin")).to_have_text("Taken back")
    assert list(files_below(link.disk)) == ["right.bin"]
    sender.page.get_by_role("button", name="Try again to send mistake.bin").click()
    sender.expect_all_arrived("2 files have arrived")
    assert hashes(link.disk) == {file.name: file_sha256(file) for file in files}


def test_an_upload_moves_to_another_device_and_goes_on_where_it_was(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link()
    file = write(desk / "film.bin", content(16 * MIB))
    here = visit(link)
    begin(here, file)
    here.page.get_by_text("More options").click()
    here.page.get_by_role("button", name="Continue on another device").click()
    dialog = here.page.get_by_role("dialog", name="Continue on another device")
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    code = dialog.locator(".code strong").text_content() or ""
    expect(here.state("film.bin")).to_contain_text("Paused")

    there = visit(link)
    there.page.get_by_text("Continue from another device").click()
    there.page.get_by_label("Code from the other device").fill("WRONG-CODE")
    there.page.get_by_role("button", name="Continue", exact=True).click()
    expect(there.page.get_by_text("This code is not known here")).to_be_visible()
    there.page.get_by_label("Code from the other device").fill(code.lower())
    there.page.get_by_role("button", name="Continue", exact=True).click()
    expect(there.page.locator("#unfinished")).to_contain_text("film.bin")
    there.choose(file)
    there.expect_arrived("film.bin")

    assert hashes(link.disk) == {"film.bin": file_sha256(file)}
    assert there.upload_id() == here.upload_id()
    assert sum(stop - start for start, stop in there.spans) < 16 * MIB


def test_the_scanned_link_opens_the_same_uploads_and_another_file_of_that_name_is_told_apart(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link()
    here = visit(link)
    begin(here, write(desk / "film.bin", content(16 * MIB)))
    upload = here.upload_id()
    here.page.get_by_role("button", name="Pause all").click()
    url = owner.call("POST", f"{link.path}/handoffs", json={"uploads": [upload]}).json["url"]

    there = visit(link)
    there.page.goto(f"{there.url.split('/request/')[0]}{url}")
    there.page.reload()
    expect(there.page.locator("#unfinished")).to_contain_text("film.bin")
    assert "#" not in there.page.url, "the code stays in the address"
    other = write(desk / "elsewhere" / "film.bin", content(16 * MIB, seed=2))
    there.choose(other)
    there.expect_arrived("film.bin")
    expect(there.page.locator("#problem")).to_contain_text("film.bin is not the file that was begun earlier")
    assert hashes(link.disk) == {"film.bin": file_sha256(other)}
    assert link.status(upload).expect(200).json["complete"] is False


def begin(sender: Sender, file: Path) -> None:
    sender.line(mib_per_second=SLOW)
    sender.choose(file)
    sender.until(lambda: sender.received() >= 3 * MIB, what="some of the file")
    sender.hold_the_line()


def test_one_tab_sends_to_a_link_at_a_time_and_the_next_one_follows_by_itself(
    owner: Client, desk: Path, browser: Browser, site: LiveNginx
) -> None:
    link = owner.make_link()
    with browser.new_context() as context:
        first, second = (Sender(context, site.url, link).visit() for _ in range(2))
        begin(first, write(desk / "first.bin", content(16 * MIB)))
        second.choose(write(desk / "second.bin", content(2 * MIB)))
        expect(second.page.get_by_text("Another tab is sending to this link")).to_be_visible()
        assert second.calls == []
        first.line()
        first.expect_arrived("first.bin")
        second.expect_arrived("second.bin")
        expect(second.page.get_by_text("Another tab is sending to this link")).to_be_hidden()
    assert set(files_below(link.disk)) == {"first.bin", "second.bin"}


def test_what_was_dropped_is_opened_again_after_a_reload_without_being_chosen(
    owner: Client, desk: Path, browser: Browser, site: LiveNginx
) -> None:
    link = owner.make_link()
    film = write(desk / "film.bin", content(12 * MIB))
    folder = desk / "Project ü"
    write(folder / "later" / "sound.bin", content(12 * MIB, seed=1))
    with browser.new_context() as context:
        sender = Sender(context, site.url, link).visit()
        sender.line(mib_per_second=SLOW)
        sender.drop(film, folder)
        sender.until(lambda: min(sender.received(of_file=at) for at in (0, 1)) >= MIB, what="some of both")
        sender.hold_the_line()
        before = sum(sender.received(of_file=at) for at in (0, 1))
        sender.page.reload()
        sender.line()
        sender.calls.clear()
        for path in ("film.bin", "Project ü/later/sound.bin"):
            sender.page.get_by_role("button", name=f"Continue {path}").click()
        sender.expect_all_arrived("2 files have arrived")
    assert hashes(link.disk) == hashes(desk)
    assert sum(stop - start for start, stop in sender.spans) <= 24 * MIB - before


def test_what_was_dropped_and_has_gone_since_is_asked_for(
    owner: Client, desk: Path, browser: Browser, site: LiveNginx
) -> None:
    link = owner.make_link()
    film = write(desk / "film.bin", content(12 * MIB))
    with browser.new_context() as context:
        sender = Sender(context, site.url, link).visit()
        sender.line(mib_per_second=SLOW)
        sender.drop(film)
        sender.until(lambda: sender.received() >= MIB, what="some of the file")
        sender.hold_the_line()
        sender.page.reload()
        film.rename(desk / "moved.bin")
        sender.page.get_by_role("button", name="Continue film.bin").click()
        expect(sender.page.get_by_role("button", name="Choose files")).to_be_focused()
        expect(sender.page.locator("#unfinished")).to_contain_text("film.bin")


def test_in_a_new_tab_the_browser_asks_whether_what_was_dropped_may_be_opened_and_takes_no_for_an_answer(
    owner: Client, desk: Path, browser: Browser, site: LiveNginx
) -> None:
    link = owner.make_link()
    film = write(desk / "film.bin", content(12 * MIB))
    with (
        browser.browser_type.launch(
            executable_path=chromium_program(), args=[*FLAGS, "--deny-permission-prompts"]
        ) as denying,
        denying.new_context() as context,
    ):
        first = Sender(context, site.url, link).visit()
        first.line(mib_per_second=SLOW)
        first.drop(film)
        first.until(lambda: first.received() >= MIB, what="some of the file")
        first.hold_the_line()
        first.page.close()
        again = Sender(context, site.url, link).visit()
        again.page.get_by_role("button", name="Continue film.bin").click()
        expect(again.page.get_by_role("button", name="Choose files")).to_be_focused()
        again.choose(film)
        again.expect_all_arrived("1 file has arrived")
    assert hashes(link.disk) == hashes(desk)
    assert {again.upload_of(chunk) for chunk in again.chunks} == {first.upload_id()}


def test_where_notices_are_not_allowed_the_page_says_so(owner: Client, desk: Path, visit: Visit) -> None:
    sender = visit(owner.make_link(password="later"))
    sender.choose(write(desk / "first.txt", b"the list is there"))
    sender.page.get_by_text("More options").click()
    sender.page.get_by_role("button", name="Tell me when it is done").click()
    expect(sender.page.get_by_text("This browser does not allow notices from this page.")).to_be_visible()
    # When all has arrived there is nothing left to choose.
    sender.page.get_by_label("Password for this link").fill("later")
    sender.page.get_by_role("button", name="Send 1 file").click()
    sender.expect_all_arrived("1 file has arrived")
    expect(sender.page.get_by_text("More options")).to_be_hidden()
    # Nor does the password stand in its field any more; it counts for what is added.
    password = sender.page.get_by_label("Password for this link")
    expect(password).to_be_hidden()
    assert password.input_value() == ""
    sender.choose(write(desk / "second.txt", b"added"))
    sender.expect_all_arrived("2 files have arrived")


def test_an_empty_folder_arrives_and_what_cannot_be_read_is_told(
    owner: Client, desk: Path, browser: Browser, site: LiveNginx, tmp_path: Path
) -> None:
    link = owner.make_link()
    folder = desk / "Project"
    (folder / "later" / "ideas").mkdir(parents=True)
    write(folder / "plan.txt", b"plan")
    for locked in (write(folder / "locked.txt", b"nobody may read this"), write(folder / "vault" / "x", b"x").parent):
        locked.chmod(0)
    with (
        browser.browser_type.launch(executable_path=powerless_chromium(tmp_path), args=list(FLAGS)) as powerless,
        powerless.new_context() as context,
    ):
        sender = Sender(context, site.url, link).visit()
        sender.drop(folder)
        expect(sender.page.get_by_role("alert")).to_contain_text("Project/vault: The browser could not read it.")
        expect(sender.state("Project/locked.txt")).to_contain_text("The file can no longer be read.")
        sender.expect_all_arrived("1 file has arrived. 1 file could not be sent.")
        expect(sender.page.get_by_text("1 empty folder goes along.")).to_be_visible()
    assert list(files_below(link.disk)) == ["Project/plan.txt"]
    assert (link.disk / "Project" / "later" / "ideas").is_dir()


@pytest.mark.parametrize("size", [MIB // 2, 3 * MIB])
def test_files_that_went_away_or_changed_after_they_were_chosen_are_told_and_the_others_arrive(
    owner: Client, desk: Path, visit: Visit, size: int
) -> None:
    link = owner.make_link(password="later")
    gone, changed, cut, kept = (write(desk / f"{at}.bin", content(size, seed=at)) for at in range(4))
    sender = visit(link)
    sender.choose(gone, changed, cut, kept)
    send = sender.page.get_by_role("button", name="Send 4 files")
    expect(send).to_be_visible()
    gone.unlink()
    write(changed, content(size, seed=7))
    os.utime(changed, (1, 1))
    os.truncate(cut, size // 2)
    sender.page.get_by_label("Password for this link").fill("later")
    send.click()
    sender.expect_arrived(kept.name)
    for file in (gone, changed, cut):
        expect(sender.state(file.name)).to_contain_text("The file can no longer be read.")
    assert hashes(link.disk) == {kept.name: file_sha256(kept)}


def test_an_empty_folder_waits_for_the_password_as_files_do(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link(password="Größe 1 %")
    folder = desk / "Project"
    (folder / "later").mkdir(parents=True)
    write(folder / "plan.txt", b"plan")
    sender = visit(link)
    sender.drop(folder)
    sender.page.get_by_label("Password for this link").fill("Größe 1 %")
    sender.page.get_by_role("button", name="Send 1 file").click()
    sender.expect_all_arrived("1 file has arrived")
    expect(sender.page.get_by_text("1 empty folder goes along.")).to_be_visible()
    expect(sender.page.get_by_role("alert")).to_have_count(0)
    assert (link.disk / "Project" / "later").is_dir()


def test_folders_with_nothing_in_them_are_sent_by_themselves_and_ask_for_the_password_too(
    owner: Client, desk: Path, visit: Visit
) -> None:
    link = owner.make_link(password="Größe 1 %", captcha="always")
    folder = desk / "Project"
    (folder / "later").mkdir(parents=True)
    (folder / "never").mkdir()
    sender = visit(link)
    page = sender.page
    sender.drop(folder)
    password = page.get_by_label("Password for this link")
    send = page.get_by_role("button", name="Send 2 folders")
    password.fill("wrong")
    send.click()
    expect(page.locator("#password-hint")).to_contain_text("That is not the password of this link")
    expect(password).to_be_focused()
    assert not (link.disk / "Project").exists()

    password.fill("Größe 1 %")
    send.click()
    expect(page.locator("#empty-folders")).to_have_text("2 empty folders go along.")
    expect(send).to_be_hidden()
    assert sorted(each.name for each in (link.disk / "Project").iterdir()) == ["later", "never"]


@pytest.mark.parametrize("size", [300, 12 * MIB])
def test_two_files_that_only_look_the_same_are_both_sent(owner: Client, desk: Path, visit: Visit, size: int) -> None:
    link = owner.make_link()
    sender = visit(link)
    bytes_of = {name: content(size, seed) for seed, name in enumerate("ab")}
    for name, data in bytes_of.items():
        (desk / name).mkdir()
        write(desk / name / "index.dat", data)
        os.utime(desk / name / "index.dat", (315_532_800, 315_532_800))
    for name in "aba":
        sender.choose(desk / name / "index.dat")
    expect(sender.page.get_by_role("alert")).to_contain_text("index.dat: It is in the list already.")
    expect(sender.page.locator("li.file")).to_have_count(2)
    sender.until(lambda: len(link.files()) == 2, what="both files")
    assert sorted(path.read_bytes() for path in link.disk.iterdir()) == sorted(bytes_of.values())
    assert link.under_way() == []
    expect(sender.page.locator("#problem")).to_be_hidden()


def test_a_picture_is_pasted_and_a_file_chosen_twice_is_sent_once(owner: Client, desk: Path, visit: Visit) -> None:
    link = owner.make_link()
    sender = visit(link)
    sender.page.evaluate("""() => {
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File(['picture'], 'pasted.png', { type: 'image/png' }));
        window.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
    }""")
    sender.expect_arrived("pasted.png")
    file = write(desk / "once.bin", content(MIB))
    sender.choose(file)
    sender.choose(file)
    expect(sender.page.get_by_role("alert")).to_contain_text("once.bin: It is in the list already.")
    sender.expect_all_arrived("2 files have arrived")
    assert set(files_below(link.disk)) == {"pasted.png", "once.bin"}


def test_a_phone_offers_its_camera_and_its_gallery_where_pictures_are_taken(
    owner: Client, desk: Path, visit: Visit
) -> None:
    phone: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    link = owner.make_link()
    sender = visit(link, **phone)
    page = sender.page
    for name, capture in (("Take a photo or film", "environment"), ("Photos and films", None)):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name=name).click()
        assert chooser.value.element.get_attribute("capture") == capture
        chooser.value.set_files(write(desk / f"{name}.jpg", content(1000, seed=len(name))))
        sender.expect_arrived(f"{name}.jpg")
    papers = visit(owner.make_link(allowed_extensions=["pdf"]), **phone)
    expect(papers.page.get_by_role("button", name="Choose files")).to_be_visible()
    expect(papers.page.get_by_role("button", name="Take a photo or film")).to_be_hidden()


def test_without_javascript_the_page_says_what_it_needs_in_every_language(
    owner: Client, browser: Browser, site: LiveNginx
) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{site.url}/request/{owner.make_link().hash}")
        for words in ("needs JavaScript", "braucht dafür JavaScript", "JavaScript が必要です"):
            expect(page.get_by_text(words)).to_be_visible()
        expect(page.locator("#needs-script [lang]")).to_have_count(6)


LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" width="120" height="40" viewBox="0 0 120 40">
<script>document.documentElement.setAttribute("width", "7")</script><rect width="120" height="40" fill="teal"/></svg>"""


def test_the_logo_of_the_owner_is_shown_as_it_is(
    live: Callable[..., LiveServer], browser: Browser, tmp_path: Path
) -> None:
    server = live(workers=1, unix_socket=True, DROPPR_LOGO=write(tmp_path / "logo.svg", LOGO))
    assert server.socket_path
    with (
        LiveNginx(server.socket_path, server.data_dir, built_pages(), tmp_path) as nginx,
        browser.new_context() as context,
    ):
        witness = Witness(context)
        sender = Sender(context, nginx.url, Client.of(server, url=nginx.url).make_link(title="Films")).visit()
        logo = sender.page.locator("#logo")
        expect(logo).to_be_visible()
        assert logo.evaluate("logo => logo.decode().then(() => [logo.naturalWidth, logo.naturalHeight])") == [120, 40]
        heading = sender.page.get_by_role("heading", level=1).bounding_box()
        box = logo.bounding_box()
        assert heading
        assert box
        assert box["y"] + box["height"] <= heading["y"]
        assert (witness.complaints, witness.crashes) == ([], [])


def test_the_owner_s_title_and_message_stand_on_top_and_no_logo_where_there_is_none(
    owner: Client, visit: Visit
) -> None:
    page = visit(owner.make_link(title="Films for Anna", message="Thank you!\nAnna")).page
    expect(page.get_by_role("heading", level=1)).to_have_text("Films for Anna")
    expect(page.locator("#message")).to_have_text("Thank you!\nAnna")
    expect(page.locator("#logo")).to_be_hidden()
    expect(page.locator("#needs-script")).to_have_count(0)
