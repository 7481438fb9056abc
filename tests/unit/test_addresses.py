"""The addresses of routes: what builds them is made when it is wanted."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, url_for
from werkzeug.routing import Rule

from app.web import Address


def with_routes(kind: type[Rule]) -> Flask:
    app = Flask("x", static_folder=None)
    app.url_rule_class = kind
    for name, rule in {"plain": "/a/b", "one": "/a/<hash>", "two": "/a/<hash>/<int:number>/<path:rest>"}.items():
        app.add_url_rule(rule, name, lambda **_: "")
    return app


def test_nothing_is_made_that_nobody_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    usual = Rule._compile_builder

    def noted(self: Rule, append_unknown: bool = True) -> Any:
        made.append(self.rule)
        return usual(self, append_unknown)

    monkeypatch.setattr(Rule, "_compile_builder", noted)
    app = with_routes(Address)
    assert app.test_client().get("/a/x/7/y/z").status_code == 200
    assert made == []
    with_routes(Rule)
    assert made, "the library makes it otherwise now"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("plain", {}),
        ("plain", {"more": "a b"}),
        ("one", {"hash": "ä/ö"}),
        ("two", {"hash": "h", "number": 7, "rest": "a/b c", "more": "1"}),
    ],
    ids=str,
)
def test_an_address_is_what_it_always_was(name: str, values: dict[str, Any]) -> None:
    def address(kind: type[Rule]) -> str:
        with with_routes(kind).test_request_context():
            return url_for(name, **values)

    assert address(Address) == address(Rule)
