"""Replies held to their declaration: what the server answers in JSON is what docs/openapi.json says, and nothing besides."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema_rs import Draft202012Validator

from app.web.wire.openapi import document
from tests.support.client import Reply

JSON = "application/json"


def judge(method: str, path: str, reply: Reply) -> None:
    """Raises AssertionError where a reply to this request is not as it is declared. Of what is no call of the interface, and of
    refusals, only the shape of an error is known."""
    if method == "HEAD":
        return
    status = reply.status
    kind = reply.headers.get("Content-Type", "").partition(";")[0]
    in_json = kind == JSON
    declared = _replies(method, path.partition("?")[0])
    where = f"{method} {path}: {status}"
    if status < 400 and declared is not None:
        # A part of a page, or that it is somewhere else or as before, is HTTP's own to say.
        assert str(status) in declared or 206 <= status < 400, f"{where} is not declared"
        expected = declared.get(str(status), {}).get("content", {})
        assert in_json == (JSON in expected) or kind in expected, (
            f"{where} is {reply.headers.get('Content-Type')}, declared is {list(expected)}"
        )
    if in_json and (declared is not None or status >= 400):
        own = (declared or {}).get(str(status))
        problem = next(_validator(json.dumps((own or _ERROR)["content"][JSON]["schema"])).iter_errors(reply.json), None)
        assert problem is None, f"{where}: {list(problem.instance_path)}: {problem.message}"


def judge_event(path: str, event: Any) -> None:
    """Raises AssertionError where the data of a server-sent event is not as it is declared."""
    (content,) = document()["paths"][path]["get"]["responses"]["200"]["content"].values()
    _judge_text(path, content["x-event-data"], event)


def judge_message(message: Any) -> None:
    """Raises AssertionError where what the server says over a WebSocket is not as it is declared."""
    path = "/ws_api/upload_parallel/{file_id}"
    _judge_text(path, document()["paths"][path]["get"]["x-websocket"]["fromServer"]["text"], message)


def _judge_text(where: str, schema: Any, value: Any) -> None:
    problem = next(_validator(json.dumps(schema)).iter_errors(value), None)
    assert problem is None, f"{where}: {list(problem.instance_path)}: {problem.message}"


_ERROR = {"content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}


def _replies(method: str, path: str) -> dict[str, Any] | None:
    """What is declared for a call; None where nothing is."""
    for template, calls in _calls():
        if method.lower() in calls and template.fullmatch(path):
            replies: dict[str, Any] = calls[method.lower()]["responses"]
            return {status: reply for status, reply in replies.items() if status != "default"}
    return None


@cache
def _calls() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """The document's paths as patterns. A file's path may hold slashes and anything else."""

    def pattern(path: str) -> str:
        parts = re.split(r"(\{\w+\})", path)
        return "".join(_PARTS.get(part, "[^/]+") if part.startswith("{") else re.escape(part) for part in parts)

    return [(re.compile(pattern(path)), calls) for path, calls in document()["paths"].items()]


_PARTS = {"{path}": "(?s:.+)"}


@cache
def _validator(schema: str) -> Draft202012Validator:
    whole = {**json.loads(schema), "components": _closed(document()["components"])}
    return Draft202012Validator(whole)


def _closed(schema: Any) -> Any:
    """The same, with no field that is not declared. Callers have to pass over what they do not know; a test must not."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    own = {name: _closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **own} if isinstance(own.get("properties"), dict) and "type" in own else own
