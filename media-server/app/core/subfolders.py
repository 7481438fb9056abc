"""Folders and names by rule: into which folders of a link files are sorted as they come, and what they are called there.

A rule for folders is a path such as ``{sender}/{date}``, one for names a text such as ``{date}-{sender}-{name}``, to which the file's own
ending is added. What senders say of themselves fills one part of a path at most, whatever it holds.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from app.core.errors import InvalidPath
from app.core.paths import MAX_COMPONENT_UNITS, RelPath, cut, extension, split_name
from app.core.session import Sender
from app.core.terms import Terms

UNKNOWN = "unknown"
"""The folder of senders who do not say what the rule asks for."""
MAX_PARTS = 8
MAX_PART = 100
"""The longest part of a rule, and of what is made of it, in characters: at most 200 of the 255 units that a name may have."""
_NAMED = re.compile(r"\{(sender|email|date|time)\}")
_NAMED_OR_NAME = re.compile(r"\{(sender|email|date|time|name)\}")


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
    values = _values(terms, sender, at)
    return tuple(_filled(part, values) for part in terms.subfolder.split("/"))


def name_rule(text: str) -> str:
    """The rule for names that an owner writes, tidied. Raises ValueError, with a sentence."""
    rule = text.strip()
    plain = _NAMED_OR_NAME.sub("x", rule)
    if "{" in plain or "}" in plain:
        raise ValueError("In braces there can be {name}, {sender}, {email}, {date} and {time}")
    if re.search(r"[/\\\x00]", plain):
        raise ValueError("A name holds no slash. Folders are named by the rule for folders")
    if len(rule) > MAX_PART:
        raise ValueError(f"It can have up to {MAX_PART} characters")
    if rule:
        try:
            RelPath.parse(plain)
        except InvalidPath as error:
            raise ValueError(error.message) from None
    return rule


def name_by_rule(terms: Terms, sender: Sender, at: float, name: str) -> str:
    """What a file of this name is called by the link's rule, which came at this time; ``name`` itself where there is none.

    It keeps its ending: programs know the file by it, and which types may come was judged by it."""
    if not terms.naming:
        return name
    stem, ending = split_name(name)
    values = {key: value[:MAX_PART] for key, value in _values(terms, sender, at).items()} | {"name": stem}
    text = _put_in(_NAMED_OR_NAME, terms.naming, values).strip()
    called = cut(text, MAX_COMPONENT_UNITS, ending)
    if called in (ending, ".", ".."):
        return f"{UNKNOWN}{ending}"
    # No name that somebody gives may be the ending of a file that has none.
    return called if extension(called) == extension(name) else called.replace(".", "-")


def _values(terms: Terms, sender: Sender, at: float) -> dict[str, str]:
    time = datetime.fromtimestamp(at, UTC)
    return {
        "sender": sender.name or terms.recipient_name or UNKNOWN,
        "email": sender.email or terms.recipient_email or UNKNOWN,
        "date": f"{time:%Y-%m-%d}",
        "time": f"{time:%H-%M}",
    }


def _put_in(places: re.Pattern[str], rule: str, values: dict[str, str]) -> str:
    """A part of a path, whatever the values hold: no slash of theirs makes another one."""
    return places.sub(lambda match: re.sub(r"[/\\\x00]", "-", values[match[1]]), rule)


def _filled(part: str, values: dict[str, str]) -> str:
    """One folder, of which none is left empty or leads upwards."""
    name = _put_in(_NAMED, part, values)[:MAX_PART].strip()
    return UNKNOWN if name in ("", ".", "..") else name
