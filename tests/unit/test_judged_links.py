"""The link of a request that was looked at before its view is not looked at twice, unless a body came in between that took its time."""

from __future__ import annotations

import time
from typing import Any

import pytest
from flask import Flask, g

from app.web.wire.rights import A_MOMENT_SECONDS, judged_link


@pytest.mark.parametrize(("ago", "counts"), [(0.0, True), (A_MOMENT_SECONDS, False)])
def test_a_judged_link_counts_for_a_moment(ago: float, counts: bool) -> None:
    link: Any = object()
    with Flask("none").app_context():
        assert judged_link() is None
        g.judged_link = link, time.monotonic() - ago
        assert judged_link() is (link if counts else None)
