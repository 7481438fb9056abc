"""What a picture of a received file costs: `python -m tests.bench.pictures`. Processor time of the processes that draw, by the kernel's
count; and sixty photos over HTTP, as a page asks for them."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image
from pillow_heif import register_heif_opener

from app.core.looks import PICTURE_SIZES, sort_of
from app.core.ports.pictures import Picture
from app.storage.disk.content import opened
from app.storage.pictures.maker import ConfinedMaker
from tests.support import documents
from tests.support.client import Client, Link, Reply
from tests.support.live import GENEROUS, LiveServer
from tests.support.pictures import film

ROUNDS = 5
PHOTOS = 60
AT_ONCE = 3
"""As many as a page asks for at once."""


def write_samples(folder: Path) -> None:
    register_heif_opener()
    photo = Image.effect_noise((1000, 750), 40).resize((4000, 3000)).convert("RGB")
    photo.save(folder / "12 MP.jpg", quality=90)
    photo.save(folder / "12 MP.png")
    photo.save(folder / "12 MP.heic", "HEIF", quality=60)
    Image.new("RGB", (8000, 6000), (9, 99, 200)).save(folder / "48 MP.jpg")
    (folder / "page.pdf").write_bytes(documents.pdf("One", "Two"))
    film(folder / "film.mp4", seconds=6)


def children_seconds() -> float:
    used = os.times()
    return used.children_user + used.children_system


def tell_costs(folder: Path) -> None:
    maker = ConfinedMaker(lambda: None, lambda: shutil.which("ffmpeg"))
    for path in sorted(folder.iterdir()):
        reader = sort_of(path.read_bytes()[:4096]).reader
        for size in PICTURE_SIZES:
            costs = []
            for _ in range(ROUNDS):
                before = children_seconds()
                with opened(path) as content:
                    found = maker.make(content, reader, size, 1)
                assert isinstance(found, Picture), found
                costs.append(children_seconds() - before)
            print(f"{path.name:12} {size:5} px: {statistics.median(costs) * 1000:4.0f} ms of a processor")


def tell_speed(folder: Path, photo: bytes) -> None:
    with LiveServer(folder, workers=1, **GENEROUS) as server:
        link = Client.of(server).make_link()
        # Each another file, by what is behind its end.
        ids = [link.deliver(f"{at}.jpg", photo + bytes([at]))["upload_id"] for at in range(PHOTOS)]
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            made = list(threads.map(lambda upload_id: asked(link, upload_id), ids))
        print(f"{PHOTOS} photos, {AT_ONCE} at once: {time.perf_counter() - began:.2f} s")
        began = time.perf_counter()
        for upload_id in ids:
            asked(link, upload_id)
        print(f"again: {(time.perf_counter() - began) / PHOTOS * 1000:.2f} ms each")
        began = time.perf_counter()
        for upload_id, reply in zip(ids, made, strict=True):
            asked(link, upload_id, reply.headers["ETag"])
        print(f"again, with their ETag: {(time.perf_counter() - began) / PHOTOS * 1000:.2f} ms each")


def asked(link: Link, upload_id: str, etag: str = "") -> Reply:
    headers = {"If-None-Match": etag} if etag else {}
    path = f"{link.path}/looks/{upload_id}/picture"
    reply = link.client.call("GET", path, owner=True, headers=headers)
    assert reply.status == (304 if etag else 200)
    return reply


def main() -> None:
    with tempfile.TemporaryDirectory() as samples, tempfile.TemporaryDirectory() as folder:
        write_samples(Path(samples))
        tell_costs(Path(samples))
        tell_speed(Path(folder), (Path(samples) / "12 MP.jpg").read_bytes())


if __name__ == "__main__":
    main()
