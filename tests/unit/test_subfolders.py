"""Folders and names by rule: what a rule may be, and what is made of it whatever senders say."""

from __future__ import annotations

import pytest

from app.core.paths import RelPath, as_sent, disk_name, extension, without_lead
from app.core.session import Sender
from app.core.subfolders import name_by_rule, name_rule, subfolder_rule, subfolders
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


@pytest.mark.parametrize(
    ("rule", "sender", "name", "called"),
    [
        ("", Sender("Anna"), "scan.pdf", "scan.pdf"),
        ("{name}", Sender(), "scan.pdf", "scan.pdf"),
        ("{date}-{sender}-{name}", Sender("Anna Roth"), "scan.PDF", "2026-07-03-Anna Roth-scan.PDF"),
        ("{date} {time}", Sender(), "scan.pdf", "2026-07-03 16-04.pdf"),
        ("{email}", Sender(email="a@example.org"), "scan.pdf", "a@example.org.pdf"),
        ("{sender}", Sender("../../etc/passwd"), "a.txt", "..-..-etc-passwd.txt"),
        ("{sender}", Sender("a\\b/c\x00d"), "a.txt", "a-b-c-d.txt"),
        ("{sender}", Sender(".."), "a", "unknown"),
        ("{sender}", Sender(" "), "a.txt", "unknown.txt"),
        ("{name}-{sender}", Sender("{name}.exe"), "a.txt", "a-{name}.exe.txt"),
        # No name that somebody gives becomes the ending of a file.
        ("{name}-{sender}", Sender("a.exe"), "notes", "notes-a-exe"),
        ("{name}-{email}", Sender(email="a@example.org"), "notes", "notes-a@example-org"),
        ("{date}-{name}", Sender(), ".profile", "2026-07-03--profile"),
        ("{sender}-{name}", Sender("x" * 300), "y" * 240 + ".pdf", "x" * 100 + "-" + "y" * 150 + ".pdf"),
        ("{name}-{date}", Sender(), "\U0001f600" * 120 + ".pdf", "\U0001f600" * 120 + "-2026-07-03.pdf"),
        ("{date}-{name}", Sender(), "\U0001f600" * 125 + ".pdf", "2026-07-03-" + "\U0001f600" * 120 + ".pdf"),
    ],
)
def test_a_file_is_called_by_the_rule_and_keeps_its_ending(rule, sender, name, called):
    assert name_by_rule(Terms(naming=rule), sender, AT, name) == called
    RelPath.parse(called)
    assert disk_name(called)
    assert extension(called) == extension(name) or (not extension(name) and not extension(called))


@pytest.mark.parametrize(("written", "kept"), [("", ""), (" {date} {name} ", "{date} {name}"), ("a.b", "a.b")])
def test_rules_for_names_are_tidied(written, kept):
    assert name_rule(written) == kept


@pytest.mark.parametrize("rule", ["{item}", "{", "a/{name}", "..", "x" * 101, "a\x00", "{name}\\b", "\ud800"])
def test_what_is_no_rule_for_names_is_refused(rule):
    with pytest.raises(ValueError):
        name_rule(rule)


def test_what_is_in_front_is_taken_off():
    assert as_sent("Anna/d/2026-a.txt", 1, "a.txt") == "d/a.txt"
    assert as_sent("2026-a.txt", 0, "a.txt") == "a.txt"
    assert as_sent("Anna/a.txt", 1, None) == "a.txt"
    assert without_lead("Anna/2026/a/b", 2) == "a/b"
    assert without_lead("a/b", 0) == "a/b"
