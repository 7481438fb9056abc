"""Documents of many entities: added in parallel, stored in shards, and how soon one is found."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.core.receipts import link_fingerprint
from tests.bench import entities
from tests.bench.load import median
from tests.bench.report import Section
from tests.bench.runs import Bench
from tests.support.client import Client, Link
from tests.support.documents import pdf
from tests.support.live import GENEROUS, PROJECT, LiveServer

PLAN = entities.Plan(entities=10, docs=5, workers=16)
ASK_EVERY_SECONDS = 0.02
PAUSE_SECONDS = 1.0


def run(bench: Bench) -> Section:
    section = Section("entities")
    _adding(section, bench)
    _storing(section, bench)
    _finding(section, bench)
    return section


def _adding(section: Section, bench: Bench) -> None:
    plan = entities.Plan(PLAN.entities, PLAN.docs, PLAN.workers, bench.options.rounds)
    found = entities.compare(plan)
    section.text(
        f"{plan.entities} entities with {plan.docs} documents each (PDF, DOCX, ODT, text), read, split, embedded and added to an "
        f"index: one after the other with one embedder, and by {plan.workers} threads that wait for {found.cores} embedders. The best round."
    )
    rows = [
        [name, f"{each.seconds:.2f} s", f"{each.extract:.2f} s", f"{each.embed:.2f} s", f"{each.rest:.2f} s"]
        for name, each in zip(("one after the other", "in parallel"), found.best, strict=True)
    ]
    section.table(["", "time", "CPU: reading", "CPU: embedding", "CPU: hashing, splitting, adding"], rows)
    section.goal("in parallel", found.speedup, least=1.6)
    section.goal("by core", found.efficiency, least=0.8, unit="")


def _storing(section: Section, bench: Bench) -> None:
    single, sharded = entities.compare_storage(bench.options.rounds)
    section.text(f"`JSONStorage`, {entities.WRITERS} processes that change {entities.KEYS} entities. The best round.")
    section.table(
        ["", "updates a second"], [["one file", f"{single:.0f}"], ["a shard for each entity", f"{sharded:.0f}"]]
    )
    section.goal("sharded", sharded / single, least=3.5)


def _finding(section: Section, bench: Bench) -> None:
    words, meaning = [], []
    with (
        TemporaryDirectory(dir=bench.folder) as folder,
        LiveServer(Path(folder), workers=2, project=PROJECT, **GENEROUS) as server,
    ):
        link = Client.of(server).make_link(search=True)
        _until(link, "first.pdf", {"ready"}, _sent(link, "first.pdf"))  # This one waits for the model to be loaded.
        for number in range(2 * bench.options.rounds):
            time.sleep(PAUSE_SECONDS)
            name = f"{number}.pdf"
            began = _sent(link, name)
            words.append(_until(link, name, {"words", "ready"}, began))
            meaning.append(_until(link, name, {"ready"}, began))
    section.text("From the answer to the last byte of a PDF until it is found, the model being loaded. Medians.")
    section.table(
        ["", "seconds"], [["by its words", f"{median(words):.2f}"], ["by its meaning", f"{median(meaning):.2f}"]]
    )
    section.goal("by its words", median(words), most=2, unit="s")
    section.goal("by its meaning", median(meaning), most=5, unit="s")


def _sent(link: Link, name: str) -> float:
    link.deliver(name, pdf(f"Letter {name}", "The landlord raises the rent for the boathouse."))
    return time.monotonic()


def _until(link: Link, name: str, states: set[str], began: float) -> float:
    """Seconds since ``began`` when the document is in one of these states."""
    address = f"/api/entities/{link_fingerprint(link.hash)}/files?limit=10"
    while True:
        reply = link.client.call("GET", address, owner=True)
        listed: list[dict[str, Any]] = reply.json["files"] if reply.status == 200 else []
        if any(each["name"] == name and each["state"] in states for each in listed):
            return time.monotonic() - began
        time.sleep(ASK_EVERY_SECONDS)
