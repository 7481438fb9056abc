"""The package as others have it: a wheel, installed without the repository and without Node."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest

from tests.support.client import Client
from tests.support.files import MIB, content, file_sha256
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.package import VERSION, Installed, build_wheel

SHIPPED = "app/shipped"
UNITS = sorted(path.name for path in (PROJECT / "systemd").iterdir())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("installed") / "droppr", wheel, "server")


def started(installed: Installed, folder: Path) -> LiveServer:
    """Its server in ``folder``, which finds no program but its own and nothing of the repository."""
    program = installed.command("serve")
    return LiveServer(folder, workers=1, program=program, PYTHONPATH="", PATH=installed.bin, **GENEROUS)


def built_pages() -> set[str]:
    pages = PROJECT / "nginx" / "dist"
    found = {str(path.relative_to(pages)) for path in pages.rglob("*") if path.is_file()}
    return {name for name in found if not name.startswith(".")}


def test_the_wheel_holds_the_code_the_pages_and_what_nginx_and_systemd_need(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        executable = {each.filename for each in archive.infolist() if each.external_attr >> 16 & 0o111}
        about = HeaderParser().parsestr(archive.read(f"droppr-{VERSION}.dist-info/METADATA").decode())
    code = {
        str(path.relative_to(PROJECT / "media-server"))
        for package in ("app", "droppr_client")
        for kind in ("*.py", "templates/*.html")
        for path in (PROJECT / "media-server" / package).rglob(kind)
    }
    scripts = {f"{SHIPPED}/scripts/{name}" for name in ("keep-certificate", "render-nginx-conf")}
    for_nginx = {f"{SHIPPED}/nginx/{name}" for name in ("nginx.conf", "https.conf", "store.conf")}
    pages = {f"{SHIPPED}/nginx/dist/{name}" for name in built_pages()}
    units = {f"{SHIPPED}/systemd/{name}" for name in UNITS}
    shipped = {f"{SHIPPED}/media-server/gunicorn.conf.py", *scripts, *for_nginx, *pages, *units}
    assert "request.html" in built_pages()
    own = {name for name in names if not name.startswith(f"droppr-{VERSION}.dist-info/")}
    assert own == code | shipped
    assert scripts <= executable
    assert f"droppr-{VERSION}.dist-info/licenses/LICENSE" in names
    assert (about["Version"], about["License-Expression"]) == (VERSION, "MIT")


def test_the_pages_bring_the_licences_of_what_is_built_into_them(installed: Installed) -> None:
    text = (installed.shipped / "nginx" / "dist" / "licenses.txt").read_text()
    imported: set[str] = set()
    for path in (PROJECT / "nginx" / "src").rglob("*.ts"):
        named = re.findall(r'^(?:import|export) (?!type\b)[^;]*?from "((?:@[\w-]+/)?[\w-]+)', path.read_text(), re.M)
        imported |= set(named)
    imported -= {"node"}
    assert {"@noble/hashes", "altcha-lib", "qr"} <= imported
    of_each = {part.split()[0]: part for part in text.split("\n\n\n") if re.match(r"\S+ [\d.]+, ", part)}
    assert set(of_each) == imported
    assert all("Permission is hereby granted" in part for part in of_each.values())


@pytest.mark.parametrize("beside", [None, "app/__init__.py", "app.py"])
def test_it_serves_in_any_folder_without_node_and_without_the_repository(
    installed: Installed, tmp_path: Path, beside: str | None
) -> None:
    if beside is not None:
        (tmp_path / beside).parent.mkdir(exist_ok=True)
        (tmp_path / beside).write_text("raise RuntimeError('This is not Droppr.')")
    with started(installed, tmp_path) as server:
        client = Client.of(server)
        link = client.make_link()
        for page in ("/", "/admin", f"/admin/links/{link.hash}", f"/request/{link.hash}"):
            text = client.call("GET", page, headers={"Accept": "text/html"}).expect(200).body.decode()
            named = re.findall(r'(?:src|href)="(?:\.\.?/)+(assets/[^"]+)"', text)
            assert named
            for name in named:
                assert client.call("GET", f"/{name}").expect(200).body
        link.deliver("note.txt", b"a note")
        big = tmp_path / "big.bin"
        big.write_bytes(content(3 * MIB))
        upload = installed.run("upload", str(big), "--to", f"{server.url}/request/{link.hash}", "--chunk-size", "1M")
        assert upload.returncode == 0, upload.stderr
        assert (link.disk / "note.txt").read_bytes() == b"a note"
        assert file_sha256(link.disk / "big.bin") == file_sha256(big)


def test_its_nginx_serves_its_pages(installed: Installed, tmp_path: Path) -> None:
    folder = installed.shipped
    program = installed.command("serve")
    with (
        LiveServer(tmp_path, workers=1, unix_socket=True, program=program, PYTHONPATH="", **GENEROUS) as server,
        LiveNginx(
            server.socket_path or tmp_path,
            server.data_dir,
            folder / "nginx" / "dist",
            tmp_path / "front",
            script=folder / "scripts" / "render-nginx-conf",
        ) as nginx,
    ):
        client = Client.of(server, url=nginx.url)
        link = client.make_link()
        link.deliver("note.txt", b"a note")
        assert client.call("GET", f"/request/{link.hash}").expect(200).body.startswith(b"<!doctype html>")
        assert (link.disk / "note.txt").read_bytes() == b"a note"


def test_its_units_name_what_is_there(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("units", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(tmp_path / name) for name in UNITS]
    assert "The units hide /tmp" in done.stderr
    text = "\n".join((tmp_path / name).read_text() for name in UNITS)
    named = set(re.findall(rf"{re.escape(str(installed.bin.parent))}[\w/.+-]*", text))
    assert {installed.bin / "droppr", installed.shipped / "nginx" / "dist"} <= set(map(Path, named))
    assert [path for path in named if not Path(path).exists()] == []
    assert "/opt/droppr" not in text
    verified = subprocess.run(
        [shutil.which("systemd-analyze") or "systemd-analyze", "verify", *(str(tmp_path / name) for name in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in verified.stderr.splitlines() if "droppr" in line]
    assert (verified.returncode, said) == (0, [])


def test_units_go_into_a_folder_that_is_there(installed: Installed, tmp_path: Path) -> None:
    done = installed.run("units", str(tmp_path / "none"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "does not exist" in done.stderr


def test_it_tells_its_version(installed: Installed) -> None:
    assert installed.run("--version").stdout.split()[-1] == VERSION


def test_without_the_servers_parts_it_sends_and_says_what_the_server_needs(
    wheel: Path, installed: Installed, tmp_path: Path
) -> None:
    sender = Installed(tmp_path / "sender", wheel)
    assert not (sender.site / "flask").exists()
    (tmp_path / "server").mkdir()
    with started(installed, tmp_path / "server") as server:
        link = Client.of(server).make_link()
        note = tmp_path / "note.txt"
        note.write_text("a note")
        done = sender.run("upload", str(note), "--to", f"{server.url}/request/{link.hash}")
        assert done.returncode == 0, done.stderr
        assert (link.disk / "note.txt").read_text() == "a note"
    for command in (["serve"], ["units", str(tmp_path)]):
        refused = sender.run(*command)
        assert refused.returncode == 1
        assert "pip install 'droppr[server]'" in refused.stderr
