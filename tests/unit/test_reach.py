"""Nobody sees what is others', by any call.

Every route that is for owners stands in the table below; one that is added without a row fails here. A member who calls it about
somebody else's link, file, share, message, endpoint or entity is answered as if there were none, to the byte; what is the server's own
is for admins. Who may only look changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from app.core.accounts import Account
from app.core.errors import AdminsOnly
from app.core.remotes import RemoteTarget, TargetKind
from app.core.terms import Terms
from app.services.links.whose import check_change
from tests.support.neighbours import ANN, BOB, EVE, ROOT, Belongings, Neighbours, recognised_by_name
from tests.support.owners_calls import ROWS, E, H, R, Row, S
from tests.support.searched import form

ALSO_OWNERS = {("GET", H), ("DELETE", f"{H}/uploads/<upload_id>")}
"""Calls of senders that owners make, too, where they say that they do."""
ABOUT = [row for row in ROWS if row.others == 404]
CHANGING = [row for row in ROWS if not row.looks]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    with recognised_by_name():
        yield Neighbours(tmp_path_factory.mktemp("neighbours"))


def test_every_call_of_owners_is_in_the_table(here: Neighbours) -> None:
    app = here.house.client.application
    owners = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if hasattr(app.view_functions[rule.endpoint], "for_owner")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert owners | ALSO_OWNERS == {(row.method, row.rule) for row in ROWS}


@pytest.mark.parametrize("row", ABOUT, ids=str)
def test_what_is_others_is_answered_like_what_there_is_not(here: Neighbours, row: Row) -> None:
    before = everything(here) if not row.looks else None
    for who in (ANN, EVE):
        unknown = said(here, who, row, row.rule)
        assert unknown["status"] == 404, unknown
        for others in (*here.foreign, *((here.anns,) if who is EVE else ())):
            assert said(here, who, row, others.named(row.rule)) == unknown
    assert before is None or everything(here) == before


@pytest.mark.parametrize("row", [row for row in ROWS if row.others == 403], ids=str)
def test_what_is_the_servers_own_is_for_admins(here: Neighbours, row: Row) -> None:
    for who in (ANN, EVE):
        told = said(here, who, row, row.rule)
        assert (told["status"], told["code"]) == (403, "admins_only")
    assert here.ask(ROOT, "GET", "/api/v1/system/upload-status").status_code == 200


@pytest.mark.parametrize("row", CHANGING, ids=str)
def test_who_may_only_look_changes_nothing(here: Neighbours, row: Row) -> None:
    before = everything(here)
    told = said(here, EVE, row, here.teams.named(row.rule), here.teams)
    expected = "admins_only" if row.others == 403 else "read_only"
    assert (told["status"], told["code"]) == (403, expected)
    assert everything(here) == before


@pytest.mark.parametrize("row", [row for row in ABOUT if row.looks], ids=str)
def test_what_is_a_teams_is_shown_to_all_of_the_team(here: Neighbours, row: Row) -> None:
    for who in (ANN, EVE):
        told = said(here, who, row, here.teams.named(row.rule), here.teams)
        # Of some things there is nothing to see, such as a picture of a text; but nobody is sent away.
        assert told["status"] not in (401, 403), told
        assert told["code"] not in ("request_not_found", "entity_not_found"), told


def test_a_member_does_what_an_owner_does_with_links_of_theirs_and_of_their_team(here: Neighbours) -> None:
    for mine in (here.anns, here.teams):
        assert here.ask(ANN, "PATCH", f"{R}/{mine.hash}", json={"note": "read"}).json["note"] == "read"
        made = here.ask(ANN, "POST", S, json={"link": mine.hash})
        assert made.status_code == 201
        assert here.ask(ANN, "DELETE", f"{S}/{made.json['hash']}").status_code == 204
        made = here.ask(ANN, "POST", "/api/endpoints", json={"url": "https://93.184.215.14/mine", "link": mine.hash})
        assert made.status_code == 201
        [test] = here.ask(ANN, "POST", "/api/messages/test", json={"endpoint": made.json["id"]}).json["messages"]
        assert here.ask(ANN, "GET", f"/api/messages/{test['id']}").json["recipient"] == made.json["id"]
        assert here.ask(ANN, "DELETE", f"/api/endpoints/{made.json['id']}").status_code == 204


LISTS = [
    (f"{R}", "requests"),
    (f"{R}?limit=100&sort=title", "requests"),
    (f"{R}?limit=100&sort=last_received&state=open", "requests"),
    ("/api/messages", "messages"),
    ("/api/messages?limit=100", "messages"),
    ("/api/messages?link=<hash>", "messages"),
    ("/api/endpoints", "endpoints"),
    ("/api/entities", "entities"),
    ("/api/entities?limit=100", "entities"),
    ("/api/search?q=says", "results"),
    ("/api/search?q=says&link=<hash>", "results"),
    ("/api/search?q=says&entity=<entity_id>", "results"),
    ("/api/search?q=says&format=context", "passages"),
    ("/api/droppr/audit", "entries"),
    ("/api/droppr/audit?limit=1000", "entries"),
    ("/api/droppr/audit?link=<hash>", "entries"),
    ("/api/droppr/audit?q=stuff", "entries"),
    ("/api/droppr/audit?format=jsonl", ""),
    ("/api/droppr/audit?format=csv", ""),
]


@pytest.mark.parametrize(("path", "name"), LISTS, ids=[path for path, _ in LISTS])
def test_lists_hold_nothing_of_others(here: Neighbours, path: str, name: str) -> None:
    everybodys = {each.word: each for each in (here.bobs, here.anns, here.teams, here.servers)}
    wanted = {
        ANN: {"annstuff", "taxstuff"},
        EVE: {"taxstuff"},
        BOB: {"bobstuff"},
        ROOT: {*everybodys},
    }
    for who, words in wanted.items():
        for each in everybodys.values():
            reply = here.ask(who, "GET", each.named(path))
            assert reply.status_code == 200, reply.text
            told = {word for word, other in everybodys.items() if tells_of(reply.text, other)}
            assert told == (words & {each.word} if "<" in path else words), (who.name, told)
            if name:
                assert bool(reply.json[name]) == bool(told)
    nothing = here.ask(ANN, "GET", here.anns.named(path)).text
    assert "bob" not in nothing


def test_pages_of_a_list_go_on_among_ones_own(here: Neighbours) -> None:
    found: list[str] = []
    cursor = ""
    while True:
        told = here.ask(ANN, "GET", f"{R}?limit=1&sort=title{cursor}").json
        found += [each["hash"] for each in told["requests"]]
        if told["next_cursor"] is None:
            break
        cursor = f"&cursor={told['next_cursor']}"
    assert found == [each["hash"] for each in here.ask(ANN, "GET", f"{R}?sort=title").json["requests"]]
    assert {here.anns.hash, here.teams.hash} < {*found, ""}
    assert not {here.bobs.hash, here.servers.hash} & {*found}
    of_team = here.ask(ANN, "GET", f"{R}?owner=team:tax").json["requests"]
    assert {each["owner"] for each in of_team} == {"team:tax"}
    assert here.ask(ANN, "GET", f"{R}?owner={BOB.owner}").json["requests"] == []


def test_a_link_is_given_to_oneself_and_to_teams_of_ones_own(here: Neighbours) -> None:
    def make(who: Account, **body: Any) -> Any:
        return here.ask(who, "POST", R, json={"folder": "given/here", **body})

    assert (make(ANN).json["owner"], make(ANN).json["folder"]) == (ANN.owner, "accounts/ann/given/here")
    team = make(ANN, owner="team:tax").json
    assert (team["owner"], team["folder"]) == ("team:tax", "teams/tax/given/here")
    again = here.ask(ANN, "POST", R, json={"folder": team["folder"], "owner": "team:tax"}).json
    assert again["folder"] == team["folder"]
    assert make(ROOT, owner=ANN.owner).json["folder"] == "given/here"
    assert make(ROOT, owner="account:nobody").json["fields"] == make(ROOT, owner="team:nobody").json["fields"]
    refusals = {make(ANN, owner=each).text for each in (BOB.owner, "owner", "team:other", "account:nobody", "x")}
    refusals |= {here.ask(ANN, "PATCH", f"{R}/{team['hash']}", json={"owner": BOB.owner}).text}
    assert len(refusals) == 1
    assert "owner" in json.loads(refusals.pop())["fields"]
    mine = here.ask(ANN, "PATCH", f"{R}/{team['hash']}", json={"owner": ANN.owner}).json
    assert (mine["owner"], mine["folder"]) == (ANN.owner, "teams/tax/given/here")
    assert here.ask(EVE, "GET", f"{R}/{team['hash']}?as=owner").status_code == 404
    [row] = here.ask(ROOT, "GET", f"/api/droppr/audit?link={team['hash']}&act=link_changed").json["entries"]
    assert (row["facts"]["changed"], row["facts"]["owner"]) == (["owner"], ANN.owner)


def test_templates_are_for_those_whose_they_are_and_the_admins_for_all(here: Neighbours) -> None:
    at = "/api/templates"
    saved = {
        who: here.ask(who, "POST", at, json={"name": f"Of {who.name}", "link": hash}).json["id"]
        for who, hash in ((ANN, here.anns.hash), (BOB, here.bobs.hash), (ROOT, here.anns.hash))
    }
    public = here.ask(ROOT, "POST", at, json={"name": "For all", "link": here.anns.hash, "owner": "owner"}).json["id"]
    assert {each["id"] for each in here.ask(ANN, "GET", at).json["templates"]} == {saved[ANN], public}
    assert here.ask(ANN, "GET", f"{at}/{public}").status_code == 200
    assert here.ask(ANN, "POST", R, json={"folder": "x", "template": public}).status_code == 201
    # Others' are answered as if they were not there, and those for all are not everybody's to change.
    unknown = here.ask(ANN, "GET", f"{at}/nothing").text
    for method, id in (
        ("GET", saved[BOB]),
        ("GET", saved[ROOT]),
        ("PATCH", public),
        ("DELETE", public),
        ("DELETE", saved[BOB]),
    ):
        reply = here.ask(ANN, method, f"{at}/{id}", json={"name": "mine"} if method == "PATCH" else None)
        assert (reply.status_code, reply.text) == (404, unknown), (method, id)
    assert here.ask(ANN, "POST", R, json={"folder": "x", "template": saved[BOB]}).status_code == 404
    assert here.ask(ANN, "POST", at, json={"name": "x", "link": here.bobs.hash}).status_code == 404
    assert here.ask(EVE, "DELETE", f"{at}/{public}").status_code in (403, 404)
    assert len(here.ask(ROOT, "GET", at).json["templates"]) == 4


def test_a_folder_of_ones_own_is_left_by_no_way_of_writing_it(here: Neighbours) -> None:
    for folder in (
        "accounts/someone/x",
        "teams/other/x",
        "accounts",
        "accounts/ann",
        "elsewhere",
        "Accounts/Someone/x",
    ):
        made = here.ask(ANN, "POST", R, json={"folder": folder}).json
        assert made["folder"] == f"accounts/ann/{folder}"
    for folder in ("../bob", "accounts/ann/../bob", "/accounts/bob", "accounts/ann/./x"):
        assert here.ask(ANN, "POST", R, json={"folder": folder}).status_code == 400


def test_what_the_server_may_do_elsewhere_is_lent_to_nobody(here: Neighbours) -> None:
    own, bucket = Terms(), RemoteTarget(TargetKind.S3, bucket="everybodys")
    ann, root = ANN.acting("", ""), ROOT.acting("", "")
    with pytest.raises(AdminsOnly):
        check_change(own, Terms(destination=bucket), ann)
    check_change(own, Terms(destination=bucket), root)
    # What an admin has set stays where something else is changed, and goes where it is taken away.
    check_change(Terms(destination=bucket), Terms(destination=bucket, title="x"), ann)
    check_change(Terms(destination=bucket), own, ann)
    for body in (
        {"url": "https://93.184.215.14/all"},
        {"url": "ntfys://ntfy.sh/topic", "link": here.anns.hash},
        {"url": "ntfys://ntfy.sh/topic"},
    ):
        assert here.ask(ANN, "POST", "/api/endpoints", json=body).json["code"] == "admins_only"
    for body in ({"mail": "x@example.org"}, {}):
        assert here.ask(ANN, "POST", "/api/messages/test", json=body).json["code"] == "admins_only"
    reply = here.ask(ANN, "GET", "/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert reply.json["code"] == "admins_only"


def test_bodies_that_name_what_is_others_are_answered_as_if_they_named_nothing(here: Neighbours) -> None:
    def refused(path: str, name: str, **body: Any) -> set[tuple[int, str]]:
        replies = [here.ask(ANN, "POST", path, json={**body, name: each}) for each in values[name]]
        return {(each.status_code, each.text) for each in replies}

    values = {
        "link": [here.bobs.hash, here.servers.hash, "x" * 32],
        "endpoint": [here.bobs.endpoint, here.servers.endpoint, "ep_0000000000000000"],
    }
    for found in (
        refused(S, "link"),
        refused("/api/endpoints", "link", url="https://93.184.215.14/x"),
        refused("/api/messages/test", "endpoint"),
    ):
        [(status, _)] = found
        assert status == 404


def test_copies_elsewhere_are_told_of_links_within_reach_alone(here: Neighbours) -> None:
    links = {each.word: each.hash for each in (here.anns, here.teams, here.bobs, here.servers)}
    sent = {}
    for word, hash in links.items():
        reply = here.house.client.post(f"{R}/{hash}/upload", **form("everybodys.txt", b"everybody has this"))
        assert reply.status_code == 200, reply.text
        files = here.services.ground.requests.usage(hash).files
        sent[word] = next(each.upload_id for each in files if each.name == "everybodys.txt")

    def told(who: Account, of: Belongings) -> set[str]:
        reply = here.ask(who, "GET", f"{R}/{of.hash}/copies/{sent[of.word]}").json
        assert reply["more"] is False
        return {word for word, hash in links.items() if hash in [each["hash"] for each in reply["copies"]]}

    assert told(ANN, here.anns) == {"taxstuff"}
    assert told(ANN, here.teams) == {"annstuff"}
    assert told(EVE, here.teams) == told(BOB, here.bobs) == set()
    assert told(ROOT, here.bobs) == {*links} - {"bobstuff"}
    [file] = here.ask(ANN, "GET", f"{R}/{here.anns.hash}/copies/{sent['annstuff']}").json["copies"]
    assert (file["title"], file["folder"], file["path"]) == ("taxstuff papers", here.teams.folder, "everybodys.txt")
    assert here.ask(ANN, "GET", f"{R}/{here.anns.hash}/copies/{sent['bobstuff']}").json["copies"] == []

    def listed(who: Account, of: Belongings) -> dict[str, list[str]]:
        files = here.ask(who, "GET", f"{R}/{of.hash}/files?copies=true&limit=200").json["files"]
        assert not any(each["more_copies"] for each in files)
        return {each["name"]: [copy["hash"] for copy in each["copies"]] for each in files if each["copies"]}

    assert listed(ANN, here.anns) == {"everybodys.txt": [here.teams.hash]}
    assert listed(EVE, here.teams) == listed(BOB, here.bobs) == {}
    assert len(listed(ROOT, here.bobs)["everybodys.txt"]) == 3
    for limit in ("", "&limit=201"):
        refused = here.ask(ANN, "GET", f"{R}/{here.anns.hash}/files?copies=true{limit}")
        assert (refused.status_code, "limit=200" in refused.json["error"]) == (400, True)


def test_new_files_are_new_for_each_by_themselves(here: Neighbours) -> None:
    def new(who: Account) -> int:
        told = here.ask(who, "GET", f"{R}/{here.teams.hash}?as=owner").json
        return int(told["files_new"])

    count = new(EVE)
    assert new(ANN) == count >= 1
    assert here.ask(EVE, "POST", f"{R}/{here.teams.hash}/seen", json={"files_arrived": 9}).json == {"files_new": 0}
    assert (new(ANN), new(EVE)) == (count, 0)


def test_on_links_of_others_one_is_a_sender_like_any_other(here: Neighbours) -> None:
    """No password, captcha or answer is spared who has an account, except on links of their own."""
    guarded = here.ask(ANN, "POST", R, json={"folder": "guarded", "password": "right"}).json["hash"]
    link = here.services.links.file_requests.link(guarded)
    assert [each.acting("", "").rules(link.owner) for each in (ANN, EVE, BOB, ROOT)] == [True, False, False, True]
    of_team = here.services.links.file_requests.link(here.teams.hash)
    assert [each.acting("", "").rules(of_team.owner) for each in (ANN, EVE, BOB)] == [True, False, False]


def tells_of(text: str, each: Belongings) -> bool:
    words = (each.hash, each.word, each.entity, each.upload_id, each.share, each.message, each.endpoint)
    return any(word and word in text for word in words)


def said(here: Neighbours, who: Account, row: Row, path: str, about: Belongings | None = None) -> dict[str, Any]:
    """What is answered, as far as it may differ from what is answered to another call."""
    path += row.query if about is None else about.named(row.query)
    path = path.replace("<hash>", "h" * 32).replace("<share>", "s" * 32).replace("<anypath:path>", "none.txt")
    body = row.body
    if about is not None and body is not None:
        body = json.loads(about.named(json.dumps(body)))
    sent = {} if body is None else {"json": body}
    reply = here.ask(who, row.method, path.replace("<", "").replace(">", ""), **sent)
    told = reply.json if reply.is_json else {}
    fixed = {name: value for name, value in reply.headers.items() if name not in ("X-Request-Id", "Date")}
    return {"status": reply.status_code, "code": (told or {}).get("code"), "headers": fixed, "content": reply.data}


def everything(here: Neighbours) -> Any:
    """What an admin sees of all links, which nobody may have changed."""
    asked = [R, "/api/endpoints", "/api/messages"]
    for each in (here.bobs, here.anns, here.teams, here.servers):
        asked += [each.named(rule) for rule in (f"{H}/files", f"{H}/bin", f"{H}/shares", f"{H}/parties", E)]
    return [here.ask(ROOT, "GET", path).text for path in asked]


def test_nothing_tells_that_others_have_a_folder_a_name_or_a_number_of_links(here: Neighbours) -> None:
    """The same folder and the same name as somebody else's, and nothing is counted past them."""
    for folder in ("bobstuff", here.bobs.folder, here.servers.folder):
        made = here.ask(ANN, "POST", R, json={"folder": folder}).json
        sent = here.house.client.post(f"{R}/{made['hash']}/upload", **form("bobstuff.txt", b"hers"))
        assert (sent.json or {}).get("path") == "bobstuff.txt"
        [file] = here.ask(ANN, "GET", f"{R}/{made['hash']}/files").json["files"]
        assert file["path"] == "bobstuff.txt"
        assert (here.house.data / "files" / made["folder"] / "bobstuff.txt").read_bytes() == b"hers"
        assert here.ask(ANN, "DELETE", f"{R}/{made['hash']}").status_code == 204
        assert here.ask(ANN, "DELETE", f"{R}/{made['hash']}?forget=true").status_code == 204
    assert {*here.ask(ANN, "GET", R).json} == {"requests", "default_expires_hours"}
    for path in ("/api/v1/system/upload-status", "/api/v1/system/upload-events"):
        assert {*here.ask(ANN, "GET", path).json} == {"error", "code"}


def test_the_number_that_desks_ask_for_moves_with_ones_own_links_alone(here: Neighbours) -> None:
    def news(who: Account) -> int:
        return int(here.ask(who, "GET", "/api/droppr/news").json["news"])

    before = {who.name: news(who) for who in (ANN, BOB, EVE)}
    assert here.ask(BOB, "PATCH", f"{R}/{here.bobs.hash}", json={"note": "another"}).status_code == 200
    here.house.client.post(f"{R}/{here.bobs.hash}/upload", **form("news.txt", b"news"))
    after = {who.name: news(who) for who in (ANN, BOB, EVE)}
    assert (after["ann"], after["eve"]) == (before["ann"], before["eve"])
    assert after["bob"] != before["bob"]
