"""Servers that hold as much as strangers can leave behind, called in this process."""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from app import create_app
from app.core.actors import Credentials, sender
from app.core.items import Item, Question
from app.core.ledger import folder_mark
from app.core.links import Opening, ReceivedFile
from app.core.paths import RelPath, numbered
from app.core.ranges import Span
from app.core.shares import Share
from app.services.receiving.commands import OpenUpload
from app.settings import Settings
from app.storage.disk.atomic import replace_file
from app.storage.disk.span_log import Arrival, Kind
from app.storage.sql.book import Book
from app.storage.sql.book_statements import BookStatements
from app.storage.sql.shares import SQLShares
from app.wiring import build
from tests.support.actors import OWNER

STRANGER = "192.0.2.1"
SIZE = 8 * 1024**3
"""Of the upload that has all the gaps."""
LIMIT = "1000000 per hour"
ITEM = Item("item0000", "Item")
QUESTION = Question("ask00000", "Question?")
KEPT = {"X-Sender-Key": "k" * 22}
"""What a stranger who is known by nothing else sends along."""


class World:
    """A server with ``amount`` of everything that strangers can leave behind, called in this process."""

    def __init__(self, folder: Path, amount: int) -> None:
        self.amount = amount
        self.data = folder / "data"
        settings = Settings(  # type: ignore[call-arg]
            data_dir=self.data,
            durability="none",
            rate_limit_uploads=LIMIT,
            parallel_upload_max_concurrent_per_user=1000,
            parallel_upload_max_concurrent_users=1000,
            _env_file=None,
        )
        self.services = build(settings, time.time)
        self.client: FlaskClient = create_app(settings, self.services).test_client()
        self.hash = self.services.links.file_requests.create(RelPath.parse("in"), {}, OWNER).hash
        self.locked = self.services.links.file_requests.create(
            RelPath.parse("locked"), {"password": "right"}, OWNER
        ).hash
        asked = {"items": (ITEM,), "questions": (QUESTION,)}
        self.asking = self.services.links.file_requests.create(RelPath.parse("asking"), asked, OWNER).hash
        self._fill_ledger()
        self._fill_parties()
        self._fill_folder(self.data / "files" / "in")
        self._fill_sessions()
        self.shared = self._fill_shares()
        self._fill_attempts()
        self._fill_promises()
        self.numbers = count()
        self.strewn = self._strewn()
        self.begun = self.opened("begun", 5)
        self.code = self.services.senders.handoffs.make(self.hash, [self.begun], STRANGER).code

    def call(self, method: str, path: str, **options: Any) -> Any:
        """A stranger's call."""
        return self.client.open(path, method=method, environ_base={"REMOTE_ADDR": STRANGER}, **options)

    @property
    def link(self) -> str:
        return f"/api/droppr/requests/{self.hash}"

    def opened(self, path: str, size: int) -> str:
        command = OpenUpload(RelPath.parse(path), size)
        return self.services.receiving.uploads.open(self.hash, command, Credentials(sender(STRANGER))).upload_id

    def named(self, kind: str, number: int) -> str:
        return f"{kind}-{number:024}"

    def fresh(self) -> str:
        return f"fresh-{next(self.numbers)}"

    def _fill_ledger(self) -> None:
        catalogue = self.services.ground.catalogue
        statements = BookStatements(catalogue)
        names = range(self.amount)
        for hash in (self.hash, self.locked):
            with catalogue.write() as tx:
                book = Book(statements, tx, hash)
                for kind in ("received", "removed"):
                    book.receive([self._received(kind, number) for number in names])
                for entry in book.entries([self.named("removed", number) for number in names]).values():
                    book.remove(entry)
                for number in names:
                    book.open(Opening(self.named("idle", number), 5, 5.0), ())
                    book.note_gone(self.named("expired", number), "expired")
                book.add_folders(folder_mark(f"folder {number}") for number in range(self.amount * 9 // 10))
                book.save()

    def _fill_parties(self) -> None:
        """Files for one item, each party having two."""
        catalogue = self.services.ground.catalogue
        parties = [f"{number % (self.amount // 2):016x}" for number in range(self.amount)]
        files = [
            replace(self._received("sent", number), item=ITEM.id, party=each) for number, each in enumerate(parties)
        ]
        with catalogue.write() as tx:
            book = Book(BookStatements(catalogue), tx, self.asking)
            book.receive(files)
            book.save()

    def _received(self, kind: str, number: int) -> ReceivedFile:
        path = f"{kind}/{number}"
        return ReceivedFile(self.named(kind, number), path, path, 5, 5.0, "0" * 64, file_identity="1-1-1")

    def _fill_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        file = folder / "taken"
        file.write_bytes(b"x")
        for number in range(self.amount):
            os.link(file, folder / numbered("same.txt", number))
            if number % 10 == 0:
                os.link(file, folder / numbered("way", number // 10))

    def _fill_shares(self) -> Share:
        """One file that many have downloaded of late, among many shares."""
        shares, [name] = self.services.received.shares, [self.named("received", 1)]
        file = self.data / "files" / "in" / "received" / "1"
        file.parent.mkdir()
        file.write_bytes(b"bytes")
        store, now = SQLShares(self.services.ground.catalogue, clock=time.time, durable=False), time.time()
        made = shares.make(self.hash, [name], {"max_downloads": 2**30}, OWNER)
        for number in range(self.amount // 10):
            store.sent(made.hash, f"client {number}", name, 9 * (number % 2), 9, now)
            store.add(replace(made, hash=f"{number:032}"), OWNER)
        return made

    def _fill_sessions(self) -> None:
        model = self.opened("x", 5)
        uploads = self.data / "uploads"
        document = (uploads / model / "session.json").read_text()
        # A tenth is enough to see what looks at all of them, and takes less time to make.
        for number in range(self.amount // 10):
            upload_id = self.named("idle", number)
            (uploads / upload_id).mkdir()
            (uploads / upload_id / "session.json").write_text(document.replace(model, upload_id))
            (uploads / upload_id / "spans").touch()

    def _fill_attempts(self) -> None:
        now = time.time()
        with sqlite3.connect(self.data / "catalogue" / "catalogue.db") as table:
            rows = [(secrets.token_bytes(32), now, now + 3600) for _ in range(self.amount)]
            table.executemany("INSERT INTO counts (key, at, expires_at) VALUES (?, ?, ?)", rows)
            table.executemany(
                "INSERT INTO used_tokens VALUES (?, ?)", [(secrets.token_bytes(32), now + 900) for _ in rows]
            )

    def _fill_promises(self) -> None:
        """Room that is kept for uploads, half of them on the link and of the stranger."""
        now = time.time()
        columns = "upload_id, link, client, size, opened_at, heard_at, received, taken, held, until, marked"
        rows = [
            (
                upload_id,
                (self.hash, "other")[each % 2],
                (STRANGER, "other")[each % 2],
                5,
                now,
                now,
                0,
                0,
                5,
                now + 600,
                now,
            )
            for each, upload_id in enumerate(self.named("promised", number) for number in range(self.amount))
        ]
        with sqlite3.connect(self.data / "promises.db") as table:
            table.executemany(f"INSERT INTO promises ({columns}) VALUES ({', '.join('?' * 11)})", rows)

    def _strewn(self) -> str:
        """An upload with as many gaps, whose file takes no room on the disk."""
        upload_id = self.opened("strewn", 5)
        folder = self.data / "uploads" / upload_id
        replace_file(
            folder / "session.json", (folder / "session.json").read_bytes().replace(b'"size": 5', b'"size": %d' % SIZE)
        )
        os.truncate(folder / "data", SIZE)
        log = self.services.ground.stores.uploads.open(upload_id)._log  # type: ignore[attr-defined]
        boot = self.services.ground.stores.uploads._rules.boot  # type: ignore[attr-defined]
        spans = [Span(2 * number + 1, 2 * number + 2) for number in range(self.amount)]
        log.append_all(lambda _: [Arrival(Kind.DURABLE, boot, time.time(), span) for span in spans])
        return upload_id
