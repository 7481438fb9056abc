"""The units that are shipped: systemd understands every line, and they fit each other."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from droppr_client.cli import placed

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "systemd").iterdir())
LASTING = ["droppr.service", "droppr-nginx.service", "droppr-certificate.service"]


def unit(name: str) -> str:
    return (ROOT / "systemd" / name).read_text()


def settings(name: str) -> dict[str, str]:
    return dict(re.findall(r"^Environment=(\w+)=(.*)$", unit(name), re.M))


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    for path in UNITS:
        # The programs have to be there.
        text = path.read_text().replace("/opt/droppr/.venv/bin/droppr", str(Path(sys.executable).with_name("droppr")))
        (tmp_path / path.name).write_text(text.replace("/opt/droppr", str(ROOT)))
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = [line for line in done.stdout.splitlines() if str(tmp_path) in line or "droppr" in line]
    assert (done.returncode, said) == (0, []), done.stdout


@pytest.mark.parametrize("name", LASTING)
def test_each_is_locked_down_and_started_again(name: str) -> None:
    lines = unit(name).splitlines()
    for line in (
        "User=droppr",
        "EnvironmentFile=-/etc/droppr.env",
        "Restart=on-failure",
        "UMask=0077",
        "NoNewPrivileges=yes",
        "PrivateTmp=yes",
        "ProtectHome=yes",
        "ProtectSystem=strict",
    ):
        assert line in lines
    capabilities = "CapabilityBoundingSet=" + ("CAP_NET_BIND_SERVICE" if "nginx" in name else "")
    assert capabilities in lines


def test_they_name_the_same_places() -> None:
    server, nginx, certificate = (settings(name) for name in LASTING)
    shared = set(server) & set(nginx)
    assert shared == {"DROPPR_DATA_DIR", "DROPPR_UNIX_SOCKET"}
    assert all(server[name] == nginx[name] for name in shared)
    assert settings("droppr-cleanup.service")["DROPPR_DATA_DIR"] == server["DROPPR_DATA_DIR"]
    assert nginx["DROPPR_TLS_DIR"] == certificate["DROPPR_TLS_DIR"] == "/var/lib/droppr-tls"
    assert "StateDirectory=droppr-tls" in unit("droppr-certificate.service")


def test_they_can_be_for_a_package_in_the_same_place() -> None:
    program, shipped = Path("/opt/droppr/bin/droppr"), Path("/opt/droppr/lib/python3.11/site-packages/app/shipped")
    text = "\n".join(placed(unit(path.name), program, shipped) for path in UNITS)
    named = set(re.findall(r"/opt/droppr\S*", text))
    scripts = {str(shipped / "scripts" / name) for name in ("keep-certificate", "render-nginx-conf")}
    assert named == {str(program), str(shipped / "nginx" / "dist"), *scripts}


def test_nginx_brings_the_certificate_along_which_waits_for_it() -> None:
    assert re.search(r"^Wants=.*droppr-certificate\.service", unit("droppr-nginx.service"), re.M)
    assert re.search(r"^After=.*droppr-nginx\.service", unit("droppr-certificate.service"), re.M)
