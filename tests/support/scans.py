"""Scans: pages on which text is only drawn."""

from __future__ import annotations

import struct
import zlib

from pypdfium2 import PdfDocument

from tests.support.documents import pdf, pdf_of

DOTS_PER_INCH = 200


def png(text: str) -> bytes:
    """A picture of a page with this text on it."""
    width, height, grey = _drawn(text)
    lines = b"".join(b"\0" + grey[at : at + width] for at in range(0, len(grey), width))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def bomb() -> bytes:
    """A small picture that says it has ten thousand million dots."""
    whole = png("text")
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    return whole[:16] + head + struct.pack(">I", zlib.crc32(b"IHDR" + head)) + whole[33:]


def tiff(*texts: str) -> bytes:
    """Several such pictures in one file."""
    pages = [_drawn(text) for text in texts]
    content, entries = b"II*\0" + struct.pack("<I", 8), 8
    at = 8
    for number, (width, height, grey) in enumerate(pages):
        fields = ((256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, at + 2 + 12 * entries + 4), (278, 4, height), (279, 4, len(grey)))  # fmt: skip
        size = 2 + 12 * entries + 4 + len(grey)
        following = at + size if number + 1 < len(pages) else 0
        content += struct.pack("<H", entries)
        content += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in fields)
        content += struct.pack("<I", following) + grey
        at += size
    return content


def scanned_pdf(*texts: str) -> bytes:
    """A PDF of which each page is a picture."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for text in texts:
        width, height, grey = _drawn(text)
        packed = zlib.compress(grey)
        first = len(objects) + 1
        kids.append(b"%d 0 R" % first)
        drawn = b"595 0 0 842 0 0 cm /I Do"
        picture = (
            b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
            % (width, height, len(packed), packed)
        )
        objects += [
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</I %d 0 R>>>>/Contents %d 0 R>>"
            % (first + 1, first + 2),
            picture,
            b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
        ]
    objects[1] = b"<</Type/Pages/Kids[%s]/Count %d>>" % (b" ".join(kids), len(kids))
    return pdf_of(objects)


def _drawn(text: str) -> tuple[int, int, bytes]:
    """Width, height, and a byte for each dot."""
    document = PdfDocument(pdf(text))
    bitmap = document[0].render(scale=DOTS_PER_INCH / 72, grayscale=True)
    width, height, stride = bitmap.width, bitmap.height, bitmap.stride
    dots = bytes(bitmap.buffer)
    return width, height, b"".join(dots[at * stride : at * stride + width] for at in range(height))
