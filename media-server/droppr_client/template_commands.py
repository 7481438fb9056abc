"""``droppr template``: terms of links under names, to make others by."""

from __future__ import annotations

import click

from droppr_client.api import JSON, Api, ApiError
from droppr_client.options import as_json, link_argument, server_options
from droppr_client.output import plain_text, print_json, print_table, say, time_text

template_argument = click.argument("template", metavar="TEMPLATE")


@click.group()
def template() -> None:
    """Terms of links under names, to make others by: 'droppr request create --template'. TEMPLATE is a name or an id."""


@template.command("list")
@as_json
@server_options
def list_templates(api: Api, as_json: bool) -> None:
    """Those that may be used, by name."""
    found = api.templates()
    if as_json:
        print_json({"templates": found})
    else:
        print_table(("NAME", "OWNER", "MADE", "ID"), [_row(each) for each in found])


@template.command()
@link_argument
@click.argument("name")
@click.option("--owner", metavar="OWNER", help="Whose it is: account:NAME, team:NAME, or owner, for all to use.")
@server_options
def save(api: Api, link: str, name: str, owner: str | None) -> None:
    """Keep what LINK asks for and allows under NAME. Its password, end, address and people are not kept."""
    body: JSON = {"name": name, "link": link}
    say(plain_text(api.save_template(body if owner is None else {**body, "owner": owner}).get("id")))


@template.command()
@template_argument
@click.argument("name")
@server_options
def rename(api: Api, template: str, name: str) -> None:
    """Call it otherwise."""
    say(plain_text(api.rename_template(template_id(api, template), name).get("name")))


@template.command()
@template_argument
@server_options
def remove(api: Api, template: str) -> None:
    """Delete it. Links that were made by it stay as they are."""
    api.remove_template(template_id(api, template))
    say("Deleted.")


def template_id(api: Api, named: str) -> str:
    """The id of the template that somebody names. Raises ApiError."""
    known = api.templates()
    found = [each for each in known if named in (each.get("id"), each.get("name"))]
    ids = {str(each.get("id")) for each in found}
    if len(ids) == 1:
        return ids.pop()
    if ids:
        raise ApiError(f"Several templates are called {plain_text(named)}. Name one by its id: 'droppr template list'.")
    raise ApiError(f"There is no template {plain_text(named)}. 'droppr template list' tells those that there are.")


def _row(template: JSON) -> tuple[str, ...]:
    return (
        plain_text(template.get("name")),
        plain_text(template.get("owner")),
        time_text(template.get("made_at")),
        plain_text(template.get("id")),
    )
