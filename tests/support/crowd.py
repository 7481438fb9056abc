"""People who send to many nodes, each thing through whichever of them answers, and remember what was acknowledged."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import secrets
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import urllib3

from tests.support.client import Client, Link, Reply
from tests.support.files import MIB, content, spans
from tests.support.machines import CELL

TRY_AGAIN = (409, 429, 502, 503)
PATIENCE_SECONDS = 120.0
CHUNKED = {
    "aligned": (12 * MIB, CELL),
    "odd": (6 * MIB + 11, 700_001),
    "longer": (11 * MIB, 8 * MIB),
    "tiny": (40_000, 9_000),
    "huge": (61 * MIB, CELL),
}
LANES = {"huge": 3}


@dataclass
class Crowd:
    """Some people on ``link``, who go on until they are told to stop. ``clients`` are the nodes."""

    clients: Sequence[Client]
    link: Link
    store: bool = True
    """Whether senders reach the store."""
    over: threading.Event = field(default_factory=threading.Event)
    files: dict[str, bytes] = field(default_factory=dict)
    """What has to be there, by the upload's id."""
    closed: list[tuple[Link, str, bytes]] = field(default_factory=list)
    """Links that were closed, each with one file that had arrived by then: its upload's id, and its bytes."""
    faults: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    longest: tuple[float, str] = (0.0, "")
    """How long somebody waited most for an answer that takes him on, and what it was."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _people: list[threading.Thread] = field(default_factory=list, repr=False)

    KINDS = (*CHUNKED, "direct", "pack", "closed")

    def begin(self, seed: int) -> None:
        for kind in self.KINDS:
            if kind != "direct" or self.store:
                self._people.append(threading.Thread(target=self._run, args=(kind, seed)))
                self._people[-1].start()

    def end(self) -> None:
        """Everybody ends what he is at."""
        self.over.set()
        for person in self._people:
            person.join()

    def asked(self, ask: Callable[[Link], Reply], right: set[int], link: Link | None = None, what: str = "") -> Reply:
        """The first answer that is one of ``right``; whoever does not answer, or is busy, is asked again, or another."""
        begun = time.monotonic()
        last = ""
        while time.monotonic() < begun + PATIENCE_SECONDS:
            try:
                reply = ask((link or self.link).seen_by(random.choice(self.clients)))
            except (urllib3.exceptions.HTTPError, OSError) as error:
                last = type(error).__name__
            else:
                if reply.status in right:
                    self._waited(time.monotonic() - begun, what)
                    return reply
                if reply.status not in TRY_AGAIN:
                    raise AssertionError(f"{what}: {reply.status} {reply.body[:300]!r}")
                last = f"{reply.status} {reply.code}"
            with self._lock:
                self.counts[last] += 1
            time.sleep(0.1)  # As a sender that was told to try again.
        raise AssertionError(f"{what}: nobody took it for {PATIENCE_SECONDS:.0f} seconds, at last: {last}")

    def _waited(self, seconds: float, what: str) -> None:
        with self._lock:
            self.longest = max(self.longest, (seconds, what))

    def _run(self, kind: str, seed: int) -> None:
        chance, number = random.Random(f"{kind} {seed}"), 0
        send = {"direct": self._direct, "pack": self._pack, "closed": self._close}.get(kind)
        while not self.over.is_set():
            number += 1
            try:
                key = f"{kind}-{seed}-{number}-{secrets.token_hex(12)}"
                if send:
                    send(chance, key)
                else:
                    self._chunked(kind, chance, key)
            except AssertionError as error:
                self.faults.append(f"{kind} {number}: {error}")
                return
            except Exception:  # noqa: BLE001  a person who is not there any more would look like one without faults
                self.faults.append(f"{kind} {number}: {traceback.format_exc()}")
                return
            self.counts[f"sent {kind}"] += 1

    def _opened(self, chance: random.Random, key: str, size: int, link: Link | None = None) -> dict[str, Any]:
        name = "same.bin" if chance.random() < 0.5 else f"{key}.bin"
        found: dict[str, Any] = self.asked(
            lambda link: link.open(name, size, key=key), {200, 201}, link, what="open"
        ).json
        return found

    def _chunked(self, kind: str, chance: random.Random, key: str) -> None:
        size, step = CHUNKED[kind]
        data = content(size, chance.randrange(10**9))
        upload_id = self._opened(chance, key, size)["upload_id"]
        pieces = spans(size, step)
        chance.shuffle(pieces)
        if chance.random() < 0.2:
            # Somebody who thinks better of it.
            self._chunks(upload_id, data, pieces[: len(pieces) // 2], chance, LANES.get(kind, 1))
            self._cancelled(upload_id)
            return
        self._chunks(upload_id, data, pieces, chance, LANES.get(kind, 1))
        self._arrived(upload_id, data, chance)

    def _chunks(
        self, upload_id: str, data: bytes, pieces: list[tuple[int, int]], chance: random.Random, lanes: int
    ) -> None:
        taken: dict[int, int] = {}

        def send(piece: tuple[int, int]) -> None:
            start, stop = piece
            body = memoryview(data)[start:stop]
            self.asked(lambda link: link.chunk(upload_id, start, body, len(data)), {200}, what=f"chunk of {len(body)}")
            taken[start] = stop

        with ThreadPoolExecutor(lanes) as pool:
            for at in range(0, len(pieces), lanes):
                list(pool.map(send, pieces[at : at + lanes]))
                if chance.random() < 0.3:
                    self._check(upload_id, taken)

    def _direct(self, chance: random.Random, key: str) -> None:
        size = 3 * CELL + 7
        data = content(size, chance.randrange(10**9))
        opened = self._opened(chance, key, size)
        upload_id, confirmed = opened["upload_id"], dict[int, int]()
        wanted = [
            {"start": start, "length": stop - start, "sha256": hashlib.sha256(data[start:stop]).hexdigest()}
            for start, stop in spans(size, CELL)
        ]
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            assert time.monotonic() < end, f"never complete past the nodes: {confirmed}"
            told = self._posted(upload_id, "parts", wanted)
            if "parts" not in told:
                # A node that was started while the store was away does not know yet what that compares, and signs nothing.
                self._chunks(upload_id, data, spans(size, CELL), chance, 1)
                break
            again = [each["start"] for each in told["parts"] if not each["there"] and each["start"] in confirmed]
            assert told["complete"] or not again, f"confirmed, and asked for again: {again}"
            told = self._put_parts(upload_id, told, data, confirmed)
            if told["complete"] or len(confirmed) == len(wanted):
                break
            time.sleep(0.1)  # The store is away.
        self._arrived(upload_id, data, chance)

    def _put_parts(
        self, upload_id: str, told: dict[str, Any], data: bytes, confirmed: dict[int, int]
    ) -> dict[str, Any]:
        """Put the parts that were signed, and have them confirmed; what a node has said last."""
        put = []
        for each in told["parts"]:
            start, stop = each["start"], each["start"] + each["length"]
            if each["there"]:
                confirmed[start] = stop
            elif each["url"] is None:
                # It was signed for other bytes too often, or some of it came otherwise.
                self._chunks(upload_id, data, [(start, stop)], random.Random(upload_id), 1)
            elif _put(each, data):
                put.append(each)
        if put:
            told = self._posted(upload_id, "parts/done", [each["number"] for each in put])
            missing = [] if told["complete"] else told["missing_ranges"]
            for each in put:
                start, stop = each["start"], each["start"] + each["length"]
                if not any(first < stop and start <= last for first, last in missing):
                    confirmed[start] = stop
        return told

    def _posted(self, upload_id: str, call: str, parts: list[Any]) -> dict[str, Any]:
        def ask(link: Link) -> Reply:
            return link.client.call("POST", f"{link.path}/uploads/{upload_id}/{call}", json={"parts": parts})

        reply = self.asked(ask, {200, 400}, what=call)
        assert reply.status == 200 or (call, reply.code) == ("parts", "invalid_range"), reply
        found: dict[str, Any] = reply.json
        return found

    def _pack(self, chance: random.Random, key: str) -> None:
        files = {f"{key}-{n}": content(chance.randrange(70_000), chance.randrange(10**9)) for n in range(25)}
        todo, ids = set(files), dict[str, str]()
        end = time.monotonic() + PATIENCE_SECONDS
        while todo:
            assert time.monotonic() < end, f"not taken of a pack: {len(todo)}"
            names = sorted(todo)
            lines = [json.dumps({"path": f"pack/{each}", "size": len(files[each]), "key": each}) for each in names]
            body = b"".join(line.encode() + b"\n" + files[each] for line, each in zip(lines, names, strict=True))
            told = self.asked(partial(_packed, body=body), {200}, what="pack").json["files"]
            for name, entry in zip(names, told, strict=True):
                if entry.get("complete"):
                    ids[name] = entry["upload_id"]
                    todo.discard(name)
                else:
                    assert entry["status"] in TRY_AGAIN, entry
            if todo:
                time.sleep(0.1)  # Told to try again.
        for name in sorted(ids):
            self._arrived(ids[name], files[name], chance, undone=0.05)

    def _close(self, chance: random.Random, key: str) -> None:
        """A link of one's own, on which a file arrives and another is on its way when it is closed."""
        made = self.asked(_made, {201}, what="make a link").json
        link, data = Link(self.clients[0], made["hash"], made["folder"]), content(20_000, chance.randrange(10**9))
        first = self._opened(chance, f"{key}-a", len(data), link)["upload_id"]
        second = self._opened(chance, f"{key}-b", 2 * CELL, link)["upload_id"]
        for upload_id, body, size in ((first, data, len(data)), (second, bytes(CELL), 2 * CELL)):
            chunk = partial(Link.chunk, upload_id=upload_id, start=0, data=body, total=size)
            self.asked(chunk, {200}, link, what="chunk")
        self._wait_for(first, link)
        self.asked(lambda link: link.close(), {200, 204}, link, what="close")
        self.asked(lambda link: link.chunk(second, CELL, bytes(CELL), 2 * CELL), {404, 410}, link, what="closed")
        self.closed.append((link, first, data))

    def _cancelled(self, upload_id: str) -> None:
        # 404 where an answer that said so was lost.
        self.asked(lambda link: link.cancel(upload_id), {204, 404}, what="cancel")
        self.counts["taken back"] += 1

    def _arrived(self, upload_id: str, data: bytes, chance: random.Random, undone: float = 0.15) -> None:
        """Wait for a file that was sent whole; some are taken back."""
        self._wait_for(upload_id, self.link)
        if chance.random() < undone:
            self._cancelled(upload_id)
        else:
            self.files[upload_id] = data

    def _wait_for(self, upload_id: str, link: Link) -> None:
        begun = time.monotonic()
        while not self.asked(lambda link: link.status(upload_id), {200}, link, what="status").json["complete"]:
            assert time.monotonic() < begun + PATIENCE_SECONDS, "whole, but not delivered"
            time.sleep(0.1)  # Whoever was about to deliver it was killed: the next question does it.
        self._waited(time.monotonic() - begun, "delivery")

    def _check(self, upload_id: str, taken: dict[int, int]) -> None:
        known = dict(taken)
        status = self.asked(lambda link: link.status(upload_id), {200}, what="status").json
        missing = [] if status["complete"] else status["missing_ranges"]
        lost = [(a, b) for a, b in known.items() for first, last in missing if a <= last and first < b]
        assert not lost, f"acknowledged, and asked for again: {lost}"


def _made(link: Link) -> Reply:
    return link.client.call("POST", "/api/droppr/requests", json={"folder": f"t-{secrets.token_hex(12)}"}, owner=True)


def _packed(link: Link, body: bytes) -> Reply:
    kind = {"Content-Type": "application/vnd.droppr.pack"}
    return link.client.call("POST", f"{link.path}/pack", body=body, headers=kind)


def _put(part: dict[str, Any], data: bytes) -> bool:
    """Put a part into the store; whether it said that it has it."""
    body = data[part["start"] : part["start"] + part["length"]]
    proof = {"x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(body).digest()).decode()}
    try:
        reply = urllib3.request("PUT", part["url"], body=body, headers=proof, retries=False, timeout=30)
    except urllib3.exceptions.HTTPError:
        return False
    return reply.status == 200
