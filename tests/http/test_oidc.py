"""Logging in at a real provider: who gets in, who does not, and what is made of what was begun elsewhere."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from uuid import uuid4

import pytest

from app.core.accounts import Account, Role
from app.services.links.passwords import Argon2Hasher
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.migrate import opened
from tests.support.actors import OWNER
from tests.support.client import Client, Reply
from tests.support.live import GENEROUS, LiveServer
from tests.support.oidc import RETURN, Elsewhere, LiveProvider, provider
from tests.support.people import PASSWORD

PUBLIC = "https://files.example.org"
SESSION = "/api/droppr/session"
BEGIN = f"{SESSION}/provider"
OWN = "/api/account/identities"


@dataclass
class Visitor:
    """A browser: it keeps cookies, and says for whom it asks."""

    client: Client
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        sent = {"Sec-Fetch-Site": "same-origin", **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        reply = self.client.call(method, path, json=body, headers=sent)
        for part in reply.headers.get("Set-Cookie", "").split(", droppr_"):
            found: SimpleCookie = SimpleCookie()
            found.load(part if part.startswith("droppr_") else f"droppr_{part}")
            for name, morsel in found.items():
                self.cookies[name] = morsel.value
        return reply

    def begin(self, page: str = "admin") -> str:
        address: str = self.ask("POST", BEGIN, {"page": page}).expect(200).json["address"]
        return address

    def come(self, path: str) -> Reply:
        """As a browser that another site leads here, which leaves out what is for this site alone."""
        kept = {name: text for name, text in self.cookies.items() if not name.endswith("droppr_owner")}
        before, self.cookies = self.cookies, kept
        reply = self.ask(
            "GET", path, **{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Accept": "text/html"}
        )
        self.cookies = before | self.cookies
        return reply

    def log_in(self, name: str) -> Reply:
        return self.come(Elsewhere(name).led_back(self.begin()))

    @property
    def who(self) -> str:
        reply = self.ask("GET", SESSION)
        return reply.json["name"] if reply.status == 200 else f"{reply.status}"


@pytest.fixture(scope="module")
def there() -> Iterator[LiveProvider]:
    with provider(PUBLIC) as found:
        yield found


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, there: LiveProvider) -> Iterator[LiveServer]:
    folder = tmp_path_factory.mktemp("oidc")
    settings: dict[str, Any] = {**there.settings, "DROPPR_PUBLIC_URL": PUBLIC, "DROPPR_OIDC_NEW_ACCOUNTS": "true"}
    with LiveServer(folder, workers=2, **GENEROUS, **settings) as server:
        yield server


@pytest.fixture
def client(house: LiveServer) -> Client:
    return Client.of(house).elsewhere()


@pytest.fixture
def visitor(client: Client) -> Visitor:
    return Visitor(client)


@pytest.fixture
def accounts(house: LiveServer) -> SQLAccounts:
    return SQLAccounts(opened(house.data_dir, LiveServer.databases.get(house.data_dir)), clock=time.time)


def somebody() -> str:
    """A name that nobody has, neither here nor there."""
    return f"p{uuid4().hex[:10]}"


def title_of(reply: Reply) -> str:
    [title] = re.findall(r"<title>(.*?)</title>", reply.body.decode())
    return str(title)


def test_somebody_new_gets_an_account_and_is_known_again(visitor: Visitor, client: Client) -> None:
    ways = visitor.ask("GET", f"{SESSION}/ways").expect(200).json
    assert ways == {"password": True, "provider": {"label": "Example Login"}, "proxy": None}
    reply = visitor.log_in("ann").expect(303)
    assert urljoin(f"http://host{RETURN}", reply.headers["Location"]) == "http://host/admin"
    told = reply.headers["Set-Cookie"]
    assert (told.count("HttpOnly"), told.count("SameSite=Strict"), told.count("SameSite=Lax")) == (3, 2, 1)
    assert visitor.cookies["droppr_log_in"] == "", "what was begun is over"
    me = visitor.ask("GET", SESSION).json
    assert (me["name"], me["display_name"], me["email"], me["role"]) == ("ann", "Ann Lee", "ann@example.org", "member")
    assert not me["has_password"]
    sessions = visitor.ask("GET", "/api/sessions").expect(200).json["sessions"]
    assert [each["way"] for each in sessions if each["current"]] == ["oidc"]
    [known] = visitor.ask("GET", OWN).expect(200).json["identities"]
    assert (known["way"], known["shown"]) == ("oidc", "ann@example.org")
    again = Visitor(client)
    again.log_in("ann").expect(303)
    assert again.who == "ann"
    rows = client.call("GET", "/api/droppr/audit?actor=account:ann", owner=True).expect(200).json["entries"]
    assert [(row["act"], row["way"]) for row in rows[:2]] == [("logged_in", "oidc")] * 2
    assert visitor.ask("DELETE", SESSION).status == 204
    assert (visitor.who, again.who) == ("401", "ann")


def test_names_and_addresses_that_nobody_vouches_for_open_nothing(
    visitor: Visitor, accounts: SQLAccounts, client: Client
) -> None:
    """Somebody at the provider calls themselves as an account here is called, and says that its address is theirs."""
    Visitor(client).log_in("ann").expect(303)
    visitor.log_in("liar").expect(303)
    assert visitor.who.startswith("ann-")
    assert visitor.ask("GET", SESSION).json["email"] == ""
    accounts.add(Account("guest", Role.ADMIN, email="guest@elsewhere.example"), "hash", OWNER)
    other = Visitor(client)
    other.log_in("guest").expect(303)
    assert other.ask("GET", SESSION).json["role"] == "member", "not the account with a password that has that address"


def test_what_was_begun_ends_in_the_same_browser_once_and_in_time(visitor: Visitor, client: Client) -> None:
    back = Elsewhere(somebody()).led_back(visitor.begin())
    kept = dict(visitor.cookies)
    stranger = Visitor(client)
    refused = [
        stranger.come(back),
        Visitor(client, {"droppr_log_in": "made up"}).come(back),
        Visitor(client, {"droppr_log_in": kept["droppr_log_in"] + "x"}).come(back),
    ]
    other = Visitor(client)
    other.begin()
    refused.append(other.come(back))  # What another browser has begun itself.
    refused.append(visitor.come(back.replace("state=", "state=x")))
    refused.append(visitor.come(f"{RETURN}?code=x"))
    for reply in refused:
        reply.expect(403)
        assert title_of(reply) == "You are not logged in"
        assert "droppr_owner" not in reply.headers.get("Set-Cookie", "")
        assert reply.headers["Cache-Control"] == "no-store"
    visitor.come(back).expect(303)
    again = Visitor(client, kept)
    again.come(back).expect(403)
    assert again.who == "401"


def test_the_provider_of_another_does_not_get_the_code(visitor: Visitor) -> None:
    back = Elsewhere(somebody()).led_back(visitor.begin())
    query = {name: each[0] for name, each in parse_qs(urlsplit(back).query).items()}
    without = {name: each for name, each in query.items() if name != "iss"}
    visitor.come(f"{RETURN}?{urlencode({**query, 'iss': 'https://evil.example'})}").expect(401)
    visitor.begin()
    assert visitor.who == "401"
    back = Elsewhere(somebody()).led_back(visitor.begin())
    query = {name: each[0] for name, each in parse_qs(urlsplit(back).query).items()}
    without = {name: each for name, each in query.items() if name != "iss"}
    visitor.come(f"{RETURN}?{urlencode(without)}").expect(401)
    assert visitor.who == "401"


def test_a_code_of_somebody_elses_log_in_is_worth_nothing(visitor: Visitor, client: Client) -> None:
    """Neither the verifier nor the nonce fits: who puts the code of their own log-in in is not believed to be who they are."""
    other = Visitor(client)
    stolen = parse_qs(urlsplit(Elsewhere(somebody()).led_back(other.begin())).query)["code"][0]
    back = Elsewhere(somebody()).led_back(visitor.begin())
    query = {name: each[0] for name, each in parse_qs(urlsplit(back).query).items()}
    visitor.come(f"{RETURN}?{urlencode({**query, 'code': stolen})}").expect(401)
    assert visitor.who == "401"


@pytest.mark.parametrize(
    "page", ["//evil.example", "https://evil.example", "admin/../../x", "", "admin/links/", "admin\n", "request/x"]
)
def test_a_log_in_leads_to_no_other_place(visitor: Visitor, page: str) -> None:
    visitor.ask("POST", BEGIN, {"page": page}).expect(400, "invalid_request")


def test_a_log_in_leads_to_the_page_that_it_was_begun_on(visitor: Visitor) -> None:
    back = Elsewhere(somebody()).led_back(visitor.begin("admin/links/abc-DEF_1"))
    reply = visitor.come(back).expect(303)
    assert urljoin(f"http://host{RETURN}", reply.headers["Location"]) == "http://host/admin/links/abc-DEF_1"


def test_only_pages_of_this_server_begin(visitor: Visitor) -> None:
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    visitor.ask("POST", BEGIN, {}, **foreign).expect(403, "foreign_page")
    visitor.ask("POST", f"{SESSION}/proxy", **foreign).expect(403, "foreign_page")
    visitor.ask("POST", OWN, {}, **foreign).expect(401, "unauthorized")
    # A page that came by another name of this server: the provider would lead back past its cookie.
    other = {"Origin": "http://192.0.2.7", "Host": "192.0.2.7"}
    told = visitor.ask("POST", BEGIN, {}, **other).expect(400, "invalid_request").json["error"]
    assert f"{PUBLIC}/admin" in told


def test_who_gives_up_there_may_begin_again(visitor: Visitor) -> None:
    state = parse_qs(urlsplit(visitor.begin()).query)["state"][0]
    for _ in range(15):  # It is no failure: there is nothing that they could have guessed.
        visitor.come(f"{RETURN}?{urlencode({'error': 'access_denied', 'state': state})}").expect(401)
    visitor.log_in(somebody()).expect(303)


def test_made_up_returns_are_counted_with_wrong_passwords(client: Client) -> None:
    stranger = Visitor(client.elsewhere())
    for _ in range(10):
        stranger.come(f"{RETURN}?code=x&state=y").expect(403)
    reply = stranger.come(f"{RETURN}?code=x&state=y").expect(429)
    assert "Retry-After" in reply.headers
    stranger.ask("POST", BEGIN, {}).expect(429, "too_many_attempts")
    login = {"name": somebody(), "password": "x"}
    assert stranger.ask("POST", SESSION, login).status == 429
    [row] = client.call("GET", f"/api/droppr/audit?q={stranger.client.source}&way=oidc", owner=True).json["entries"][
        -1:
    ]
    assert (row["act"], row["way"]) == ("log_in_failed", "oidc")


def test_who_is_switched_off_or_removed_stays_out_until_let_in_again(visitor: Visitor, client: Client) -> None:
    name = somebody()
    visitor.log_in(name).expect(303)
    account = f"/api/accounts/{name}"
    client.call("PATCH", account, json={"disabled": True}, owner=True).expect(200)
    assert "switched off" in visitor.log_in(name).expect(403).body.decode()
    assert visitor.who == "401"
    client.call("PATCH", account, json={"disabled": False}, owner=True).expect(200)
    visitor.log_in(name).expect(303)
    client.call("DELETE", account, owner=True).expect(200)
    for _ in range(2):
        assert "removed" in visitor.log_in(name).expect(403).body.decode()
    assert visitor.who == "401"


def test_an_invitation_for_a_verified_address_is_taken_by_whoever_has_it(client: Client) -> None:
    invited = {"role": "viewer", "teams": ["tax"], "email": "Boss@Example.org"}
    client.call("POST", "/api/accounts/invitations", json=invited, owner=True).expect(201)
    boss = Visitor(client)
    boss.log_in("boss").expect(303)
    me = boss.ask("GET", SESSION).json
    assert (me["name"], me["role"], me["teams"]) == ("boss", "viewer", ["tax"])
    left = client.call("GET", "/api/accounts/invitations", owner=True).json["invitations"]
    assert left == []


@pytest.fixture
def ann(accounts: SQLAccounts) -> str:
    """Somebody here with a password."""
    name = somebody()
    accounts.add(Account(name, Role.MEMBER), Argon2Hasher().hash(PASSWORD), OWNER)
    return name


def test_one_adds_and_takes_away_ways_in_of_ones_own(visitor: Visitor, client: Client, ann: str) -> None:
    there = somebody()
    visitor.ask("POST", SESSION, {"name": ann, "password": PASSWORD}).expect(204)
    assert set(visitor.ask("POST", OWN, {"password": "wrong"}).expect(400, "invalid_request").json["fields"]) == {
        "password"
    }
    address = visitor.ask("POST", OWN, {"password": PASSWORD}).expect(200).json["address"]
    reply = visitor.come(Elsewhere(there).led_back(address)).expect(303)
    assert reply.headers["Location"].endswith("/admin?accounts")
    assert "droppr_owner" not in reply.headers["Set-Cookie"], "the session is the same"
    [known] = visitor.ask("GET", OWN).json["identities"]
    other = Visitor(client)
    other.log_in(there).expect(303)
    assert other.who == ann
    # It is of one account: no other can take it over.
    thief = Visitor(client)
    thief.log_in(somebody()).expect(303)
    address = thief.ask("POST", OWN, {}).expect(200).json["address"]
    assert "another account" in thief.come(Elsewhere(there).led_back(address)).expect(409).body.decode()
    thief.ask("DELETE", f"{OWN}/{known['id']}").expect(404, "identity_not_found")
    [own] = thief.ask("GET", OWN).json["identities"]
    thief.ask("DELETE", f"{OWN}/{own['id']}").expect(409, "last_way_in")
    visitor.ask("DELETE", f"{OWN}/{known['id']}").expect(204)
    assert (visitor.who, other.who) == (ann, "401"), "what began by it has ended"
    visitor.ask("DELETE", f"{OWN}/{known['id']}").expect(404, "identity_not_found")
    assert visitor.ask("GET", OWN).json["identities"] == []
    acts = [row["act"] for row in client.call("GET", f"/api/droppr/audit?q={ann}", owner=True).json["entries"]]
    assert {"identity_added", "identity_removed"} <= {*acts}


def test_who_was_logged_out_meanwhile_adds_nothing(visitor: Visitor, ann: str) -> None:
    visitor.ask("POST", SESSION, {"name": ann, "password": PASSWORD}).expect(204)
    back = Elsewhere(somebody()).led_back(visitor.ask("POST", OWN, {"password": PASSWORD}).json["address"])
    visitor.ask("DELETE", SESSION).expect(204)
    visitor.come(back).expect(401)
    visitor.ask("POST", SESSION, {"name": ann, "password": PASSWORD}).expect(204)
    assert visitor.ask("GET", OWN).json["identities"] == []


def test_admins_see_and_take_away_others_ways_in(client: Client) -> None:
    name = somebody()
    Visitor(client).log_in(name).expect(303)
    path = f"/api/accounts/{name}/identities"
    [known] = client.call("GET", path, owner=True).expect(200).json["identities"]
    client.call("DELETE", f"{path}/{known['id']}", owner=True).expect(204)
    client.call("GET", "/api/accounts/nobody-at-all/identities", owner=True).expect(404, "account_not_found")
    # Not to the account by its address, and to no new one either.
    assert "taken away" in Visitor(client).log_in(name).expect(403).body.decode()


def test_an_invitation_is_taken_by_who_one_is_elsewhere(visitor: Visitor, client: Client) -> None:
    made = client.call("POST", "/api/accounts/invitations", json={"role": "viewer", "teams": ["tax"]}, owner=True)
    path = urlsplit(made.expect(201).json["address"]).path
    page = visitor.ask("GET", path).expect(200).body.decode()
    assert "Log in with Example Login" in page
    form = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
    reply = client.call("POST", path, body=b"elsewhere=1", headers=form).expect(200)
    [address] = set(re.findall(r'(?:href="|url=)(http[^"]+)"', reply.body.decode()))
    [begun] = re.findall(r"droppr_log_in=([^;]+)", reply.headers["Set-Cookie"])
    visitor.cookies["droppr_log_in"] = begun
    visitor.come(Elsewhere(somebody()).led_back(unescape(address))).expect(303)
    me = visitor.ask("GET", SESSION).json
    assert (me["role"], me["teams"]) == ("viewer", ["tax"])
    assert client.call("GET", path).status == 404, "it is taken"
