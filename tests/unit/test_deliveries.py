"""Deliveries where a power cut or another caller was faster."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.session import State, UploadSession
from app.services.receiving.deliveries import Deliveries
from app.storage.disk.upload import DiskRules
from app.storage.disk.uploads import DiskUploads
from app.storage.sql.files import SQLRequests
from tests.support.catalogues import catalogue

ID = "upload-0123456789"
HASH = "link-0123456789abcdef"


def test_a_delivery_that_only_the_ledger_remembers_is_recalled_by_all_who_ask_at_once(tmp_path: Path) -> None:
    requests = SQLRequests(catalogue(tmp_path))
    requests.create(RequestLink(hash=HASH, folder=RelPath.parse("in"), created_at=1.0))
    requests.receive(HASH, ReceivedFile(ID, "a (1).bin", "a (1).bin", 10, 5.0))
    session = UploadSession(ID, HASH, RelPath.parse("a.bin"), 10, opened_at=1.0, active_at=1.0)
    DiskUploads(tmp_path / "uploads", DiskRules(boot=1)).create(session)
    store = DiskUploads(tmp_path / "uploads", DiskRules(boot=2))
    unused = cast(Any, None)
    deliveries = Deliveries(
        store=store,
        requests=requests,
        inbox=unused,
        heads=unused,
        clock=unused,
        observer=unused,
        digests=unused,
        promises=unused,
        background=unused,
    )
    seen = store.open(ID).status()
    assert seen.interrupted
    for recalled in (deliveries.recall(seen), deliveries.recall(seen), store.open(ID).status()):
        assert (recalled.state, recalled.delivered_path) == (State.COMPLETE, "a (1).bin")
