"""``droppr request uploads`` and ``cancel``: what is on its way to a link, and how its owner stops it."""

from __future__ import annotations

import re

import click

from droppr_client.api import JSON, Api, ApiError
from droppr_client.options import Written, as_json, link_argument, server_options
from droppr_client.output import count_text, plain_text, print_json, print_table, say, size_text, time_text
from droppr_client.upload import wire

_ID = re.compile(r"[A-Za-z0-9_-]{32}")
UPLOADS_PER_CALL = 1000
MAX_CALLS = 100
"""Calls in which all uploads of a link are cancelled, each up to a thousand of them."""


@click.command()
@link_argument
@as_json
@server_options
def uploads(api: Api, link: str, as_json: bool) -> None:
    """What is on its way: who sends it since when, what was announced, what has come and how fast."""
    found = api.uploads(link)
    if as_json:
        print_json({"uploads": found})
    else:
        print_table(("UPLOAD", "SINCE", "RECEIVED", "OF", "RATE", "SENDER", "PATH"), [_row(each) for each in found])


# An id may begin with a dash, and each letter of it would be looked up as an option: there is none of one letter here.
@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@link_argument
@click.argument("upload_ids", metavar="[UPLOAD_ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, cls=Written, help="All that are on their way to the link.")
@server_options
def cancel(api: Api, link: str, upload_ids: tuple[str, ...], everything: bool) -> None:
    """Cancel uploads that are on their way, and free their room. Their senders are told; files that have arrived stay."""
    for each in upload_ids:
        # An id may begin with a dash, so what looks like an option and is none comes here.
        if each.startswith("-") and not _ID.fullmatch(each):
            raise click.NoSuchOption(each)
    if everything == bool(upload_ids):
        raise click.UsageError("Name uploads, as 'droppr request uploads' lists them, or --all.")
    if everything:
        _cancel_all(api, link)
        return
    for each in upload_ids:
        api.stop(link, each)
    say(f"{count_text(len(upload_ids), 'upload')} cancelled.")


def _cancel_all(api: Api, link: str) -> None:
    cancelled, left = 0, 0
    for _ in range(MAX_CALLS):
        outcome = api.stop_all(link)
        now = wire.clamped(outcome.get("cancelled"), 1, UPLOADS_PER_CALL) or 0
        cancelled, left = cancelled + now, wire.whole(outcome.get("left"), 0, 2**63) or 0
        if not left or not now:
            break
    say(f"{count_text(cancelled, 'upload')} cancelled.")
    if left:
        raise ApiError(f"{count_text(left, 'upload')} still there: just being delivered, or opened meanwhile.")


def _row(upload: JSON) -> tuple[str, ...]:
    sender = " ".join(
        filter(None, (plain_text(upload.get(each)) for each in ("sender_name", "sender_email", "address")))
    )
    return (
        plain_text(upload.get("upload_id")),
        time_text(upload.get("opened_at")),
        size_text(upload.get("received_bytes")),
        size_text(upload.get("size")),
        f"{size_text(upload.get('bytes_per_second'))}/s",
        sender or "-",
        plain_text(upload.get("path")),
    )
