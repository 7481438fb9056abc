"""What it takes to hand out a file that lies in a store, a GiB long: through the node, in an archive, and by nginx past the node.

``python -m tests.bench.store_downloads`` starts all that it needs. Told are the node's processor, and the most memory that its process,
or one of nginx's, has had meanwhile.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from app.storage.sql.migrate import migrate
from app.storage.sql.postgresql import PostgreSQLDatabase
from tests.bench.machine import forget_peaks, peak_resident, usage
from tests.support.client import Client, Link
from tests.support.files import MIB
from tests.support.live import GENEROUS, PROJECT, LiveServer
from tests.support.nginx import LiveNginx
from tests.support.postgresql import PostgreSQLServer
from tests.support.seaweed import SeaweedServer

SIZE = 1024 * MIB


def _fetched(link: Link, path: str) -> int:
    headers = {"Authorization": f"Bearer {link.client.token}"}
    reply = link.client.pool.request("GET", path, headers=headers, preload_content=False, retries=False, timeout=300)
    assert reply.status == 200, reply.data
    return sum(len(piece) for piece in reply.stream(MIB))


def _measured(label: str, server: LiveServer, nginx: LiveNginx, work: Callable[[], int]) -> None:
    node, beside = server.worker_pids(), nginx.worker_pids()
    forget_peaks([*node, *beside])
    before = peak_resident(node), usage(node).server, usage(beside).server
    size = work()
    print(
        f"{label}: {size / MIB:.0f} MiB, node {usage(node).server - before[1]:.2f} s, nginx {usage(beside).server - before[2]:.2f} s, "
        f"node's memory +{(peak_resident(node) - before[0]) / MIB:.0f} MiB, nginx {peak_resident(beside) / MIB:.0f} MiB",
        flush=True,
    )


def main() -> None:
    with PostgreSQLServer() as postgresql, SeaweedServer() as seaweed, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        url, bucket = postgresql.new_database(), seaweed.new_bucket()
        migrate(PostgreSQLDatabase(url))
        store: dict[str, Any] = {
            **seaweed.settings,
            "DROPPR_STORE": f"s3://{bucket}/droppr",
            "DROPPR_DATABASE_URL": url,
        }
        hash_, folder_name = "", ""
        ways: dict[str, dict[str, Any]] = {
            "through the node": {"DROPPR_STORE_SIGNED": "false"},
            "by nginx": {"DROPPR_STORE_BY_NGINX": "true"},
        }
        for label, more in ways.items():
            there = folder / label.replace(" ", "-")
            there.mkdir()
            options: dict[str, Any] = {**GENEROUS, **store, **more, "workers": 1}
            given: dict[str, Any] = {"AWS_ENDPOINT_URL_S3": seaweed.url, **more}
            with LiveServer(there, unix_socket=True, **options) as server:
                assert server.socket_path
                pages = PROJECT / "nginx" / "dist"
                with LiveNginx(server.socket_path, server.data_dir, pages, there, **given) as nginx:
                    client = Client.of(server, url=nginx.url)
                    if not hash_:
                        link = client.make_link()
                        hash_, folder_name = link.hash, link.folder
                        upload_id = link.opened("file.bin", SIZE)
                        for start in range(0, SIZE, 8 * MIB):
                            link.chunk(upload_id, start, bytes(8 * MIB), SIZE).expect(200)
                        time.sleep(5)  # Its digest is read back meanwhile, by the same process.
                    link = Link(client, hash_, folder_name)
                    file, archive = f"{link.path}/files/file.bin", f"{link.path}/archive"
                    _measured(label, server, nginx, partial(_fetched, link, file))
                    _measured(f"{label}, an archive", server, nginx, partial(_fetched, link, archive))


if __name__ == "__main__":
    main()
