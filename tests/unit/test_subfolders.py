"""Folders by rule: what a rule may be, and what is made of it whatever senders say."""

from __future__ import annotations

import pytest

from app.core.paths import RelPath, without_lead
from app.core.session import Sender
from app.core.subfolders import subfolder_rule, subfolders
from app.core.terms import Terms

AT = 1_783_094_645.0
"""2026-07-03 16:04:05 UTC."""


@pytest.mark.parametrize(
    ("rule", "sender", "folders"),
    [
        ("", Sender("Anna"), ()),
        ("{sender}", Sender("Anna"), ("Anna",)),
        ("{sender}/{date}", Sender(" Anna Roth "), ("Anna Roth", "2026-07-03")),
        ("in/{date} {time}/{email}", Sender(email="a@example.org"), ("in", "2026-07-03 16-04", "a@example.org")),
        ("{sender}/{email}", Sender(), ("unknown", "unknown")),
        ("{sender}", Sender("../../etc/passwd"), ("..-..-etc-passwd",)),
        ("{sender}", Sender(".."), ("unknown",)),
        ("{sender}", Sender("a\\b/c\x00d"), ("a-b-c-d",)),
        ("{sender}", Sender("{email}"), ("{email}",)),
        ("{sender}{sender}", Sender("x" * 200), ("x" * 100,)),
        ("{sender}", Sender("\U0001f600" * 200), ("\U0001f600" * 100,)),
        (".{sender}", Sender("."), ("unknown",)),
    ],
)
def test_a_rule_is_filled_in(rule, sender, folders):
    assert subfolders(Terms(subfolder=rule), sender, AT) == folders
    RelPath.parse("/".join([*folders, "x"]))


def test_whom_a_link_is_for_sends_where_nobody_says_a_name():
    terms = Terms(subfolder="{sender}/{email}", recipient_name="Anna", recipient_email="anna@example.org")
    assert subfolders(terms, Sender(), AT) == ("Anna", "anna@example.org")
    assert subfolders(terms, Sender("Ben", "ben@example.org"), AT) == ("Ben", "ben@example.org")


@pytest.mark.parametrize(
    ("written", "kept"), [("", ""), (" / ", ""), ("/{sender}/", "{sender}"), ("a b/{date}-{time}", "a b/{date}-{time}")]
)
def test_rules_are_tidied(written, kept):
    assert subfolder_rule(written) == kept


@pytest.mark.parametrize(
    "rule",
    ["{name}", "{", "a}b", "{sender", "..", "a/../b", "a//b", "/".join("a" * 9), "x" * 101, "a\x00", "{{sender}}"],
)
def test_what_is_no_rule_is_refused(rule):
    with pytest.raises(ValueError):
        subfolder_rule(rule)


def test_what_is_in_front_is_taken_off():
    assert without_lead("Anna/2026/a/b", 2) == "a/b"
    assert without_lead("a/b", 0) == "a/b"
