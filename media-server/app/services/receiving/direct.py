"""The direct path: senders put parts into the store themselves, and are told so where the store has them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.core.errors import InvalidRequest, TypeNotAllowed, UploadNotFound
from app.core.links import RequestLink
from app.core.policy import Policy
from app.core.ports.claims import Recorded
from app.core.ports.direct import DirectParts, SignedPart, WantedPart
from app.core.ports.guards import Clock
from app.core.ranges import Span
from app.core.session import State, UploadSession
from app.services.operations.observer import Observer
from app.services.receiving.deliveries import Deliveries
from app.services.receiving.finding import Finder
from app.services.receiving.promises import Promises
from app.services.upload_concurrency_manager import UploadConcurrencyManager, user_of

NOT_HERE = "This server takes no parts beside it: send chunks to upload-chunk."


class DirectPath:
    """Signs for parts and confirms them, by the rules that chunks are under: the link is open, the upload has a slot among those that
    are received at once, and a place on its link. What is put is judged when the file is delivered, as no node sees it before.

    ``parts`` is None where there is no such path."""

    def __init__(
        self,
        *,
        parts: DirectParts | None,
        finder: Finder,
        deliveries: Deliveries,
        promises: Promises,
        policy: Policy,
        concurrency: UploadConcurrencyManager,
        clock: Clock,
        observer: Observer,
    ) -> None:
        # Who has to send one byte after the other has nobody to keep the order but us.
        self._parts = None if policy.in_order else parts
        self._finder = finder
        self._deliveries = deliveries
        self._promises = promises
        self._concurrency = concurrency
        self._clock = clock
        self._observer = observer

    @property
    def origin(self) -> str | None:
        """The store as senders reach it; None where there is no direct path."""
        return self._parts.origin if self._parts else None

    @property
    def seconds(self) -> int:
        """For how long a URL can be used."""
        return self._parts.seconds if self._parts else 0

    def part_size(self, session: UploadSession) -> int | None:
        """How long the parts of an upload are that its sender may put; None where it has to send chunks."""
        if self._parts is None or session.state is not State.OPEN:
            return None
        return self._parts.part_size(session.size)

    def sign(
        self,
        hash: str,
        upload_id: str,
        wanted: Sequence[WantedPart],
        client: str,
        judged: RequestLink | None = None,
    ) -> tuple[UploadSession, Sequence[SignedPart]]:
        """Where to put parts of an upload. Those that the store has already are recorded, and the upload is delivered where that closes
        its last gap. ``judged`` is the link, where this request has just looked at it.

        Raises InvalidRequest where there is no direct path, what ``Finder.find`` raises, RequestClosed, TypeNotAllowed where the
        upload is refused, InvalidRange where a part is none; Busy, StorageFull, RequestFull to be asked again later; what
        ``Deliveries.finish`` raises."""
        parts, session, link = self._open(hash, upload_id, judged)
        if session.state is not State.OPEN:
            return session, [SignedPart(each.span, is_there=True) for each in wanted]
        user, begun = user_of(link.hash, client), session.ranges.length > 0
        whole = Span(min(each.span.start for each in wanted), max(each.span.stop for each in wanted))
        with (
            self._concurrency.receiving(upload_id, user, session.size, begun=begun),
            self._promises.kept(session, link, whole),
        ):
            try:
                signed = parts.sign(upload_id, wanted, self._clock())
            except UploadNotFound:
                self._finder.find(hash, upload_id)  # They know why it is gone.
                raise
        recorded = signed.recorded or Recorded(signed.session, closed=False)
        return self._recorded(session, link, recorded, 0.0), signed.parts

    def confirm(
        self, hash: str, upload_id: str, numbers: Sequence[int], judged: RequestLink | None = None
    ) -> UploadSession:
        """Record those of these parts that the store has, and deliver the upload if that closes its last gap. Once it returns, what it
        tells to be there survives everybody's death. Again changes nothing.

        Raises what ``sign`` raises, but for InvalidRange."""
        parts, session, link = self._open(hash, upload_id, judged)
        if session.state is not State.OPEN:
            return session
        began = time.monotonic()
        try:
            recorded = parts.confirm(upload_id, numbers, self._clock())
        except UploadNotFound:
            self._finder.find(hash, upload_id)
            raise
        return self._recorded(session, link, recorded, time.monotonic() - began)

    def _open(
        self, hash: str, upload_id: str, judged: RequestLink | None
    ) -> tuple[DirectParts, UploadSession, RequestLink]:
        if self._parts is None:
            raise InvalidRequest(NOT_HERE)
        session = self._finder.find(hash, upload_id)
        link = self._finder.link_of_open_upload(hash, judged)
        if session.state is State.REFUSED:
            raise TypeNotAllowed(session.refusal)
        return self._parts, session, link

    def _recorded(self, session: UploadSession, link: RequestLink, recorded: Recorded, seconds: float) -> UploadSession:
        for span in _new(session, recorded.session):
            self._observer.received(session, span, None, seconds)
        # Whoever closed the last gap may have died before it was delivered.
        if recorded.closed or (recorded.session.state is State.OPEN and recorded.session.is_whole):
            done = self._deliveries.finish(session.upload_id, link)
            self._concurrency.finished(session.upload_id)
            return done
        if not session.ranges.length and recorded.session.ranges.length:
            self._promises.first_bytes_came(recorded.session, link)
        return recorded.session


def _new(before: UploadSession, after: UploadSession) -> list[Span]:
    """What was recorded in between."""
    return [gap for stretch in after.ranges for gap in before.ranges.missing(stretch)]
