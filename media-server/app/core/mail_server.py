"""The one mail server that mails go by."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """``secure`` is ``smtps`` (TLS from the first byte), ``smtp`` (STARTTLS, which has to be offered) or ``smtp+plain`` (neither)."""

    secure: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)

    @classmethod
    def of(cls, url: str) -> MailServer:
        """As settings write it: ``smtps://user:password@mail.example.org``."""
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.scheme, parts.hostname or "", port, user, password)

    @property
    def url(self) -> str:
        """The same as settings write it. What is no host makes an address that settings refuse."""
        login = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        host = f"[{self.host}]" if ":" in self.host else quote(self.host, safe="")
        return f"{self.secure}://{login}{'@' if login else ''}{host}:{self.port}"

    def is_same_login(self, other: MailServer) -> bool:
        """Whether a password that was given for ``other`` would go to the very same one here."""
        mine, theirs = ((each.secure, each.host.lower(), each.port, each.user) for each in (self, other))
        return mine == theirs
