"""Reminders over HTTP: whom owners remind, and the page by which people stop it."""

from __future__ import annotations

from html import escape

from flask import Blueprint, Response, jsonify

from app.core.due import next_reminder
from app.web.wire.context import services, whole_address
from app.web.wire.json_body import read_json
from app.web.wire.message_views import ReminderBody, awaited_view, message_view
from app.web.wire.ownership import acting, owner_required
from app.web.wire.share_html import whole_page
from app.web.wire.stop_words import STOP_WORDS, StopWords
from app.web.wire.told import html_page, readers_words

reminders = Blueprint("reminders", __name__, url_prefix="/api/droppr")


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
    if services().messages.reminders.stops.is_stopped(token):
        return _done()
    words = _words()
    form = f'<form method="post"><button>{escape(words.stop)}</button></form>'
    return _page(words.title, f"{words.about} {words.stays}", form)


@reminders.post("/reminders/<token>")
def stop(token: str) -> Response:
    services().messages.reminders.stops.stop(token)
    return _done()


def _done() -> Response:
    words = _words()
    return _page(words.done, f"{words.done_about} {words.stays}")


def _words() -> StopWords:
    return STOP_WORDS[readers_words().language]


def _page(title: str, text: str, form: str = "") -> Response:
    readers = readers_words()
    return html_page(whole_page(readers.language, readers.direction, title, f"<p>{escape(text)}</p>{form}"))
