"""Requests that nobody should send: every route, method and header the program knows, with values that are odd, wrong or lying."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel

import app.web.api.ws as sockets
from app.web.wire import request_bodies, upload_bodies
from tests.support.live import MEDIA_SERVER
from tests.support.routes import Route

_NAME = re.compile(r"[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)+|Origin|Range|Cookie|Authorization|Forwarded")
_ENVIRON = re.compile(r"HTTP_([A-Z_]+)")
# What the framework and gunicorn read by themselves.
_OF_HTTP = (
    "Accept",
    "Expect",
    "If-Range",
    "If-None-Match",
    "If-Modified-Since",
    "Content-Type",
    "Sec-Fetch-Site",
    "TE",
)
FRAMING = ("Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Host")
"""Headers that say where a request ends: each request has its own kind of them."""
MAX_BODY = 64 * 1024


@dataclass(frozen=True)
class Known:
    """What a sender may know of the server: values that name something that is there."""

    link: str
    closed: str
    locked: str
    upload_ids: tuple[str, ...]
    """Many: each can be cancelled but once."""
    token: str
    asset: str


@dataclass(frozen=True)
class Bad:
    """One request as bytes, and what may be expected of the connection afterwards."""

    method: str
    data: bytes
    ends: bool
    """Whether the request says where it ends, and ends there: then another one may follow on the connection."""

    def __repr__(self) -> str:
        return f"Bad({self.method}, {self.data[:700]!r}{'…' if len(self.data) > 700 else ''}, ends={self.ends})"


def header_names() -> list[str]:
    """Every header that the web layer names, and those that are read below it."""
    found = set(_OF_HTTP)
    for source in (MEDIA_SERVER / "app" / "web").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                if _NAME.fullmatch(node.value):
                    found.add(node.value)
                if environ := _ENVIRON.fullmatch(node.value):
                    found.add(environ[1].replace("_", "-").title())
    return sorted(found - set(FRAMING))


def field_names() -> list[str]:
    """Every field that any JSON body has."""
    found = {"type"}
    for module in (request_bodies, upload_bodies, sockets):
        for model in vars(module).values():
            if isinstance(model, type) and issubclass(model, BaseModel):
                for name, info in model.model_fields.items():
                    alias = info.validation_alias
                    found.update([name, *(map(str, alias.choices) if isinstance(alias, AliasChoices) else ())])
    return sorted(found)


def codes(document: Path) -> frozenset[str]:
    """The stable codes that docs/api.md has."""
    table = document.read_text().partition("## Errors")[2].partition("\n## ")[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("|")]
    return frozenset(code for row in rows for code in re.findall(r"`([a-z_]+)`", row[2]))


_numbers = st.sampled_from(
    [0, -1, 1, 2, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**30, -(2**63), 0.5, -0.0, 1e308, float("nan"), float("inf")]
)
_odd_texts = st.sampled_from(
    [
        "", " ", "\0", "a\0b", "\ud800", "\udfff\ud800", "\u202e", "\x1b[2J", "\r\n", "..", "../../x", "/", "a/../b", "//",
        "*", "CON", "a" * 256, "ä" * 200, "a/" * 70 + "b", "%00", "%", "NaN", "Infinity", "-1", "1e999", "9" * 400, "0x10",
        "true", "null", "{}", "[]", "<script>", "' OR 1=1", "bytes 0-1/2", "𝔘", "é", "é", "s1:" + "0" * 64, "0" * 64,
    ]
)  # fmt: skip
_texts = _odd_texts | st.text(max_size=30)
_json = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=8,
)
_GOOD: dict[str, Any] = {
    "path": "a.txt", "size": 3, "key": "k" * 22, "last_modified": 1.5, "sha256": "0" * 64, "sample": "s1:" + "0" * 64,
    "paths": ["a/b"], "uploads": ["0" * 32], "folder": "made", "type": "start",
}  # fmt: skip
_RAW = [
    b"", b"{", b"[" * 5000, b'{"a":' * 3000, b"\xef\xbb\xbf{}", "{}".encode("utf-16"), b"\xff\xfe", b"{}{}", b"nul", b"NaN",
    b'{"size":' + b"9" * 5000 + b"}", b'{"path":"a","path":"b","size":1}', b'{"path":"\xff","size":1}', b"[]", b'"a"', b"0",
    b'{"path":"a.txt","size":1e999}', b'{"path":"a.txt","size":3,"last_modified":1e400}', b'{"path":"\\ud800","size":1}',
]  # fmt: skip


@st.composite
def json_bodies(draw: st.DrawFn, fields: list[str]) -> bytes:
    if draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(_RAW))
    # Whole in every second case, so that what is wrong with one field is found by itself.
    missing = draw(st.just([]) | st.lists(st.sampled_from(sorted(_GOOD))))
    value: Any = {name: good for name, good in _GOOD.items() if name not in missing}
    for name in draw(st.lists(st.sampled_from(fields), max_size=4)):
        value[name] = draw(_json)
    if draw(st.integers(0, 9)) == 0:
        value = draw(_json)
    return json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@st.composite
def packs(draw: st.DrawFn, fields: list[str]) -> bytes:
    body = b""
    for _ in range(draw(st.integers(0, 5))):
        told, real = draw(st.sampled_from([(0, 0), (3, 3), (3, 2), (2, 3), (2**40, 5), (-1, 0), (10**6, 0)]))
        line = {
            "path": draw(_texts | st.just("p.txt")),
            "size": told,
            **draw(st.dictionaries(st.sampled_from(fields), _json, max_size=2)),
        }
        end = draw(st.sampled_from([b"\n", b"\n", b"\n", b"\r\n", b"", b"\n\n", b" " * 9000 + b"\n"]))
        body += json.dumps(line).encode() + end + b"x" * real
    return body + draw(st.sampled_from([b"", b"", b"{", b"\0" * 100, b"\n", b"a" * 9000]))


@st.composite
def forms(draw: st.DrawFn) -> tuple[str, bytes]:
    """Content-Type and body."""
    boundary = draw(st.sampled_from(["x", "x", "x", "", "a" * 300, 'x"y', "x y", "\u00e9"]))
    body = b""
    for _ in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(["file", "file", "relative_path", "sender_name", "", "a" * 2000, "\0", "ä"]))
        more = draw(
            st.sampled_from(
                ['; filename="a.txt"', '; filename=""', "; filename*=UTF-8''%ff", "; filename", "", '; filename="../x"']
            )
        )
        heads = draw(
            st.sampled_from(
                [
                    b"",
                    b"Content-Type: text/plain\r\n",
                    b"X: " + b"a" * 5000 + b"\r\n",
                    b"no colon\r\n",
                    b"Content-Transfer-Encoding: base64\r\n",
                ]
            )
        )
        value = draw(st.sampled_from([b"", b"abc", b"\xff\0", b"\r\n--x", b"\r" * 500, b"a" * 5000]))
        body += (
            b"--x\r\n"
            + f'Content-Disposition: form-data; name="{name}"{more}'.encode()
            + b"\r\n"
            + heads
            + b"\r\n"
            + value
            + b"\r\n"
        )
    body += draw(st.sampled_from([b"--x--\r\n", b"--x--", b"", b"--x", b"--x--\r\n" * 3]))
    kind = draw(
        st.sampled_from(
            [
                f"multipart/form-data; boundary={boundary}",
                "multipart/form-data",
                "application/x-www-form-urlencoded",
                "multipart/mixed; boundary=x",
            ]
        )
    )
    return kind, draw(st.sampled_from([body, body, body, b"a=1&" * 3000, b"file=a"]))


def _addresses(draw: st.DrawFn, rule: str, known: Known) -> str:
    """A route with its variable parts filled in, some rightly."""
    odd = ["A" * 32, "%00", "%ff%fe", "..%2f..", "%ed%a0%80", "a" * 3000, "%2e%2e", "~", "a%0d%0ab", "'", "%"]
    values = {
        "hash": [known.link] * 8 + [known.closed, known.locked, *odd],
        "upload_id": [draw(st.sampled_from(known.upload_ids))] * 8 + odd,
        "file_id": [known.upload_ids[0], "k" * 32, *odd],
        "path": ["a.txt", "there.txt", "there.txt", *odd],
        "name": [known.asset, *odd],
    }

    def filled(part: re.Match[str]) -> str:
        return draw(st.sampled_from(values.get(part[1].rpartition(":")[2], odd)))

    path = re.sub(r"<([^>]+)>", filled, rule)
    query = draw(st.sampled_from(["", "", "", "", "?", "?limit=x", "?limit=99999999999999999999", "?limit=1&cursor=%00", "?cursor=bnVsbA", "?active=maybe",
                                        "?forget=true", "?gdrive_url=http://127.0.0.1/", "?%ff=%fe&a", "/", "//", "?a=" + "b" * 2000]))  # fmt: skip
    # The link itself may be closed, but not forgotten: what comes after is to find it there.
    return path if known.link in path and "forget" in query else path + query


def _value(draw: st.DrawFn, name: str, known: Known) -> str:
    """What a header says: something that it might, or anything at all."""
    likely: dict[str, list[str]] = {
        "Authorization": [f"Bearer {known.token}"] * 3 + ["Bearer", "Basic eDp5", "Bearer \xff"],
        "X-Auth": [known.token, "wrong"],
        "X-Upload-Id": [draw(st.sampled_from(known.upload_ids))] * 3 + ["A" * 32, "../x", ""],
        "X-Upload-Key": ["k" * 22, "k" * 65, "k"],
        "Content-Range": ["bytes 0-2/3", "bytes 3-5/9", "bytes 2-1/3", "bytes 0-2/*", "bytes */3", "lines 0-1/2", f"bytes 0-{2**70}/{2**71}", "bytes -1-2/3", "bytes 0-2/2"],
        "X-Upload-Offset": ["0", "3", "-1", "9" * 18, "9" * 30, "1_0", "٣", "0x1", " 1 ", "\x1c1"],
        "X-Upload-End": ["2", "0", "-1", "9" * 18, "x"],
        "X-Upload-Length": ["3", "9", "0", "-1", "9" * 18],
        "X-Chunk-Index": ["0", "1.5", "-1", "9" * 18, "\x1f1", "\x851", "\xa01"],
        "X-Upload-Path": ["a.txt", "%00", "%ff", "..%2fx", "a%2fb", "%ED%A0%80", "\xe4", "a" * 3100],
        "X-Upload-Name": ["a.txt", "%", ""],
        "Content-Digest": ["sha-256=:AAAA:", "sha-256=AAAA", "crc32c=::", "sha-256=:" + "A" * 43 + "=:", "x=:!:", "sha-512=:=:", "a," * 500],
        "Content-Encoding": ["gzip", "identity", "", "deflate, gzip"],
        "Content-Type": ["application/json", "text/plain", "application/vnd.droppr.pack", "multipart/form-data; boundary=x", "a/b; c", ";"],
        "Range": ["bytes=0-", "bytes=5-2", "bytes=-0", "bytes=" + "0-0," * 500 + "0-0", "bytes=99999999999999999999-", "x=1", "bytes=a-b"],
        "If-Range": ['"x"', "W/", "Thu, 01 Jan 1970 00:00:00 GMT", "99"],
        "If-None-Match": ["*", '"a", W/"b"', '"', ","],
        "Origin": ["http://[", "null", "http://127.0.0.1", "http://evil.example:99999", "http://[::1", "//"],
        "Sec-Fetch-Site": ["cross-site", "same-site", "none", "same-origin", "x"],
        "Cookie": ["droppr_owner=x", "droppr_owner=" + "a." * 300, "=;=;", "a=b; droppr_owner=;;", "__Host-droppr_owner=x"],
        "X-Forwarded-For": ["1.2.3.4", "::1%eth0, [", "," * 300, "127.0.0.1:99999999", "unknown"],
        "X-Request-Password": ["wrong", "%", "%ff", "\xff", "a" * 1000],
        "X-Captcha-Token": ["x", "e30=", "eyJhIjoxfQ==", "%", "a" * 4000],
        "Expect": ["100-continue", "x"],
        "X-Body-File": ["0000000001", "../../etc/passwd", "/etc/passwd"],
    }  # fmt: skip
    odd = ["", " ", "\xff\xfe", "a" * 9000, "0", "-1", "\t", "%00", "NaN", "[", "]]", '"', ",,,", "=?utf-8?q?a?="]
    # NUL, CR and LF would be another request, or none: those have cases of their own.
    return draw(st.sampled_from(likely.get(name, odd) * 3 + odd))


def _framed(draw: st.DrawFn, body: bytes) -> tuple[list[str], bytes, bool]:
    """Headers that say where the body ends, the body as it is sent, and whether that is true."""
    length = len(body)
    whole = b"%x\r\n%b\r\n0\r\n\r\n" % (length, body) if body else b"0\r\n\r\n"
    chunked = "Transfer-Encoding: chunked"
    return draw(
        st.sampled_from(
            [
                *[([f"Content-Length: {length}"], body, True)] * 40,
                *[([chunked], whole, True)] * 10,
                ([chunked], whole.replace(b"0\r\n\r\n", b"0\r\nX-Trailer: a\r\n\r\n"), True),
                ([chunked], (b"%x;ext=1\r\n%b\r\n0\r\n\r\n" % (length, body)) if body else whole, True),
                ([chunked], body, False),
                ([chunked], b"-1\r\n\r\n", False),
                ([chunked], b"f" * 20 + b"\r\n", False),
                ([chunked], whole[:-3], False),
                ([chunked, f"Content-Length: {length}"], whole, False),
                ([f"Content-Length: {length + 5}"], body, False),
                ([f"Content-Length: {length}"] * 2, body, False),
                ([f"Content-Length: {length}", f"Content-Length: {length + 1}"], body, False),
                (["Content-Length: -1"], body, False),
                (["Content-Length: 1_0"], body, False),
                (["Content-Length: " + "9" * 30], body, False),
                (["Content-Length:"], body, False),
                (["Transfer-Encoding: gzip, chunked"], whole, False),
                (["Transfer-Encoding: chunked, chunked"], whole, False),
                (["Transfer-Encoding: identity"], body, False),
                ([], body, not body),
            ]
        )
    )


@st.composite
def bad_requests(draw: st.DrawFn, routes: list[Route], names: list[str], fields: list[str], known: Known) -> Bad:
    """Any request to any route; a few are no HTTP at all."""
    if draw(st.integers(0, 29)) == 0:
        return draw(st.sampled_from(list(_nonsense())))
    route = draw(st.sampled_from(routes))
    own = sorted(route.methods - {"OPTIONS", "HEAD"})
    method = draw(
        st.sampled_from(own * 20 + ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "get"])
    )
    path = _addresses(draw, route.rule, known)
    headers = [(name, _value(draw, name, known)) for name in draw(st.lists(st.sampled_from(names), max_size=5))]
    if draw(st.booleans()):
        headers.append(("Authorization", f"Bearer {known.token}"))
    body = b""
    if method not in ("GET", "HEAD", "OPTIONS") or draw(st.integers(0, 7)) == 0:
        body, more = _body(draw, route.rule, fields, known)
        headers += more
    framing, sent, ends = _framed(draw, body)
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{name}: {value}" for name, value in headers), *framing]
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return Bad(method, head + sent, ends and len(framing) < 2)


def _body(draw: st.DrawFn, rule: str, fields: list[str], known: Known) -> tuple[bytes, list[tuple[str, str]]]:
    """What a route takes, more often than anything else."""
    kind = draw(st.integers(0, 5))
    if rule.endswith("/upload") and kind:
        content_type, body = draw(forms())
        return body, [("Content-Type", content_type)]
    if rule.endswith("/pack") and kind:
        return draw(packs(fields)), [("Content-Type", "application/vnd.droppr.pack")]
    if rule.endswith("/upload-chunk") and kind:
        place = draw(
            st.sampled_from(
                [
                    [
                        ("X-Upload-Id", draw(st.sampled_from(known.upload_ids))),
                        ("X-Upload-Offset", draw(st.sampled_from(["0", "3", "100", "999"]))),
                    ],
                    [("X-Upload-Path", "chunk.txt"), ("Content-Range", "bytes 0-2/3")],
                    [("X-Upload-Path", "chunk.txt"), ("X-Upload-Offset", "0"), ("X-Upload-Length", "9")],
                ]
            )
        )
        return draw(st.sampled_from([b"abc", b"", b"abcd" * 300, b"\0" * MAX_BODY])), place
    if kind == 1:
        return draw(st.binary(max_size=100) | st.just(b"\0" * MAX_BODY)), []
    return draw(json_bodies(fields)), []


def _nonsense() -> Iterable[Bad]:
    """What is no request of HTTP/1.1, or one at its edges."""
    for line in (
        b"GET", b"GET /healthz", b"GET /healthz HTTP/9.9", b"GET  /healthz HTTP/1.1", b"\0\0\0\0", b"\x16\x03\x01\x02\0\x01\0",
        b"PRI * HTTP/2.0\r\n\r\nSM", b"GET http://other.example/healthz HTTP/1.1", b"GET /" + b"a" * 40_000 + b" HTTP/1.1",
        b"GET /\xff\xfe HTTP/1.1", b"OPTIONS * HTTP/1.1", b"CONNECT a:1 HTTP/1.1", b"GET /healthz HTTP/1.0",
        b"GE\0T /healthz HTTP/1.1", b"GET /healthz\r HTTP/1.1", b"A" * 300 + b" / HTTP/1.1", b"GET healthz HTTP/1.1",
    ):  # fmt: skip
        yield Bad("GET", line + b"\r\nHost: 127.0.0.1\r\n\r\n", False)
    for head in (
        b"X: a\r\n b", b"no colon", b": empty", b"X : space", b"X\0: a", b"X: a\0b", b"X: " + b"a" * 70_000, b"Host: other",
        b"\xff: a", b"X: a\rb", b"X_Upload_Id: a", b"Content-Length: 0\nX: b", *(b"\r\n".join(b"X%d: a" % n for n in range(count)) for count in (99, 500)),
    ):  # fmt: skip
        yield Bad("GET", b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n" + head + b"\r\n\r\n", False)
    yield Bad("GET", b"GET /healthz HTTP/1.1\r\n\r\n", False)


@st.composite
def socket_talks(draw: st.DrawFn, fields: list[str], known: Known) -> bytes:
    """What is said on a WebSocket, in frames that are right, odd or wrong."""
    said = b""
    start = {"type": "start", "request": known.link, "path": "socket.bin", "size": 8}
    texts = [
        json.dumps(start).encode(),
        b'{"type":"status"}',
        b"[" * 990,
        b'{"a":' * 900,
        b"\xff\xfe",
        b"",
        b"9" * 5000,
        b"NaN",
        b'{"type":"start","request":1e999}',
    ]
    for _ in range(draw(st.integers(0, 5))):
        first = draw(
            st.sampled_from([0x81, 0x81, 0x81, 0x82, 0x82, 0x01, 0x00, 0x80, 0x88, 0x89, 0x8A, 0x83, 0xC1, 0xF1])
        )
        data = draw(
            st.sampled_from(texts)
            | json_bodies(fields)
            | st.sampled_from([b"\0" * 8 + b"ab", b"\xff" * 9, b"\0" * 8, b"\3\xe8bye", b"\0"])
        )
        size = draw(st.sampled_from([None, None, None, None, 2**62, 2**63]))
        told = len(data) if size is None else size
        mask = draw(st.sampled_from([0x80, 0x80, 0x80, 0]))
        length = (
            bytes([mask | told])
            if told < 126
            else bytes([mask | 126]) + told.to_bytes(2, "big")
            if told < 65536
            else bytes([mask | 127]) + told.to_bytes(8, "big")
        )
        said += bytes([first]) + length + (b"\0\0\0\0" if mask else b"") + data
    return said
