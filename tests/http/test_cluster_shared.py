"""What counts once for all nodes: whoever is asked, it is one server. Two nodes, and each claim goes over both."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.http.conftest import NOTIFIED, PUBLIC
from tests.http.test_news_stream import following, news
from tests.http.test_owner_session import SESSION, far, log_in
from tests.http.test_passwords import attempt, solved
from tests.http.test_receipts import check, issued, key_of
from tests.support.client import Client, Link, Reply
from tests.support.files import MIB, content, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.postgresql import PostgreSQLServer
from tests.support.receivers import HookReceiver, Mailbox
from tests.support.seaweed import SeaweedServer

CELL = 5 * MIB
SLOTS = 3
LEADS = "this process runs the nightly purge"
DAY = 86_400


@dataclass
class Two:
    servers: list[LiveServer]
    seaweed: SeaweedServer

    @property
    def one(self) -> Client:
        return Client.of(self.servers[0])

    @property
    def other(self) -> Client:
        return Client.of(self.servers[1])

    def link(self, **terms: object) -> tuple[Link, Link]:
        made = self.one.make_link(**terms)
        return made, made.seen_by(self.other)


@pytest.fixture(scope="module")
def two(
    postgresql: PostgreSQLServer,
    seaweed: SeaweedServer,
    shared_mail: Mailbox,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Two]:
    url, bucket = postgresql.new_database(), seaweed.new_bucket()
    migrate(PostgreSQLDatabase(url))
    options: dict[str, Any] = {
        **GENEROUS,
        **seaweed.settings,
        "DROPPR_DATABASE_URL": url,
        "DROPPR_STORE": f"s3://{bucket}/droppr",
        "DROPPR_CHUNK_SIZE_MB": 5,
        "DROPPR_TRUSTED_PROXIES": "127.0.0.1/32",
        "DROPPR_SMTP_URL": f"smtp+plain://127.0.0.1:{shared_mail.port}",
        "DROPPR_MAIL_FROM": "Droppr <droppr@example.org>",
        "DROPPR_NOTIFY_MAIL": NOTIFIED,
        "DROPPR_NOTIFY_AFTER_SECONDS": 1,
        "DROPPR_WEBHOOK_AFTER_SECONDS": 0.5,
        "DROPPR_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
        "DROPPR_PUBLIC_URL": PUBLIC,
        "PARALLEL_UPLOAD_MAX_CONCURRENT_PER_USER": SLOTS,
        "workers": 1,
    }
    with (
        LiveServer(tmp_path_factory.mktemp("one"), **options) as one,
        LiveServer(tmp_path_factory.mktemp("other"), **options) as other,
    ):
        yield Two([one, other], seaweed)


def cookies_of(reply: Reply) -> dict[str, str]:
    return {
        "Cookie": "; ".join(f"{each.key}={each.value}" for each in SimpleCookie(reply.headers["Set-Cookie"]).values())
    }


def by_turns(two: Two) -> Iterator[Client]:
    while True:
        yield from (two.one, two.other)


def test_wrong_passwords_and_tokens_are_counted_once(two: Two) -> None:
    links, turns = two.link(password="sesame", captcha="never"), by_turns(two)
    for number in range(5):
        attempt(links[number % 2], "wrong").expect(401, "password_invalid")
    for link in links:
        attempt(link, "sesame").expect(429, "too_many_attempts")
    for number in range(10):
        log_in(next(turns), f"wrong {number}", **far(1)).expect(401, "unauthorized")
    for client in (two.one, two.other):
        log_in(client, client.token, **far(1)).expect(429, "too_many_attempts")
        log_in(client, client.token, **far(2)).expect(204)


def test_a_captcha_that_was_solved_at_one_node_counts_once_at_all(two: Two) -> None:
    links = two.link(captcha="always")
    for client, (first, second) in ((two.one, links), (two.other, links[::-1])):
        token = solved(client)
        attempt(second, None, token).expect(201)
        for link in (first, second):
            attempt(link, None, token).expect(403, "captcha_required")


def test_sessions_and_keys_open_both_nodes_and_end_at_both(two: Two) -> None:
    name = f"ann-{uuid4().hex[:8]}"
    body = {"name": name, "password": "long and secret"}
    two.one.call("POST", "/api/accounts", json=body, owner=True).expect(201)
    account = two.one.call("POST", SESSION, json=body).expect(204)
    for sent in map(cookies_of, (log_in(two.one, two.one.token), account)):
        two.other.call("GET", SESSION, headers=sent).expect(200)
        two.other.call("DELETE", SESSION, headers=sent).expect(204)
        for client in (two.other, two.one):
            client.call("GET", SESSION, headers=sent).expect(401, "unauthorized")
    made = {"name": "program", "scopes": ["links:read"]}
    key = two.one.call("POST", "/api/keys", json=made, owner=True).expect(201).json
    sent = {"Authorization": f"Bearer {key['key']}"}
    two.other.call("GET", "/api/droppr/requests", headers=sent).expect(200)
    two.other.call("DELETE", f"/api/keys/{key['id']}", owner=True).expect(204)
    for client in (two.one, two.other):
        client.call("GET", "/api/droppr/requests", headers=sent).expect(401, "unauthorized")
    again = two.other.call("POST", SESSION, json=body).expect(204)
    two.one.call("DELETE", f"/api/accounts/{name}", owner=True).expect(200)
    two.other.call("GET", SESSION, headers=cookies_of(again)).expect(401, "unauthorized")


def test_receipts_have_one_key_and_codes_are_found_anywhere(two: Two) -> None:
    links = two.link()
    sent = links[0].deliver("a.txt", b"receipt")["upload_id"]
    receipts = [issued(link, sent) for link in links]
    for receipt, client in zip(receipts, (two.other, two.one), strict=True):
        check(receipt)
        assert receipt["public_key"] == key_of(client)["public_key"]


def test_uploads_have_as_many_places_as_one_server_has(two: Two) -> None:
    links, opened = two.link(), []
    source = two.one.elsewhere().source
    mine = [Client(link.client.url, link.client.token, link.client.files_dir, source=source) for link in links]
    seen = [links[0].seen_by(client) for client in mine]

    def began(link: Link) -> Reply:
        upload_id = link.opened(f"{uuid4().hex}.bin", 2 * CELL)
        opened.append(upload_id)
        return link.chunk(upload_id, 0, bytes(1000), 2 * CELL)

    for number in range(SLOTS):
        began(seen[number % 2]).expect(200)
    for link in seen:
        refused = link.open("more.bin", 2 * CELL).expect(503, "busy")
        assert refused.json["reason"] == "user"
    assert seen[1].cancel(opened[0]).status == 204
    eventually(lambda: seen[0].open("more.bin", 2 * CELL).status == 201, what="the place that was given back elsewhere")


def test_a_quota_counts_what_came_through_either_node(two: Two) -> None:
    name = f"eve-{uuid4().hex[:8]}"
    body = {"name": name, "password": "long and secret"}
    two.one.call("POST", "/api/accounts", json=body, owner=True).expect(201)
    two.one.call("PUT", f"/api/quotas/account:{name}", json={"most": 1_000_000}, owner=True).expect(200)
    links = two.link(owner=f"account:{name}")
    links[0].deliver("a.bin", bytes(600_000))
    links[1].open("b.bin", 600_000).expect(413, "request_full")
    links[1].deliver("c.bin", bytes(300_000))
    links[0].open("d.bin", 300_000).expect(413, "request_full")


def test_what_is_set_on_the_page_of_one_node_counts_at_the_other(two: Two) -> None:
    links, asker = two.link(), uuid4().hex

    def told(client: Client) -> bool:
        return bool(client.call("GET", links[0].path).expect(200).json["asker"] == asker)

    two.other.call("PATCH", "/api/settings", json={"brand_name": asker}, owner=True).expect(200)
    try:
        for client in (two.one, two.other):
            eventually(partial(told, client), what="the setting of the other node")
    finally:
        two.one.call("PATCH", "/api/settings", json={"brand_name": None}, owner=True).expect(200)


def test_an_arrival_at_one_node_is_told_to_who_looks_on_at_the_other(two: Two) -> None:
    links = two.link()
    for looking, link in ((two.other, links[0]), (two.one, links[1])):
        with following(looking) as stream:
            first = stream.event()
            assert first is not None
            link.deliver(f"{uuid4().hex}.txt", b"news")
            newest, known = news(looking), first[1]
            assert newest > known
            while known < newest:
                more = stream.another(known)
                assert more is not None, "the stream ended"
                known = more
    assert [file["size"] for file in links[0].files()] == [4, 4]


def test_people_and_programs_are_told_once(two: Two, mail: Mailbox, hooks: HookReceiver) -> None:
    title = f"Papers {uuid4().hex}"
    links = two.link(title=title)
    # In a moment, but not before the link is made: of what is past by then nobody is reminded.
    due = time.time() + DAY + 4
    awaited, _ = two.link(title=title, recipient_email="dora@example.org", due_at=due, reminders="1")
    hook = {"url": hooks.url, "link": links[0].hash, "kinds": ["files.received"]}
    two.other.call("POST", "/api/endpoints", json=hook, owner=True).expect(201)
    for number in range(4):
        links[number % 2].deliver(f"{number}.txt", b"x")

    def mails(begins: str) -> list[Any]:
        return [each for each in list(mail.mails) if title in str(each["Subject"]) and begins in str(each["Subject"])]

    def arrived() -> int:
        return sum(int(str(each["Subject"]).split()[0]) for each in mails("arrived"))

    eventually(lambda: arrived() >= 4, seconds=30, what="the owner's mail")
    eventually(lambda: mails("Reminder"), seconds=30, what="a reminder")

    def calls() -> list[str]:
        """Others may be called as well, more than once."""
        return [each.headers["webhook-id"] for each in list(hooks.hooks) if links[0].hash.encode() in each.body]

    eventually(calls, seconds=30, what="the program's call")

    def settled() -> bool:
        asked = [f"/api/messages?link={each.hash}&limit=100" for each in (links[0], awaited)]
        told = [each for path in asked for each in two.one.call("GET", path, owner=True).expect(200).json["messages"]]
        return all(each["state"] == "sent" for each in told) and len(told) >= 3

    eventually(settled, seconds=30, what="that nothing is left to be told")
    assert arrived() == 4, "each file once"
    assert len(mails("Reminder")) == 1
    assert len(calls()) == len(set(calls()))


def test_a_file_is_passed_on_once(two: Two) -> None:
    bucket = two.seaweed.new_bucket()
    links, data = two.link(destination={"kind": "s3", "bucket": bucket}), content(6 * MIB, 2)
    upload_id = links[1].opened("film.mov", len(data))
    links[0].chunk(upload_id, 0, data[:CELL], len(data)).expect(200)
    links[1].chunk(upload_id, CELL, data[CELL:], len(data)).expect(200)

    def passed_on() -> bool:
        (file,) = links[0].files()
        assert links[1].files()[0]["upload_id"] == file["upload_id"]
        return bool(file["passed_on"] and file["passed_on"]["state"] == "done")

    eventually(passed_on, seconds=40, what="the file elsewhere")
    assert [key.rpartition("/")[2] for key in two.seaweed.objects(bucket)] == ["film.mov"]
    assert two.seaweed.uploads(bucket) == []


def test_documents_are_sought_in_one_index_where_there_is_one(two: Two) -> None:
    links = two.link()

    def sought(ask: Callable[[Client], Reply]) -> set[tuple[int, str | None]]:
        return {(reply.status, reply.code) for reply in map(ask, (two.one, two.other))}

    assert len(sought(lambda client: client.call("GET", "/api/search?q=boathouse", owner=True))) == 1
    assert len(sought(lambda client: client.call("PATCH", links[0].path, json={"search": True}, owner=True))) == 1


def test_one_node_leads_and_another_one_when_it_dies(two: Two, tmp_path: Path) -> None:
    """The last one here, as it takes a node away."""
    del tmp_path

    def lead(server: LiveServer) -> int:
        return server.log.read_text().count(LEADS)

    eventually(lambda: any(map(lead, two.servers)), what="a leader")
    before = [lead(server) for server in two.servers]
    assert sum(before) == 1
    first = before.index(1)
    two.servers[first].kill()
    try:
        eventually(lambda: lead(two.servers[1 - first]) == 1, seconds=30, what="the next leader")
    finally:
        two.servers[first].start()
    assert lead(two.servers[first]) == 1, "who comes back does not lead beside it"
