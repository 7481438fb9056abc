"""Reminders over HTTP: whom owners remind, and the page by which people stop it."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from app.core.due import next_reminder
from app.web.wire.context import services, whole_address
from app.web.wire.json_body import read_json
from app.web.wire.message_views import ReminderBody, awaited_view, message_view
from app.web.wire.ownership import acting, owner_required

reminders = Blueprint("reminders", __name__, url_prefix="/api/droppr")

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
# Nothing in it is anybody's text.
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><meta name="color-scheme" content="light dark"><title>{title}</title>
<style>
body {{ font: 1.0625rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1.25rem }}
h1 {{ font-size: 1.5rem; line-height: 1.25 }}
button {{ font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.25rem; border: 0; border-radius: .5rem; background: #0b6f66; color: #fff; cursor: pointer }}
button:focus-visible {{ outline: 3px solid; outline-offset: 2px }}
</style></head>
<body><main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>
"""
_ASK = _PAGE.format(
    title="Stop reminders?",
    text="This server reminds you by mail of files that somebody has asked you for. Links that were sent to you stay as they are.",
    form='<form method="post"><button type="submit">Send me no more reminders</button></form>',
)
_DONE = _PAGE.format(
    title="You get no more reminders",
    text="This server reminds your address of no files any more. Links that were sent to you stay as they are.",
    form="",
)


@reminders.get("/requests/<hash>/reminders")
@owner_required
def awaited(hash: str) -> Response:
    here = services()
    found = here.messages.reminders.awaited(hash)
    next_at = next_reminder(here.links.file_requests.link(hash).terms, here.ground.clock())
    return jsonify(awaited=[awaited_view(each) for each in found], next_at=next_at)


@reminders.post("/requests/<hash>/reminders")
@owner_required
def remind(hash: str) -> tuple[Response, int]:
    to = read_json(ReminderBody).to
    done = services().messages.reminders.remind_now(hash, whole_address(""), to, acting())
    told = [message_view(each) for each in done.messages]
    return jsonify(messages=told, lately=done.lately, stopped=done.stopped), 202


@reminders.get("/reminders/<token>")
def ask(token: str) -> Response:
    return _page(_DONE if services().messages.reminders.stops.is_stopped(token) else _ASK)


@reminders.post("/reminders/<token>")
def stop(token: str) -> Response:
    services().messages.reminders.stops.stop(token)
    return _page(_DONE)


def _page(text: str) -> Response:
    return Response(text, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})
