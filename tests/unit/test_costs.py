"""What a call costs does not grow with what strangers have stored.

Every route has its calls in the table below, as a stranger makes them: those of the owner without a token. A route that is
added without one fails here. Each call is made on a server that holds ten of everything and on one that holds ten thousand.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from app.core.tracker import inclusive_pairs
from app.web.wire.gaps import MAX_IN_CHUNK_REPLY, MAX_IN_STATUS
from tests.support.meter import Cost, usual_cost
from tests.support.passkeys import SoftPasskey
from tests.support.worlds import ITEM, KEPT, LIMIT, QUESTION, SIZE, STRANGER, World

FEW, MANY = 10, 10_000
WORK = 3
"""How many times the work of a call on the small server one on the large server may be."""
TIME = 10
"""The same for the processor's time, which other things disturb; a millisecond is always free."""


@dataclass(frozen=True)
class Call:
    """A call on one route. ``make`` makes it anew each time, ``status`` is what it is answered with."""

    name: str
    method: str
    rule: str
    status: int
    make: Callable[[World], Any]


R = "/api/droppr/requests"
H = f"{R}/<hash>"
REMINDERS = "/api/droppr/reminders"
SHARES = "/api/droppr/shares"
SESSION = "/api/droppr/session"


def get(name: str, rule: str, status: int, path: Callable[[World], str]) -> Call:
    return Call(name, "GET", rule, status, lambda world: world.call("GET", path(world)))


PART = {"start": 0, "length": 1, "sha256": "0" * 64}


def post(name: str, rule: str, status: int, path: str, body: Callable[[World], Any]) -> Call:
    def make(world: World) -> Any:
        return world.call("POST", f"{world.link}{path}", json=body(world))

    return Call(name, "POST", rule, status, make)


def owners(method: str, rule: str, path: str = "") -> Call:
    """One of the owner's calls: to a stranger it costs what a refusal costs."""
    return Call(
        "owner",
        method,
        rule,
        401,
        lambda world: world.call(method, path or rule.replace("<hash>", world.hash), json={}),
    )


def chunk(world: World, upload_id: str, offset: int, data: bytes, method: str = "POST", **headers: str) -> Any:
    sent = {"X-Upload-Id": upload_id, "X-Upload-Offset": str(offset), **headers}
    return world.call(method, f"{world.link}/upload-chunk", data=data, headers=sent)


def first_chunk(name: str) -> Callable[[World], Any]:
    def make(world: World) -> Any:
        sent = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Name": name}
        return world.call("POST", f"{world.link}/upload-chunk", data=b"x", headers=sent)

    return make


def pack_of(*paths: str) -> Callable[[World], Any]:
    def make(world: World) -> Any:
        lines = b"".join(json.dumps({"path": path, "size": 0}).encode() + b"\n" for path in paths)
        return world.call("POST", f"{world.link}/pack", data=lines)

    return make


def form(world: World) -> Any:
    return world.call("POST", f"{world.link}/upload", data={"file": (io.BytesIO(b"x"), "same.txt")})


def cancelled(world: World) -> Any:
    return world.call("DELETE", f"{world.link}/uploads/{world.opened(world.fresh(), 5)}")


def guess(world: World) -> Any:
    sent = {"X-Request-Password": "x" * 300}
    client = {"REMOTE_ADDR": f"203.0.113.{next(world.numbers) % 250}"}
    return world.client.post(
        f"{R}/{world.locked}/uploads", json={"path": "x", "size": 5}, headers=sent, environ_base=client
    )


def own_checklist(world: World) -> Any:
    return world.call("GET", f"{R}/{world.asking}/checklist", headers=KEPT)


def answers(world: World) -> Any:
    said = {QUESTION.id: world.fresh()}
    return world.call("PUT", f"{R}/{world.asking}/answers", headers=KEPT, json=said)


def for_an_item(world: World) -> Any:
    sent = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Name": world.fresh(), "X-Upload-Item": ITEM.id}
    return world.call("POST", f"{R}/{world.asking}/upload-chunk", data=b"x", headers={**sent, **KEPT})


def shared_file(world: World) -> Any:
    shares = world.services.received.shares
    [file] = shares.contents(world.shared).files
    return world.call("GET", f"{SHARES}/{world.shared.hash}/files/{shares.name_of(world.shared, file)}")


def far(world: World) -> dict[str, str]:
    """Where a stranger is who has made no mistake yet."""
    number = next(world.numbers)
    return {"REMOTE_ADDR": f"203.{number // 250 % 250}.113.{number % 250}"}


def joining(world: World, method: str) -> Any:
    path = f"/join/{world.fresh():x<43}"
    return world.client.open(path, method=method, data=b"name=x", environ_base=far(world))


def by_passkey(world: World) -> Any:
    passkey = SoftPasskey().signed({"challenge": "AAAA"})
    return world.client.post("/api/droppr/session", json={"passkey": passkey}, environ_base=far(world))


def by_name(world: World) -> Any:
    body = {"name": world.fresh(), "password": "wrong password"}
    return world.client.post("/api/droppr/session", json=body, environ_base=far(world))


CALLS = [
    owners("POST", R),
    owners("GET", R),
    owners("PATCH", H),
    owners("DELETE", H),
    owners("GET", f"{H}/files"),
    owners("GET", f"{H}/senders", f"{R}/x/senders"),
    owners("POST", f"{H}/selections", f"{R}/x/selections"),
    owners("POST", f"{H}/deletions", f"{R}/x/deletions"),
    owners("POST", f"{H}/restorations", f"{R}/x/restorations"),
    owners("POST", f"{H}/seen", f"{R}/x/seen"),
    owners("GET", f"{H}/parties", f"{R}/x/parties"),
    owners("PUT", f"{H}/parties/<party>/items/<item>", f"{R}/x/parties/p/items/i"),
    owners("POST", f"{H}/files/<anypath:path>/pass-on", f"{R}/x/files/a/pass-on"),
    owners("GET", f"{H}/files/<anypath:path>", f"{R}/x/files/a"),
    owners("DELETE", f"{H}/files/<anypath:path>", f"{R}/x/files/a"),
    owners("PATCH", f"{H}/files/<anypath:path>", f"{R}/x/files/a"),
    owners("GET", f"{H}/archive", f"{R}/x/archive"),
    owners("GET", "/api/droppr/archive", "/api/droppr/archive?links=x"),
    owners("GET", f"{H}/bin", f"{R}/x/bin"),
    owners("GET", f"{H}/looks/<upload_id>", f"{R}/x/looks/u"),
    owners("GET", f"{H}/copies/<upload_id>", f"{R}/x/copies/u"),
    owners("GET", f"{H}/looks/<upload_id>/picture", f"{R}/x/looks/u/picture"),
    owners("GET", f"{H}/looks/<upload_id>/content", f"{R}/x/looks/u/content"),
    owners("POST", f"{H}/bin/<upload_id>/restore", f"{R}/x/bin/u/restore"),
    owners("DELETE", f"{H}/bin/<upload_id>", f"{R}/x/bin/u"),
    owners("GET", f"{H}/shares", f"{R}/x/shares"),
    owners("POST", SHARES),
    owners("PATCH", f"{SHARES}/<share>", f"{SHARES}/x"),
    owners("DELETE", f"{SHARES}/<share>", f"{SHARES}/x"),
    get("share", f"{SHARES}/<share>", 200, lambda world: f"{SHARES}/{world.shared.hash}"),
    get("no share", f"{SHARES}/<share>", 404, lambda world: f"{SHARES}/{world.fresh():A<32}"),
    Call("shared file", "GET", f"{SHARES}/<share>/files/<id>", 200, shared_file),
    get("no shared file", f"{SHARES}/<share>/files/<id>", 404, lambda world: f"{SHARES}/{world.shared.hash}/files/x"),
    get("shared archive", f"{SHARES}/<share>/archive", 200, lambda world: f"{SHARES}/{world.shared.hash}/archive"),
    get("receivers' page", "/download/<share>", 200, lambda world: f"/download/{world.shared.hash}"),
    Call(
        "password of a share",
        "POST",
        "/download/<share>",
        303,
        lambda world: world.call("POST", f"/download/{world.shared.hash}", data=b"password=x"),
    ),
    owners("GET", f"{H}/uploads"),
    owners("DELETE", f"{H}/uploads"),
    owners("GET", "/api/search"),
    owners("GET", "/api/entities"),
    owners("GET", "/api/entities/<entity_id>", "/api/entities/x"),
    owners("DELETE", "/api/entities/<entity_id>", "/api/entities/x"),
    owners("GET", "/api/entities/<entity_id>/search", "/api/entities/x/search"),
    owners("GET", "/api/entities/<entity_id>/files", "/api/entities/x/files"),
    owners("GET", "/api/entities/<entity_id>/files/<document_id>", "/api/entities/x/files/y"),
    owners("DELETE", "/api/entities/<entity_id>/files/<document_id>", "/api/entities/x/files/y"),
    owners("GET", "/api/entities/<entity_id>/files/<document_id>/similar", "/api/entities/x/files/y/similar"),
    owners("POST", "/api/entities/<entity_id>/files", "/api/entities/x/files"),
    owners("POST", "/api/entities/<entity_id>/uploads", "/api/entities/x/uploads"),
    owners("GET", "/api/entities/<entity_id>/uploads/<upload_id>", "/api/entities/x/uploads/y"),
    owners("DELETE", "/api/entities/<entity_id>/uploads/<upload_id>", "/api/entities/x/uploads/y"),
    *(
        owners(each, "/api/entities/<entity_id>/upload-chunk", "/api/entities/x/upload-chunk")
        for each in ("POST", "PUT", "PATCH")
    ),
    owners("GET", "/api/messages"),
    owners("GET", "/api/messages/<message_id>", "/api/messages/x"),
    owners("POST", "/api/messages/<message_id>/redelivery", "/api/messages/x/redelivery"),
    owners("POST", "/api/messages/test"),
    owners("POST", f"{H}/invitations", f"{R}/x/invitations"),
    owners("GET", f"{H}/reminders", f"{R}/x/reminders"),
    owners("POST", f"{H}/reminders", f"{R}/x/reminders"),
    Call("made up", "GET", f"{REMINDERS}/<token>", 404, lambda world: world.call("GET", f"{REMINDERS}/{'x' * 43}")),
    Call("made up", "POST", f"{REMINDERS}/<token>", 404, lambda world: world.call("POST", f"{REMINDERS}/{'x' * 43}")),
    owners("GET", "/api/endpoints"),
    owners("POST", "/api/endpoints"),
    owners("PATCH", "/api/endpoints/<endpoint_id>", "/api/endpoints/x"),
    owners("DELETE", "/api/endpoints/<endpoint_id>", "/api/endpoints/x"),
    owners("POST", "/api/endpoints/<endpoint_id>/secret", "/api/endpoints/x/secret"),
    owners("GET", "/api/droppr/news"),
    owners("GET", "/api/droppr/news/stream"),
    owners("GET", "/api/droppr/push"),
    owners("POST", "/api/droppr/push"),
    owners("DELETE", "/api/droppr/push/<browser_id>", "/api/droppr/push/x"),
    owners("POST", "/api/droppr/push/<browser_id>/test", "/api/droppr/push/x/test"),
    owners("GET", "/api/droppr/audit"),
    owners("GET", "/api/settings"),
    owners("PATCH", "/api/settings"),
    owners("PUT", "/api/settings/logo"),
    owners("DELETE", "/api/settings/logo"),
    owners("POST", "/api/settings/test-mail"),
    owners("POST", "/api/droppr/audit/erasures"),
    owners("GET", "/metrics"),
    owners("GET", "/api/v1/system/upload-status"),
    owners("GET", "/api/v1/system/upload-events"),
    owners("GET", "/api/droppr/session"),
    owners("GET", "/api/accounts"),
    owners("POST", "/api/accounts"),
    owners("PATCH", "/api/accounts/<name>", "/api/accounts/x"),
    owners("DELETE", "/api/accounts/<name>", "/api/accounts/x"),
    owners("GET", "/api/accounts/invitations"),
    owners("POST", "/api/accounts/invitations"),
    owners("DELETE", "/api/accounts/invitations/<id>", "/api/accounts/invitations/x"),
    owners("POST", "/api/accounts/invitations/<id>/mail", "/api/accounts/invitations/x/mail"),
    owners("GET", "/api/templates"),
    owners("POST", "/api/templates"),
    owners("GET", "/api/templates/<template_id>", "/api/templates/x"),
    owners("PATCH", "/api/templates/<template_id>", "/api/templates/x"),
    owners("DELETE", "/api/templates/<template_id>", "/api/templates/x"),
    owners("GET", "/api/quotas"),
    owners("PUT", "/api/quotas/<owner>", "/api/quotas/x"),
    owners("GET", "/api/sessions"),
    owners("DELETE", "/api/sessions"),
    owners("DELETE", "/api/sessions/<id>", "/api/sessions/x"),
    owners("POST", "/api/account/password"),
    owners("GET", "/api/account/second-factor"),
    owners("POST", "/api/account/second-factor"),
    owners("POST", "/api/account/second-factor/confirmation"),
    owners("POST", "/api/account/second-factor/removal"),
    owners("DELETE", "/api/accounts/<name>/second-factor", "/api/accounts/x/second-factor"),
    owners("GET", "/api/account/passkeys"),
    owners("POST", "/api/account/passkeys"),
    owners("POST", "/api/account/passkeys/confirmation"),
    owners("POST", "/api/account/passkeys/<id>/removal", "/api/account/passkeys/x/removal"),
    owners("GET", "/api/account/identities"),
    owners("POST", "/api/account/identities"),
    owners("DELETE", "/api/account/identities/<id>", "/api/account/identities/x"),
    owners("GET", "/api/accounts/<name>/identities", "/api/accounts/x/identities"),
    owners("DELETE", "/api/accounts/<name>/identities/<id>", "/api/accounts/x/identities/y"),
    owners("GET", "/api/keys"),
    owners("POST", "/api/keys"),
    owners("DELETE", "/api/keys/<id>", "/api/keys/x"),
    Call("made up", "GET", "/join/<code>", 404, lambda world: joining(world, "GET")),
    Call("made up", "POST", "/join/<code>", 404, lambda world: joining(world, "POST")),
    Call("log in by name", "POST", "/api/droppr/session", 401, by_name),
    Call("log in by a passkey", "POST", "/api/droppr/session", 409, by_passkey),
    Call(
        "ask for a challenge",
        "POST",
        "/api/droppr/session/passkey",
        409,
        lambda world: world.call("POST", "/api/droppr/session/passkey"),
    ),
    get("info", H, 200, lambda world: world.link),
    get("info of a link with a password", H, 200, lambda world: f"{R}/{world.locked}"),
    get("no such link", H, 404, lambda world: f"{R}/{world.fresh():A<32}"),
    Call("checklist", "GET", f"{H}/checklist", 200, own_checklist),
    Call("answers", "PUT", f"{H}/answers", 200, answers),
    Call("send for an item", "POST", f"{H}/upload-chunk", 200, for_an_item),
    get("challenge", "/api/droppr/captcha", 200, lambda _: "/api/droppr/captcha"),
    post("open", f"{H}/uploads", 201, "/uploads", lambda world: {"path": world.fresh(), "size": 5}),
    post(
        "open an empty file of a taken name", f"{H}/uploads", 201, "/uploads", lambda _: {"path": "same.txt", "size": 0}
    ),
    post(
        "open by key",
        f"{H}/uploads",
        201,
        "/uploads",
        lambda _: {"path": "k", "size": 5, "key": "one-key-01234567890123"},
    ),
    Call("guess a password", "POST", f"{H}/uploads", 401, guess),
    get("status", f"{H}/uploads/<upload_id>", 200, lambda world: f"{world.link}/uploads/{world.begun}"),
    get("unknown upload", f"{H}/uploads/<upload_id>", 404, lambda world: f"{world.link}/uploads/{world.fresh():x<32}"),
    get(
        "delivered", f"{H}/uploads/<upload_id>", 200, lambda world: f"{world.link}/uploads/{world.named('received', 7)}"
    ),
    get("expired", f"{H}/uploads/<upload_id>", 410, lambda world: f"{world.link}/uploads/{world.named('expired', 7)}"),
    Call("cancel", "DELETE", f"{H}/uploads/<upload_id>", 204, cancelled),
    Call(
        "cancel what is unknown",
        "DELETE",
        f"{H}/uploads/<upload_id>",
        404,
        lambda world: world.call("DELETE", f"{world.link}/uploads/{world.fresh():x<32}"),
    ),
    Call(
        "take back what is gone",
        "DELETE",
        f"{H}/uploads/<upload_id>",
        409,
        lambda world: world.call("DELETE", f"{world.link}/uploads/{world.named('received', 3)}"),
    ),
    post("folders", f"{H}/folders", 201, "/folders", lambda world: {"paths": [world.fresh()]}),
    post("folders in the way", f"{H}/folders", 201, "/folders", lambda _: {"paths": ["way/below", "way"]}),
    Call("whole file of a taken name", "POST", f"{H}/upload-chunk", 200, first_chunk("same.txt")),
    Call("whole file in a taken folder", "POST", f"{H}/upload-chunk", 200, first_chunk("way/file")),
    Call(
        "chunk among gaps",
        "POST",
        f"{H}/upload-chunk",
        200,
        lambda world: chunk(world, world.strewn, SIZE // 2 + 2 * next(world.numbers), b"x"),
    ),
    Call("repeated chunk", "PUT", f"{H}/upload-chunk", 200, lambda world: chunk(world, world.strewn, 1, b"\0", "PUT")),
    Call(
        "chunk of nothing",
        "PATCH",
        f"{H}/upload-chunk",
        404,
        lambda world: chunk(world, f"{world.fresh():x<32}", 1, b"x", "PATCH"),
    ),
    Call("form", "POST", f"{H}/upload", 200, form),
    Call("pack", "POST", f"{H}/pack", 200, pack_of("same.txt", "way/a", "other.txt")),
    post("receipt", f"{H}/receipts", 200, "/receipts", lambda world: {"uploads": [world.named("received", 5)]}),
    post("no receipt", f"{H}/receipts", 404, "/receipts", lambda world: {"uploads": [world.fresh()]}),
    get("receipt key", "/api/droppr/receipt-key", 200, lambda _: "/api/droppr/receipt-key"),
    post(
        "code", f"{H}/handoffs", 201, "/handoffs", lambda world: {"uploads": [world.begun, world.named("received", 5)]}
    ),
    Call(
        "parts, without a store for them",
        "POST",
        f"{H}/uploads/<upload_id>/parts",
        400,
        lambda world: world.call("POST", f"{world.link}/uploads/{world.begun}/parts", json={"parts": [PART]}),
    ),
    Call(
        "parts that were put, without one",
        "POST",
        f"{H}/uploads/<upload_id>/parts/done",
        400,
        lambda world: world.call("POST", f"{world.link}/uploads/{world.begun}/parts/done", json={"parts": [1]}),
    ),
    post("what has arrived", f"{H}/arrived", 200, "/arrived", lambda world: {"uploads": [world.named("received", 5)]}),
    get("uploads of a code", f"{H}/handoffs/<code>", 200, lambda world: f"{world.link}/handoffs/{world.code}"),
    Call(
        "log in",
        "POST",
        "/api/droppr/session",
        401,
        lambda world: world.client.post(
            "/api/droppr/session",
            json={"token": "wrong"},
            environ_base={"REMOTE_ADDR": f"203.0.113.{next(world.numbers) % 250}"},
        ),
    ),
    Call("ways", "GET", f"{SESSION}/ways", 200, lambda world: world.call("GET", f"{SESSION}/ways")),
    Call(
        "no provider",
        "POST",
        f"{SESSION}/provider",
        404,
        lambda world: world.call("POST", f"{SESSION}/provider", json={}),
    ),
    Call(
        "nothing begun",
        "GET",
        f"{SESSION}/provider/return",
        404,
        lambda world: world.call("GET", f"{SESSION}/provider/return"),
    ),
    Call("no proxy", "POST", f"{SESSION}/proxy", 401, lambda world: world.call("POST", f"{SESSION}/proxy", json={})),
    Call("log out", "DELETE", "/api/droppr/session", 204, lambda world: world.call("DELETE", "/api/droppr/session")),
    get("the interface", "/api/openapi.json", 200, lambda _: "/api/openapi.json"),
    get("its page", "/api/docs", 200, lambda _: "/api/docs"),
    get("health", "/healthz", 200, lambda _: "/healthz"),
    get("readiness", "/readyz", 200, lambda _: "/readyz"),
    get(
        "progress",
        "/api/v1/system/upload-progress/<upload_id>",
        200,
        lambda world: f"/api/v1/system/upload-progress/{world.strewn}",
    ),
    # What a socket tells of an upload is what the status tells; tests/http/test_websocket.py has the rest.
    get("no socket", "/ws_api/upload_parallel/<file_id>", 400, lambda world: f"/ws_api/upload_parallel/{world.begun}"),
    get("start", "/", 200, lambda _: "/"),
    get("admin's page", "/admin", 200, lambda _: "/admin"),
    get("page of settings", "/admin/settings", 200, lambda _: "/admin/settings"),
    get("page of who did what", "/admin/audit", 200, lambda _: "/admin/audit"),
    get("page of a document", "/admin/document", 200, lambda _: "/admin/document"),
    get("admin's page of a link", "/admin/links/<hash>", 200, lambda world: f"/admin/links/{world.hash}"),
    get("admin's worker", "/admin/push-worker.js", 200, lambda _: "/admin/push-worker.js"),
    get("an icon", "/icon-<name>.png", 200, lambda _: "/icon-192.png"),
    get("sender's page", "/request/<hash>", 200, lambda world: f"/request/{world.hash}"),
    get("no asset", "/assets/<path:name>", 404, lambda _: "/assets/none.js"),
    get("no logo", "/logo", 404, lambda _: "/logo"),
    get("a link's logo", "/logo/<hash>/<digest>", 404, lambda world: f"/logo/{world.hash}/{'0' * 64}"),
    owners("PUT", f"{H}/logo", f"{R}/x/logo"),
    owners("DELETE", f"{H}/logo", f"{R}/x/logo"),
    get("readable address", "/to/<alias>", 404, lambda world: f"/to/{world.fresh()}"),
]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:
    return World(tmp_path_factory.mktemp("few"), FEW), World(tmp_path_factory.mktemp("many"), MANY)


def test_every_route_is_in_the_table(worlds: tuple[World, World]) -> None:
    rules = worlds[0].client.application.url_map.iter_rules()
    routes = {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert routes == {(call.method, call.rule) for call in CALLS}


@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call.method} {call.rule} ({call.name})")
def test_a_call_costs_the_same_however_much_is_stored(worlds: tuple[World, World], call: Call) -> None:
    assert [call.make(world).status_code for world in worlds] == [call.status] * 2
    few, many = (usual_cost(partial(call.make, world)) for world in worlds)
    compare(few, many, WORK)


def compare(few: Cost, many: Cost, factor: float) -> None:
    told = f"{few} became {many}"
    assert many.work <= factor * few.work, told
    assert many.system_calls <= factor * few.system_calls + 10, told
    assert many.ledger_looks <= factor * few.ledger_looks, told
    assert many.reply_bytes <= factor * few.reply_bytes + 16 * 1024, told
    assert many.seconds <= TIME * few.seconds + 0.001, told


def some(world: World, kind: str, amount: int) -> dict[str, list[str]]:
    return {"uploads": [world.named(kind, number) for number in range(amount)]}


def fresh_pack(world: World, amount: int, *, equal: bool) -> Any:
    name = world.fresh()
    return pack_of(*(f"{name}.txt" if equal else f"{name}-{number}.txt" for number in range(amount)))(world)


LISTS: dict[str, Callable[[World, int], Any]] = {
    "pack of equal names": lambda world, amount: fresh_pack(world, amount, equal=True),
    "pack of other names": lambda world, amount: fresh_pack(world, amount, equal=False),
    "folders": lambda world, amount: world.call(
        "POST", f"{world.link}/folders", json={"paths": [f"folder {number}" for number in range(amount)]}
    ),
    "receipt": lambda world, amount: world.call("POST", f"{world.link}/receipts", json=some(world, "received", amount)),
    "no receipt": lambda world, amount: world.call(
        "POST", f"{world.link}/receipts", json=some(world, "made-up", amount)
    ),
    "code of made-up ids": lambda world, amount: world.call(
        "POST", f"{world.link}/handoffs", json=some(world, "made-up", amount)
    ),
    "code of delivered ids": lambda world, amount: world.call(
        "POST", f"{world.link}/handoffs", json=some(world, "received", amount)
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_what_its_items_cost(
    worlds: tuple[World, World], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.senders.handoffs.CODE_LIMIT", LIMIT)
    make, world = LISTS[name], worlds[1]
    few, many = (usual_cost(partial(make, world, amount), tries=1) for amount in (10, 200))
    told = f"{few} became {many}"
    assert many.work <= 20 * WORK * few.work, told
    assert many.system_calls <= 20 * WORK * few.system_calls, told
    assert many.seconds <= 20 * TIME * few.seconds, told
    if "pack" not in name:
        assert many.ledger_looks == few.ledger_looks, told


def test_gaps_are_cut_off_and_none_of_them_is_left_out(worlds: tuple[World, World]) -> None:
    world = worlds[1]
    session = world.services.receiving.uploads.status(world.hash, world.strewn)
    gaps = inclusive_pairs(session.missing(2 * MANY))
    told = world.call("GET", f"{world.link}/uploads/{world.strewn}").json
    assert len(told["missing_ranges"]) == len(told["received_ranges"]) == MAX_IN_STATUS
    assert told["missing_ranges_truncated"] is told["received_ranges_truncated"] is True
    assert told["missing_ranges"][:-1] == [list(gap) for gap in gaps[: MAX_IN_STATUS - 1]]
    assert told["missing_ranges"][-1] == [gaps[MAX_IN_STATUS - 1][0], SIZE - 1]
    assert told["received_bytes"] == session.received_bytes
    few = chunk(world, world.strewn, 1, b"\0").json
    assert few["missing_ranges"] == [list(gap) for gap in gaps[:MAX_IN_CHUNK_REPLY]]
    assert (few["missing_ranges_truncated"], few["offset"]) == (True, 0)
    code = world.services.senders.handoffs.make(world.hash, [world.strewn], STRANGER).code
    [listed] = world.call("GET", f"{world.link}/handoffs/{code}").json["uploads"]
    assert len(listed["missing_ranges"]) == len(listed["received_ranges"]) == 10
    assert listed["missing_ranges"][-1][1] == SIZE - 1
