"""The process that draws one file of a stranger and ends: the file is its standard input; its output is a line of JSON and, where
there is a picture, that.

The line says the picture's ``type`` and how many ``pages`` there are, or ``why`` there is none.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from app.core.looks import MOST_PAGES, WhyNone
from app.storage.confined import sandbox

if TYPE_CHECKING:
    from PIL import Image

MEMORY = 768 * 1024 * 1024
MOST_PIXELS = 64_000_000
"""Of a picture that has to be unpacked as a whole, at four bytes each."""
MOST_SCALED_PIXELS = 400_000_000
"""Of one that its reader makes smaller while it unpacks it."""
MOST_ENLARGED = 4.0
"""How much larger than it is a small page is drawn."""
QUALITY = 80
_PLUGINS = {
    "AVIF": "Avif",
    "BMP": "Bmp",
    "GIF": "Gif",
    "JPEG": "Jpeg",
    "PNG": "Png",
    "TIFF": "Tiff",
    "WEBP": "WebP",
}


class NoPicture(Exception):
    """There is none, and why."""

    def __init__(self, why: WhyNone) -> None:
        super().__init__(why)
        self.why = why


def main(reader: str, size: str, page: str) -> None:
    """Draw a page of standard input, counted from 1, with this reader and with sides of up to ``size`` pixels."""
    draw = _pdf if reader == "pdf" else _still(reader)
    sandbox.take_limits(memory=MEMORY)
    sandbox.close_doors_or_exit()
    try:
        drawn, pages = draw(sys.stdin.buffer, int(size), int(page))
        packed = BytesIO()
        # Nothing but the dots: neither where a photo was taken, nor with what.
        drawn.save(packed, "WEBP", quality=QUALITY, method=2, exif=b"", xmp=b"", icc_profile=b"")
        said: dict[str, Any] = {"type": "image/webp", "pages": pages}
    except NoPicture as error:
        packed, said = BytesIO(), {"why": error.why}
    except MemoryError:
        packed, said = BytesIO(), {"why": WhyNone.TOO_LARGE}
    except Exception:  # noqa: BLE001  each reader has errors of its own for what is damaged
        packed, said = BytesIO(), {"why": WhyNone.DAMAGED}
    sys.stdout.buffer.write(json.dumps(said, allow_nan=False).encode() + b"\n" + packed.getvalue())
    sys.stdout.buffer.flush()


def _still(format: str) -> Callable[[BinaryIO, int, int], tuple[Image.Image, int]]:
    """What draws pictures of this format, with what it needs for that loaded."""
    from PIL import Image, ImageCms, ImageOps

    # Loaded by ourselves: of Pillow's forty formats no other is ever tried.
    if format == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    else:
        import_module(f"PIL.{_PLUGINS[format]}ImagePlugin")
    Image.MAX_IMAGE_PIXELS = None  # Judged here.

    def draw(file: BinaryIO, size: int, page: int) -> tuple[Image.Image, int]:
        if page != 1:
            raise NoPicture(WhyNone.NO_PAGE)
        with Image.open(file, formats=(format,)) as picture:
            if picture.width * picture.height > (MOST_SCALED_PIXELS if format == "JPEG" else MOST_PIXELS):
                raise NoPicture(WhyNone.TOO_LARGE)
            profile = picture.info.get("icc_profile")
            small = ImageOps.exif_transpose(_smaller(picture, size))
            return _plain(small, ImageCms, profile), 1

    return draw


def _smaller(picture: Image.Image, size: int) -> Image.Image:
    """No longer and no wider than ``size``; in colours that can be mixed."""
    if picture.mode.startswith("I;16"):
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif picture.mode in ("P", "PA"):
        picture = picture.convert("RGBA" if "transparency" in picture.info or picture.mode == "PA" else "RGB")
    elif picture.mode in ("1", "I", "F"):
        picture = picture.convert("L")
    # Of a JPEG, what is so much larger is not even unpacked.
    picture.thumbnail((size, size), reducing_gap=2.0)
    return picture


def _plain(picture: Image.Image, cms: Any, profile: bytes | None) -> Image.Image:
    """The same in the colours of screens (sRGB), with what lets the background through where there is such."""
    see_through = picture.mode in ("LA", "La", "RGBA", "RGBa") or "transparency" in picture.info
    mode = "RGBA" if see_through else "RGB"
    if profile and picture.mode in ("RGB", "RGBA", "CMYK", "L"):
        try:
            given = cms.ImageCmsProfile(BytesIO(profile))
            changed = cms.profileToProfile(picture, given, cms.createProfile("sRGB"), outputMode=mode)
            if changed is not None:
                return changed  # type: ignore[no-any-return]
        except (cms.PyCMSError, OSError, ValueError):
            pass  # It says something else of its colours than is so.
    return picture if picture.mode == mode else picture.convert(mode)


def _pdf(file: BinaryIO, size: int, page: int) -> tuple[Image.Image, int]:
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(file)
    except PdfiumError as error:
        raise NoPicture(WhyNone.PASSWORD if "password" in str(error).lower() else WhyNone.DAMAGED) from None
    pages = min(len(document), MOST_PAGES)
    if not 1 <= page <= pages:
        raise NoPicture(WhyNone.NO_PAGE if pages else WhyNone.DAMAGED)
    # What was filled in is drawn as well. Its scripts nobody runs: this PDFium has nothing to run them with.
    document.init_forms()
    drawn = document[page - 1]
    width, height = drawn.get_size()
    longer = max(width, height)
    if not longer > 0 or min(width, height) <= 0:
        raise NoPicture(WhyNone.DAMAGED)
    bitmap = drawn.render(scale=min(size / longer, MOST_ENLARGED))
    picture = bitmap.to_pil()
    picture.thumbnail((size, size))
    return picture.convert("RGB"), pages
