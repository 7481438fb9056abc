"""Due dates and reminders against a real server: what is taken when, who is listed as late, and mails that can be stopped."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from app.services.messages.languages import LANGUAGES
from tests.http.conftest import PUBLIC
from tests.support.client import Client, Link
from tests.support.command import Terminal
from tests.support.files import eventually
from tests.support.live import LiveServer
from tests.support.receivers import Mailbox, text_of

R = "/api/droppr/requests"
DAY = 86_400
LATE = "request_overdue"


def reminders_to(mail: Mailbox, address: str) -> list[Any]:
    def found() -> list[Any]:
        return [each for each in list(mail.mails) if each["To"] == address and "Reminder" in str(each["Subject"])]

    eventually(found, seconds=30, what=f"a reminder to {address}")
    return found()


@pytest.fixture
def teller(told: LiveServer) -> Client:
    return Client.of(told).elsewhere()


def test_after_the_date_nothing_is_opened_and_what_was_open_finishes(client: Client) -> None:
    link = client.make_link(due_at=time.time() + DAY, allow_late=False)
    upload_id = link.opened("in time.txt", 8)
    link.chunk(upload_id, 0, b"half", 8).expect(200)
    link.change(due_at=time.time() - 1).expect(200)
    info = link.info().expect(200).json
    assert (info["allow_late"], info["due_at"] < time.time()) == (False, True)
    assert not {"reminders", "recipient_name", "recipient_email"} & {*info}
    refused = link.open("late.txt", 1).expect(403, LATE)
    assert refused.json["error"] == "The files were due, and this link takes no late ones. Ask its owner for more time."
    first = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Name": "late.txt"}
    link.raw_chunk(first, b"a").expect(403, LATE)
    link.form("late.txt", b"a").expect(403, LATE)
    client.call("POST", f"{link.path}/pack", body=b'{"path":"a","size":1}\na').expect(403, LATE)
    client.call("POST", f"{link.path}/folders", json={"paths": ["late"]}).expect(403, LATE)
    link.status(upload_id).expect(200)
    link.chunk(upload_id, 4, b"half", 8).expect(200)
    assert [each["path"] for each in link.files()] == ["in time.txt"]
    link.change(allow_late=True).expect(200)
    link.deliver("late.txt", b"a")


def test_a_date_is_told_as_it_is_kept_and_taken_away_again(client: Client) -> None:
    link = client.make_link(due_at="2100-07-03T18:00:00+02:00", recipient_name="Anna", recipient_email="a@Example.org")
    owners = client.call("GET", f"{link.path}?as=owner", owner=True).expect(200).json
    assert (owners["due_at"], owners["due"]) == (4_118_313_600, "later")
    assert (owners["recipient_name"], owners["recipient_email"]) == ("Anna", "a@example.org")
    for nothing in (None, ""):
        assert link.change(due_at=nothing).expect(200).json["due_at"] is None
    for wrong in ({"due_at": "2026-07-03T18:00"}, {"reminders": [91]}, {"recipient_email": "anna"}):
        refused = link.change(**wrong).expect(400, "invalid_request")
        assert list(refused.json["fields"]) == list(wrong)


def test_a_link_of_which_no_end_is_said_lasts_until_its_files_are_due_and_as_long_as_usual(client: Client) -> None:
    due = time.time() + 40 * DAY
    ends = [client.make_link(due_at=due, **more).info().json["expires_at"] for more in ({}, {"expires_hours": 5})]
    assert ends == [pytest.approx(due + 7 * DAY, abs=60), pytest.approx(time.time() + 5 * 3600, abs=60)]


@pytest.fixture
def alone(live: Callable[..., LiveServer]) -> Client:
    """Of a server whose lists hold nothing of others, which might change while pages are turned, and would be very many pages."""
    return Client.of(live(workers=1))


@pytest.fixture
def office(alone: Client) -> dict[str, Link]:
    now = time.time()
    made = {
        "none": alone.make_link(),
        "far": alone.make_link(due_at=now + 30 * DAY),
        "soon": alone.make_link(due_at=now + 6 * DAY),
        "late": alone.make_link(due_at=now - 3 * DAY, recipient_name="Anna"),
        "done": alone.make_link(due_at=now - 2 * DAY, recipient_name="Ben"),
        "shared": alone.make_link(due_at=now - DAY),
        "closed": alone.make_link(due_at=now - 4 * DAY),
    }
    made["done"].deliver("a", b"a")
    made["shared"].deliver("a", b"a")
    made["closed"].close().expect(204)
    done = f"{made['done'].path}?as=owner"
    eventually(lambda: alone.call("GET", done, owner=True).json["due"] == "done", what="it to be known")
    return made


def listed(client: Client, office: dict[str, Link], query: str) -> list[str]:
    """The office's links in the order of the list, which is the same in pages."""
    names = {link.hash: name for name, link in office.items()}
    whole = client.call("GET", f"{R}?{query}", owner=True).expect(200).json["requests"]
    paged: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = client.call("GET", f"{R}?{query}&limit=2&cursor={quote(cursor)}", owner=True).expect(200).json
        paged += [each["hash"] for each in page["requests"]]
        cursor = page["next_cursor"]
    assert paged == [each["hash"] for each in whole]
    return [names[each["hash"]] for each in whole if each["hash"] in names]


def test_links_are_sorted_by_their_date_and_chosen_by_it(alone: Client, office: dict[str, Link]) -> None:
    assert listed(alone, office, "sort=due") == ["closed", "late", "done", "shared", "soon", "far", "none"]
    assert listed(alone, office, "sort=due&direction=desc")[:1] == ["none"]
    assert listed(alone, office, "state=due") == ["soon"]
    assert listed(alone, office, "state=late&sort=due") == ["late", "shared"]
    assert listed(alone, office, "state=late") == ["shared", "late"]
    told = {name: alone.call("GET", f"{link.path}?as=owner", owner=True).json["due"] for name, link in office.items()}
    assert told == {
        "none": "none",
        "far": "later",
        "soon": "soon",
        "late": "late",
        "done": "done",
        "shared": "late",
        "closed": "none",
    }


def test_without_mail_a_link_cannot_promise_reminders(client: Client, link: Link) -> None:
    refused = link.change(reminders=[1]).expect(400, "mail_not_ready")
    assert list(refused.json["fields"]) == ["reminders"]
    client.call("POST", f"{link.path}/reminders", json={}, owner=True).expect(400, "mail_not_ready")
    link.change(reminders=[]).expect(200)


def test_a_reminder_comes_by_itself_and_can_be_stopped(teller: Client, mail: Mailbox) -> None:
    # The time of the reminder comes a moment after the link is made: of one that is past nobody is reminded.
    due = time.time() + DAY + 4
    link = teller.make_link(
        title="Taxes 2025", recipient_email="dora.of.the.taxes@example.org", due_at=due, reminders="1"
    )
    (found,) = reminders_to(mail, "dora.of.the.taxes@example.org")
    assert found["Subject"] == "Reminder: please send files: Taxes 2025"
    assert found["To"] == "dora.of.the.taxes@example.org"
    assert f"{PUBLIC}/request/{link.hash}" in text_of(found)
    (told,) = teller.call("GET", f"/api/messages?link={link.hash}&limit=9", owner=True).json["messages"]
    assert (told["kind"], told["title"]) == ("reminder", "Taxes 2025")
    path = re.fullmatch(rf"<{PUBLIC}(/api/droppr/reminders/[\w-]+)>", str(found["List-Unsubscribe"]))
    assert path
    page = teller.call("GET", path[1]).expect(200)
    assert b"Send me no more reminders" in page.body
    assert "script" not in page.headers["Content-Security-Policy"]
    here = teller.call("GET", f"{link.path}/reminders", owner=True).expect(200).json
    (awaited,) = here["awaited"]
    assert (awaited["email"], awaited["stopped"], here["next_at"]) == ("dora.of.the.taxes@example.org", False, None)
    assert awaited["mailed_at"] == pytest.approx(time.time(), abs=600)
    german = teller.call("GET", path[1], headers={"Accept-Language": "de-AT,en;q=0.5"}).expect(200)
    assert "Keine Erinnerungen mehr senden" in german.body.decode()
    assert '<html lang="de" dir="ltr">' in german.body.decode()
    # As a mail program does it, for its user (RFC 8058).
    one_click = {"Content-Type": "application/x-www-form-urlencoded"}
    done = teller.call("POST", path[1], body=b"List-Unsubscribe=One-Click", headers=one_click).expect(200)
    assert b"You get no more reminders" in done.body
    assert b"You get no more reminders" in teller.call("GET", path[1]).expect(200).body
    asked = teller.call("POST", f"{link.path}/reminders", json={}, owner=True).expect(202).json
    assert asked == {"messages": [], "lately": 0, "stopped": 1}
    token = path[1].rpartition("/")[2]
    forged = ("B" if token[-2] == "A" else "A").join((token[:-2], token[-1]))
    for made_up in ("x" * 43, forged, "-"):
        teller.call("POST", f"/api/droppr/reminders/{made_up}").expect(404, "not_found")


def test_people_are_mailed_in_their_own_language(teller: Client, mail: Mailbox) -> None:
    item = {"id": "tax00000", "title": "Tax return"}
    link = teller.make_link(title="Steuern", items=[item], ask_email="required", confirm=True, ask_name="optional")
    plain = teller.make_link(title="Papiery", language="pl", recipient_email="ewa@example.org", items=[item])
    said = {"Accept-Language": "fr-CA, en;q=0.8", "X-Sender-Key": "k" * 22}
    form = link.form("a.txt", b"1", headers=said, item="tax00000", sender_email="luc@example.org").expect(200).json
    assert form["name"] == "a.txt"
    teller.call("POST", f"{plain.path}/invitations", json={"to": ["ewa@example.org"]}, owner=True).expect(202)
    teller.call("POST", f"{plain.path}/reminders", json={}, owner=True).expect(202)

    def party() -> Any:
        return teller.call("GET", f"{link.path}/parties", owner=True).expect(200).json["parties"][0]["id"]

    judged = {"state": "returned", "note": "Page 2"}
    teller.call("PUT", f"{link.path}/parties/{party()}/items/tax00000", json=judged, owner=True).expect(200)

    def told(address: str) -> list[tuple[str, str]]:
        return sorted((str(m["Content-Language"]), str(m["Subject"])) for m in list(mail.mails) if m["To"] == address)

    french, polish = LANGUAGES["fr"], LANGUAGES["pl"]
    wanted = {
        "luc@example.org": [french.confirmed_subject_one, french.returned_subject.format(item="Tax return")],
        "ewa@example.org": [
            polish.asked_subject.format(title="Papiery"),
            polish.reminder_subject.format(title="Papiery"),
        ],
    }
    eventually(lambda: all(len(told(each)) == 2 for each in wanted), seconds=30, what="the mails")
    for address, subjects in wanted.items():
        language = "fr" if address.startswith("luc") else "pl"
        assert told(address) == sorted((language, each) for each in subjects)


def test_lists_tell_how_far_people_have_got(teller: Client, told_terminal: Terminal) -> None:
    items = [{"id": "tax00000", "title": "Tax return"}, {"id": "pass0000", "title": "Passport"}]
    anna = teller.make_link(title="Anna", recipient_name="Anna", items=items)
    shared = teller.make_link(title="Shared", ask_email="required", items=items)

    def standing(link: Link) -> tuple[Any, Any]:
        shown = teller.call("GET", f"{link.path}?as=owner", owner=True).expect(200).json
        return shown["progress"], shown["people"]

    assert standing(anna) == ({"done": 0, "of": 2}, None)
    assert standing(shared) == (None, None)
    to = {"to": ["ben@example.org", "cara@example.org", "dora@example.org"]}
    teller.call("POST", f"{shared.path}/invitations", json=to, owner=True).expect(202)
    key = {"X-Sender-Key": "b" * 22}
    shared.form("a.txt", b"1", headers=key, item="tax00000", sender_email="ben@example.org").expect(200)
    anna.form("a.txt", b"1", item="pass0000").expect(200)
    eventually(lambda: standing(anna) == ({"done": 1, "of": 2}, None), what="one of two")
    counted = {"not_begun": 2, "begun": 1, "finished": 0}
    eventually(lambda: standing(shared) == (None, counted), what="one of three to have begun")
    listed = told_terminal.run("request", "list")
    rows = {row.split()[0]: " ".join(row.split()) for row in listed.splitlines()[1:]}
    assert "1 of 2" in rows[anna.hash]
    assert "0 of 3 finished, 2 not begun" in rows[shared.hash]
    # Whoever has sent nothing is reminded alone, and nobody who is not asked.
    reminders = f"{shared.path}/reminders"
    one = teller.call("POST", reminders, json={"to": ["cara@example.org"]}, owner=True).expect(202).json
    assert [each["recipient"] for each in one["messages"]] == ["cara@example.org"]
    again = teller.call("POST", reminders, json={"to": ["cara@example.org"]}, owner=True).expect(202).json
    assert (again["messages"], again["lately"]) == ([], 1)
    refused = teller.call("POST", reminders, json={"to": ["anna@example.org"]}, owner=True)
    assert "Nothing is awaited of anna@example.org" in refused.expect(400, "invalid_request").json["error"]


def test_owners_remind_from_the_command_line(teller: Client, told_terminal: Terminal, mail: Mailbox) -> None:
    link = teller.make_link(title="Films of June", ask_email="required")
    invited = {"to": ["eva@example.org", "finn@example.org"]}
    teller.call("POST", f"{link.path}/invitations", json=invited, owner=True).expect(202)
    link.deliver("a", b"a", sender_email="finn@example.org")
    said = told_terminal.run("request", "remind", link.hash)
    assert said == "1 reminder on the way.\n  eva@example.org\n"
    assert len(reminders_to(mail, "eva@example.org")) == 1
    assert "Left out, as reminded within the hour: 1." in told_terminal.run("request", "remind", link.hash)
    assert "Nothing is awaited of finn@example.org" in told_terminal.run(
        "request", "remind", link.hash, "finn@example.org", code=1
    )
    link.close().expect(204)
    teller.call("POST", f"{link.path}/reminders", json={}, owner=True).expect(410, "request_closed")


def test_the_command_line_says_when_files_are_due_and_for_whom_a_row_is(told_terminal: Terminal) -> None:
    (told_terminal.folder / "people.csv").write_text("name,email\nGina,gina@example.org\nHugo,\n")
    terms = ("--due", "2100-07-03T18:00+02:00", "--no-allow-late", "--remind", "1,7,-1")
    made = told_terminal.json("request", "create", "in/{name}", *terms, "--csv", "people.csv")["rows"]
    shown = told_terminal.json("request", "show", made[0]["link"])
    assert (shown["recipient_name"], shown["recipient_email"]) == ("Gina", "gina@example.org")
    assert (shown["due_at"], shown["allow_late"], shown["reminders"]) == (4_118_313_600, False, [7, 1, -1])
    assert re.search(
        r"Due +2100-.*\nTakes late files +no\nReminds +7 days before, 1 day before, 1 day after\n",
        told_terminal.run("request", "show", made[0]["link"]),
    )
    assert told_terminal.json("request", "show", made[1]["link"])["recipient_email"] == ""
    edited = told_terminal.json("request", "edit", made[1]["link"], "--due", "2100-07-03T18:00", "--remind", "")
    local = time.mktime(time.strptime("2100-07-03T18:00", "%Y-%m-%dT%H:%M"))
    assert (edited["due_at"], edited["reminders"]) == (local, [])
    assert "no time" in told_terminal.run("request", "edit", made[1]["link"], "--due", "soon", code=2)
    assert told_terminal.json("request", "edit", made[1]["link"], "--due", "")["due_at"] is None
    (told_terminal.folder / "people.csv").write_text("name,email\nGina,gina@\n")
    assert "Row 2: 'gina@' is no e-mail address" in told_terminal.run(
        "request", "create", "in/{name}", "--csv", "people.csv", code=2
    )
