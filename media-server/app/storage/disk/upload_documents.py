"""The facts of an upload as a JSON document: ``session.json``, written whole whenever they change, which is rare."""

from __future__ import annotations

import json
from typing import Any

from app.core.errors import UploadNotFound
from app.core.paths import RelPath
from app.core.session import Sender, State, UploadSession


def encoded(session: UploadSession, boot: int) -> bytes:
    """The document of a session, without its ranges, and of the boot under which it was opened."""
    document = {
        "upload_id": session.upload_id,
        "request_hash": session.request_hash,
        "path": str(session.path),
        "size": session.size,
        "opened_at": session.opened_at,
        "active_at": session.active_at,
        "state": session.state,
        "sender_name": session.sender.name,
        "sender_email": session.sender.email,
        "client": session.client,
        "last_modified": session.last_modified,
        "sample": session.sample,
        "declared_sha256": session.declared_sha256,
        "sha256": session.sha256,
        "delivered_path": session.delivered_path,
        "refusal": session.refusal,
        "boot": boot,
    }
    if session.item is not None:
        document["item"] = session.item
    if session.sender.party is not None:
        document["party"] = session.sender.party
    if session.lead:
        document["lead"] = session.lead
    if session.sent_name is not None:
        document["sent_name"] = session.sent_name
    if session.sender.language is not None:
        document["language"] = session.sender.language
    if session.lost and session.state is not State.OPEN:
        document["lost"] = True  # Of an open upload the journal says so.
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def decoded(document: bytes) -> tuple[UploadSession, int]:
    """A session without ranges and the boot under which it was opened. Raises UploadNotFound."""
    try:
        # Sessions of earlier versions may hold a time that is no number.
        facts: dict[str, Any] = json.loads(document, parse_constant=lambda _: None)
        boot = facts.pop("boot")
        who = (
            facts.pop("sender_name"),
            facts.pop("sender_email"),
            facts.pop("party", None),
            facts.pop("language", None),
        )
        sender = Sender(*who)
        path, state = RelPath.parse(facts.pop("path")), State(facts.pop("state"))
        return UploadSession(**facts, path=path, state=state, sender=sender), boot
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # A power cut can leave a new file empty. What cannot be read is no session, and the purge removes it.
        raise UploadNotFound() from error
