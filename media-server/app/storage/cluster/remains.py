"""What the bucket has of uploads that are gone: removed once nobody brings a part of them any more.

Some stores take a part to its end after its multipart upload was ended, and then nothing leads to it any more. So the last who is at
an upload removes what is left of it; where he dies, the sweep does.
"""

from __future__ import annotations

from contextlib import suppress

from app.core.errors import UploadError
from app.storage.cluster.claims import Claims
from app.storage.cluster.ground import ClusterGround

_LEFT = "SELECT multipart, parts FROM store_leftovers WHERE token = %(token)s"
_KEYS = "SELECT key FROM store_objects WHERE identity = %(token)s"
_IS_THERE = "SELECT 1 FROM store_uploads WHERE number = %(number)s"


class Remains:
    """Calls raise Busy, StorageFull."""

    def __init__(self, ground: ClusterGround, claims: Claims) -> None:
        self._ground = ground
        self._claims = claims

    def left_by(self, number: int, token: str) -> None:
        """Somebody has done with an upload. Where it is gone, and he was the last at it, what is left of it is removed. Raises nothing: the
        sweep comes to it again in any case."""
        with suppress(UploadError):
            is_there = self._ground.database.look(_IS_THERE, number=number) is not None
            if not is_there and not self._claims.has_any(number):
                self.remove(token)

    def remove(self, token: str) -> None:
        """Remove what the bucket has of an upload that is gone, but for its file where that was named."""
        bucket, whole = self._ground.bucket, f"{token}/whole"
        with self._ground.database.read() as tx:
            left = tx.one(_LEFT, token=token)
            kept = {row[0] for row in tx.all(_KEYS, token=token)}
        if left is None:
            return
        multipart, parts = left
        if parts:
            # Nobody noted the number where the opening died, or its reply was lost. And some stores begin anew what is complete
            # when a part comes late.
            known = {multipart} if multipart and whole not in kept else set()
            for each in known | set(bucket.begun(whole)):
                bucket.abort(whole, each)
        bucket.delete([key for key in bucket.keys(f"{token}/") if key not in kept])
