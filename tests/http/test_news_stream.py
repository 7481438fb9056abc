"""What happens, told to those who look on by streams that take no thread."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.certificates import self_signed
from tests.support.client import Client
from tests.support.contract import judge_event
from tests.support.files import eventually
from tests.support.live import LiveServer
from tests.support.people import three_people

STREAM = "/api/droppr/news/stream"
NEWS = "/api/droppr/news"


class Told:
    """An open stream. Each wait for something has a limit, far from what it takes."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self._text = b""

    def event(self) -> tuple[str, int] | None:
        """The next one, as its id and its number; None where the stream has ended."""
        while True:
            block, found, rest = self._text.partition(b"\n\n")
            if found:
                self._text = rest
                fields = dict(line.split(": ", 1) for line in block.decode().splitlines())
                if "data" not in fields:
                    continue
                said = json.loads(fields["data"])
                judge_event(STREAM, said)
                return fields["id"], said["news"]
            piece = self.reply.read1(65536)
            if not piece:
                return None
            self._text += piece

    def another(self, than: int) -> int | None:
        """The next number that is another one; None where the stream has ended."""
        while (found := self.event()) is not None and found[1] == than:
            pass
        return None if found is None else found[1]


@contextmanager
def following(client: Client, **headers: str) -> Iterator[Told]:
    given = headers or {"Authorization": f"Bearer {client.token}"}
    named = {name.replace("_", "-"): value for name, value in given.items()}
    reply = client.pool.request("GET", STREAM, headers=named, preload_content=False, retries=False, timeout=60)
    try:
        assert reply.status == 200, reply.data
        yield Told(reply)
    finally:
        reply.close()


def news(client: Client) -> int:
    found: int = client.call("GET", NEWS, owner=True).expect(200).json["news"]
    return found


def test_arrivals_are_told_by_whichever_worker_they_come_through_nginx_too(way_in: Client) -> None:
    link = way_in.make_link()
    with ExitStack() as stack:
        streams = [stack.enter_context(following(way_in)) for _ in range(3)]
        reply = streams[0].reply
        assert reply.headers["Content-Type"].split(";")[0] == "text/event-stream"
        assert reply.headers["Cache-Control"] == "no-store"
        known = []
        for each in streams:
            first = each.event()
            assert first is not None
            assert first[0] == str(first[1])
            known.append(first[1])
        # Each by a connection of its own, so that all workers get some.
        for number in range(6):
            way_in.elsewhere().call("GET", "/healthz").expect(200)
            link.deliver(f"{number}.txt", b"news")
        newest = news(way_in)
        for each, before in zip(streams, known, strict=True):
            told: int | None = before
            while told is not None and told < newest:
                told = each.another(told)
            assert told is not None, "the stream ended"


def test_only_owners_follow_and_a_head_is_a_head_alone(client: Client) -> None:
    client.elsewhere().call("GET", STREAM).expect(401, "unauthorized")
    client.elsewhere().call("GET", STREAM, headers={"Authorization": "Bearer wrong"}).expect(401, "unauthorized")
    assert client.call("HEAD", STREAM, owner=True).expect(200).body == b""
    client.call("POST", STREAM, owner=True).expect(405, "method_not_allowed")


def test_admins_are_told_figures_by_the_same_stream(client: Client, server: LiveServer) -> None:
    with three_people(server, client) as people:
        people["ann"].ask("GET", f"{STREAM}?figures=true").expect(403, "admins_only")
    headers = {"Authorization": f"Bearer {client.token}"}
    address = f"{STREAM}?figures=true"
    reply = client.pool.request("GET", address, headers=headers, preload_content=False, retries=False, timeout=60)
    text = b""
    while text.count(b"event: figures") < 3:
        piece = reply.read1(65536)
        assert piece, "the stream ended"
        text += piece
    reply.close()
    blocks = [dict(line.split(": ", 1) for line in each.splitlines()) for each in text.decode().split("\n\n")[1:-1]]
    assert "event" not in blocks[0]
    at = [json.loads(each["data"])["at"] for each in blocks if each.get("event") == "figures"]
    assert sorted(set(at)) == at
    # Ids are of the news alone: what a browser comes back with is a number.
    assert all(("id" in each) is ("event" not in each) for each in blocks)
    judge_event(STREAM, json.loads(blocks[1]["data"]))


def test_streams_take_no_thread_and_one_who_has_many_gets_no_more(live: Callable[..., LiveServer]) -> None:
    client = Client.of(live(workers=1, DROPPR_THREADS=2))
    link = client.make_link()
    with ExitStack() as stack:
        streams = [stack.enter_context(following(client)) for _ in range(8)]
        firsts = [each.event() for each in streams]
        refused = client.call("GET", STREAM, owner=True).expect(503, "busy")
        assert refused.headers["Retry-After"] == "60"
        for _ in range(3):
            client.call("GET", "/api/droppr/requests", owner=True).expect(200)
        link.deliver("a.txt", b"a")
        for each, first in zip(streams, firsts, strict=True):
            assert first is not None
            assert each.another(first[1]) == news(client)
    # Their connections are gone, and with them what they held.
    eventually(lambda: client.call("GET", "/healthz").status == 200 and may_follow(client), what="room for a stream")


def may_follow(client: Client) -> bool:
    headers = {"Authorization": f"Bearer {client.token}"}
    reply = client.pool.request("GET", STREAM, headers=headers, preload_content=False, retries=False)
    reply.close()
    return bool(reply.status == 200)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "told to stop"])
def test_who_comes_back_after_their_worker_has_gone_misses_nothing(
    live: Callable[..., LiveServer], how: signal.Signals
) -> None:
    server = live(workers=1)
    client = Client.of(server)
    link = client.make_link()
    [worker] = server.worker_pids()
    with following(client) as told:
        last = told.event()
        assert last is not None
        os.kill(worker, how)
        # It does not wait until the worker's patience with requests under way is over.
        assert told.event() is None
    eventually(lambda: server.worker_pids() not in ([], [worker]), what="another worker")
    eventually(lambda: link.info().status == 200, what="an answer")
    link.deliver("meanwhile.txt", b"a")
    with following(client, Authorization=f"Bearer {client.token}", Last_Event_ID=last[0]) as told:
        again = told.event()
        assert again is not None
        assert again[0] != last[0]
        assert again[1] == news(client)


def test_a_member_hears_of_their_own_links_and_nothing_after_they_have_left(server: LiveServer, client: Client) -> None:
    with three_people(server, client) as people:
        ann, bob = people["ann"], people["bob"]
        made = bob.ask("POST", "/api/droppr/requests", {"folder": "bobs"}).expect(201).json["hash"]
        with following(bob.client, **bob.cookie) as bobs, following(ann.client, **ann.cookie) as anns:
            first, hers = bobs.event(), anns.event()
            assert first is not None
            assert hers is not None
            bob.ask("PATCH", f"/api/droppr/requests/{made}", {"title": "Another"}).expect(200)
            told = bobs.another(first[1])
            assert told is not None
            # What her stream says next is about hers, and not his.
            own = ann.ask("POST", "/api/droppr/requests", {"folder": "anns"}).expect(201).json["hash"]
            heard = anns.another(hers[1])
            assert heard is not None
            assert heard == ann.ask("GET", NEWS).expect(200).json["news"]
            bob.ask("DELETE", "/api/droppr/session").expect(204)
            last = told
            # Another process may go by what it knew a second ago.
            for number in range(10):
                title = {"title": f"Unheard {number}"}
                client.call("PATCH", f"/api/droppr/requests/{made}", json=title, owner=True).expect(200)
                if (said := bobs.another(last)) is None:
                    break
                last = said
            else:
                raise AssertionError("who has logged out is told on and on")
            ann.ask("DELETE", f"/api/droppr/requests/{own}").expect(204)
            assert anns.another(heard) is not None
        bob.ask("GET", STREAM).expect(401, "unauthorized")


def test_streams_go_on_by_tls_of_the_server_itself(live: Callable[..., LiveServer], tmp_path: Path) -> None:
    certificate, _ = self_signed(tmp_path, "localhost")
    server = live(workers=1, DROPPR_TLS_CERT=certificate, DROPPR_TLS_KEY=tmp_path / "key.pem")
    context = ssl.create_default_context(cafile=str(certificate))
    context.check_hostname = False
    lines = [http.client.HTTPSConnection("127.0.0.1", server.port, timeout=60, context=context) for _ in range(2)]
    headers = {"Authorization": f"Bearer {server.token}"}
    lines[0].request("GET", STREAM, headers=headers)
    told = Told(lines[0].getresponse())
    first = told.event()
    assert first is not None
    lines[1].request("POST", "/api/droppr/requests", b'{"folder": "tls"}', headers)
    assert lines[1].getresponse().status == 201
    assert told.another(first[1]) is not None
    for line in lines:
        line.close()
