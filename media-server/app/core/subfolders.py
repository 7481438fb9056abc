"""Folders by rule: into which folders of a link files are sorted as they come.

A rule is a path such as ``{sender}/{date}``. What senders say of themselves fills one part of it at most, whatever it holds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from app.core.errors import InvalidPath
from app.core.paths import RelPath
from app.core.session import Sender
from app.core.terms import Terms

UNKNOWN = "unknown"
"""The folder of senders who do not say what the rule asks for."""
MAX_PARTS = 8
MAX_PART = 100
"""The longest part of a rule, and of what is made of it, in characters: at most 200 of the 255 units that a name may have."""
_NAMED = re.compile(r"\{(sender|email|date|time)\}")


def subfolder_rule(text: str) -> str:
    """The rule that an owner writes, tidied. Raises ValueError, with a sentence."""
    rule = text.strip().strip("/")
    if not rule:
        return ""
    plain = _NAMED.sub("x", rule)
    if "{" in plain or "}" in plain:
        raise ValueError("In braces there can be {sender}, {email}, {date} and {time}")
    parts = rule.split("/")
    if len(parts) > MAX_PARTS or any(len(part) > MAX_PART for part in parts):
        raise ValueError(f"There can be {MAX_PARTS} folders in each other, of up to {MAX_PART} characters each")
    try:
        RelPath.parse(plain)
    except InvalidPath as error:
        raise ValueError(error.message) from None
    return rule


def subfolders(terms: Terms, sender: Sender, at: float) -> tuple[str, ...]:
    """The folders that a file of this sender belongs into, which came at this time: seconds since the epoch, in UTC."""
    if not terms.subfolder:
        return ()
    time = datetime.fromtimestamp(at, UTC)
    values = {
        "sender": sender.name or terms.recipient_name or UNKNOWN,
        "email": sender.email or terms.recipient_email or UNKNOWN,
        "date": f"{time:%Y-%m-%d}",
        "time": f"{time:%H-%M}",
    }
    return tuple(_filled(part, values) for part in terms.subfolder.split("/"))


def _filled(part: str, values: dict[str, str]) -> str:
    """One folder, whatever the values hold: no slash of theirs makes another one, and none is left empty or leads upwards."""
    text = _NAMED.sub(lambda match: re.sub(r"[/\\\x00]", "-", values[match[1]]), part)
    name = text[:MAX_PART].strip()
    return UNKNOWN if name in ("", ".", "..") else name
