"""E-mail addresses, as far as mail is sent to them: one address each, with nothing in it that a header could take for more."""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_ADDRESS = 254
NOBODY = "none"
# Neither quotes nor comments nor lists, which addresses may have and mail programs read differently.
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_NAMED = re.compile(r"([^<>]*)<([^<>]+)>")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def mail_address(text: str) -> str:
    """The one address that ``text`` is. Raises ValueError."""
    local, at, domain = text.strip().rpartition("@")
    labels = domain.split(".")
    sound = at and len(text) <= MAX_ADDRESS and len(local) <= 64 and _LOCAL.fullmatch(local)
    if not sound or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text.strip()[:80]!r} is no e-mail address. Write it as anna@example.org.")
    try:
        ascii_domain = domain.encode("idna").decode()
    except UnicodeError:
        raise ValueError(f"{text.strip()[:80]!r} is no e-mail address. Write it as anna@example.org.") from None
    return f"{local}@{ascii_domain.lower()}"


def named_address(text: str) -> tuple[str, str]:
    """Name and address, of a text such as ``Droppr, Inc. <droppr@example.org>``, or of an address alone. Raises ValueError."""
    match = _NAMED.fullmatch(text.strip())
    if match is None:
        return "", mail_address(text)
    return match[1].strip().strip('"'), mail_address(match[2])


def address_list(texts: Iterable[str]) -> tuple[str, ...]:
    """Addresses, of texts that may hold several, apart by commas, semicolons or blanks; none of them where one is ``none``.
    Raises ValueError."""
    single = [each for text in texts for each in re.split(r"[\s,;]+", text) if each]
    if NOBODY in single:
        return ()
    return tuple(dict.fromkeys(map(mail_address, single)))


def mailbox(address: str) -> str:
    """Whose box an address leads to, so that many spellings of one count as one."""
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
