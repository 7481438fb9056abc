"""What a chunk in the middle of a file takes of the processor, in this process: ``python -m tests.bench.middle_chunk``.

A whole request as the server gets it from nginx, but for the socket: the body lies in a file. Another checkout is measured by the
same program: ``PYTHONPATH=/path/to/it/media-server python tests/bench/middle_chunk.py``.
"""

from __future__ import annotations

import io
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.test import EnvironBuilder

from app import create_app
from app.settings import Settings
from app.wiring import build

CHUNK = 64 * 1024
FIRST, MEASURED = 300, 3_000
"""Chunks until all is settled that is settled once in a while, and those that count."""
TOKEN, KEY = "t" * 32, "k" * 40


def main() -> None:
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        seconds = _measured(Path(folder))
    print(f"{statistics.median(seconds) * 1e6:.0f} µs of the processor a chunk, median of {MEASURED:,}")


def _measured(folder: Path) -> list[float]:
    (folder / "door.key").write_text(f"default {KEY};\n")
    settings = Settings(  # type: ignore[call-arg]
        data_dir=folder / "data", unix_socket=folder / "app.sock", admin_token=TOKEN, _env_file=None
    )
    app = create_app(settings, build(settings))
    client = app.test_client()
    by_nginx = {"REMOTE_ADDR": "", "HTTP_X_DROPPR_DOOR": KEY, "HTTP_X_FORWARDED_FOR": "192.0.2.1"}
    owner = {"Authorization": f"Bearer {TOKEN}"}
    made: Any = client.post("/api/droppr/requests", json={"folder": "in"}, headers=owner).json
    link, size = f"/api/droppr/requests/{made['hash']}", CHUNK * (FIRST + MEASURED + 1)
    asked = {"path": "big.bin", "size": size}
    opened: Any = client.post(f"{link}/uploads", json=asked, environ_base=by_nginx).json
    body = settings.data_dir / "spool" / "0000000001"
    said = {"HTTP_X_UPLOAD_ID": opened["upload_id"], "HTTP_X_BODY_FILE": str(body)}
    request = EnvironBuilder(f"{link}/upload-chunk", method="POST").get_environ() | by_nginx | said

    def send(number: int) -> float:
        place = f"bytes {number * CHUNK}-{(number + 1) * CHUNK - 1}/{size}"
        with body.open("wb") as file:
            file.truncate(CHUNK)
        environ = request | {"HTTP_CONTENT_RANGE": place, "wsgi.input": io.BytesIO()}
        told: list[str] = []

        def start(status: str, _: object, __: object = None, /) -> Callable[[bytes], object]:
            told.append(status)
            return len

        began = time.process_time()
        b"".join(app.wsgi_app(environ, start))
        took = time.process_time() - began
        assert told == ["200 OK"], told
        return took

    for number in range(FIRST):
        send(number)
    return [send(FIRST + number) for number in range(MEASURED)]


if __name__ == "__main__":
    main()
