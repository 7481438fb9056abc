"""The owner's logo: shown as what it is, and harmless whatever is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.core.images import image_type
from tests.support.client import Client
from tests.support.files import HTML, JPEG, PDF, PNG
from tests.support.live import PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.program import Droppr

SVG = b'<?xml version="1.0"?>\n<!-- ours --><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + bytes(20)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
        (SVG, "image/svg+xml"),
        (b"\xef\xbb\xbf <svg>", "image/svg+xml"),
        (b'<!DOCTYPE svg PUBLIC "a" "b"><svg\n/>', "image/svg+xml"),
        (HTML, None),
        (PDF, None),
        (b"", None),
        (b"<svgx>", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(head: bytes, kind: str | None) -> None:
    assert image_type(head) == kind


def test_a_server_without_a_logo_says_so(client: Client) -> None:
    client.call("GET", "/logo").expect(404, "not_found")
    assert client.make_link().info().json["logo_url"] is None


def test_the_logo_is_served_once_and_then_known(live: Callable[..., LiveServer], tmp_path: Path) -> None:
    picture = tmp_path / "logo of ours"
    picture.write_bytes(SVG)
    client = Client.of(live(workers=2, DROPPR_LOGO=picture))
    address = client.make_link().info().json["logo_url"]
    reply = client.call("GET", address).expect(200)
    assert reply.body == SVG
    assert reply.headers["Content-Type"].startswith("image/svg+xml")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    policy = reply.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    again = client.call("GET", address, headers={"If-None-Match": reply.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    picture.write_bytes(PNG)
    changed = client.call("GET", address, headers={"If-None-Match": reply.headers["ETag"]}).expect(200)
    assert (changed.body, changed.headers["Content-Type"]) == (PNG, "image/png")
    picture.unlink()
    client.call("GET", address).expect(404, "not_found")


def test_nginx_passes_the_logo_on_as_it_is(live: Callable[..., LiveServer], tmp_path: Path) -> None:
    picture = tmp_path / "logo.svg"
    picture.write_bytes(SVG)
    server = live(workers=1, unix_socket=True, DROPPR_LOGO=picture)
    assert server.socket_path
    with LiveNginx(server.socket_path, server.data_dir, PROJECT / "nginx" / "dist", tmp_path) as nginx:
        client = Client.of(server, url=nginx.url)
        reply = client.call("GET", "/logo").expect(200)
        assert reply.body == SVG
        assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Cache-Control"] == "no-cache"
        assert client.call("GET", "/logo", headers={"If-None-Match": reply.headers["ETag"]}).status == 304


@pytest.mark.parametrize("content", [None, HTML])
def test_what_is_no_picture_stops_the_start(server: LiveServer, tmp_path: Path, content: bytes | None) -> None:
    picture = tmp_path / "logo.png"
    if content:
        picture.write_bytes(content)
    done = Droppr.run(
        ["cleanup"],
        env={**server.environment, "DROPPR_LOGO": str(picture), "DROPPR_PUBLIC_URL": "files.example.org/x"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "DROPPR_LOGO" in done.stderr
    assert "DROPPR_PUBLIC_URL" in done.stderr
