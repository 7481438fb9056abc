"""Pages of other addresses, by their origins: scheme, host and port, as browsers name them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

ANY = "*"
NONE = "none"
_ORIGIN = re.compile(r"(https?)://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?/?", re.ASCII)
_ENDPOINT = re.compile(r"https?://(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:/[^@\s?#]*)?", re.ASCII)
_DEFAULT_PORT = {"http": "80", "https": "443"}


def origin_list(texts: Iterable[str]) -> tuple[str, ...]:
    """Origins as browsers write them, of texts that may hold several, apart by commas, semicolons or blanks; ``*`` alone
    where it is among them, which is all, and nothing for ``none``. Raises ValueError."""
    single = [each.lower() for text in texts for each in re.split(r"[\s,;]+", text) if each]
    if ANY in single:
        return (ANY,)
    return tuple(dict.fromkeys(_origin(each) for each in single if each != NONE))


def is_endpoint(text: str) -> bool:
    """Whether this is where a server answers, scheme, host, port and path, and says neither a user nor a password."""
    found = _ENDPOINT.fullmatch(text)
    return found is not None and not any(int(port) > 65535 for port in re.findall(r":([0-9]+)(?:/|$)", text))


def admits(allowed: Sequence[str], origin: str) -> bool:
    """Whether pages of ``origin`` are among those that are allowed."""
    return ANY in allowed or names(allowed, origin)


def names(allowed: Sequence[str], origin: str) -> bool:
    """Whether ``origin`` itself stands there."""
    return origin.lower() in allowed


def _origin(text: str) -> str:
    match = _ORIGIN.fullmatch(text)
    if match is None or int(match[3] or 0) > 65535:
        raise ValueError(
            "Write '*' for all, 'none', or addresses such as https://www.example.org, without a path and with names of "
            "other letters as browsers send them (xn--…)."
        )
    scheme, host, port = match.groups()
    return f"{scheme}://{host}" if port in (None, _DEFAULT_PORT[scheme]) else f"{scheme}://{host}:{int(port)}"
