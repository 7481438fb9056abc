"""The HTTP interface as an OpenAPI document, made of the table of calls (``calls.py``)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from app.web.wire.calls import CALLS
from app.web.wire.declaring import HTML, JSON, Call, Group, Messages, Who
from app.web.wire.errors import STATUS
from app.web.wire.replies import Error

_REF = "#/components/schemas/{model}"
_ABOUT = """What a caller may rely on; docs/api.md tells the whole of it. All JSON is UTF-8 in snake_case; times are seconds \
since the epoch, sizes are bytes. Every refusal, on every route, has the shape of `Error`. OpenAPI has no words for what comes \
piece by piece: `x-event-data` is the JSON in the data of each server-sent event, `x-websocket` is what is said over a WebSocket."""
_PARAMETERS = {
    "party": "Who sends, as the link's parties tell it.",
    "item": "The id of an item of the link.",
    "owner": "The name of an account, or `team:` and that of a team.",
    "template_id": "The id of a template.",
    "message_id": "The id of a message.",
    "endpoint_id": "The id of an endpoint.",
    "browser_id": "An endpoint that is a browser of one's own.",
    "digest": "The SHA-256 of a logo.",
    "alias": "The word that an owner chose.",
    "hash": "The link.",
    "share": "What is shared.",
    "id": "A file, as the share tells it.",
    "upload_id": "The upload.",
    "path": "The path of a file below the link's folder, each part percent-encoded.",
    "code": "The code, however it is written.",
    "name": "The name of a built file.",
    "file_id": "An upload that was opened before, or a key for it as for opening.",
    "document_id": "The document; of a link's file, the id of its upload.",
    "token": "What a reminder leads to, for one address.",
    "entity_id": "The entity, percent-encoded. A link's is its fingerprint.",
}
_SECURITY: dict[Who, list[dict[str, list[str]]]] = {
    Who.OWNER: [{"adminToken": []}, {"adminTokenHeader": []}, {"session": []}]
}


class _Plain(GenerateJsonSchema):
    """Without titles, which repeat names, and without defaults: what is absent from a change stays as it is."""

    def field_title_should_be_set(self, _schema: Any) -> bool:
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


@cache
def document() -> dict[str, Any]:
    """The interface of this version, at the root of a server. Made once: do not change what it gives."""
    schemas = _Schemas()
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        for method in call.methods:
            paths.setdefault(call.path, {})[method.lower()] = _operation(call, method, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Droppr",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": group.value} for group in Group],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                "adminToken": {"type": "http", "scheme": "bearer", "description": "The admin token."},
                "adminTokenHeader": {"type": "apiKey", "in": "header", "name": "X-Auth"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "droppr_owner",
                    "description": "For this server's own pages. Over https its name has a prefix.",
                },
            },
        },
    }


class _Schemas:
    """The schemas of all types that calls name, under ``components``."""

    def __init__(self) -> None:
        wanted = {(id(type), mode): type for call in CALLS for type, mode in _types(call)}
        wanted[id(Error), "serialization"] = Error
        inputs = [(key, key[1], TypeAdapter(type)) for key, type in wanted.items()]
        found, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF, schema_generator=_Plain)
        self._found = {key: _plain(schema) for (key, _), schema in found.items()}
        components: dict[str, Any] = definitions["$defs"]
        components["Error"]["properties"]["code"]["enum"] = sorted({error.code for error in STATUS})
        self.components = {name: _plain(components[name]) for name in sorted(components)}

    def of(self, type: Any, mode: JsonSchemaMode) -> Any:
        """The schema of a type that a call names; a schema is one already."""
        return type if isinstance(type, dict) else self._found[id(type), mode]


def _types(call: Call) -> Iterator[tuple[Any, JsonSchemaMode]]:
    messages = call.messages
    for type in (call.body, messages and messages.from_client):
        if type is not None and not isinstance(type, dict):
            yield type, "validation"
    for type in (call.reply, call.events, messages and messages.from_server, *(type for _, type in call.also)):
        if type is not None and not isinstance(type, dict):
            yield type, "serialization"


def _plain(schema: Any) -> Any:
    if isinstance(schema, dict):
        kept = {name: value for name, value in schema.items() if name != "title" or not isinstance(value, str)}
        return {name: _in_one_line(value) if name == "description" else _plain(value) for name, value in kept.items()}
    return [_plain(each) for each in schema] if isinstance(schema, list) else schema


def _in_one_line(text: Any) -> Any:
    """A docstring as a sentence; a field that is called ``description`` stays as it is."""
    return " ".join(text.split()) if isinstance(text, str) else _plain(text)


def _operation(call: Call, method: str, schemas: _Schemas) -> dict[str, Any]:
    replies = {str(call.status): _reply(_MEANT.get(call.status, "Done."), call.answers, call.reply, schemas)}
    for status, type in call.also:
        replies[str(status)] = _reply(_MEANT.get(status, "Not now."), call.answers, type, schemas)
    operation: dict[str, Any] = {
        "tags": [call.group.value],
        "operationId": _name(call, method),
        "summary": call.about,
        "description": f"For {call.who.value}.",
        "parameters": list(_parameters(call)),
        "security": _SECURITY.get(call.who, []),
        "responses": {**replies, "default": _reply("Refused.", JSON, Error, schemas)},
    }
    if call.group is Group.PAGES:
        # People read why not in a page, programs in JSON.
        operation["responses"]["default"]["content"][HTML] = {"schema": {"type": "string"}}
    for type in call.files:
        replies[str(call.status)]["content"][type] = {"schema": {"type": "string"}}
    if call.events is not None:
        # OpenAPI 3.1 has no words of its own for what follows a reply's head piece by piece.
        operation["responses"][str(call.status)]["content"][call.answers]["x-event-data"] = schemas.of(
            call.events, "serialization"
        )
    if call.messages is not None:
        operation["x-websocket"] = _messages(call.messages, schemas)
    if call.body is not None:
        content = {call.takes: {"schema": schemas.of(call.body, "validation")}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _messages(messages: Messages, schemas: _Schemas) -> dict[str, Any]:
    return {
        "description": "Texts are JSON.",
        "fromClient": {"text": schemas.of(messages.from_client, "validation"), "binary": messages.bytes},
        "fromServer": {"text": schemas.of(messages.from_server, "serialization")},
    }


_MEANT = {101: "A WebSocket begins.", 206: "A part of the file.", 304: "The file is what the caller has."}


def _reply(about: str, media: str, type: Any, schemas: _Schemas) -> dict[str, Any]:
    if type is None:
        return {"description": about}
    return {"description": about, "content": {media: {"schema": schemas.of(type, "serialization")}}}


def _parameters(call: Call) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", call.path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PARAMETERS[name],
            "schema": {"type": "string"},
        }
    for query in call.queries:
        schema = TypeAdapter(query).json_schema(schema_generator=_Plain)
        for name, field in schema["properties"].items():
            told = _inlined(field, schema.get("$defs", {}))
            yield {"name": name, "in": "query", "required": False, "schema": _plain(told)}
    for header in call.headers:
        yield {
            "name": header.name,
            "in": "header",
            "required": False,
            "description": header.about,
            "schema": {"type": "string"},
        }


def _inlined(schema: Any, known: dict[str, Any]) -> Any:
    """The schema of a parameter, which stands in no place that one of its own kind could be looked up in."""
    if isinstance(schema, dict):
        named = schema.get("$ref", "").removeprefix("#/$defs/")
        about = {name: _inlined(value, known) for name, value in schema.items() if name != "$ref"}
        return {**known[named], **about} if named else about
    return [_inlined(each, known) for each in schema] if isinstance(schema, list) else schema


def _name(call: Call, method: str) -> str:
    words = re.findall(r"[a-z0-9]+", call.path.removeprefix("/api/droppr").removeprefix("/api/v1"))
    return "_".join([method.lower(), *words])
