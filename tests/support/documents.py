"""Documents as office programs, mail programs and enemies write them, made by hand."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable
from email.message import EmailMessage
from xml.sax.saxutils import escape

_MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def archive(members: dict[str, str | bytes]) -> bytes:
    """A ZIP of these, packed."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return written.getvalue()


def pdf(*pages: str, contents: bytes | None = None) -> bytes:
    """A PDF with a line of ASCII on each page; ``contents`` stands for what the first page draws."""
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(len(pages)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for at, text in enumerate(pages):
        drawn = contents if contents is not None and at == 0 else f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
        place = 5 + 2 * at
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Contents {place} 0 R>>"
        objects += [page.encode(), b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn)]
    return pdf_of(objects)


def pdf_of(objects: list[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, the first of which is its catalogue."""
    written, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    end = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, trailer, len(written))
    return written + head + table + end


def docx(*pages: str, doctype: str = "") -> bytes:
    """A DOCX with a paragraph on each page."""
    breaks = '<w:p><w:r><w:br w:type="page"/></w:r></w:p>'
    body = breaks.join(f"<w:p><w:r><w:t>{escape(page)}</w:t></w:r></w:p>" for page in pages)
    return archive(
        {
            "word/document.xml": f'<?xml version="1.0"?>{doctype}<w:document xmlns:w="w"><w:body>{body}</w:body></w:document>'
        }
    )


def pptx(*slides: str) -> bytes:
    shape = '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>{}</a:t></a:r></a:p></p:sld>'
    return archive({f"ppt/slides/slide{at}.xml": shape.format(escape(text)) for at, text in enumerate(slides, 1)})


def odt(*pages: str) -> bytes:
    body = "".join(f"<text:p>{escape(page)}<text:soft-page-break/></text:p>" for page in pages)
    content = f'<office:document-content xmlns:office="o" xmlns:text="t">{body}</office:document-content>'
    return archive({"content.xml": content, "META-INF/manifest.xml": _MANIFEST})


def odp(*slides: str) -> bytes:
    body = "".join(f"<draw:page><text:p>{escape(slide)}</text:p></draw:page>" for slide in slides)
    content = (
        f'<office:document-content xmlns:office="o" xmlns:text="t" xmlns:draw="d">{body}</office:document-content>'
    )
    return archive({"content.xml": content, "META-INF/manifest.xml": _MANIFEST})


def xlsx(*sheets: list[list[str]]) -> bytes:
    """A workbook; its sheets are called S1, S2, …"""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    names, links, members = "", "", {}
    for at, rows in enumerate(sheets, 1):
        names += f'<sheet name="S{at}" sheetId="{at}" r:id="r{at}"/>'
        links += f'<Relationship Id="r{at}" Type="{relations}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        lines = ""
        for number, row in enumerate(rows, 1):
            cells = (
                f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
                for column, cell in enumerate(row)
            )
            lines += f'<row r="{number}">{"".join(cells)}</row>'
        members[f"xl/worksheets/sheet{at}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>'
        )
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    return archive(
        {
            "[Content_Types].xml": '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="r" Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><sheets>{names}</sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{links}</Relationships>',
            **members,
        }
    )


def ods(*rows: str) -> bytes:
    cells = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{escape(row)}</text:p></table:table-cell></table:table-row>'
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = f'<office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="S1">{cells}</table:table></office:spreadsheet></office:body></office:document-content>'
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": content,
            "META-INF/manifest.xml": _MANIFEST,
        }
    )


def eml(subject: str, text: str, **attached: bytes) -> bytes:
    """A message; ``a_txt=b"…"`` attaches a file a.txt."""
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "ann@example.org", "bob@example.org"
    message.set_content(text)
    for name, content in attached.items():
        message.add_attachment(content, "application", "octet-stream", filename=name.replace("_", "."))
    return message.as_bytes()


def msg(subject: str, text: str) -> bytes:
    """A message as Outlook keeps it: a file system of its own, here of three streams that are long enough for whole sectors."""
    streams = {
        # Of each text its kind, its name, and that it can be read.
        "__properties_version1.0": struct.pack("<32x HHIQ HHIQ", 0x1F, 0x37, 6, 4098, 0x1F, 0x1000, 6, 4098),
        "__substg1.0_0037001F": subject.ljust(2048).encode("utf-16-le"),
        "__substg1.0_1000001F": text.ljust(2048).encode("utf-16-le"),
    }
    none, end, sectors = 0xFFFFFFFF, 0xFFFFFFFE, 8
    # Sector 0 tells which sector follows which, sector 1 is the folder, then come the streams, of eight sectors each.
    follows = [0xFFFFFFFD, end]
    for at in range(len(streams)):
        follows += [2 + at * sectors + number + 1 for number in range(sectors - 1)] + [end]
    table = struct.pack("<128I", *follows, *[none] * (128 - len(follows)))

    def entry(name: str, kind: int, start: int, size: int, right: int = none, child: int = none) -> bytes:
        written = name.encode("utf-16-le") + b"\0\0"
        head = struct.pack("<64sHBBIII", written, len(written), kind, 1, none, right, child)
        return head + struct.pack("<16x4x8x8xIQ", start, size)

    folder = entry("Root Entry", 5, end, 0, child=1)
    for at, name in enumerate(streams):
        folder += entry(name, 2, 2 + at * sectors, sectors * 512, right=at + 2 if at + 1 < len(streams) else none)
    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    head = struct.pack("<8s16xHHHHH6xIII4xIIIII", magic, 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 4096, end, 0, end, 0)
    places = struct.pack("<109I", 0, *[none] * 108)
    return (
        head + places + table + folder + b"".join(content.ljust(sectors * 512, b"\0") for content in streams.values())
    )


def _bomb() -> bytes:
    return archive({"word/document.xml": "<w:document xmlns:w='w'><w:t>" + " " * (200 * 1024 * 1024)})


def _entities() -> bytes:
    declared = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10 if at else "ha" * 50}">' for at in range(9))
    return docx("text", doctype=f"<!DOCTYPE d [{declared}]>")


def _loop() -> bytes:
    return pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R]/Count 1>>"])


def _draws_itself() -> bytes:
    resources = b"/Resources<</XObject<</F 4 0 R>>>>"
    drawn = b"/F Do /F Do /F Do /F Do"
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]%s/Contents 5 0 R>>" % resources,
            b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]%s/Length 23>>stream\n%s\nendstream" % (resources, drawn),
            b"<</Length 5>>stream\n/F Do\nendstream",
        ]
    )


def _blanks() -> bytes:
    packed = zlib.compress(zlib.compress(b" " * (400 * 1024 * 1024), 1), 9)
    head = b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n" % len(packed)
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<<>>/Contents 4 0 R>>",
            head + packed + b"\nendstream",
        ]
    )


def _password() -> bytes:
    lock = b"<</Filter/Standard/V 1/R 2/O<%s>/U<%s>/P -4>>" % (b"ab" * 32, b"cd" * 32)
    pages = b"<</Type/Pages/Kids[]/Count 0>>"
    return pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", pages, lock], b"/Encrypt 3 0 R/ID[<00><00>]")


def _half() -> bytes:
    found = pdf("first", "second")
    return found[: len(found) // 2]


HARMFUL: dict[str, Callable[[], bytes]] = {
    "bomb.docx": _bomb,
    "entities.docx": _entities,
    "loop.pdf": _loop,
    "draws-itself.pdf": _draws_itself,
    "blanks.pdf": _blanks,
    "password.pdf": _password,
    "half.pdf": _half,
    "random.pdf": lambda: random.Random(1).randbytes(50_000),
    "nested.html": lambda: b"<div>" * 200_000 + b"deep",
    "long.txt": lambda: b"the same words again and again\n" * 3_500_000,
}
"""Files that are made to do harm, or that are broken."""
