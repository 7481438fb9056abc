"""Messages and endpoints, as owners are shown them and ask for them. Times are seconds since the epoch, sizes bytes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.addresses import address_list, mail_address
from app.core.messages import HOOK_KINDS, Channel, Endpoint, Message, MessageKind, MessageState, Way
from app.core.reasons import Reason
from app.services.messages.reminders import Awaited
from app.web.wire.replies import NextCursor

MAX_URL = 2048
MAX_TEXT = 5000
MAX_INVITED = 100


class MessageReply(TypedDict):
    """One thing that one recipient is told."""

    id: Annotated[str, Field(description="The same with each try: `webhook-id`, and in a mail's `Message-ID`.")]
    kind: MessageKind
    channel: Channel
    recipient: Annotated[str, Field(description="A mail address, or the id of an endpoint.")]
    link: Annotated[str | None, Field(description="The hash of the link that it is about.")]
    title: Annotated[str | None, Field(description="That of the link, as it was.")]
    files: Annotated[int | None, Field(description="How many files it is about; null where it is about none.")]
    bytes: int | None
    state: MessageState
    created_at: float
    tries: int
    next_at: Annotated[float | None, Field(description="When it is tried; null where it is not.")]
    answer: Annotated[str | None, Field(description="What the other side said last, or why it could not be asked.")]
    reason: Annotated[Reason | None, Field(description="The kind of `answer`, where it was not taken.")]
    said: Annotated[str | None, Field(description="Of `answer`, what the other side or the system said itself.")]
    done_at: Annotated[float | None, Field(description="When it was taken or given up.")]


class MessageList(TypedDict):
    """Messages, newest first."""

    messages: list[MessageReply]
    next_cursor: NotRequired[NextCursor]


class OnTheirWay(TypedDict):
    """The messages that are on their way; the log tells what came of them."""

    messages: list[MessageReply]


class EndpointReply(TypedDict):
    """Where webhooks go to, messages to a chat, or what a browser shows."""

    id: str
    way: Way
    url: Annotated[str, Field(description="Of a chat without the secrets in it. Of a browser: by whom, and its name.")]
    owner: Annotated[str, Field(description="Who made it.")]
    kinds: list[MessageKind]
    link: Annotated[str | None, Field(description="The hash of the only link that it is told of; null for all.")]
    active: bool
    created_at: float
    failing_since: Annotated[float | None, Field(description="Since when it takes nothing; null where it does.")]
    trouble: Annotated[str | None, Field(description="Why the server switched it off.")]


class EndpointMade(EndpointReply):
    """A new endpoint, or one with a new secret."""

    secret: Annotated[
        str, Field(description="What its messages are signed with. It is told this once. Empty for a chat.")
    ]


class EndpointList(TypedDict):
    endpoints: list[EndpointReply]


class MessageQuery(BaseModel):
    """Which messages are meant."""

    model_config = ConfigDict(extra="ignore")

    state: Annotated[
        Literal["waiting", "failed", "sent", "given_up"] | None, Field(description="Only those in this state.")
    ] = None
    link: Annotated[str | None, Field(max_length=200, description="Only those about this link, by its hash.")] = None


def _address(value: object) -> object:
    if value is None or isinstance(value, str):
        return value and mail_address(str(value))
    raise ValueError("Input should be an e-mail address")


def _addresses(value: object) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
        raise ValueError("Input should be e-mail addresses")
    found = address_list(texts)
    if not 0 < len(found) <= MAX_INVITED:
        raise ValueError(f"Name one address at least, and {MAX_INVITED} at most")
    return found


def _some_addresses(value: object) -> object:
    return None if value is None else _addresses(value)


def _kinds(value: object) -> object:
    if not isinstance(value, list) or not value or not {*map(str, value)} <= {*map(str, HOOK_KINDS)}:
        raise ValueError(f"Input should be a list of some of {', '.join(HOOK_KINDS)}")
    return list(dict.fromkeys(value))


Address = Annotated[str | None, BeforeValidator(_address, json_schema_input_type=str | None)]
Kinds = Annotated[list[MessageKind], BeforeValidator(_kinds, json_schema_input_type=list[MessageKind])]
Url = Annotated[str, Field(max_length=MAX_URL)]


class TestBody(BaseModel):
    """Where a test goes to: one of both, or, where neither is named, to those of `DROPPR_NOTIFY_MAIL`."""

    mail: Annotated[Address, Field(description="An e-mail address.")] = None
    endpoint: Annotated[str | None, Field(description="The id of an endpoint, which may be switched off.")] = None


class InvitationBody(BaseModel):
    """Whom to mail a link to."""

    to: Annotated[
        tuple[str, ...],
        BeforeValidator(_addresses, json_schema_input_type=list[str] | str),
        Field(description="Addresses, as a list or as one text with commas. Each gets a mail of its own."),
    ]
    text: Annotated[
        str,
        Field(
            max_length=MAX_TEXT,
            description="What to say; an empty line begins a paragraph. The address of the link follows it.",
        ),
    ] = ""


class ReminderBody(BaseModel):
    """Whom to remind."""

    to: Annotated[
        tuple[str, ...] | None,
        BeforeValidator(_some_addresses, json_schema_input_type=list[str] | str | None),
        Field(
            description="Addresses, as a list or as one text with commas; all of whom files are awaited if not said."
        ),
    ] = None


class RemindedReply(OnTheirWay):
    """Who is being reminded, and who is not."""

    lately: Annotated[int, Field(description="So many were reminded within the hour.")]
    stopped: Annotated[int, Field(description="So many want no reminders.")]


class AwaitedReply(TypedDict):
    """Somebody of whom files are awaited."""

    email: str
    stopped: Annotated[bool, Field(description="They want no reminders.")]
    mailed_at: Annotated[
        float | None, Field(description="When they were sent the link or reminded last, as far as the log goes back.")
    ]


class AwaitedList(TypedDict):
    """Of whom files are awaited."""

    awaited: list[AwaitedReply]
    next_at: Annotated[float | None, Field(description="When they are reminded next by itself.")]


class EndpointBody(BaseModel):
    """A new endpoint."""

    url: Annotated[
        Url,
        Field(
            description="Of a webhook by HTTPS; by HTTP only in networks of `DROPPR_WEBHOOK_ALLOW_PRIVATE`. Of a chat as Apprise writes it, such as `ntfys://ntfy.sh/topic`."
        ),
    ]
    kinds: Annotated[Kinds | None, Field(description="Which kinds it is told; all if not said.")] = None
    link: Annotated[str | None, Field(description="The hash of the only link that it is told of.")] = None


class EndpointChanges(BaseModel):
    """What to change of an endpoint: what is absent stays as it is."""

    model_config = ConfigDict(extra="ignore")

    url: Url = ""
    kinds: Kinds = []
    active: bool = True

    def named(self) -> dict[str, Any]:
        """What the body named, and nothing that it did not."""
        changes = {name: getattr(self, name) for name in self.model_fields_set}
        return changes | ({"kinds": tuple(changes["kinds"])} if "kinds" in changes else {})


def message_view(message: Message) -> MessageReply:
    facts = message.facts
    return {
        "id": message.id,
        "kind": message.kind,
        "channel": message.channel,
        "recipient": message.recipient,
        "link": message.link,
        "title": facts.get("title"),
        "files": facts.get("files"),
        "bytes": facts.get("bytes"),
        "state": message.state,
        "created_at": message.created_at,
        "tries": message.tries,
        "next_at": None if message.next_at is None else max(message.next_at, message.created_at),
        "answer": message.answer,
        "reason": message.reason,
        "said": message.said,
        "done_at": message.done_at,
    }


def awaited_view(each: Awaited) -> AwaitedReply:
    return {"email": each.address, "stopped": each.stopped, "mailed_at": each.mailed_at}


def endpoint_view(endpoint: Endpoint) -> EndpointReply:
    return {
        "id": endpoint.id,
        "way": endpoint.way,
        "owner": endpoint.owner,
        "url": endpoint.shown or endpoint.url,
        "kinds": list(endpoint.kinds),
        "link": endpoint.link,
        "active": endpoint.active,
        "created_at": endpoint.created_at,
        "failing_since": endpoint.failing_since,
        "trouble": endpoint.trouble,
    }


def made_view(endpoint: Endpoint) -> EndpointMade:
    return {**endpoint_view(endpoint), "secret": endpoint.secret}
