"""Quotas over HTTP: set by admins, and a full account looks to senders as a full link does."""

from __future__ import annotations

import secrets

from tests.support.client import Client, Reply


def put(client: Client, owner: str, most: object) -> Reply:
    return client.call("PUT", f"/api/quotas/{owner}", json={"most": most}, owner=True)


def test_a_full_account_says_no_more_to_senders_than_a_full_link(client: Client) -> None:
    name = f"ann-{secrets.token_hex(4)}"
    body = {"name": name, "password": "long and secret", "teams": [f"t{name}"]}
    client.call("POST", "/api/accounts", json=body, owner=True).expect(201)
    account = f"account:{name}"
    assert put(client, name, 10_000).expect(200).json["quota"] == {"owner": account, "most": 10_000, "used": 0}
    one, two = client.make_link(owner=account), client.make_link(owner=account)
    one.deliver("a.bin", b"x" * 6000)
    refused = two.open("b.bin", 6000).expect(413, "request_full")
    full = client.make_link(max_total_size=5000).open("b.bin", 6000).expect(413, "request_full")
    assert refused.json["error"] == full.json["error"]
    assert "limit" not in refused.json
    assert name not in refused.body.decode()
    listed = client.call("GET", "/api/quotas", owner=True).json["quotas"]
    assert {"owner": account, "most": 10_000, "used": 6000} in listed
    client.call("DELETE", f"{one.path}/files/a.bin", owner=True).expect(200)
    two.deliver("b.bin", b"x" * 6000)
    assert put(client, f"team:t{name}", 5).expect(200).json["quota"]["used"] == 0
    assert put(client, f"team:t{name}", 0).expect(200).json == {"quota": None}
    client.call("DELETE", f"/api/accounts/{name}", owner=True).expect(200)
    assert account not in {each["owner"] for each in client.call("GET", "/api/quotas", owner=True).json["quotas"]}


def test_what_is_no_quota_is_refused_and_says_why(client: Client) -> None:
    put(client, "nobody-at-all", 5).expect(404, "account_not_found")
    for owner in ("team:nobody-at-all", "owner:x", ":x", "team:", "account:Ann"):
        put(client, owner, 5).expect(400, "invalid_request")
    for most in (-1, 2**53, 1.5, "50G", None, True):
        put(client, "nobody-at-all", most).expect(400, "invalid_request")
