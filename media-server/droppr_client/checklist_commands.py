"""``droppr request parties``, ``accept`` and ``return``: who has sent what a link asks for, and what its owner says to it."""

from __future__ import annotations

import click

from droppr_client.api import JSON, Api, ApiError
from droppr_client.options import as_json, link_argument, server_options
from droppr_client.output import UNKNOWN, count_text, plain_text, print_json, print_table, say, time_text
from droppr_client.upload import wire
from droppr_client.upload.identity import item_named

_STATES = ("needed", "sent", "returned", "accepted")


@click.command()
@link_argument
@as_json
@server_options
def parties(api: Api, link: str, as_json: bool) -> None:
    """Who sends to the link, how far each has got, and how each item stands."""
    found = api.parties(link)
    if as_json:
        print_json({"parties": found})
        return
    titles = _titles(api, link)
    head = ("PARTY", "STATE", "NAME", "E-MAIL", "FILES", "LAST", *(each.upper() for each in _STATES))
    print_table(head, [_row(each, titles) for each in found])


@click.command()
@link_argument
@click.argument("party")
@click.argument("item")
@click.option("--note", default="", help="What the sender is shown beside it.")
@server_options
def accept(api: Api, link: str, party: str, item: str, note: str) -> None:
    """Accept what PARTY has sent for ITEM, its id or its title."""
    _judge(api, link, party, item, {"state": "accepted", "note": note})
    say("Accepted.")


@click.command("return")
@link_argument
@click.argument("party")
@click.argument("item")
@click.option("--note", help="What is missing or wrong.")
@click.option("--undo", is_flag=True, help="Neither returned nor accepted, as it was when it came.")
@server_options
def return_(api: Api, link: str, party: str, item: str, note: str | None, undo: bool) -> None:
    """Send back what PARTY has sent for ITEM, its id or its title, so that it is sent again. The sender is told, by mail where there is
    an address."""
    if undo == bool(note):
        raise click.UsageError("Say what is missing or wrong with --note, or take back what was said with --undo.")
    _judge(api, link, party, item, {"state": "sent"} if undo else {"state": "returned", "note": note})
    say("Taken back." if undo else "Sent back.")


def asked_text(asked: object) -> str:
    """Items or questions of a link on one line, each with its id."""
    return (
        "; ".join(_asked(each) for each in (asked if isinstance(asked, list) else ()) if isinstance(each, dict)) or "-"
    )


def progress_text(link: JSON) -> str:
    """How far whom a link is for has got, or how many of its people have finished."""
    steps, people = link.get("progress"), link.get("people")
    if isinstance(steps, dict):
        return f"{_count(steps.get('done'))} of {_count(steps.get('of'))}"
    if not isinstance(people, dict):
        return "-"
    standing = [wire.whole(people.get(each), 0, 2**53) or 0 for each in ("finished", "begun", "not_begun")]
    return f"{standing[0]} of {sum(standing)} finished, {standing[2]} not begun"


def due_text(link: JSON) -> str:
    """When a link's files are due, and how it stands to that."""
    at, due = link.get("due_at"), link.get("due")
    if at is None:
        return "-"
    return time_text(at) + {"late": " (late)", "soon": " (soon)", "done": " (done)"}.get(str(due), "")


def _count(value: object) -> str:
    count = wire.whole(value, 0, 2**53)
    return UNKNOWN if count is None else str(count)


def _asked(each: JSON) -> str:
    more = [plain_text(each.get("id"))]
    if each.get("required") is not True:
        more.append("optional")
    if isinstance(types := each.get("extensions"), list) and types:
        more.append(" ".join(map(plain_text, types)))
    if isinstance(count := each.get("count"), int) and count > 1:
        more.append(count_text(count, "file"))
    return f"{plain_text(each.get('title') or each.get('label'))} ({', '.join(more)})"


def _judge(api: Api, link: str, party: str, item: str, said: JSON) -> None:
    found = item_named(_items(api, link), item)
    if found is None:
        raise ApiError(
            f"The link has no item {item!r}, or several: name it by its id, as 'droppr request show' has it."
        )
    api.judge(link, party, found, said)


def _items(api: Api, link: str) -> list[JSON]:
    items = api.request(link).get("items")
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []


def _titles(api: Api, link: str) -> dict[str, str]:
    return {plain_text(each.get("id")): plain_text(each.get("title")) for each in _items(api, link)}


def _row(party: JSON, titles: dict[str, str]) -> tuple[str, ...]:
    items = party.get("items")
    standing = items if isinstance(items, dict) else {}
    late = " (late)" if party.get("late") is True else ""
    files = wire.whole(party.get("files"), 0, 2**63)
    return (
        plain_text(party.get("id")),
        plain_text(party.get("state")).replace("_", " ") + late,
        plain_text(party.get("name") or "-"),
        plain_text(party.get("email") or "-"),
        UNKNOWN if files is None else str(files),
        "-" if party.get("last_at") is None else time_text(party.get("last_at")),
        *(_those(each, standing, titles) for each in _STATES),
    )


def _those(state: str, standing: JSON, titles: dict[str, str]) -> str:
    """The titles of items that stand so, in the order of the link."""
    found = [id for id in titles if isinstance(known := standing.get(id), dict) and known.get("state") == state]
    return ", ".join(titles[id] for id in found) or "-"
