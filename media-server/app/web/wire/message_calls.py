"""The calls about messages and endpoints, a part of the table of calls."""

from __future__ import annotations

from typing import Any

from app.web.wire import message_views
from app.web.wire.declaring import HTML, Call, Group, Who
from app.web.wire.paging import PageQuery


def _call(method: str, path: str, about: str, reply: Any, status: int = 200, **more: Any) -> Call:
    return Call((method,), f"/api/{path}", Group.MESSAGES, Who.OWNER, about, reply, status, **more)


MESSAGE_CALLS = (
    _call(
        "GET",
        "messages",
        "What owners and senders were told, or will be, newest first.",
        message_views.MessageList,
        queries=(message_views.MessageQuery, PageQuery),
    ),
    _call("GET", "messages/{message_id}", "One message, and what became of it.", message_views.MessageReply),
    _call(
        "POST",
        "messages/{message_id}/redelivery",
        "Have a message sent now, under the id that it has, whatever became of it.",
        message_views.MessageReply,
        202,
    ),
    _call(
        "POST",
        "messages/test",
        "Have a test sent by mail or to an endpoint.",
        message_views.OnTheirWay,
        202,
        body=message_views.TestBody,
    ),
    _call(
        "POST",
        "droppr/requests/{hash}/invitations",
        "Mail a link to people, with what its owner says to it.",
        message_views.OnTheirWay,
        202,
        body=message_views.InvitationBody,
    ),
    _call(
        "GET",
        "droppr/requests/{hash}/reminders",
        "Of whom files are awaited, and when they are reminded next.",
        message_views.AwaitedList,
    ),
    _call(
        "POST",
        "droppr/requests/{hash}/reminders",
        "Remind people now, each at most once an hour.",
        message_views.RemindedReply,
        202,
        body=message_views.ReminderBody,
    ),
    Call(
        ("GET",),
        "/api/droppr/reminders/{token}",
        Group.MESSAGES,
        Who.ANYONE,
        "The page that a reminder leads to, for whoever wants no more of them.",
        {"type": "string"},
        answers=HTML,
    ),
    Call(
        ("POST",),
        "/api/droppr/reminders/{token}",
        Group.MESSAGES,
        Who.ANYONE,
        "Send no more reminders to that address, whoever asks for them.",
        {"type": "string"},
        answers=HTML,
    ),
    _call(
        "POST",
        "endpoints",
        "Have webhooks sent to an address.",
        message_views.EndpointMade,
        201,
        body=message_views.EndpointBody,
    ),
    _call("GET", "endpoints", "All endpoints, the oldest first.", message_views.EndpointList),
    _call(
        "PATCH",
        "endpoints/{endpoint_id}",
        "Change what the body names, and nothing else.",
        message_views.EndpointReply,
        body=message_views.EndpointChanges,
    ),
    _call(
        "POST",
        "endpoints/{endpoint_id}/secret",
        "Give an endpoint a new secret, which counts at once.",
        message_views.EndpointMade,
    ),
    _call("DELETE", "endpoints/{endpoint_id}", "Remove an endpoint; what it was not told is given up.", None, 204),
)
