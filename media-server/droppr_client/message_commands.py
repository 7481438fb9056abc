"""``droppr message`` and ``droppr endpoint``: what was told to whom, tests, and where webhooks and messages to chats go to."""

from __future__ import annotations

import time

import click

from droppr_client.api import JSON, Api, ApiError
from droppr_client.options import as_json, hash_of, link_argument, server_options
from droppr_client.output import count_text, plain_text, print_facts, print_json, print_table, say, time_text
from droppr_client.upload import wire

KINDS = ("files.received", "files.removed", "link.made", "link.changed", "link.closed", "link.deleted", "test")
STATES = ("waiting", "failed", "sent", "given_up")
LOOK_SECONDS = 0.5
TEST_SECONDS = 90
"""How long a test is waited for: a mail server may take a minute."""
MOST = 1000


@click.group()
def message() -> None:
    """What owners and senders were told, by mail, webhooks and in chats."""


@message.command("list")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@click.option("--link", help="Only those about this link.")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, help="How many are shown [default: 100].")
@as_json
@server_options
def list_messages(api: Api, state: str | None, link: str | None, limit: int, as_json: bool) -> None:
    """What was told or will be, newest first."""
    found = api.messages(limit, state, hash_of(link) if link else None)
    if as_json:
        print_json({"messages": found})
        return
    titles = ("ID", "MADE", "KIND", "TO", "STATE", "TRIES", "ANSWER")
    print_table(titles, [_row(each) for each in found])


@message.command()
@click.option("--mail", metavar="ADDRESS", help="To this address. Default: to whom DROPPR_NOTIFY_MAIL names.")
@click.option("--endpoint", metavar="ID", help="To this endpoint.")
@as_json
@server_options
def test(api: Api, mail: str | None, endpoint: str | None, as_json: bool) -> None:
    """Have a test sent, and say what came of it. Ends with 1 where it was not taken."""
    if mail is not None and endpoint is not None:
        raise click.UsageError("Name an address or an endpoint, not both.")
    body = {"mail": mail} if mail else {"endpoint": endpoint} if endpoint else {}
    _tell(api, api.test_message(body), as_json)


@message.command()
@click.argument("message_id", metavar="ID")
@server_options
def resend(api: Api, message_id: str) -> None:
    """Have a message sent once more, whatever became of it."""
    api.send_again(message_id)
    say("It is sent now; 'droppr message list' says what came of it.")


@click.command()
@link_argument
@click.argument("addresses", nargs=-1, required=True)
@click.option("--text", default="", help="What to say before the link.")
@as_json
@server_options
def send(api: Api, link: str, addresses: tuple[str, ...], text: str, as_json: bool) -> None:
    """Mail LINK to ADDRESSES, each in a mail of its own, and say what came of it. Ends with 1 where one was not taken."""
    _tell(api, api.invite(link, [*addresses], text), as_json)


@click.command()
@link_argument
@click.argument("addresses", nargs=-1)
@as_json
@server_options
def remind(api: Api, link: str, addresses: tuple[str, ...], as_json: bool) -> None:
    """Remind those of whom LINK still awaits files, or of them only ADDRESSES, by a mail each: nobody more than once an hour."""
    done = api.remind(link, [*addresses])
    if as_json:
        print_json(done)
        return
    found = done.get("messages")
    mails = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    say(f"{count_text(len(mails), 'reminder')} on the way.")
    for each in mails:
        say(f"  {plain_text(each.get('recipient'))}")
    for name, about in (("lately", "reminded within the hour"), ("stopped", "wanting no reminders")):
        count = wire.whole(done.get(name), 0, MOST) or 0
        if count:
            say(f"Left out, as {about}: {count}.")


@click.group()
def endpoint() -> None:
    """Where webhooks go to, messages to chats, and what is shown in browsers."""


@endpoint.command()
@click.argument("url")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only these. Repeatable.")
@click.option("--link", help="Tell it of this link alone.")
@as_json
@server_options
def create(api: Api, url: str, kinds: tuple[str, ...], link: str | None, as_json: bool) -> None:
    """Have webhooks sent to URL, or messages to a chat, such as ntfys://ntfy.sh/topic.

    The secret that webhooks are signed with is told this once."""
    body: JSON = {"url": url}
    made = api.make_endpoint(body | ({"kinds": [*kinds]} if kinds else {}) | ({"link": hash_of(link)} if link else {}))
    _show_secret(made, as_json)


@endpoint.command("list")
@as_json
@server_options
def list_endpoints(api: Api, as_json: bool) -> None:
    """All endpoints, and how they fare."""
    found = api.endpoints()
    if as_json:
        print_json({"endpoints": found})
    else:
        print_table(("ID", "WAY", "STATE", "KINDS", "LINK", "WHERE"), [_endpoint_row(each) for each in found])


@endpoint.command()
@click.argument("endpoint_id", metavar="ID")
@click.option("--url", help="Where it is.")
@click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="Only these. Repeatable.")
@click.option("--active/--inactive", default=None, help="Switch it on again, or off.")
@server_options
def edit(api: Api, endpoint_id: str, url: str | None, kinds: tuple[str, ...], active: bool | None) -> None:
    """Change what is named and nothing else."""
    named: JSON = {"url": url, "kinds": [*kinds] or None, "active": active}
    body = {name: value for name, value in named.items() if value is not None}
    if not body:
        raise click.UsageError("Name at least one thing to change, such as --active.")
    api.change_endpoint(endpoint_id, body)
    say("Changed.")


@endpoint.command()
@click.argument("endpoint_id", metavar="ID")
@as_json
@server_options
def secret(api: Api, endpoint_id: str, as_json: bool) -> None:
    """Give an endpoint a new secret, which counts at once."""
    _show_secret(api.renew_endpoint(endpoint_id), as_json)


@endpoint.command()
@click.argument("endpoint_id", metavar="ID")
@server_options
def remove(api: Api, endpoint_id: str) -> None:
    """Send nothing there any more."""
    api.remove_endpoint(endpoint_id)
    say("Removed.")


def _show_secret(made: JSON, as_json: bool) -> None:
    if as_json:
        print_json(made)
    else:
        secret = plain_text(made.get("secret"))
        print_facts([("Endpoint", plain_text(made.get("id"))), *([("Secret", secret)] if secret else [])])


def _tell(api: Api, made: list[JSON], as_json: bool) -> None:
    """What comes of messages. Raises click.exceptions.Exit where one was not taken."""
    found = [_outcome(api, each) for each in made]
    if as_json:
        print_json({"messages": found})
    else:
        for each in found:
            say(f"{plain_text(each.get('recipient'))}: {_state(each)}. {plain_text(each.get('answer'))}".rstrip())
    if not all(each.get("state") == "sent" for each in found):
        raise click.exceptions.Exit(1)


def _outcome(api: Api, made: JSON) -> JSON:
    """The message once it was tried, or as it stands when nobody would wait any longer."""
    id = wire.text(made.get("id"))
    if not id:
        raise ApiError("The server does not say which message it is.")
    end = time.monotonic() + TEST_SECONDS
    while made.get("state") == "waiting" and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
        made = api.message(id)
    return made


def _state(message: JSON) -> str:
    return plain_text(message.get("state")).replace("_", " ")


def _row(message: JSON) -> tuple[str, ...]:
    return (
        plain_text(message.get("id")),
        time_text(message.get("created_at")),
        plain_text(message.get("kind")),
        plain_text(message.get("recipient")),
        _state(message),
        str(wire.whole(message.get("tries"), 0, 10**9)),
        plain_text(message.get("answer") or "-"),
    )


def _endpoint_row(endpoint: JSON) -> tuple[str, ...]:
    kinds = endpoint.get("kinds")
    state = "on" if endpoint.get("active") is True else f"off {plain_text(endpoint.get('trouble') or '')}".strip()
    return (
        plain_text(endpoint.get("id")),
        plain_text(endpoint.get("way") or "-"),
        "failing" if state == "on" and endpoint.get("failing_since") else state,
        " ".join(map(plain_text, kinds)) if isinstance(kinds, list) else "-",
        plain_text(endpoint.get("link") or "all"),
        plain_text(endpoint.get("url")),
    )
