"""How busy the server is, for its owner; how far an upload is, for whoever may know."""

from __future__ import annotations

import pytest

from tests.support.client import Client, Link


def test_the_owner_sees_how_busy_the_server_is(client: Client) -> None:
    told = client.call("GET", "/api/v1/system/upload-status", owner=True).expect(200).json
    assert {"concurrency", "memory_monitor"} <= set(told)
    assert "current_usage" in told["memory_monitor"]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-Auth": "wrong"}], ids=str)
def test_nobody_else_sees_how_busy_the_server_is(client: Client, headers: dict[str, str]) -> None:
    client.call("GET", "/api/v1/system/upload-status", headers=headers).expect(401, "unauthorized")


def test_progress_is_told_to_the_owner_and_to_the_sender_who_names_the_upload(link: Link) -> None:
    upload_id = link.opened("a.bin", 100)
    link.chunk(upload_id, 0, b"x" * 25, 100).expect(200)
    for owner in (True, False):
        told = link.client.call("GET", f"/api/v1/system/upload-progress/{upload_id}", owner=owner).expect(200)
        assert 25 in [value for value in told.json.values() if not isinstance(value, bool)], told
        assert link.hash not in told.body.decode(), "the link is not the upload's to tell"


def test_progress_of_an_unknown_upload_is_404(client: Client) -> None:
    reply = client.call("GET", "/api/v1/system/upload-progress/none")
    assert (reply.status, reply.code in ("not_found", "upload_not_found")) == (404, True)
