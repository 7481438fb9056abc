"""``droppr verify``: whether files are those that a receipt speaks of, without asking anybody."""

from __future__ import annotations

import sys
from typing import Any, BinaryIO

import click

from droppr_client.options import as_json
from droppr_client.output import print_json, say, time_text
from droppr_client.proof import NotVerified, Receipt, Result, Verdict, compare, read_receipt, trusted_fingerprint

NOT_THE_SAME = 1
NOT_BELIEVED = 2


@click.command()
@click.argument("receipt", type=click.File("rb"))
@click.argument("files", nargs=-1, type=click.Path())
@click.option(
    "--key", metavar="KEY", help="The key you trust: its fingerprint, or a file with it. Another one is refused."
)
@click.option("--some", is_flag=True, help="Say nothing of files in the receipt that are not named here.")
@as_json
def verify(receipt: BinaryIO, files: tuple[str, ...], key: str | None, some: bool, as_json: bool) -> None:
    """Check a RECEIPT, and whether FILES, or those in folders, are the ones it speaks of.

    Nothing is asked of any server. Ends with 0 when all is well, with 1 when a file differs, is missing or not in the
    receipt, with 2 when the receipt itself cannot be believed.
    """
    try:
        found = read_receipt(receipt.read())
        if key is not None and found.key != trusted_fingerprint(key):
            raise NotVerified(f"The receipt was signed with another key than yours: {found.key}.")
    except NotVerified as error:
        _say_why(str(error), as_json)
        sys.exit(NOT_BELIEVED)
    verdicts = list(compare(found, files, some=some or not files))
    if as_json:
        print_json(_for_programs(found, verdicts, key is not None))
    else:
        _for_people(found, verdicts, key is not None)
    if any(verdict.result is not Result.OK for verdict in verdicts):
        sys.exit(NOT_THE_SAME)


def _say_why(sentence: str, as_json: bool) -> None:
    if as_json:
        print_json({"valid": False, "error": sentence})
    else:
        say(f"Not verified. {sentence}", err=True)


def _for_people(receipt: Receipt, verdicts: list[Verdict], trusted: bool) -> None:
    title = f" “{receipt.title}”" if receipt.title else ""
    count = len(receipt.entries)
    say(
        f"Receipt of {receipt.server or 'a server that names no address'}{title} for {count} {'file' if count == 1 else 'files'}, "
        f"issued {time_text(receipt.issued_at)}."
    )
    say(f"Signed with the key {receipt.key}{', which is yours.' if trusted else '.'}")
    if not trusted:
        say(
            "Whose key that is, this command cannot know: compare it with what the server or its owner tells you, or "
            "name the key you trust with --key."
        )
    for verdict in verdicts:
        say(_line(verdict))


def _line(verdict: Verdict) -> str:
    name = verdict.file or verdict.path or ""
    renamed = verdict.result is Result.OK and verdict.path and not name.endswith(verdict.path)
    return f"{verdict.result:<18}  {name}" + (f"  (sent as {verdict.path})" if renamed else "")


def _for_programs(receipt: Receipt, verdicts: list[Verdict], trusted: bool) -> dict[str, Any]:
    return {
        "valid": True,
        "key": receipt.key,
        "key_trusted": trusted,
        "server": receipt.server,
        "link": receipt.link,
        "title": receipt.title,
        "issued_at": receipt.issued_at,
        "ok": all(verdict.result is Result.OK for verdict in verdicts),
        "files": [
            {"result": verdict.result.replace(" ", "_"), "file": verdict.file, "path": verdict.path}
            for verdict in verdicts
        ],
    }
