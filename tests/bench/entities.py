"""Documents of many entities, added one after the other and in parallel: what ``tests/test_parallel_upload.py --entities`` prints."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from app.core.errors import UploadError
from app.services.entity_scoped_rag import EntityRAGManager, Tools
from app.storage.disk.named_locks import LocalNamedLocks
from app.storage.json_storage import JSONStorage
from app.storage.search.embedder import UniversalEmbedder
from app.storage.search.sqlite_index import SQLiteIndex
from app.storage.text.extractor import ProcessExtractor
from tests.support import documents, office_life

PAGES = 4
SENTENCES = 12
"""Of each page: about a thousand characters."""
UPDATES = 250
"""Of each writer: half a second or more, as shorter runs show little but how processes begin and end."""
KEYS = 20
WRITERS = 8
_TICKS = os.sysconf("SC_CLK_TCK")

Documents = dict[str, list[Path]]


@dataclass(frozen=True)
class Plan:
    """How much is added, by how many threads that wait, and how often it is measured."""

    entities: int
    docs: int
    workers: int
    rounds: int = 3


@dataclass(frozen=True)
class Round:
    """Seconds by the clock, and of the processor by stage."""

    seconds: float
    extract: float
    embed: float
    rest: float


@dataclass(frozen=True)
class Compared:
    """The rounds of both ways, which took turns, so that what else the machine does falls on both. The best of each counts."""

    plan: Plan
    cores: int
    sequential: tuple[Round, ...]
    parallel: tuple[Round, ...]

    @property
    def best(self) -> tuple[Round, Round]:
        """The quickest round of each way."""
        one, many = (min(rounds, key=lambda each: each.seconds) for rounds in (self.sequential, self.parallel))
        return one, many

    @property
    def speedup(self) -> float:
        one, many = self.best
        return one.seconds / many.seconds

    @property
    def efficiency(self) -> float:
        """Of the cores that can be used."""
        return self.speedup / min(self.plan.workers, self.cores)


def compare(plan: Plan) -> Compared:
    """Add the same documents in both ways, again and again."""
    cores = len(os.sched_getaffinity(0))
    embedders = [UniversalEmbedder() for _ in range(min(cores, plan.workers))]
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made = write_documents(folder / "documents", plan.entities, plan.docs)
            for embedder in embedders:  # The model is loaded once, whoever is measured first.
                embedder.embed(["warm"])
            sequential, parallel = [], []
            for number in range(plan.rounds):
                sequential.append(_round(folder / f"one-{number}", made, embedders[:1], 1))
                parallel.append(_round(folder / f"many-{number}", made, embedders, plan.workers))
    finally:
        for embedder in embedders:
            embedder.close()
    return Compared(plan, cores, tuple(sequential), tuple(parallel))


def tell(found: Compared, say: Callable[[str], None]) -> None:
    """Say what was found, line by line."""
    plan, (one, many) = found.plan, found.best
    say(
        f"{plan.entities} entities, {plan.docs} documents each, {plan.workers} workers, {found.cores} cores, best of {plan.rounds}"
    )
    say(f"Sequential time: {one.seconds:.2f}s  (rounds: {_seconds(found.sequential)})")
    say(f"Parallel time:   {many.seconds:.2f}s  (rounds: {_seconds(found.parallel)})")
    say(f"Speedup:         {found.speedup:.2f}x")
    say(
        f"Efficiency:      {found.efficiency:.1%} of the cores that can be used, {found.speedup / plan.workers:.1%} by workers"
    )
    for name, each in (("Sequential", one), ("Parallel", many)):
        say(f"{name} CPU: extract {each.extract:.2f}s, embed {each.embed:.2f}s, hash, split and add {each.rest:.2f}s")


def _seconds(rounds: Sequence[Round]) -> str:
    return " ".join(f"{each.seconds:.2f}" for each in rounds)


def compare_storage(rounds: int = 3) -> tuple[float, float]:
    """Updates a second of JSONStorage by several processes, the best of some rounds: in one file for all entities, and in a shard
    for each."""
    rates: dict[bool, list[float]] = {False: [], True: []}
    with tempfile.TemporaryDirectory() as name:
        for number in range(rounds):
            for sharded, found in rates.items():
                found.append(_updates_per_second(Path(name) / f"{sharded}-{number}", sharded))
    return max(rates[False]), max(rates[True])


def tell_storage(single: float, sharded: float, say: Callable[[str], None]) -> None:
    """Say what ``compare_storage`` found."""
    say(f"JSONStorage, {WRITERS} processes, {KEYS} entities: single file {single:.0f}/s, sharded {sharded:.0f}/s")
    say(f"Sharding:        {sharded / single:.2f}x")


def write_documents(folder: Path, entities: int, docs: int) -> Documents:
    """Real documents of several kinds, each unlike all others, made of the sentences of a small office."""
    folder.mkdir(parents=True)
    drawn = random.Random(0)
    sentences = [text for text in office_life.EN.values() if text.isascii()]
    kinds: list[tuple[str, Callable[..., bytes]]] = [
        # A line of it has to fit on its page.
        ("pdf", lambda *pages: documents.pdf(*(line for page in pages for line in page.split(". ")))),
        ("docx", documents.docx),
        ("odt", documents.odt),
        ("txt", lambda *pages: "\n\n".join(pages).encode()),
    ]
    made: Documents = {}
    for entity in range(entities):
        for number in range(docs):
            kind, write = kinds[(entity + number) % len(kinds)]
            heads = (f"Letter {entity}-{number}, page {page}. " for page in range(PAGES))
            pages = [head + " ".join(drawn.choices(sentences, k=SENTENCES)) for head in heads]
            path = folder / f"{entity}-{number}.{kind}"
            path.write_bytes(write(*pages))
            made.setdefault(f"entity-{entity}", []).append(path)
    return made


def _round(folder: Path, made: Documents, embedders: Sequence[UniversalEmbedder], workers: int) -> Round:
    folder.mkdir()
    index = SQLiteIndex(folder / "index")
    tools = Tools(index, ProcessExtractor(), embedders[0], LocalNamedLocks(folder / "locks"))
    manager = EntityRAGManager(tools, embedders, workers)
    begun = time.monotonic(), *_spent(embedders)
    added = [each for found in manager.add_documents_parallel(made).values() for each in found]
    ended = time.monotonic(), *_spent(embedders)
    manager.close()
    index.close()
    if not all(each.is_new and each.chunks for each in added):
        raise UploadError("Not every document was added.")
    return Round(*(after - before for before, after in zip(begun, ended, strict=True)))


def _spent(embedders: Sequence[UniversalEmbedder]) -> tuple[float, float, float]:
    """Seconds of the processor that readers, embedders and this process have used. Readers are those children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    pids = [each.process_id for each in embedders]
    return children.ru_utime + children.ru_stime, sum(map(_seconds_of, filter(None, pids))), time.process_time()


def _seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _updates_per_second(folder: Path, sharded: bool) -> float:
    storage = JSONStorage(folder, sharded)
    for key in range(KEYS):
        storage.update(f"entity-{key}", lambda _: {"documents": ["x" * 40] * 10})
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(WRITERS + 1)
    writers = [context.Process(target=_update, args=(folder, sharded, writer, barrier)) for writer in range(WRITERS)]
    for each in writers:
        each.start()
    # All are there before the first begins.
    barrier.wait(60)
    begun = time.monotonic()
    for each in writers:
        each.join()
    return WRITERS * UPDATES / (time.monotonic() - begun)


def _update(folder: Path, sharded: bool, writer: int, barrier: Barrier) -> None:
    storage = JSONStorage(folder, sharded)
    barrier.wait(60)
    for number in range(UPDATES):
        storage.update(f"entity-{(writer + number) % KEYS}", partial(_with_last, number))


def _with_last(number: int, found: dict[str, Any] | None) -> dict[str, Any]:
    return {**(found or {}), "last": number}
