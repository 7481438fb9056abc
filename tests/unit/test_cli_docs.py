"""docs/cli.md says what the parser takes: every command, option, variable and exit code, and none that there is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from droppr_client import exit_codes
from droppr_client.cli import main
from droppr_client.options import Written

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "cli.md").read_text()
PREFIX = "DROPPR"


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            child = command.get_command(context, each)
            assert child is not None
            yield from commands(child, f"{name} {each}")
    else:
        yield name, command


ALL = dict(commands(main, "droppr"))


def section(name: str) -> str:
    """What stands below a command's heading, up to the next heading of its rank."""
    match = re.search(rf"^### {re.escape(name)}( [^\n]*)?\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert match, f"docs/cli.md has no section '### {name}'"
    return match[2]


def options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option) and not each.hidden]


@pytest.mark.parametrize("name", ALL)
def test_every_option_and_its_variable_has_a_row(name):
    text = section(name)
    for option in options(ALL[name]):
        own = option.written if isinstance(option, Written) else option.name
        variable = option.envvar or f"{PREFIX}_{name.removeprefix('droppr ').upper()}_{own}".upper().replace(" ", "_")
        [row] = [line for line in text.splitlines() if re.match(rf"\| `{option.opts[0]}[ `]", line)]
        for flag in [*option.opts, *option.secondary_opts]:
            assert f"`{flag}" in row, (name, flag)
        assert f"`{variable}`" in row, (name, variable)


@pytest.mark.parametrize("name", ALL)
def test_no_option_is_promised_that_there_is_not(name):
    known = {flag for option in options(ALL[name]) for flag in [*option.opts, *option.secondary_opts]}
    promised = set(re.findall(r"^\| `(-[-\w]+)", section(name), re.MULTILINE))
    assert promised <= known


@pytest.mark.parametrize("name", ALL)
def test_arguments_are_named_in_the_heading(name):
    heading = next(line for line in TEXT.splitlines() if re.match(rf"### {re.escape(name)}( |$)", line))
    for each in ALL[name].params:
        if isinstance(each, click.Argument):
            assert (each.metavar or (each.name or "").upper()).rstrip(".") in heading


def test_no_command_is_promised_that_there_is_not():
    headings = re.findall(r"^### (droppr[a-z -]*)", TEXT, re.MULTILINE)
    assert {each.strip() for each in headings} == set(ALL)


def test_every_exit_code_has_a_row():
    rows = dict(re.findall(r"^\| (\d+) \| (.*?) \|$", TEXT, re.MULTILINE))
    assert {int(code) for code in rows} == set(exit_codes.MEANINGS)
    assert all(rows[str(code)] == f"{meaning}." for code, meaning in exit_codes.MEANINGS.items())
    epilog = ALL["droppr upload"].epilog or ""
    assert all(re.search(rf"\b{code}\b", epilog) for code in exit_codes.MEANINGS)


def test_every_option_says_what_it_does():
    for name, command in ALL.items():
        assert command.help, name
        for option in options(command):
            assert option.help or isinstance(option.type, click.Choice), (name, option.name)
