"""Whether senders are let at a bucket: only where its store has refused other bytes than were signed for."""

from __future__ import annotations

import pytest

from app.core.errors import InvalidRange
from app.core.ports.direct import WantedPart
from app.core.ranges import Span
from app.storage.cluster.grid import MIB, SMALLEST_PART
from app.storage.cluster.objects import Objects
from app.storage.cluster.probing import PROBE, Compares
from app.storage.cluster.uploads import ClusterUploads
from tests.support.cluster import Engines
from tests.support.stores import ID, session

SIZE = 2 * SMALLEST_PART
EVER = 2.0**40


def test_senders_are_let_at_a_bucket_only_where_its_store_refuses_other_bytes(engines: Engines) -> None:
    store, bucket = engines.seaweed, engines.emptied()
    assert bucket.compares() == Compares(signed_parts=store.compares, crc32c=store.compares)
    ground = engines.ground(bucket)
    uploads = ClusterUploads(ground, Objects(ground), usual=SMALLEST_PART, longest=64 * MIB)
    direct = uploads.direct(bucket.signer(store.url, 900))
    uploads.create(session(SIZE))
    wanted = [WantedPart(Span(0, SMALLEST_PART), "0" * 64)]
    if store.compares:
        assert (direct.origin, direct.part_size(SIZE)) == (store.url, SMALLEST_PART)
        assert direct.sign(ID, wanted, 2.0).parts[0].url
    else:
        assert (direct.origin, direct.part_size(SIZE)) == (None, None)
        with pytest.raises(InvalidRange):
            direct.sign(ID, wanted, 2.0)
    uploads.delete(ID)
    assert list(bucket.keys("")) == []
    assert bucket.begun(PROBE) == []
    bucket.begin(PROBE)  # As of one that died.
    uploads.remove_remains(EVER)
    assert bucket.begun(PROBE) == []
    assert not [each for each in store.parts(engines.bucket) if bucket._key("") in each]
