"""Runs nginx/nginx.conf, the very file that is shipped, under the nginx of this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "nginx" / "nginx.conf"
HTTPS = ROOT / "nginx" / "https.conf"
RENDER = ROOT / "scripts" / "render-nginx-conf"
START_SECONDS = 60.0
STOP_SECONDS = 60.0

# As docs/operations.md has it; a test compares the two.
TLS_INCLUDE = """
listen {address} ssl{http2};
ssl_certificate     {folder}/cert.pem;
ssl_certificate_key {folder}/key.pem;
ssl_protocols TLSv1.2 TLSv1.3;
ssl_session_cache shared:droppr:2m;
"""


class LiveNginx:
    """nginx on a free port of 127.0.0.1, from `with` to the end of the block.

    `url` is its address; with `tls=True` it also answers HTTPS at `tls_url`, with a certificate that nobody signed
    (`cafile`); with `http2=True` HTTP/2, too, which no document advises.
    `certified` are further names in the certificate. `replace` changes lines of the rendered file, such as a timeout that a test cannot wait for; a
    line that is not there is an error, so that no test goes on about a setting that has gone. `extra` is what an owner
    would put into the include folder, `script` what renders the file. Further keywords are environment variables.
    """

    def __init__(
        self,
        socket_path: Path,
        data_dir: Path,
        pages_dir: Path,
        tmp_path: Path,
        *,
        tls: bool = False,
        http2: bool = False,
        certified: Sequence[str] = (),
        replace: Mapping[str, str] | None = None,
        extra: str = "",
        captcha_provider: str = "",
        script: Path = RENDER,
        **settings: object,
    ) -> None:
        self._script = script
        self.folder = tmp_path / "nginx"
        self.access_log = self.folder / "access.log"
        self.error_log = self.folder / "error.log"
        self.config = self.folder / "nginx.conf"
        self.cafile = self.folder / "cert.pem"
        self._includes = self.folder / "include"
        self._includes.mkdir(parents=True)
        data_dir.mkdir(parents=True, exist_ok=True)  # nginx makes its spool folder in it
        self._port, self._tls_port = free_ports(2)
        self._tls = tls or http2
        self._http2 = " http2" if http2 else ""
        self._certified = certified
        self._extra = extra
        self._replace = replace or {}
        self._values = {
            "DROPPR_NGINX_LISTEN": f"127.0.0.1:{self._port}",
            "DROPPR_NGINX_USER": pwd.getpwuid(os.getuid()).pw_name,
            "DROPPR_NGINX_RUN_DIR": str(self.folder),
            "DROPPR_NGINX_ACCESS_LOG": str(self.access_log),
            "DROPPR_NGINX_INCLUDE_DIR": str(self._includes),
            "DROPPR_UNIX_SOCKET": str(socket_path),
            "DROPPR_PAGES_DIR": str(pages_dir),
            "DROPPR_DATA_DIR": str(data_dir),
            "DROPPR_CAPTCHA_PROVIDER": captcha_provider,
            **{name: str(value) for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def tls_url(self) -> str:
        return f"https://127.0.0.1:{self._tls_port}"

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> Self:
        """Starts it and returns once it accepts connections; on the same port when it ran before."""
        self.write_config()
        self._process = subprocess.Popen(
            [*self._command(), "-g", "daemon off;"], stdin=subprocess.DEVNULL, stderr=self.error_log.open("ab")
        )
        self._wait_until_it_accepts()
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Ends nginx and its workers; more than once does no harm."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def reload(self) -> None:
        """Has it read its configuration again, as it was rendered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def worker_pids(self) -> list[int]:
        """The workers, without the master."""
        assert self._process is not None
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def check(self) -> str:
        """What `nginx -t` says to the rendered file. Raises CalledProcessError if it does not like it."""
        self.write_config()
        done = subprocess.run([*self._command(), "-t"], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"nginx -t: {done.stderr}")
        return done.stderr

    def log_lines(self) -> str:
        """The access log as it stands. A line is written after its answer has been sent, so ask more than once."""
        return self.access_log.read_text() if self.access_log.exists() else ""

    def write_config(self) -> None:
        text = render(self._values, self._script)
        for old, new in self._replace.items():
            if old not in text:
                raise AssertionError(f"nginx.conf has no {old!r}.")
            text = text.replace(old, new)
        self.config.write_text(text)
        if self._extra:
            (self._includes / "extra.conf").write_text(self._extra)
        if self._tls:
            make_certificate(self.folder, *self._certified)
            address = f"127.0.0.1:{self._tls_port}"
            include = TLS_INCLUDE.format(address=address, http2=self._http2, folder=self.folder)
            (self._includes / "tls.conf").write_text(include)

    def _command(self) -> list[str]:
        return [nginx_program(), "-e", "stderr", "-p", str(self.folder), "-c", str(self.config)]

    def _wait_until_it_accepts(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"nginx did not start: {self.error_log.read_text()}")


def nginx_program() -> str:
    """Where nginx is; Debian keeps it where only root's PATH looks."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise AssertionError("nginx is not installed; on Debian or Ubuntu type: sudo apt-get install nginx")
    return program


def render(values: Mapping[str, str], script: Path = RENDER) -> str:
    """nginx.conf with `values` filled in, by the script that owners use."""
    done = subprocess.run([script], env={**os.environ, **values}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


def make_certificate(folder: Path, *names: str) -> None:
    """Writes key.pem and a certificate for 127.0.0.1 and `names` (`IP:10.0.0.1`) that lasts a day, cert.pem."""
    subject = "/CN=localhost", "-addext", f"subjectAltName={','.join(('IP:127.0.0.1', 'DNS:localhost', *names))}"
    key = "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem"
    command = ["openssl", "req", "-x509", "-days", "1", *key, "-subj", *subject, "-out", "cert.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
