"""The kinds of hostile clients there are: what each of them says, and never more often than a line lets them.

All of them are people without rights: they know a link at most, never the owner's token. Where the work is dear to the
server they come once a second; what is dear to themselves, such as many bytes, is bounded too.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.support.strangers import Deaf, Hear, Script, Send, Step, Stranger, Wait

MIB = 1024 * 1024
MADE_UP = "A" * 32
ROUND = 1.0
"""Seconds between two requests of one client."""
PATIENCE = 60.0
FOREVER = 3600.0
PIECE = 256 * 1024
PACK = "application/vnd.droppr.pack"
FORM = "multipart/form-data; boundary=x"


@dataclass(frozen=True)
class Aim:
    """What strangers know: a link that is there, one with a password, an upload of theirs, and a code for many more."""

    hash: str
    locked: str
    upload_id: str
    upload_size: int
    code: str
    asset: str
    routes: Sequence[tuple[str, str]]
    """Method and address of every call that takes a body, ``<hash>`` and the like left in it."""

    def call(self, name: str, hash: str = "") -> str:
        return f"/api/droppr/requests/{hash or self.hash}/{name}"

    def filled(self, route: str, hash: str) -> str:
        known = {"<hash>": hash, "<upload_id>": self.upload_id, "<code>": self.code, "<anypath:path>": "a.txt"}
        for part, value in known.items():
            route = route.replace(part, value)
        return route


Kind = Callable[[Aim], Iterator[Script]]
"""Gives scripts, over and over: as many are taken as there are strangers."""


def head(method: str, path: str, length: int | None = None, **more: str) -> bytes:
    """Request line and headers; chunked without a length."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", size]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path: str, body: bytes, **more: str) -> bytes:
    return head("POST", path, len(body), **more) + body


def get(path: str, **more: str) -> bytes:
    return head("GET", path, 0, **more)


def asked(request: bytes, every: float = ROUND) -> Script:
    """The same request, its answer awaited, over and over on one connection."""

    def script() -> Iterator[Step]:
        while True:
            yield Send(request)
            yield Hear(PATIENCE)
            yield Wait(every)

    return script


def trickling(opening: bytes, drip: bytes, pause: float = 1.0) -> Script:
    """Above the least pace, as long as it may go on."""

    def script() -> Iterator[Step]:
        yield Send(opening)
        while True:
            yield Wait(pause)
            yield Send(drip)

    return script


def pouring(opening: bytes, length: int, framed: bool = False) -> Script:
    """A body at 2 MiB a second."""
    piece = b"\0" * PIECE
    sent = b"%x\r\n%b\r\n" % (PIECE, piece) if framed else piece

    def script() -> Iterator[Step]:
        yield Send(opening)
        for _ in range(length // PIECE):
            yield Send(sent)
            yield Wait(0.125)
        yield Hear(PATIENCE)

    return script


def slow_forms(aim: Aim) -> Iterator[Script]:
    """1,100 bytes a second to the call that takes a form."""
    return _slow(aim, lambda path: path.endswith("/upload"))


def slow_chunks(aim: Aim) -> Iterator[Script]:
    """The same to the calls that take chunks and packs."""
    return _slow(aim, lambda path: path.endswith(("/upload-chunk", "/pack")))


def slow_json(aim: Aim) -> Iterator[Script]:
    """The same to every other call that takes a body."""
    return _slow(aim, lambda path: not path.endswith(("/upload", "/upload-chunk", "/pack")))


def _slow(aim: Aim, meant: Callable[[str], bool]) -> Iterator[Script]:
    """Links that are there and made-up ones by turns."""
    while True:
        for method, route in filter(lambda each: meant(each[1]), aim.routes):
            for hash in (aim.hash, MADE_UP):
                path = aim.filled(route, hash)
                large = path.endswith(("/upload", "/upload-chunk", "/pack"))
                length = 60_000_000 if large else 200_000
                place = {"X_Upload_Id": aim.upload_id, "X_Upload_Offset": "0"} if path.endswith("chunk") else {}
                kind = FORM if path.endswith("/upload") else PACK if path.endswith("/pack") else "application/json"
                first = b"--x\r\n" if path.endswith("/upload") else b'{"a": "'
                opening = head(method, path, length, Content_Type=kind, **place) + first.ljust(1100, b"x")
                yield trickling(opening, b"x" * 1100)


def silent(aim: Aim) -> Iterator[Script]:
    """Connected, and nothing more."""
    while True:
        yield lambda: iter((Wait(FOREVER),))


def half_headed(aim: Aim) -> Iterator[Script]:
    """Headers that do not end: one that stops, one that goes on byte by byte, one whose TLS handshake stops."""
    begun = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
    hello = bytes.fromhex("16030101000100")
    while True:
        yield trickling(begun, b"", FOREVER)
        yield trickling(begun, b"a")
        yield trickling(hello, b"\1")


def deaf(aim: Aim) -> Iterator[Script]:
    """Hundreds of answers are asked for and none is read."""
    for path in _forever(aim.asset, aim.asset, aim.call(f"handoffs/{aim.code}")):

        def script(path: str = path) -> Iterator[Step]:
            yield Deaf(FOREVER)
            yield Send(get(path) * 200)

        yield script


def made_up(aim: Aim) -> Iterator[Script]:
    """Bodies for links that are not there: fast, slow, of known length and chunked."""
    size = 64 * MIB
    while True:
        for name, kind in (("upload-chunk", "application/octet-stream"), ("pack", PACK), ("upload", FORM)):
            path = aim.call(name, MADE_UP)
            place = {"X_Upload_Offset": "0", "Content_Type": kind}
            yield pouring(head("POST", path, size, **place), size)
            yield pouring(head("POST", path, None, **place, X_Upload_Length=str(size)), size, framed=True)
            yield trickling(head("POST", path, size, **place), b"x" * 1100)
            yield trickling(head("POST", path, None, **place), b"400\r\n%b\r\n" % (b"x" * 1024))


def announcers(aim: Aim) -> Iterator[Script]:
    """Uploads are opened, huge ones and many small ones, and nothing is ever sent."""
    for number in _count():

        def script(number: int = number) -> Iterator[Step]:
            for turn in _count():
                size = 100 if number % 4 == 3 else 2**40 if turn % 3 == 2 else 400 * MIB >> (turn % 8)
                body = json.dumps({"path": f"announced-{number}-{turn}.bin", "size": size}).encode()
                yield Send(post(aim.call("uploads"), body))
                yield Hear(PATIENCE)
                yield Wait(ROUND)

        yield script


def folder_bombs(aim: Aim) -> Iterator[Script]:
    """Empty files 61 folders deep, by packs and by the call that makes folders."""
    deep = [f"@@@@@@@@-{each}/" + "d/" * 60 for each in range(600)]
    pack = b"".join(json.dumps({"path": f"{path}f", "size": 0}).encode() + b"\n" for path in deep)
    folders = json.dumps({"paths": [f"{path}g" for path in deep]}).encode()
    for number in _count():

        def script(number: int = number) -> Iterator[Step]:
            for turn in _count():
                # Words of one length: the request is made once, and new names in it cost next to nothing.
                name = b"%04d%04d" % (number, turn)
                yield Send(post(aim.call("pack"), pack.replace(b"@@@@@@@@", name), Content_Type=PACK))
                yield Hear(PATIENCE)
                yield Send(post(aim.call("folders"), folders.replace(b"@@@@@@@@", name)))
                yield Hear(PATIENCE)
                yield Wait(ROUND)

        yield script


def equal_names(aim: Aim) -> Iterator[Script]:
    """A thousand empty files of one name in each request."""
    while True:
        yield asked(post(aim.call("pack"), b'{"path":"a.txt","size":0}\n' * 1000, Content_Type=PACK))


def long_lists(aim: Aim) -> Iterator[Script]:
    """Codes and receipts for ten thousand uploads, made up and real, and a code of very many read again and again."""
    ids = [f"{number:032}" for number in range(9_999)] + [aim.upload_id]
    body = json.dumps({"uploads": ids}).encode()
    while True:
        yield asked(get(aim.call(f"handoffs/{aim.code}")))
        yield asked(post(aim.call("handoffs"), body))
        yield asked(post(aim.call("receipts"), body))


def passwords(aim: Aim) -> Iterator[Script]:
    """Wrong ones, each a hash to be made."""
    body = json.dumps({"path": "a.txt", "size": 1}).encode()
    for number in _count():
        # Of three hundred, each as often as it is asked to come back.
        yield asked(post(aim.call("uploads", aim.locked), body, X_Request_Password=f"wrong-{number}"), every=5.0)


def tokens(aim: Aim) -> Iterator[Script]:
    """Guesses at the owner's token, by every way it is taken."""
    for number in _count():
        guess = f"guess-{number:026}"
        yield asked(get("/api/droppr/requests", Authorization=f"Bearer {guess}"))
        yield asked(get("/api/v1/system/upload-status", X_Auth=guess))
        yield asked(post("/api/droppr/session", json.dumps({"token": guess}).encode()))


def sockets(aim: Aim) -> Iterator[Script]:
    """WebSockets that never say ``start``: idle, with empty fragments, with JSON that is too deep."""
    begun = head(
        "GET",
        f"/ws_api/upload_parallel/{'k' * 32}",
        0,
        Upgrade="websocket",
        Connection="Upgrade",
        Sec_WebSocket_Version="13",
        Sec_WebSocket_Key=base64.b64encode(b"k" * 16).decode(),
    )
    while True:
        yield trickling(begun, b"", FOREVER)
        # A text that is begun and goes on with nothing in it, over and over.
        yield trickling(begun + _frame(0x01, b""), _frame(0x00, b""), 0.5)
        yield trickling(begun, _frame(0x81, b"[" * 990))


def forms(aim: Aim) -> Iterator[Script]:
    """What is costly to parse: fields without end, thousands of parts, headers of a megabyte inside a part."""
    fields = b"1&2&3&4&" * (PIECE // 8)
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    parts = part * 5000 + b"--x--\r\n"
    heads = b"--x\r\nX-A: " + b"a" * MIB + b"\r\n\r\nb\r\n--x--\r\n"
    while True:
        for hash in (MADE_UP, aim.hash):
            path = aim.call("upload", hash)
            yield _fields(head("POST", path, 58 * MIB, Content_Type="application/x-www-form-urlencoded"), fields)
            yield asked(post(path, parts, Content_Type=FORM))
            yield asked(post(path, heads, Content_Type=FORM))


def deep_json(aim: Aim) -> Iterator[Script]:
    """Brackets in brackets, to every call that takes JSON."""
    deep = b"[" * 100_000
    while True:
        for method, route in aim.routes:
            path = aim.filled(route, aim.hash)
            if not path.endswith(("/upload", "/upload-chunk")):
                kind = PACK if path.endswith("/pack") else "application/json"
                yield asked(head(method, path, len(deep), Content_Type=kind) + deep)


def gaps(aim: Aim) -> Iterator[Script]:
    """Chunks of one byte, none beside another."""
    for number in _count():

        def script(number: int = number) -> Iterator[Step]:
            for turn in _count():
                first = 2 * ((number % 40) * 25_000 + turn * 5)
                chunks = (
                    head("POST", aim.call("upload-chunk"), 1, X_Upload_Id=aim.upload_id, X_Upload_Offset=str(at)) + b"g"
                    for at in range(first % (aim.upload_size - 100), first % (aim.upload_size - 100) + 10, 2)
                )
                yield Send(b"".join(chunks))
                yield Hear(PATIENCE)
                yield Wait(ROUND)

        yield script


def _fields(opening: bytes, fields: bytes) -> Script:
    def script() -> Iterator[Step]:
        yield Send(opening)
        for _ in range(58 * MIB // len(fields)):
            yield Send(fields)
            yield Wait(0.05)
        yield Hear(PATIENCE)

    return script


def _frame(first: int, data: bytes) -> bytes:
    """A WebSocket frame of a client. The mask is nothing but zeros, which leaves the text as it is."""
    size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([first]) + size + b"\0\0\0\0" + data


def _count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def _forever(*values: str) -> Iterator[str]:
    while True:
        yield from values


KINDS: dict[str, tuple[Kind, int]] = {
    "slow forms": (slow_forms, 1),
    "slow chunks": (slow_chunks, 1),
    "slow JSON": (slow_json, 1),
    "silent": (silent, 30),
    "half-headed": (half_headed, 10),
    "deaf": (deaf, 1),
    "made-up links": (made_up, 1),
    "announcers": (announcers, 1),
    "folder bombs": (folder_bombs, 1),
    "equal names": (equal_names, 1),
    "long lists": (long_lists, 1),
    "passwords": (passwords, 8),
    "tokens": (tokens, 1),
    "sockets": (sockets, 1),
    "forms": (forms, 1),
    "deep JSON": (deep_json, 1),
    "gaps": (gaps, 1),
}
"""Each with the number of connections that one client has at once; with passwords that many addresses."""


def strangers(kind: str, aim: Aim, clients: int, source: str | None = None) -> list[Stranger]:
    """``clients`` of a kind, each with an address of its own, or all at ``source``: an office."""
    script, each = KINDS[kind]
    scripts = script(aim)
    found = []
    for number in range(clients * each):
        client = number if kind == "passwords" else number // each
        own = f"127.1.{client // 200}.{client % 200 + 1}"
        found.append(Stranger(source or own, next(scripts)))
    return found
