"""Requests made of the interface's own declaration, sensible ones and others: whatever comes, every answer is one that is declared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import content_type_conformance, response_schema_conformance, status_code_conformance
from schemathesis.core.result import Ok
from schemathesis.pytest.lazy import get_all_tests

from app.web.wire.declaring import BYTES, EVENTS, HTML, PACK
from app.web.wire.openapi import document
from tests.support.client import Client
from tests.support.live import GENEROUS, LiveServer

EXAMPLES = 2
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


@cache
def interface() -> Any:
    """All of them, as the library has them."""
    return schemathesis.openapi.from_dict(calls_worth_it())


@pytest.fixture(
    params=[f"{method} {path}" for path, calls in calls_worth_it()["paths"].items() for method in calls],
    ids=lambda param: param,
)
def one_call(request: pytest.FixtureRequest) -> Any:
    """One of them. Requests are made of it only where it is tried: of all it takes two seconds, which each process would pay."""
    method, path = request.param.split(" ")
    return interface().include(method=method.upper(), path=path)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One for these alone: they change its settings, too, and leave them as chance would have it."""
    with LiveServer(tmp_path_factory.mktemp("chance"), workers=2, **GENEROUS) as running:
        yield running


@pytest.fixture(scope="module")
def half_sent(server: LiveServer) -> dict[str, str]:
    """What stands in addresses: a link that there is, with an upload on its way."""
    link = Client.of(server).make_link()
    return {"hash": link.hash, "upload_id": link.opened("half.bin", 3_000_000)}


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """Keeps its connection, which takes its time on both sides, and nothing else: each request stands for itself."""
    with requests.Session() as session:
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # For each request it would look through the environment for proxies.
        session.trust_env = False
        yield session


def test_every_answer_is_one_that_is_declared(
    one_call: Any, server: LiveServer, half_sent: dict[str, str], session: requests.Session
) -> None:
    tried = 0

    def try_it(case: Any) -> None:
        nonlocal tried
        tried += 1
        known = {name: half_sent[name] for name in case.path_parameters or {} if name in half_sent}
        # Every second request is for what there is: a made-up address leads no further than 404.
        if len(str(case.path_parameters)) % 2:
            case.path_parameters = {**case.path_parameters, **known}
        reply = case.call(base_url=server.url, session=session, headers={"Authorization": f"Bearer {server.token}"})
        assert reply.status_code != 500, reply.text
        case.validate_response(reply, checks=CHECKS)

    few = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    (built,) = get_all_tests(schema=one_call, test_func=try_it, settings=few, given_kwargs=None)
    assert isinstance(built, Ok)
    _, try_all = built.ok()
    try_all()
    assert tried > 0
