"""Shares: received files that their owner lets others download."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from app.core.actors import Actor, ActorKind, Credentials, sender
from app.core.audit import Act
from app.core.errors import (
    Busy,
    FileNotFound,
    InvalidRequest,
    RequestNotFound,
    ShareExpired,
    ShareNotFound,
    ShareUsedUp,
    StorageFull,
    UploadError,
)
from app.core.file_lists import NEWEST_FIRST, Choice
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.ports.catalogue import RequestStore
from app.core.ports.file_lists import FileLists
from app.core.ports.guards import Clock, Hasher
from app.core.ports.inbox import Inbox, StoredFile
from app.core.ports.shares import Full, ShareStore
from app.core.shares import MAX_SHARES, Share, Visit
from app.core.terms import CaptchaMode, Terms
from app.services.accounts import acts
from app.services.accounts.acts import Acts
from app.services.links.access import Access
from app.services.links.file_requests import new_hash
from app.services.received.archives import Wanted

KEY_SECONDS = 6 * 3600.0
"""How long a browser that gave the password need not give it again."""
MOST_SHOWN = 500
"""Files that a receiver is told of by name."""
_SUM_BYTES = 16
_TAKEN = "Somebody else is just downloading this, and it can be downloaded only so often. Try again in a few minutes."


@dataclass(frozen=True, slots=True)
class Contents:
    """What a share holds now, as far as receivers are told of it, the newest first. ``more``: there are more files than these."""

    files: tuple[ReceivedFile, ...]
    more: bool


class Shares:
    """Made, changed and removed by owners; opened by whoever has the address, and the password where there is one.

    Nothing of a share is told before that. Files are told by names that say nothing of their uploads, as whoever knows an upload
    of a link may use it.
    """

    def __init__(
        self,
        *,
        requests: RequestStore,
        lists: FileLists,
        inbox: Inbox,
        store: ShareStore,
        access: Access,
        hasher: Hasher,
        clock: Clock,
        acts: Acts,
        secret: str,
    ) -> None:
        """``secret`` makes names of files, and keys of those who gave a password."""
        self._requests = requests
        self._lists = lists
        self._inbox = inbox
        self._store = store
        self._access = access
        self._hasher = hasher
        self._clock = clock
        self._acts = acts
        self._secret = secret.encode()

    # What owners do.

    def make(self, link: str, upload_ids: Sequence[str] | None, terms: Mapping[str, Any], actor: Actor) -> Share:
        """Share these files of a link, or all that have arrived, with what ``changed`` takes. Raises RequestNotFound, FileNotFound where
        none of them is there, InvalidRequest where the link has very many shares."""
        self._requests.load(link)
        if len(self._store.of_link(link, MAX_SHARES)) >= MAX_SHARES:
            raise InvalidRequest(f"A link has at most {MAX_SHARES} shares. Remove some first.")
        ids = None if upload_ids is None else tuple(dict.fromkeys(upload_ids))
        blank = Share(new_hash(), link, self._clock(), str(actor), ids)
        share = self._changed(blank, self._kept(terms))
        if not self.contents(share, 1).files:
            raise FileNotFound("There are no such files here, so there is nothing to share.")
        self._store.add(share, actor)
        acts.note(actor, "files shared", link, files=None if ids is None else len(ids))
        return share

    def of_link(self, link: str) -> list[Share]:
        """Every share of a link, the newest first. Raises RequestNotFound."""
        return self._store.of_link(link, MAX_SHARES)

    def change(self, hash: str, terms: Mapping[str, Any], actor: Actor) -> Share:
        """Change what ``terms`` names: ``title``, ``sharer``, ``password`` (None or empty for none), ``expires_hours`` (from now on, 0 for
        never), ``max_downloads``. Raises ShareNotFound."""
        kept = self._kept(terms)
        share = self._store.change(hash, lambda each: self._changed(each, kept), actor)
        if share is None:
            raise ShareNotFound()
        acts.note(actor, "share changed", share.link, changed=sorted(terms))
        return share

    def remove(self, hash: str, actor: Actor) -> None:
        """Share no longer. Raises ShareNotFound."""
        if not self._store.remove(hash, actor):
            raise ShareNotFound()
        acts.note(actor, "share removed")

    def _kept(self, terms: Mapping[str, Any]) -> dict[str, Any]:
        """The slow hash is computed here, before any lock is held."""
        kept = dict(terms)
        if "password" in kept:
            password = kept.pop("password")
            kept["password_hash"] = self._hasher.hash(password) if password else None
        if "expires_hours" in kept:
            hours = kept.pop("expires_hours")
            kept["expires_at"] = self._clock() + hours * 3600 if hours else None
        return kept

    @staticmethod
    def _changed(share: Share, kept: Mapping[str, Any]) -> Share:
        return replace(share, **kept)

    # What receivers do.

    def find(self, hash: str) -> Share:
        """The share, of which nothing is to be told yet. Raises ShareNotFound, ShareExpired."""
        share = self._store.load(hash)
        if share is None:
            raise ShareNotFound()
        if share.is_expired(self._clock()):
            raise ShareExpired()
        return share

    def enter(self, hash: str, password: str | None, key: str | None, client: str) -> Share:
        """The share, for somebody who gives its password or the key that was made of it. Raises what ``find`` raises, PasswordRequired,
        PasswordInvalid, TooManyAttempts, Busy."""
        share = self.find(hash)
        if share.password_hash is not None and not (key and self._fits(share, key)):
            self._access.authorize(_as_link(share), Credentials(sender(client), password))
        return share

    def key(self, share: Share) -> str:
        """What a browser shows in place of the password for some hours: good for this share and this password alone."""
        until = str(int(self._clock() + KEY_SECONDS))
        return f"{until}.{self._signed(share, until)}"

    def contents(self, share: Share, most: int = MOST_SHOWN) -> Contents:
        """Up to ``most`` files of it that are still there. Raises RequestNotFound where its link is gone meanwhile."""
        if share.upload_ids is not None:
            found = self._requests.files(share.link, share.upload_ids).values()
            files = sorted(found, key=lambda each: (each.received_at, each.upload_id), reverse=True)
        else:
            # Not counted: that would be a look at each of a million files.
            choice = Choice(until=share.created_at)
            files = [file for file, _ in self._lists.page(share.link, most + 1, choice, NEWEST_FIRST)]
        return Contents(tuple(files[:most]), len(files) > most)

    def wanted(self, share: Share) -> Wanted:
        """What an archive of all of it holds."""
        return Wanted(choice=Choice(until=share.created_at), upload_ids=share.upload_ids)

    def file(self, share: Share, name: str) -> tuple[ReceivedFile, StoredFile]:
        """The file of this name, as ``name_of`` makes it, with its bytes. Raises FileNotFound, Busy."""
        gone = FileNotFound("This file is no longer here. Ask whoever sent you the address for it.")
        upload_id = self._upload(share, name)
        try:
            link = self._requests.load(share.link)
            file = self._requests.file(share.link, upload_id) if upload_id else None
            if file is None or not share.holds(file.upload_id, file.received_at):
                raise gone
            return file, self._inbox.open(link.folder, file.disk_path, file.file_identity)
        except (FileNotFoundError, RequestNotFound):
            raise gone from None

    def name_of(self, share: Share, file: ReceivedFile) -> str:
        """What a file is called in addresses: the same each time, of which nobody can tell the upload, and which nobody can make up."""
        text = file.upload_id.encode()
        sum = self._sum(share, text)
        return urlsafe_b64encode(sum + self._masked(share, sum, text)).decode().rstrip("=")

    def begin(self, share: Share, client: str) -> Visit | None:
        """A client begins to download, or goes on. Raises ShareUsedUp, Busy where others are at the last downloads; StorageFull. None where
        that is not noted, as there is no limit and no room to note it."""
        try:
            found = self._store.begin(share.hash, client, self._clock())
        except (Busy, StorageFull):
            if share.max_downloads:
                raise
            return None
        if found is Full.USED_UP:
            raise ShareUsedUp()
        if found is Full.TAKEN:
            raise Busy(_TAKEN, retry_after=60)
        if found is None:
            raise ShareNotFound()
        assert isinstance(found, Visit)
        return found

    def sent(self, share: Share, client: str, item: str, sent: int, size: int) -> Visit | None:
        """Note that bytes of an item went out. The visit as it is then; None where it had been counted before. Raises nothing."""
        with suppress(UploadError):
            visit = self._store.sent(share.hash, client, item, sent, size, self._clock())
            if visit is not None and visit.counted:
                who = Actor(ActorKind.RECEIVER, client, "share")
                self._acts.keep(who, Act.SHARE_DOWNLOADED, share.link, title=share.title or None)
            return visit
        return None

    def _fits(self, share: Share, key: str) -> bool:
        until, _, signature = key.partition(".")
        if not (until.isascii() and until.isdecimal() and len(until) < 16):
            return False
        right = hmac.compare_digest(signature.encode(errors="replace"), self._signed(share, until).encode())
        return right and 0 < int(until) - self._clock() <= KEY_SECONDS

    def _signed(self, share: Share, until: str) -> str:
        text = f"key {share.hash} {share.password_hash} {until}"
        return hmac.digest(self._secret, text.encode(), "sha256").hex()

    def _upload(self, share: Share, name: str) -> str | None:
        """The upload that a name was made of; None where it is none."""
        try:
            raw = urlsafe_b64decode(name + "=" * (-len(name) % 4))
            sum, masked = raw[:_SUM_BYTES], raw[_SUM_BYTES:]
            text = self._masked(share, sum, masked)
            return text.decode() if hmac.compare_digest(sum, self._sum(share, text)) else None
        except ValueError:
            return None

    def _sum(self, share: Share, text: bytes) -> bytes:
        return hmac.digest(self._secret, b"name %s %s" % (share.hash.encode(), text), "sha256")[:_SUM_BYTES]

    def _masked(self, share: Share, sum: bytes, text: bytes) -> bytes:
        mask = hashlib.shake_256(b"mask %s %s %s" % (self._secret, share.hash.encode(), sum)).digest(len(text))
        return bytes(one ^ other for one, other in zip(text, mask, strict=True))


def _as_link(share: Share) -> RequestLink:
    """A share as the judge of passwords knows links: the same counts, under the share's own hash, and no captcha."""
    terms = Terms(password_hash=share.password_hash, captcha=CaptchaMode.NEVER)
    return RequestLink(share.hash, RelPath(("share",)), share.created_at, terms)
