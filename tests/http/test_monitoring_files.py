"""The Grafana board and the alert rules read well and name only numbers that a running server tells."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from tests.support.client import Client, Link
from tests.support.files import MIB, content

MONITORING = Path(__file__).resolve().parents[2] / "media-server" / "monitoring"
BOARD: dict[str, Any] = json.loads((MONITORING / "grafana-board.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((MONITORING / "alerts.yml").read_text())
RULES: list[dict[str, Any]] = [rule for group in ALERTS["groups"] for rule in group["rules"]]
QUERIES = [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]


def told(client: Client) -> set[str]:
    """The names of all series at /metrics."""
    text = client.call("GET", "/metrics", owner=True).expect(200).body.decode()
    return {match[1] for match in re.finditer(r"^([a-z_]+)[ {]", text, re.MULTILINE)}


def test_every_number_that_is_watched_exists(client: Client, link: Link) -> None:
    # Counters exist from the first event on.
    link.deliver("a.bin", content(MIB))
    upload_id = link.opened("b.bin", 20 * MIB)
    link.chunk(upload_id, 0, content(MIB), 20 * MIB).expect(200)
    link.status("nobody").expect(404, "upload_not_found")
    link.cancel(upload_id).expect(204)
    there = told(client) | {"droppr_limit_refusals_total"}
    for expression in [*QUERIES, *[rule["expr"] for rule in RULES]]:
        wanted = set(re.findall(r"droppr_[a-z_]+", expression))
        assert wanted or expression == 'up{job="droppr"} == 0'
        assert wanted <= there, expression


def test_refusals_at_limits_are_counted_by_limit(live: Any) -> None:
    server = live(workers=2, PARALLEL_UPLOAD_MAX_CONCURRENT_USERS=1)
    link = Client.of(server).make_link()
    first = link.opened("a.bin", 20 * MIB)
    link.chunk(first, 0, content(MIB), 20 * MIB).expect(200)
    link.open("b.bin", 20 * MIB).expect(503, "busy")
    text = link.client.call("GET", "/metrics", owner=True).expect(200).body.decode()
    assert 'droppr_limit_refusals_total{reason="places"} 1.0' in text
    for name, value in (("running_uploads", 1), ("waiting_uploads", 1), ("upload_places", 1), ("active_uploads", 1)):
        assert f"\ndroppr_{name} {value}.0\n" in text


def test_rules_and_panels_are_whole() -> None:
    assert len({rule["alert"] for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert {"alert", "expr", "for", "labels", "annotations"} <= set(rule)
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert {"summary", "description"} == set(rule["annotations"])
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    for expression in [*QUERIES, *[rule["expr"] for rule in RULES]]:
        assert expression.count("(") == expression.count(")")
        assert expression.count("{") == expression.count("}")
