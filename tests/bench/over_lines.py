"""Sends files over real lines, as suites/lines.py says, and prints each run as JSON:

    python -m tests.bench.over_lines FOLDER ROUNDS

in a network namespace of its own, which becomes the server's.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from playwright.sync_api import Error, sync_playwright

from tests.bench import machine
from tests.bench.clients import droppr_upload
from tests.bench.load import LoadFailed, Source, make_source
from tests.bench.others import Copyparty, Tus
from tests.bench.relay import SERVER, Line, Relay, Way, prepare_server, way_over
from tests.bench.runs import MIB, note
from tests.bench.servers import Droppr, end, wait_for_port
from tests.support.browser import FLAGS, chromium_program
from tests.support.files import spans
from tests.support.live import MEDIA_SERVER
from tests.support.nginx import make_certificate, nginx_program

PATIENCE = 120.0
"""Seconds that a run may take; one that takes longer counts as this long."""
PIECE = 4 * MIB
AT_ONCE = 6
"""Connections that a browser opens over HTTP/1.1."""
HTTP1, HTTP2, OTHERS = 443, 8443, 4443
"""Ports of the server's end: Droppr as documented, Droppr as documents advise against, and the servers of the other clients."""

PAGE, CLI, CURL, U2C, TUS = (
    "page",
    "`droppr upload`",
    "`curl -T` to nginx",
    "u2c to copyparty",
    "tus-js-client to @tus/server",
)
PAGE_HTTP2 = "page, over HTTP/2"
CHUNKS, CHUNKS_HTTP2, CHUNKS_HOSTS = (
    f"chunks by curl, {AT_ONCE} connections, HTTP/1.1",
    f"chunks by curl, {AT_ONCE} at once on one HTTP/2 connection",
    f"chunks by curl, {AT_ONCE} HTTP/2 connections, as with {AT_ONCE} host names",
)

LINES: dict[str, tuple[Line, int]] = {
    "20 ms, 100 Mbit/s": (Line(100e6, 0.02), 100 * MIB),
    "80 ms, 100 Mbit/s": (Line(100e6, 0.08), 100 * MIB),
    "200 ms, 50 Mbit/s": (Line(50e6, 0.2), 60 * MIB),
    "80 ms, 200 Mbit/s, 20 a connection": (Line(200e6, 0.08, each=20e6), 60 * MIB),
    "80 ms, 100 Mbit/s, 1 packet in 10,000 lost": (Line(100e6, 0.08, loss=10_000), 100 * MIB),
}
*CLEAN, LIMITED, LOSSY = LINES
FAR = CLEAN[-1]
MEASURED = (PAGE, CLI, CURL)
"""What targets are about: in every round, and on the lossy line in five at least, as losses are chance."""
COMPARED = (PAGE_HTTP2, U2C, TUS)
"""Once, but on every line."""
CHUNKED = (CHUNKS, CHUNKS_HTTP2, CHUNKS_HOSTS)
"""Once, on the two lines where the number of connections counts."""
WINDOWS = {
    "HTTP/1.1": (4444, "ssl", ""),
    "HTTP/2, nginx's window of 64 KiB": (4445, "ssl http2", ""),
    "HTTP/2, `http2_body_preread_size 4m`": (4446, "ssl http2", "http2_body_preread_size 4m;"),
}
"""Once, on the line with the longest way: port, how it listens and what else, of a proxy that does not buffer bodies, in front of gunicorn alone."""
LOSSY_ROUNDS = 5
FIRST_SEED = 2
"""Seed 1 loses only two of the packets that these files are."""

_FRONT = """
worker_processes 1; pid "{folder}/nginx.pid"; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_max_body_size 0;
    proxy_temp_path "{folder}/proxy"; fastcgi_temp_path "{folder}/fastcgi"; uwsgi_temp_path "{folder}/uwsgi"; scgi_temp_path "{folder}/scgi";
    client_body_temp_path "{folder}/body";
    server {{
        listen {address}:{port} ssl; listen 127.0.0.1:{port} ssl;
        ssl_certificate "{folder}/cert.pem"; ssl_certificate_key "{folder}/key.pem"; ssl_protocols TLSv1.2 TLSv1.3;
        proxy_http_version 1.1; proxy_request_buffering off;
        location /put/ {{ root "{folder}"; dav_methods PUT; create_full_put_path on; client_body_buffer_size 256k; }}
        location /files {{
            proxy_pass http://127.0.0.1:{tus};
            proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Proto https;
        }}
        location / {{
            proxy_pass http://127.0.0.1:{party};
            proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
        }}
    }}
    {windows}
}}
"""
_WINDOW = """
    server {{
        listen {address}:{port} {listens}; {more}
        ssl_certificate "{folder}/cert.pem"; ssl_certificate_key "{folder}/key.pem"; ssl_protocols TLSv1.2 TLSv1.3;
        location / {{
            proxy_http_version 1.1; proxy_request_buffering off; proxy_set_header Host $http_host;
            proxy_pass http://127.0.0.1:{alone};
        }}
    }}
"""

# The page is made transparent: without a graphics card, painting takes processor time that a sender's machine does not miss.
WATCH_PAGE = """() => {
    document.documentElement.style.opacity = 0;
    addEventListener('change', () => { window.chosen = performance.now(); }, { capture: true, once: true });
    const finished = document.getElementById('finished');
    const look = () => { if (!finished.hidden) window.took ??= performance.now() - window.chosen; };
    new MutationObserver(look).observe(finished, { attributes: true });
}"""
_FIRST = """() => {
    const chunks = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/upload-chunk'));
    return Math.min(...chunks.map(({ responseEnd }) => responseEnd)) - window.chosen;
}"""


@dataclass(frozen=True)
class Sent:
    """``seconds`` from the choice of the file, or the start of the command; ``first`` until a chunk was acknowledged, 0 where nobody looked."""

    seconds: float
    first: float = 0


class Ends:
    """All servers at one end, and the clients that come from the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        listens = f"listen {SERVER}:{HTTP1} ssl;\nlisten {SERVER}:{HTTP2} ssl http2;\n"
        self._droppr = Droppr(
            folder / "droppr",
            behind_nginx=True,
            nginx={"tls": True, "extra": listens, "certified": [f"IP:{SERVER}"]},
        )
        self._alone = Droppr(folder / "alone", DROPPR_TRUSTED_PROXIES="127.0.0.1")
        self._party, self._tus = Copyparty(folder / "copyparty"), Tus(folder / "tus")
        self._front = folder / "front"
        self._ca = str(self._front / "cert.pem")
        self._clients: dict[str, Callable[[Way, Source], Sent]] = {
            PAGE: lambda way, source: self._page(way, source, HTTP1),
            PAGE_HTTP2: lambda way, source: self._page(way, source, HTTP2),
            CLI: self._cli,
            CURL: self._curl,
            U2C: self._u2c,
            TUS: self._tus_js,
            CHUNKS: lambda way, source: self._chunks(way, source, HTTP1),
            CHUNKS_HTTP2: lambda way, source: self._chunks(way, source, HTTP2),
            CHUNKS_HOSTS: lambda way, source: self._chunks(way, source, HTTP2, processes=AT_ONCE),
            **{name: partial(self._chunks, port=port) for name, (port, _, _) in WINDOWS.items()},
        }
        self._servers = (self._droppr, self._alone, self._party, self._tus)

    @contextmanager
    def running(self) -> Iterator[None]:
        with ExitStack() as stack:
            for server in self._servers:
                stack.enter_context(server)
            front = self._start_front()
            stack.callback(end, front)
            self._front_pid = front.pid
            self._trusted = self._folder / "trusted.pem"
            ours = self._folder / "droppr" / "nginx" / "cert.pem"
            self._trusted.write_text(ours.read_text() + Path(self._ca).read_text())
            yield

    @property
    def roots(self) -> list[int]:
        """The processes that all others of these servers descend from."""
        return [*(root for each in self._servers for root in each.roots), self._front_pid]

    @property
    def versions(self) -> str:
        said = subprocess.run(["curl", "--version"], capture_output=True, text=True, check=True).stdout
        return f"curl {said.split()[1]}, copyparty {self._party.version}, {self._tus.versions}"

    def send(self, client: str, way: Way, source: Source) -> Sent:
        """Raises LoadFailed when something else arrives than was sent, or nothing."""
        try:
            sent = self._clients[client](way, source)
            if not any(source.matches(path, 0, source.size) for path in self._found(source)):
                raise LoadFailed(f"{client}: what arrived is not what was sent")
        except (subprocess.TimeoutExpired, Error) as failure:
            if isinstance(failure, Error) and "Timeout" not in str(failure):
                raise LoadFailed(f"{client}: {failure}") from None
            return Sent(PATIENCE, PATIENCE)
        finally:
            for server in self._servers:
                server.clean()
            shutil.rmtree(self._front / "put", ignore_errors=True)
        return sent

    def _found(self, source: Source) -> Iterator[Path]:
        name = source.path.name
        links = (self._droppr.link.disk / name, self._alone.link.disk / name)
        for path in (*links, self._party.root / name, self._front / "put" / name):
            if path.exists():
                yield path
        yield from (each for each in self._tus.root.iterdir() if each.suffix != ".json")

    def _start_front(self) -> subprocess.Popen[bytes]:
        self._front.mkdir()
        make_certificate(self._front, f"IP:{SERVER}")
        config = self._front / "nginx.conf"
        ports = {"port": OTHERS, "tus": self._tus.port, "party": self._party.port}
        here = {"folder": self._front, "address": SERVER}
        windows = [
            _WINDOW.format(port=port, listens=listens, more=more, alone=self._alone.port, **here)
            for port, listens, more in WINDOWS.values()
        ]
        config.write_text(_FRONT.format(windows="".join(windows), **here, **ports))
        command = [
            nginx_program(),
            "-e",
            "stderr",
            "-p",
            str(self._front),
            "-c",
            str(config),
            "-g",
            "daemon off; user root;",
        ]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        wait_for_port(OTHERS, process)
        return process

    # The clients

    def _page(self, way: Way, source: Source, port: int) -> Sent:
        program = way.program(self._folder / "chromium", chromium_program())
        # Names lead nowhere in that namespace, so nothing has to be said of them.
        flags = [each for each in FLAGS if "host-resolver" not in each]
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=flags)
            try:
                page = browser.new_page()
                page.goto(self._link(port))
                page.locator("#choose").wait_for()
                page.evaluate(WATCH_PAGE)
                page.locator("#files-input").set_input_files(source.path)
                page.wait_for_function("() => window.took !== undefined", timeout=PATIENCE * 1000)
                return Sent(page.evaluate("() => window.took") / 1000, page.evaluate(_FIRST) / 1000)
            finally:
                browser.close()

    def _cli(self, way: Way, source: Source) -> Sent:
        command = way.command(*droppr_upload(str(source.path), self._link(HTTP1)))
        return _timed([command], SSL_CERT_FILE=str(self._trusted), PYTHONPATH=str(MEDIA_SERVER))

    def _curl(self, way: Way, source: Source) -> Sent:
        to = f"https://{SERVER}:{OTHERS}/put/{source.path.name}"
        return _timed([way.command("curl", "-sSf", "--http1.1", "--cacert", self._ca, "-T", str(source.path), to)])

    def _u2c(self, way: Way, source: Source) -> Sent:
        command = self._party.own_client(source.path, 4, f"https://{SERVER}:{OTHERS}/", "-te", self._ca)
        return _timed([way.command(*command)])

    def _tus_js(self, way: Way, source: Source) -> Sent:
        command = self._tus.own_client(source.path, 1, f"https://{SERVER}:{OTHERS}/files")
        return _timed([way.command(*command)], NODE_EXTRA_CA_CERTS=self._ca)

    def _chunks(self, way: Way, source: Source, port: int, processes: int = 1) -> Sent:
        """Chunks of one file, dealt out to so many curls; a single one has several on their way at once. What the port
        speaks is spoken."""
        link = self._droppr.link if port in (HTTP1, HTTP2) else self._alone.link
        upload_id = link.opened(source.path.name, source.size)
        blocks = list(self._chunk_blocks(source, upload_id, f"https://{SERVER}:{port}{link.path}/upload-chunk"))
        commands = []
        for number in range(processes):
            config = self._folder / f"curl-{number}"
            config.write_text("next\n".join(blocks[number::processes]))
            command = ["curl", "--no-progress-meter", "--config", str(config)]
            if processes == 1:
                command += ["--parallel", "--parallel-max", str(AT_ONCE)]
            commands.append(way.command(*command))
        return _timed(commands)

    def _chunk_blocks(self, source: Source, upload_id: str, url: str) -> Iterator[str]:
        pieces = self._folder / f"pieces-{source.size}"
        pieces.mkdir(exist_ok=True)
        with source.path.open("rb") as file:
            for start, stop in spans(source.size, PIECE):
                piece = pieces / str(start)
                if not piece.exists():
                    file.seek(start)
                    piece.write_bytes(file.read(stop - start))
                yield (
                    f'upload-file = "{piece}"\nurl = "{url}"\nheader = "X-Upload-Id: {upload_id}"\n'
                    f'header = "Content-Range: bytes {start}-{stop - 1}/{source.size}"\n'
                    f'http2\ncacert = "{self._trusted}"\nfail\nsilent\nshow-error\noutput = "/dev/null"\n'
                )

    def _link(self, port: int) -> str:
        return f"https://{SERVER}:{port}/request/{self._droppr.link.hash}"


def _timed(commands: Sequence[list[str]], **environment: str) -> Sent:
    """Run commands, all at once."""
    running: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryFile() as said:
        options: dict[str, Any] = {"env": os.environ | environment, "stdin": subprocess.DEVNULL, "stdout": said}
        began = time.monotonic()
        try:
            for each in commands:
                running.append(subprocess.Popen(each, stderr=said, **options))
            codes = [process.wait(max(0.1, began + PATIENCE - time.monotonic())) for process in running]
        finally:
            for process in running:
                process.kill()
                process.wait()
        seconds = time.monotonic() - began
        if any(codes):
            said.seek(0)
            raise LoadFailed(f"{commands[0]} ended with {codes}: {said.read()[-500:]!r}")
    return Sent(seconds)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
    prepare_server()
    relay, ends = Relay(folder), Ends(folder)
    sources = {size: make_source(folder / f"file-{size}", size) for _, size in LINES.values()}
    with ends.running():
        print(json.dumps({"versions": ends.versions}), flush=True)
        for number, title, client in _plan(rounds):
            line, size = LINES[title]
            # The same losses for all clients of a round, and in every run of this.
            with way_over(line, relay, FIRST_SEED + number) as way:
                before = machine.usage(ends.roots)
                try:
                    sent = ends.send(client, way, sources[size])
                except LoadFailed as failure:
                    note(f"{title}: {client}: FAILED: {failure}")
                    continue
                others = machine.others_share(before, machine.usage(ends.roots))
            note(f"{title}: {client}: {sent.seconds:.1f} s, {part(title, sent.seconds):.2f} of the line")
            said = {"line": title, "client": client, "seconds": sent.seconds, "first": sent.first, "others": others}
            print(json.dumps(said), flush=True)
    return 0


def part(title: str, seconds: float) -> float:
    """Of the line's rate, what a file that took so long made of it; what headers need is not its own."""
    line, size = LINES[title]
    return size * 8 / line.rate / seconds if seconds else 0.0


def _plan(rounds: int) -> Iterator[tuple[int, str, str]]:
    """Number of the round, line and client, so that all clients of a line have seen the same moments of this machine."""
    for number in range(max(rounds, LOSSY_ROUNDS)):
        for title in LINES:
            if number < rounds or title == LOSSY:
                yield from ((number, title, client) for client in MEASURED)
            if number == 0:
                yield from ((number, title, client) for client in COMPARED)
                yield from ((number, title, client) for client in CHUNKED if title in (LIMITED, LOSSY))
                yield from ((number, title, client) for client in WINDOWS if title == FAR)


if __name__ == "__main__":
    sys.exit(main())
