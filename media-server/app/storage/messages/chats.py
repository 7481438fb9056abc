"""ChatCarrier by Apprise, which knows how each service wants to be written to and opens its own connections."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from app.core.errors import EndpointNotAllowed
from app.core.messages import Answer, Outcome
from app.core.reasons import Reason, reason_of_status
from app.storage.messages.egress import Network, NotAllowed, resolved

if TYPE_CHECKING:
    from apprise import AppriseAsset

FIXED = frozenset({"discord", "gchat", "pover", "slack", "tgram", "wxteams", "zulip"})
"""Services at an address of the public internet that nobody chooses."""
CHOSEN = frozenset(
    f"{name}{s}" for name in ("gotify", "matrix", "mmost", "nctalk", "ntfy", "rocket") for s in ("", "s")
)
"""Services that people run themselves. A name that ends in ``s`` is spoken to by TLS."""
# All others have the library read files, follow addresses, or send without TLS.
ARGUMENTS = frozenset({"mode", "priority", "silent", "tags", "thread", "to", "topic", "version"})
_EXAMPLE = "Write it as ntfys://ntfy.example.org/topic; docs/operations.md names the services."
_SHOWN = re.compile(r"[^ -~]+")
_NTFY = ("ntfy.sh", 443, True)
_STATUS = re.compile(r"\berror=([3-5]\d\d)\b")


class AppriseChats:
    """Writes to the services of its list; to those that people run themselves where ``allowed`` or the public internet has them, and
    without TLS only in networks that ``allowed`` names."""

    def __init__(self, allowed: Sequence[Network]) -> None:
        self._allowed = allowed

    def check(self, url: str) -> str:
        try:
            return str(self._service(url).url(privacy=True)).partition("?")[0]
        except NotAllowed as error:
            raise EndpointNotAllowed(str(error)) from None

    def send(self, url: str, subject: str, text: str) -> Answer:
        try:
            service = self._service(url)
        except NotAllowed as error:
            return _later(str(error), Reason.NOT_ALLOWED, None)
        with _heard() as said:
            try:
                if service.notify(body=text, title=subject, body_format="text"):
                    return Answer(Outcome.TAKEN, f"{service.service_name} took it.")
            except Exception as error:  # noqa: BLE001  each service raises what it likes
                said.append(type(error).__name__)
        # Apprise tells the reason to its log alone, and no status.
        told = _SHOWN.sub(" ", said[-1])[:160] if said else None
        return _later(f"{service.service_name} did not take it: {told or 'no reason'}", _reason(told or ""), told)

    def _service(self, url: str) -> Any:
        """Apprise's own object for an address. Raises NotAllowed."""
        try:
            parts = urlsplit(url)
        except ValueError:
            raise NotAllowed(f"That is no address. {_EXAMPLE}") from None
        if parts.scheme not in FIXED | CHOSEN:
            raise NotAllowed(f"{parts.scheme or 'This'}:// is no service that Droppr writes to. {_EXAMPLE}")
        if wrong := [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if name not in ARGUMENTS]:
            raise NotAllowed(f"Leave out {wrong[0]!r}: of what stands behind '?', only {', '.join(sorted(ARGUMENTS))}.")
        service = _made(url)
        if service is None:
            raise NotAllowed(f"That is no whole address of this service. {_EXAMPLE}")
        if parts.scheme in CHOSEN:
            self._look_at(*_where(service))
        return service

    def _look_at(self, host: str, port: int, secure: bool) -> None:
        try:
            _, named = resolved(host, port, self._allowed)
        except OSError:
            raise NotAllowed("There is no such host, or its name cannot be looked up now.") from None
        if not secure and not named:
            raise NotAllowed(
                "Write the service with an s behind its name (ntfys://), for TLS; without it is for networks in "
                "DROPPR_WEBHOOK_ALLOW_PRIVATE."
            )


def _made(url: str) -> Any:
    try:
        import apprise
    except ImportError:
        raise NotAllowed("Chats need the extra `chat`: pip install 'droppr[server,chat]'.") from None
    made: Any = apprise.Apprise.instantiate(url, asset=_asset(), suppress_exceptions=True)
    if made is not None and hasattr(made, "discovery"):
        # Matrix would ask the server where else to go.
        made.discovery = False
    return made


def _asset() -> AppriseAsset:
    import apprise

    # A redirect leads where nobody has looked. No pictures: whoever reads the chat would fetch them from elsewhere.
    return apprise.AppriseAsset(
        app_id="Droppr", app_desc="Droppr", app_url="", http_redirects=False, image_url_mask="", image_path_mask=""
    )


def _where(service: Any) -> tuple[str, int, bool]:
    """Host and port that a service which people run themselves is asked at, and whether by TLS."""
    if getattr(service, "mode", None) == "cloud":
        return _NTFY
    secure = bool(service.secure)
    return str(service.host), service.port or (443 if secure else 80), secure


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What Apprise says in this thread meanwhile."""
    said: list[str] = []
    handler = _Listener(said)
    logger = logging.getLogger("apprise")
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)


class _Listener(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        # A record need not say which thread it is of.
        if threading.get_ident() == self._thread:
            self._said.append(record.getMessage())


def _later(text: str, reason: Reason | None, said: str | None) -> Answer:
    return Answer(Outcome.LATER, text, of_all=True, reason=reason, said=said)


def _reason(told: str) -> Reason | None:
    """By the status that Apprise writes behind what it says, or the words that it has for no connection."""
    status = _STATUS.search(told)
    if status is not None:
        return reason_of_status(int(status[1]))
    return Reason.UNREACHABLE if "onnection" in told else None
