"""What a pack costs besides its bytes: turns of the catalogue and names made, both the same in every run and on every machine."""

from __future__ import annotations

import io
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from app.core import paths
from app.core.actors import Credentials, sender
from app.core.paths import RelPath
from app.core.session import UploadSession
from app.services.receiving.commands import OpenUpload
from app.services.receiving.whole_files import DELIVERY_BATCH_FILES
from app.settings import Settings
from app.storage.disk.bodies import StreamBody
from app.storage.sql.sqlite import SQLiteDatabase
from app.wiring import Services, build
from tests.support.actors import OWNER

WHO = Credentials(sender("192.0.2.1"))
FILES = 1000
BATCHES = -(-FILES // DELIVERY_BATCH_FILES)
TURNS_OF_A_BATCH = 3
"""What is known of its files, announced, received."""
TURNS_OF_A_PACK = 12
"""Of its link, and those that count openings."""


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return build(Settings(data_dir=tmp_path / "data", admin_token="t" * 32))  # type: ignore[call-arg]


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the catalogue is asked or told something by this thread: readers of events look on their own."""
    found: Counter[str] = Counter()
    own = threading.get_ident()

    def counted(name: str) -> Any:
        asked = getattr(SQLiteDatabase, name)

        def ask(*arguments: Any, **more: Any) -> Any:
            found[name] += threading.get_ident() == own
            return asked(*arguments, **more)

        return ask

    for name in ("look", "read", "write"):
        monkeypatch.setattr(SQLiteDatabase, name, counted(name))
    return found


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often which name on disk is computed."""
    found: Counter[str] = Counter()
    safe = paths._safe

    def counted(part: str) -> str:
        found[part] += 1
        return safe(part)

    paths.disk_name.cache_clear()
    paths.disk_folder.cache_clear()
    monkeypatch.setattr(paths, "_safe", counted)
    return found


def send(services: Services, hash: str) -> list[UploadSession]:
    def files() -> Any:
        for number in range(FILES):
            path = RelPath.parse(f"photos/IMG {number}: ü.jpg")
            yield OpenUpload(path, 5, key=f"key-{number:028}"), StreamBody(io.BytesIO(b"hello"))

    outcomes = services.receiving.small_files.receive_pack(hash, files(), WHO)
    received = [each for each in outcomes if isinstance(each, UploadSession)]
    assert len(received) == FILES
    return received


def test_a_pack_asks_the_catalogue_a_few_times_for_each_batch_and_makes_each_name_once(services, turns, made):
    hash = services.links.file_requests.create(RelPath.parse("in"), {}, OWNER).hash
    turns.clear()
    first = send(services, hash)
    assert turns.total() <= TURNS_OF_A_BATCH * BATCHES + TURNS_OF_A_PACK, turns
    assert {name: made[name] for name in made if name != "in"} == {
        part: 1 for each in first for part in each.path.parts
    }


def test_a_pack_that_is_sent_again_asks_no_more(services, turns):
    hash = services.links.file_requests.create(RelPath.parse("in"), {}, OWNER).hash
    first = send(services, hash)
    turns.clear()
    assert [each.upload_id for each in send(services, hash)] == [each.upload_id for each in first]
    assert turns.total() <= BATCHES + TURNS_OF_A_PACK, turns
