"""Empty folders: what a sender's folder holds besides files."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.errors import RateLimited
from app.core.links import Credentials
from app.core.paths import RelPath
from app.core.ports import Attempts, Destination, RequestStore
from app.services.file_requests import FileRequests


class Folders:
    """Makes folders in a link's folder. One call counts as one opened upload against ``rate_limit``."""

    def __init__(
        self,
        *,
        requests: RequestStore,
        file_requests: FileRequests,
        destination: Destination,
        attempts: Attempts,
        rate_limit: str,
    ) -> None:
        self._requests = requests
        self._file_requests = file_requests
        self._destination = destination
        self._attempts = attempts
        self._rate_limit = rate_limit

    def make(self, hash: str, paths: Sequence[RelPath], credentials: Credentials) -> list[str]:
        """Make these folders where they are missing; their names in the same order, numbered where a file is in the way.

        Raises what opening an upload raises for a link that takes none, RequestFull, RateLimited, StorageFull, Busy.
        """
        link = self._file_requests.find(hash)
        self._file_requests.authorize_opening(link, credentials)
        key = f"open:{credentials.client}"
        if not self._attempts.hit(key, self._rate_limit):
            raise RateLimited(retry_after=self._attempts.retry_after(key, self._rate_limit))
        self._requests.note_folders(hash, paths)
        return [self._destination.make_folder(link.folder, path) for path in paths]
