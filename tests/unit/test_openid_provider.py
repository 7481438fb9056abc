"""What a provider says is believed only where it is signed by it, for this server, for this log-in and just now; and where it says nothing,
nobody waits for long."""

from __future__ import annotations

import hmac
import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from app.core.access_errors import NotVouched, ProviderAway
from app.core.errors import Busy
from app.core.identities import Vouched
from app.core.ports.identities import Round
from app.storage.oidc import asking
from app.storage.oidc.provider import AWAY_SECONDS, KEPT_SECONDS, KEYS_AGAIN_SECONDS, Client, OpenIDProvider
from tests.support.clock import Now
from tests.support.oidc import CLIENT, SECRET, Elsewhere, LiveProvider

ROUND = Round("https://files.example.org/return", "state", "nonce", "v" * 64)
KEY = RSAKey.generate_key(2048, {"kid": "first"})
OTHER = RSAKey.generate_key(2048, {"kid": "first"})


@dataclass
class Liar:
    """A provider that says what a test wants; ``asked`` is what it was asked, each a path with its form."""

    url: str = ""
    now: Now = field(default_factory=Now)
    metadata: dict[str, Any] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=lambda: [KEY.as_dict(private=False)])
    tokens: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    raw: bytes | None = None
    asked: list[tuple[str, dict[str, list[str]], str]] = field(default_factory=list)

    def answer(self, path: str) -> Any:
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/auth?tenant=1",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/jwks",
                "userinfo_endpoint": f"{self.url}/me",
                **self.metadata,
            },
            "/jwks": {"keys": self.keys},
            "/token": {"access_token": "access", "token_type": "Bearer", **self.tokens},
            "/me": self.userinfo,
        }[path]

    def signed(self, key: Any = KEY, header: dict[str, Any] | None = None, **claims: Any) -> None:
        now = int(self.now())
        usual = {"iss": self.url, "aud": CLIENT, "sub": "sub-1", "nonce": "nonce", "iat": now, "exp": now + 60}
        told = {name: each for name, each in {**usual, "email": "", "groups": [], **claims}.items() if each is not None}
        head = {"alg": "RS256", "kid": "first", **(header or {})}
        self.tokens["id_token"] = jwt.encode(head, told, key, algorithms=[head["alg"]])


@pytest.fixture
def liar() -> Iterator[Liar]:
    found = Liar()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            found.asked.append((self.path, parse_qs(body), self.headers.get("Authorization", "")))
            raw = json.dumps(found.answer(self.path)).encode() if found.raw is None else found.raw
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(raw)))
            self.send_header("Location", "https://evil.example/")
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.signed()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def known(liar: Liar, **more: Any) -> OpenIDProvider:
    return OpenIDProvider(Client(liar.url, CLIENT, SECRET, groups_claim="groups", **more), liar.now)


def vouched(provider: OpenIDProvider, code: str = "code", issuer: str | None = None) -> Vouched:
    return provider.vouched(code, issuer, ROUND)


def test_it_says_who_somebody_is(liar: Liar) -> None:
    provider = known(liar)
    query = parse_qs(urlsplit(provider.address(ROUND)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert {
        name: query[name] for name in ("tenant", "state", "nonce", "response_type", "client_id", "redirect_uri")
    } == {
        "tenant": ["1"],
        "state": ["state"],
        "nonce": ["nonce"],
        "response_type": ["code"],
        "client_id": [CLIENT],
        "redirect_uri": [ROUND.redirect],
    }
    assert ROUND.verifier not in provider.address(ROUND)
    liar.signed(
        email="ann@example.org", email_verified=True, name="Ann", preferred_username="ann", groups=["a", 7, "b"]
    )
    assert vouched(provider) == Vouched(liar.url, "sub-1", "ann", "ann@example.org", "Ann", frozenset({"a", "b"}))
    _, form, authorization = next(each for each in liar.asked if each[0] == "/token")
    assert (form["code"], form["code_verifier"]) == (["code"], [ROUND.verifier])
    assert authorization.startswith("Basic ")
    assert "/me" not in [path for path, _, _ in liar.asked], "it has been told all"
    vouched(provider)
    assert [path for path, _, _ in liar.asked].count("/jwks") == 1


def test_it_is_asked_when_somebody_wants_in_and_at_no_other_time(liar: Liar) -> None:
    provider = known(liar)
    assert liar.asked == []
    provider.address(ROUND)
    liar.now.at += KEPT_SECONDS + 1
    provider.address(ROUND)
    assert [path for path, _, _ in liar.asked] == ["/.well-known/openid-configuration"] * 2


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "another audience": {"aud": "others"},
    "among others, and made for one of them": {"aud": [CLIENT, "others"], "azp": "others"},
    "another log-in": {"nonce": "other"},
    "no log-in": {"nonce": None},
    "long ago": {"exp": 1_000_000},
    "in time to come": {"nbf": 10**11},
    "no end": {"exp": None},
    "nobody": {"sub": None},
    "an empty nobody": {"sub": ""},
    "a number": {"sub": 7},
    "a very long one": {"sub": "x" * 256},
    "what cannot be printed": {"sub": "ann\n"},
    "another access": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_not_for_this_log_in_is_not_believed(liar: Liar, lie: str) -> None:
    liar.signed(**LIES[lie])
    with pytest.raises(NotVouched):
        vouched(known(liar))


def by_public_key(token: str) -> str:
    header = urlsafe_b64encode(b'{"alg":"HS256","kid":"first"}').decode().rstrip("=")
    signed = f"{header}.{token.split('.')[1]}"
    digest = hmac.digest(KEY.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{urlsafe_b64encode(digest).decode().rstrip('=')}"


FORGED: dict[str, Callable[[Liar], None]] = {
    "by another key": lambda liar: liar.signed(OTHER),
    "by the secret that both have": lambda liar: liar.signed(
        OctKey.import_key(SECRET * 2), {"alg": "HS256", "kid": "first"}
    ),
    "by the public key as a secret": lambda liar: liar.tokens.update(id_token=by_public_key(liar.tokens["id_token"])),
    "by nobody": lambda liar: liar.tokens.update(
        id_token=".".join(["eyJhbGciOiJub25lIn0", liar.tokens["id_token"].split(".")[1], ""])
    ),
    "changed": lambda liar: liar.tokens.update(id_token=".".join([*liar.tokens["id_token"].split(".")[:2], "A" * 342])),
    "no token": lambda liar: liar.tokens.update(id_token=None),
    "a list": lambda liar: liar.tokens.update(id_token=["x"]),
    "not one": lambda liar: liar.tokens.update(id_token="x.y"),
}


@pytest.mark.parametrize("forged", FORGED)
def test_what_it_has_not_signed_is_not_believed(liar: Liar, forged: str) -> None:
    FORGED[forged](liar)
    with pytest.raises(NotVouched):
        vouched(known(liar))


def test_mail_addresses_count_where_they_are_verified(liar: Liar) -> None:
    for verified, email in (
        (True, "a@example.org"),
        ("true", "a@example.org"),
        (False, ""),
        (None, ""),
        ("false", ""),
        (1, ""),
    ):
        liar.signed(email="a@example.org", email_verified=verified)
        assert vouched(known(liar)).email == email, verified


def test_what_it_tells_only_who_asks_is_asked_for(liar: Liar) -> None:
    liar.signed(email=None, groups=None)
    liar.userinfo = {"sub": "sub-1", "email": "ann@example.org", "email_verified": True, "groups": "single"}
    found = vouched(known(liar))
    assert (found.email, found.groups) == ("ann@example.org", frozenset({"single"}))
    assert liar.asked[-1][::2] == ("/me", "Bearer access")
    liar.userinfo["sub"] = "sub-2"
    with pytest.raises(NotVouched):
        vouched(known(liar))


def test_new_keys_are_taken_up_and_made_up_ones_cost_little(liar: Liar) -> None:
    provider = known(liar)
    vouched(provider)
    second = RSAKey.generate_key(2048, {"kid": "second"})
    liar.keys = [{"kty": "new kind", "kid": "x"}, second.as_dict(private=False)]
    liar.signed(second, {"kid": "second"})
    for _ in range(3):
        with pytest.raises(NotVouched):
            vouched(provider)
    assert [path for path, _, _ in liar.asked].count("/jwks") == 1
    liar.now.at += KEYS_AGAIN_SECONDS
    liar.signed(second, {"kid": "second"})
    assert vouched(provider).subject == "sub-1"
    liar.signed(second, {"kid": "third"})
    for _ in range(3):
        with pytest.raises(NotVouched):
            vouched(provider)
    assert [path for path, _, _ in liar.asked].count("/jwks") == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": None},
        {"token_endpoint": "ftp://x/"},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": 7},
        {"userinfo_endpoint": "http://["},
    ],
)
def test_what_it_says_of_itself_has_to_make_sense(liar: Liar, metadata: dict[str, Any]) -> None:
    liar.metadata = metadata
    with pytest.raises(ProviderAway):
        known(liar).address(ROUND)


def test_where_it_says_that_it_names_itself_it_has_to(liar: Liar) -> None:
    assert vouched(known(liar), issuer=None).subject == "sub-1"
    assert vouched(known(liar), issuer=liar.url).subject == "sub-1"
    liar.metadata = {"authorization_response_iss_parameter_supported": True}
    for issuer in (None, "https://evil.example", ""):
        before = len(liar.asked)
        with pytest.raises(NotVouched):
            vouched(known(liar), issuer=issuer)
        assert [path for path, _, _ in liar.asked[before:]] == ["/.well-known/openid-configuration"], "it kept the code"


def test_by_which_way_the_secret_is_sent_it_says(liar: Liar) -> None:
    liar.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    vouched(known(liar))
    _, form, authorization = next(each for each in liar.asked if each[0] == "/token")
    assert (form["client_secret"], authorization) == ([SECRET], "")
    liar.asked.clear()
    provider = OpenIDProvider(Client(liar.url, CLIENT, ""), liar.now)
    vouched(provider)
    _, form, authorization = next(each for each in liar.asked if each[0] == "/token")
    assert (form["client_id"], authorization, "client_secret" in form) == ([CLIENT], "", False)


@pytest.mark.parametrize(
    "raw", [b"", b"<html>", b"[]", b"null", b"[" * 100_000, b'{"a":"' + b"x" * asking.MAX_ANSWER_BYTES]
)
def test_an_answer_that_makes_no_sense_is_none(liar: Liar, raw: bytes) -> None:
    liar.raw = raw
    with pytest.raises(ProviderAway):
        known(liar).address(ROUND)


@pytest.mark.parametrize("status", [302, 404, 500])
def test_nor_is_one_that_leads_elsewhere_or_fails(liar: Liar, status: int) -> None:
    liar.status = status
    with pytest.raises(ProviderAway):
        known(liar).address(ROUND)
    assert len(liar.asked) == 1


def test_who_is_refused_there_is_not_vouched_for(liar: Liar) -> None:
    provider = known(liar)
    provider.address(ROUND)
    liar.status, liar.tokens = 400, {"error": "invalid_grant"}
    with pytest.raises(NotVouched):
        vouched(provider)
    for code in ("", "x" * 5000):
        with pytest.raises(NotVouched):
            vouched(provider, code)
    liar.status = 503
    with pytest.raises(ProviderAway):
        vouched(provider)


def test_one_that_is_away_is_not_asked_again_for_a_moment(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = [100.0]
    monkeypatch.setattr("app.storage.oidc.provider.time", SimpleNamespace(monotonic=lambda: seconds[0]))
    provider, liar.status = known(liar), 500
    for _ in range(3):
        with pytest.raises(ProviderAway) as away:
            provider.address(ROUND)
        wait = away.value.details["retry_after"]
        assert isinstance(wait, int)
        assert 0 < wait <= AWAY_SECONDS + 1
    assert len(liar.asked) == 1
    seconds[0] += AWAY_SECONDS
    liar.status = 200
    assert provider.address(ROUND)


def test_they_come_one_after_the_other_and_few_wait(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.storage.oidc.provider.WAIT_SECONDS", 0.05)
    monkeypatch.setattr("app.storage.oidc.provider.MOST_WAITING", 2)
    provider, refused = known(liar), []

    def come() -> None:
        try:
            with provider.turn():
                pass
        except (Busy, ProviderAway) as error:
            refused.append(error.code)

    with provider.turn():
        come_in = [threading.Thread(target=come) for _ in range(4)]
        for each in come_in:
            each.start()
        for each in come_in:
            each.join()
    assert sorted({*refused}) in (["busy", "provider_away"], ["provider_away"])
    assert len(refused) == 4
    come()
    assert len(refused) == 4


def test_an_answer_that_drips_is_given_up(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WHOLE_SECONDS", -1.0)
    with pytest.raises(ProviderAway):
        known(liar).address(ROUND)


def test_a_real_one_that_was_started_anew_with_other_keys_is_understood() -> None:
    now = Now()
    with LiveProvider([ROUND.redirect]) as there:
        provider = OpenIDProvider(Client(there.issuer, CLIENT, SECRET, "openid email profile groups", "groups"), now)

        def log_in() -> Vouched:
            elsewhere = Elsewhere("boss", "/return")
            query = parse_qs(urlsplit(elsewhere.led_back(provider.address(ROUND))).query)
            return provider.vouched(query["code"][0], query["iss"][0], ROUND)

        before = log_in()
        assert before == Vouched(
            there.issuer, "boss", "boss", "boss@example.org", "The Boss", frozenset({"office", "chiefs"})
        )
        there.stop()
        there.start()
        now.at += KEYS_AGAIN_SECONDS
        assert log_in() == before
