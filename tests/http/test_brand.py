"""Who asks: a name, a colour and a logo, of the server and of each link, on the page, in mails and in receipts."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from app.settings import InvalidSettings, load_settings
from tests.http.test_logo import SVG, WEBP
from tests.support.client import Client, Link, Reply
from tests.support.files import HTML, JPEG, PNG, eventually
from tests.support.live import PROJECT, LiveServer
from tests.support.nginx import LiveNginx

KIB = 1024


def put(link: Link, content: bytes, *, owner: bool = True) -> Reply:
    return link.client.call("PUT", f"{link.path}/logo", body=content, owner=owner)


def test_a_link_says_who_asks_and_in_which_colour(client: Client) -> None:
    plain = client.make_link().info().json
    assert (plain["asker"], plain["accent"], plain["colours"]) == ("", "", None)
    link = client.make_link(asker="Roth & Söhne", accent="#7A1F5C")
    told = link.info().json
    assert (told["asker"], told["accent"], told["colours"]["light"]["accent"]) == ("Roth & Söhne", "#7a1f5c", "#7a1f5c")
    refused = link.change(accent="#ffcc00").expect(400, "invalid_request").json
    assert "1.3 : 1 on the page's paper" in refused["fields"]["accent"]
    link.change(asker="x" * 101).expect(400, "invalid_request")
    link.change(accent="", asker=None).expect(200)
    assert link.info().json["colours"] is None

    sent = link.change(asker="Roth").json and link.deliver("a", b"a")

    def receipt() -> Any:
        reply = client.call("POST", f"{link.path}/receipts", json={"uploads": [sent["upload_id"]]})
        return reply.json if reply.status == 200 else None

    assert eventually(receipt, what="the receipt")["asker"] == "Roth"


def test_a_link_has_a_logo_of_its_own_that_is_known_once_it_was_seen(client: Client) -> None:
    link = client.make_link()
    made = put(link, SVG).expect(200).json
    address = made["logo"]
    assert link.info().json["logo_url"] == address == f"/logo/{link.hash}/{sha256(SVG).hexdigest()}"
    seen = client.call("GET", address).expect(200)
    assert seen.body == SVG
    assert seen.headers["Content-Type"].startswith("image/svg+xml")
    assert seen.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert seen.headers["X-Content-Type-Options"] == "nosniff"
    assert seen.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    for picture in (PNG, JPEG, WEBP, PNG + bytes(256 * KIB - len(PNG))):
        assert put(link, picture).expect(200).json["logo"].endswith(sha256(picture).hexdigest())
    client.call("GET", address).expect(404, "not_found")
    for wrong in (HTML, b"", PNG + bytes(256 * KIB)):
        put(link, wrong).expect(400, "invalid_request")
    put(link, PNG, owner=False).expect(401, "unauthorized")
    client.call("DELETE", f"{link.path}/logo", owner=True).expect(200)
    # Each process knows for a moment what the server's own logo was, which another test may just have removed.
    eventually(lambda: link.info().json["logo_url"] is None, what="no logo")
    for _ in range(2):
        put(link, PNG).expect(200)
    kept = link.info().json["logo_url"]
    link.close()
    client.call("DELETE", f"{link.path}?forget=true", owner=True).expect(204)
    client.call("GET", kept).expect(404, "not_found")
    put(link, PNG).expect(404, "request_not_found")


def test_nobody_reads_the_logo_of_a_link_by_another(client: Client) -> None:
    one, other = client.make_link(), client.make_link()
    digest = put(one, PNG).expect(200).json["logo"].rsplit("/", 1)[-1]
    client.call("GET", f"/logo/{other.hash}/{digest}").expect(404, "not_found")
    for strange in ("x", "%00", "a" * 5000):
        client.call("GET", f"/logo/{one.hash}/{strange}").expect(404, "not_found")


def test_the_server_says_who_asks_where_a_link_does_not(live: Callable[..., LiveServer], tmp_path: Path) -> None:
    picture = tmp_path / "logo.png"
    picture.write_bytes(PNG)
    brand = {"DROPPR_BRAND_NAME": "Kanzlei Roth", "DROPPR_BRAND_ACCENT": "#7A1F5C", "DROPPR_LOGO": picture}
    server = live(workers=1, unix_socket=True, **brand)
    assert server.socket_path
    with LiveNginx(server.socket_path, server.data_dir, PROJECT / "nginx" / "dist", tmp_path) as nginx:
        client = Client.of(server, url=nginx.url)
        told = client.make_link().info().json
        assert (told["asker"], told["accent"], told["logo_url"]) == ("Kanzlei Roth", "#7a1f5c", "/logo")
        link = client.make_link(asker="Anna", accent="#0b6f66", alias="anna", password="secret")
        assert client.call("GET", "/to/anna").expect(302).headers["Location"] == f"../request/{link.hash}"
        miss = client.call("GET", "/to/nobody", headers={"Accept": "text/html"})
        assert (miss.status, b"<html" in miss.body) == (404, True)
        large = PNG + bytes(256 * KIB - len(PNG))
        address = put(link, large).expect(200).json["logo"]
        assert (link.info().json["asker"], link.info().json["logo_url"]) == ("Anna", address)
        reply = client.call("GET", address).expect(200)
        assert reply.body == large
        assert reply.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert "sandbox" in reply.headers["Content-Security-Policy"]
        assert put(link, large + b"x").status in (400, 413)


@pytest.mark.parametrize("wrong", ["#ffcc00", "teal"])
def test_a_colour_of_the_server_that_cannot_be_read_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("DROPPR_BRAND_ACCENT", wrong)
    with pytest.raises(InvalidSettings, match="DROPPR_BRAND_ACCENT"):
        load_settings()
