"""Bodies on their way to nginx never take what is kept free of the disk: neither for links that were made up, nor for
senders with every right who bring all of a chunk but its last byte."""

from __future__ import annotations

import contextlib
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import raw
from tests.support.client import Client
from tests.support.disks import Ext4
from tests.support.files import MIB, content, eventually
from tests.support.live import GENEROUS, LiveServer
from tests.support.nginx import LiveNginx

DISK = 192 * MIB
CHUNK = 16 * MIB
LOWER_FLOOR = DISK * 5 // 100 // 4
SIZE = 9 * CHUNK
"""Of the file that is sent; it fits on the disk, and so does none besides."""
SENDERS = 14


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("disk")
    with Ext4.made(folder / "image", folder / "disk", DISK):
        yield folder / "disk"


@pytest.fixture(scope="module")
def nginx(disk: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, LiveNginx]]:
    folder = tmp_path_factory.mktemp("site")
    env = {"DROPPR_DATA_DIR": disk / "data", "DROPPR_MAX_CHUNK_SIZE_MB": CHUNK // MIB}
    with LiveServer(folder, workers=2, unix_socket=True, **env, **GENEROUS) as server:
        assert server.socket_path
        with LiveNginx(server.socket_path, server.data_dir, folder, folder, DROPPR_MAX_CHUNK_SIZE_MB=16) as running:
            yield server, running


def free(disk: Path) -> int:
    return shutil.disk_usage(disk).free


@contextlib.contextmanager
def senders(url: str, path: str, headers: dict[str, str], chunked: bool) -> Iterator[list[socket.socket]]:
    """Each sends all of a chunk but its last byte, as far as it is taken, and stays."""
    with contextlib.ExitStack() as stack:
        held = []
        for number in range(SENDERS):
            sock = stack.enter_context(raw.connection(url))
            place = number * CHUNK % SIZE
            spans = f"bytes {place}-{place + CHUNK - 1}/{SIZE}"
            length = {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(CHUNK)}
            sock.sendall(raw.head("POST", path, {**headers, "Content-Range": spans, **length}))
            with contextlib.suppress(OSError):  # It may have been refused and let go by now.
                sock.sendall(b"%x\r\n" % CHUNK + bytes(CHUNK - 1) if chunked else bytes(CHUNK - 1))
            held.append(sock)
        yield held


def refused(held: list[socket.socket]) -> list[int]:
    """The statuses of those who have been answered."""
    statuses = []
    for sock in held:
        sock.settimeout(0.3)
        with contextlib.suppress(TimeoutError, OSError):
            reply = raw.reply(sock)
            statuses.append(reply.status if reply else 0)
    return statuses


@pytest.mark.parametrize("chunked", [False, True])
def test_for_a_link_that_was_made_up_nothing_is_taken(
    nginx: tuple[LiveServer, LiveNginx], disk: Path, chunked: bool
) -> None:
    before = free(disk)
    headers = {"X-Upload-Id": "u" * 32}
    with senders(nginx[1].url, f"/api/droppr/requests/{'m' * 32}/upload-chunk", headers, chunked) as held:
        assert before - free(disk) < MIB
        assert set(refused(held)) <= {404, 0}


@pytest.mark.parametrize("chunked", [False, True])
def test_of_senders_with_every_right_so_many_are_let_in_as_there_is_room_for(
    nginx: tuple[LiveServer, LiveNginx], disk: Path, chunked: bool
) -> None:
    server, site = nginx
    link = Client.of(server, url=site.url).make_link()
    upload_id = link.opened("large.bin", SIZE)
    whole = free(disk)
    with senders(site.url, f"{link.path}/upload-chunk", {"X-Upload-Id": upload_id}, chunked) as held:
        assert free(disk) >= LOWER_FLOOR
        assert set(refused(held)) == {507}
        let_in = [file.stat().st_size for file in (server.data_dir / "spool").iterdir()]
        assert let_in
        assert free(disk) - sum(CHUNK - size for size in let_in) >= LOWER_FLOOR, "also when all of them go on"
        assert free(disk) >= LOWER_FLOOR
    # Once they have gone there is room again, at once and for everybody.
    eventually(lambda: free(disk) > whole - MIB, what="what they had sent to be gone")
    data = content(CHUNK)
    eventually(lambda: link.chunk(upload_id, 0, data, SIZE).status == 200, what="a chunk to be taken")
    link.cancel(upload_id).expect(204)
