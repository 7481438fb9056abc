"""Requests made of the interface's own declaration, sensible ones and others: whatever comes, every answer is one that is declared."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from app.web.wire.declaring import BYTES, EVENTS, HTML, PACK
from app.web.wire.openapi import document
from tests.support.client import Client
from tests.support.live import LiveServer

EXAMPLES = 4
"""Requests of each call by chance, after those at the bounds of every field."""
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]


def calls_worth_it() -> dict[str, Any]:
    """The document without what streams for long, what is no exchange of request and reply, and what holds nothing but pages."""
    whole = json.loads(json.dumps(document()), object_hook=_plain_pair)
    paths = {
        path: {
            method: call
            for method, call in calls.items()
            if not {EVENTS, HTML} & _answers(call) and "x-websocket" not in call
        }
        for path, calls in whole["paths"].items()
    }
    return {**whole, "paths": {path: calls for path, calls in paths.items() if calls}}


def _plain_pair(schema: dict[str, Any]) -> dict[str, Any]:
    """The same without `prefixItems`: where a call's schema is changed for making requests, the library changes them in place
    into what is no schema for an answer any more."""
    if "prefixItems" not in schema:
        return schema
    first, second = schema.pop("prefixItems")
    assert first == second
    return {**schema, "items": first}


def _answers(call: dict[str, Any]) -> set[str]:
    return {media for reply in call["responses"].values() for media in reply.get("content", {}) if reply}


schemathesis.serializer.alias(PACK, BYTES)
schema = schemathesis.openapi.from_dict(calls_worth_it())


@pytest.fixture(scope="module")
def half_sent(server: LiveServer) -> dict[str, str]:
    """What stands in addresses: a link that there is, with an upload on its way."""
    link = Client.of(server).make_link()
    return {"hash": link.hash, "upload_id": link.opened("half.bin", 3_000_000)}


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_is_declared(case: Any, server: LiveServer, half_sent: dict[str, str]) -> None:
    known = {name: half_sent[name] for name in case.path_parameters or {} if name in half_sent}
    # Every second request is for what there is: a made-up address leads no further than 404.
    if len(str(case.path_parameters)) % 2:
        case.path_parameters = {**case.path_parameters, **known}
    reply = case.call(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"})
    assert reply.status_code != 500, reply.text
    case.validate_response(reply, checks=CHECKS)
