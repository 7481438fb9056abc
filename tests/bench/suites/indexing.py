"""Thousands of documents and a hundred thousand passages: what they cost, and what a question costs."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app.core.receipts import link_fingerprint
from app.storage.search.embedder import UniversalEmbedder
from tests.bench import large_index, machine
from tests.bench.report import Section, milliseconds
from tests.bench.runs import MIB, Bench, note
from tests.bench.servers import Droppr
from tests.support import documents, office_life
from tests.support.client import Link

ENTITIES = 100
DOCUMENTS = 100
"""Of each entity."""
PATIENT_SECONDS = 240
SAMPLE_SECONDS = 0.5


def run(bench: Bench) -> Section:
    section = Section("indexing")
    _many(section, bench)
    _large(section, bench)
    return section


def _large(section: Section, bench: Bench) -> None:
    embedder = UniversalEmbedder()
    embedder.embed(["warm"])
    try:
        with TemporaryDirectory(dir=bench.folder) as folder:
            found = large_index.measure(Path(folder), embedder, note)
    finally:
        embedder.close()
    passages = large_index.DOCUMENTS * large_index.PASSAGES
    section.text(
        f"An index of {passages:,} passages of {large_index.WORDS} words ({found.text_megabytes:.0f} MB of text) in {large_index.ENTITIES} entities. "
        "Questions are three words, of which few are rare; words and meaning are fused, and the embedding of the question is included."
    )
    section.table(
        ["", "here"],
        [
            ["on the disk", f"{found.megabytes:.0f} MB"],
            ["adding, without reading and embedding: CPU", f"{1000 * found.adding / passages:.2f} ms a passage"],
            ["a question to one entity: CPU", f"{found.one_entity:.1f} ms"],
            ["a question to all: CPU", f"{found.across:.0f} ms"],
        ],
    )
    section.goal("on the disk", found.megabytes, most=150, unit="MB")
    section.goal("a question to one entity: CPU", found.one_entity, most=8, unit="ms")
    section.goal("a question to all: CPU", found.across, most=110, unit="ms")


@dataclass(frozen=True)
class _Spent:
    """Seconds of the processor by kind of process: those that read, those that embed, the server's own."""

    reading: float
    embedding: float
    rest: float


def _many(section: Section, bench: Bench) -> None:
    folder = bench.folder / "many-documents"
    with Droppr(folder, workers=2) as server, _peak(server.roots) as peak:
        roots = server.roots
        links = [server.client.make_link(search=False) for _ in range(ENTITIES)]
        for number, link in enumerate(links):
            for at in range(DOCUMENTS):
                link.deliver(*document(DOCUMENTS * number + at))
        # The embedders load the model for the first ones, once.
        first = server.client.make_link(search=True)
        for at in range(2 * machine.CORES):
            first.deliver(*document(at))
        _wait(first, 2 * machine.CORES)
        before, began = _spent(roots), time.monotonic()
        for link in links:
            link.change(search=True).expect(200)
        for link in links:
            _wait(link, DOCUMENTS)
        seconds, after = time.monotonic() - began, _spent(roots)
    count = ENTITIES * DOCUMENTS
    section.text(
        f"{count:,} documents of one page (PDF, DOCX, text) that lie in {ENTITIES} links when these are switched on, with 2 workers and {machine.CORES} cores."
    )
    spent = _Spent(after.reading - before.reading, after.embedding - before.embedding, after.rest - before.rest)
    section.table(
        ["", "documents a second of the processor", "CPU ms a document"],
        [
            [name, f"{count / each:.0f}", milliseconds(each / count)]
            for name, each in (("reading", spent.reading), ("embedding", spent.embedding), ("all else", spent.rest))
        ],
    )
    section.text(
        f"All in {seconds:.0f} s: {count / seconds:.0f} documents a second. At the most, all processes had {max(peak) / MIB:.0f} MiB of memory (sum of PSS); each worker that is asked a question meanwhile has a model of its own, about 150 MiB more."
    )
    section.goal("memory of all processes", max(peak) / MIB, most=700, unit="MiB")


def document(number: int) -> tuple[str, bytes]:
    """A name and a page of an office."""
    drawn = random.Random(number)
    sentences = [text for text in office_life.EN.values() if text.isascii()]
    lines = [f"Letter {number}.", *drawn.choices(sentences, k=6)]
    kind = ("pdf", "docx", "txt")[number % 3]
    made = {"pdf": lambda: documents.pdf(" ".join(lines)), "docx": lambda: documents.docx(" ".join(lines))}
    return f"{number}.{kind}", made[kind]() if kind in made else " ".join(lines).encode()


def ready(link: Link) -> int:
    """How many documents of a link are found by words and by meaning."""
    reply = link.client.call("GET", f"/api/entities/{link_fingerprint(link.hash)}/files?limit=1000", owner=True)
    return sum(each["state"] == "ready" for each in reply.json["files"]) if reply.status == 200 else 0


def _wait(link: Link, documents_: int) -> None:
    deadline = time.monotonic() + PATIENT_SECONDS
    while ready(link) < documents_:
        if time.monotonic() > deadline:
            raise TimeoutError("documents are still waiting")
        time.sleep(SAMPLE_SECONDS)


def _spent(roots: Sequence[int]) -> _Spent:
    """Readers have ended when they are counted: they are the children that the server's processes have waited for."""
    embedding = reading = rest = 0.0
    for pid in machine.family(roots, machine.processes()):
        try:
            fields = (machine.PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
            words = (machine.PROC / str(pid) / "cmdline").read_bytes()
        except OSError:
            continue
        own, ended = (sum(map(int, fields[at : at + 2])) / machine.TICKS for at in (11, 13))
        if b"embedding_child" in words:
            embedding += own
        else:
            rest, reading = rest + own, reading + ended
    return _Spent(reading, embedding, rest)


@contextmanager
def _peak(roots: Sequence[int]) -> Iterator[list[int]]:
    """The sums of PSS of a server's processes, looked at again and again."""
    found, over = [0], threading.Event()

    def look() -> None:
        while not over.wait(SAMPLE_SECONDS):
            found.append(machine.resident(roots)[1])

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()
