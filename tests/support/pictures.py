"""Pictures, films and what only looks like them."""

from __future__ import annotations

import random
import struct
import subprocess
import zlib
from io import BytesIO
from pathlib import Path

from PIL import Image

from tests.support import documents
from tests.support.scans import bomb

SCRIPT = b"<script>document.title = 'run'; fetch('/api/droppr/requests')</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="document.title = \'run\'">' + SCRIPT + b"</svg>"
PAGE = b"<!doctype html><title>page</title>" + SCRIPT
SQUARE = 64


def picture(kind: str = "PNG", size: tuple[int, int] = (400, 300), mode: str = "RGB", **options: object) -> bytes:
    """A picture of this format, its left half red, its right half blue."""
    drawn = Image.new("RGB", size, (220, 20, 20))
    drawn.paste((20, 20, 220), (size[0] // 2, 0, *size))
    packed = BytesIO()
    if kind == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    drawn = drawn.convert(mode)
    if mode == "LA":
        drawn.putalpha(100)
    drawn.save(packed, kind, **options)
    return packed.getvalue()


def turned() -> bytes:
    """A photo that says it lies on its side and where it was taken: upright it is high, and red above."""
    facts = Image.Exif()
    facts[0x0112] = 6
    facts[0x010E] = "secret place"
    return picture("JPEG", exif=facts)


def shown(content: bytes) -> Image.Image:
    """What a browser makes of it."""
    return Image.open(BytesIO(content))


def dot(content: bytes, at: tuple[int, int]) -> tuple[int, int, int]:
    """Red, green and blue at a place of a picture."""
    red, green, blue = shown(content).convert("RGB").crop((*at, at[0] + 1, at[1] + 1)).tobytes()
    return red, green, blue


def film(path: Path, *, seconds: int = 1) -> bytes:
    """A film, made by ffmpeg, of which ``path`` says the kind."""
    source = f"testsrc=duration={seconds}:size=320x240:rate=5"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "lavfi", "-i", source, "-y", str(path)], check=True)
    return path.read_bytes()


def playlist(path: Path) -> bytes:
    """A list of films that names a file of this machine."""
    return b"#EXTM3U\n#EXTINF:1,\nfile://" + str(path).encode() + b"\n"


def box(brand: bytes, rest: bytes) -> bytes:
    """A file of boxes of this brand, and whatever behind it."""
    return struct.pack(">I", 16) + b"ftyp" + brand + bytes(4) + rest


def _wide() -> bytes:
    """50,000 by 50,000 dots, which are there: one of each line, packed so that it comes to little."""
    head = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(1)
    line = bytes(1 + 50_000 // 8)
    packed = b"".join(packer.compress(line * 100) for _ in range(500)) + packer.flush()
    whole = picture()
    return (
        whole[:8]
        + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
        )
    )  # fmt: skip


def noise(count: int) -> bytes:
    return random.Random(14).randbytes(count)


HARMFUL = {
    "says it is huge.png": bomb,
    "is huge.png": _wide,
    "cut short.jpg": lambda: picture("JPEG", (1200, 900))[:4000],
    "noise.heic": lambda: box(b"heic", noise(20_000)),
    "noise.avif": lambda: box(b"avif", noise(20_000)),
    "noise.mp4": lambda: box(b"isom", noise(20_000)),
    "noise.webp": lambda: b"RIFF" + struct.pack("<I", 20_000) + b"WEBPVP8 " + noise(20_000),
    "loop.tiff": lambda: b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0" + bytes(400),
    "loop.pdf": documents.HARMFUL["loop.pdf"],
    "draws-itself.pdf": documents.HARMFUL["draws-itself.pdf"],
}
