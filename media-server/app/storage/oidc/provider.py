"""Provider: OpenID Connect, by its code flow with PKCE. What it says of itself is asked for when it is needed first, and kept for a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from app.core.access_errors import NotVouched, ProviderAway
from app.core.identities import Vouched, group_names, is_subject
from app.core.ports.guards import Clock
from app.core.ports.identities import Round
from app.core.waiting_room import WaitingRoom, WaitingThreads
from app.storage.oidc.asking import Asking, NoAnswer

log = logging.getLogger("droppr.oidc")

KEPT_SECONDS = 3600.0
"""How long it counts what the provider said of itself, its keys among it."""
KEYS_AGAIN_SECONDS = 30.0
"""How often its keys are asked for again because a token names one that there is not."""
AWAY_SECONDS = 10.0
"""How long a provider that did not answer is not asked again."""
WAIT_SECONDS = 5.0
MOST_WAITING = 4
LEEWAY_SECONDS = 60
MAX_CODE = 4096
_FULL = "Others are logging in there in this moment. Try again."
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
"""Those with two keys: a secret that two have proves nothing about either."""


@dataclass(frozen=True, slots=True)
class Client:
    """As what this server is known to the provider."""

    issuer: str
    id: str
    secret: str
    scopes: str = "openid email profile"
    groups_claim: str = ""
    """Under what the provider tells groups; empty where nobody asks for them."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says of itself."""

    at: float
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    names_itself: bool
    """Whether it names itself where it leads back."""
    auth_method: str


class OpenIDProvider:
    """Provider. Threads of this process that want something of it come one after the other, and few may wait."""

    def __init__(self, client: Client, clock: Clock, threads: WaitingThreads | None = None) -> None:
        self.issuer = client.issuer
        self._client = client
        self._clock = clock
        self._asking = Asking()
        self._room = WaitingRoom(MOST_WAITING, MOST_WAITING, _FULL, threads)
        self._turn = threading.Lock()
        self._known: _Known | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._away_until = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._room.place("provider"):
            if not self._turn.acquire(timeout=WAIT_SECONDS):
                raise ProviderAway(_FULL, retry_after=2)
            try:
                yield
            finally:
                self._turn.release()

    def address(self, round: Round) -> str:
        known = self._asked()
        return str(
            prepare_grant_uri(
                known.authorization,
                client_id=self._client.id,
                response_type="code",
                redirect_uri=round.redirect,
                scope=self._client.scopes,
                state=round.state,
                nonce=round.nonce,
                code_challenge=create_s256_code_challenge(round.verifier),
                code_challenge_method="S256",
            )
        )

    def vouched(self, code: str, said_issuer: str | None, round: Round) -> Vouched:
        known = self._asked()
        if said_issuer != self.issuer and (said_issuer is not None or known.names_itself):
            # A code of another provider, which this one must not get to see.
            raise self._refused("another issuer")
        if not 0 < len(code) <= MAX_CODE:
            raise self._refused("no code")
        tokens = self._redeemed(known, code, round)
        access = tokens.get("access_token")
        claims = self._claims(known, tokens.get("id_token"), access, round.nonce)
        told = self._all_told(known, claims, access)
        return self._person(claims["sub"], told)

    def _asked(self) -> _Known:
        """What the provider says of itself."""
        now = self._clock()
        if self._known is not None and 0 <= now - self._known.at < KEPT_SECONDS:
            return self._known
        self._check_away()
        try:
            found = self._asking.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            self._known = self._read_metadata(found, now)
        except (NoAnswer, ValueError) as error:
            raise self._is_away("discovery", error) from error
        return self._known

    def _read_metadata(self, found: Mapping[str, Any], now: float) -> _Known:
        """Raises ValueError."""
        if found.get("issuer") != self.issuer:
            raise ValueError("it calls itself by another name than DROPPR_OIDC_ISSUER")
        userinfo, methods = found.get("userinfo_endpoint"), found.get("token_endpoint_auth_methods_supported")
        return _Known(
            now,
            self._endpoint(found.get("authorization_endpoint")),
            self._endpoint(found.get("token_endpoint")),
            self._endpoint(found.get("jwks_uri")),
            None if userinfo is None else self._endpoint(userinfo),
            found.get("authorization_response_iss_parameter_supported") is True,
            self._auth_method(methods if isinstance(methods, list) else []),
        )

    def _endpoint(self, url: object) -> str:
        """An address of the provider's, as secret as its own."""
        parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
        if not parts.hostname or parts.scheme not in ("https", urlsplit(self.issuer).scheme):
            raise ValueError("it names an address that is none, or no https")
        return str(url)

    def _auth_method(self, offered: list[Any]) -> str:
        if not self._client.secret:
            return "none"
        basic = not offered or "client_secret_basic" in offered or "client_secret_post" not in offered
        return "client_secret_basic" if basic else "client_secret_post"

    def _redeemed(self, known: _Known, code: str, round: Round) -> dict[str, Any]:
        body = prepare_token_request(
            "authorization_code", redirect_uri=round.redirect, code=code, code_verifier=round.verifier
        )
        id, secret = self._client.id, self._client.secret
        if known.auth_method == "client_secret_basic":
            # RFC 6749, 2.3.1: encoded as in a form, which what is made of letters and digits does not notice.
            id, secret = quote(id, safe=""), quote(secret, safe="")
        auth = ClientAuth(id, secret, known.auth_method)
        url, headers, body = auth.prepare("POST", known.token, {}, body)
        self._check_away()
        try:
            status, tokens = self._asking.post(url, body, headers)
        except NoAnswer as error:
            raise self._is_away("token", error) from error
        if status != 200:
            raise self._refused(str(tokens.get("error"))[:60])
        return tokens

    def _claims(self, known: _Known, token: object, access: object, nonce: str) -> Mapping[str, Any]:
        """What the provider has signed, once it is sure that it has, for us, for this log-in and just now."""
        if not isinstance(token, str):
            raise self._refused("no id_token")
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self._client.id},
        }
        params = {"nonce": nonce, "client_id": self._client.id, "access_token": access}
        try:
            read = self._verified(known, token)
            claims = CodeIDToken(read.claims, read.header, options, params)
            claims.validate(now=int(self._clock()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, TypeError, AttributeError) as error:
            raise self._refused(type(error).__name__) from error
        if not is_subject(claims["sub"]):
            raise self._refused("no subject")
        found: Mapping[str, Any] = claims
        return found

    def _verified(self, known: _Known, token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        keys, at = self._key_set(known)
        try:
            return jwt.decode(token, keys, registry=registry)
        except InvalidKeyIdError:
            # Keys are changed now and then.
            if 0 <= self._clock() - at < KEYS_AGAIN_SECONDS:
                raise
            self._keys = None
            return jwt.decode(token, self._key_set(known)[0], registry=registry)

    def _key_set(self, known: _Known) -> tuple[KeySet, float]:
        now = self._clock()
        if self._keys is None or not 0 <= now - self._keys[0] < KEPT_SECONDS:
            self._check_away()
            try:
                self._keys = now, _usable_keys(self._asking.get(known.keys))
            except NoAnswer as error:
                raise self._is_away("keys", error) from error
        return self._keys[1], self._keys[0]

    def _all_told(self, known: _Known, claims: Mapping[str, Any], access: object) -> Mapping[str, Any]:
        """The claims, with what the provider tells of a person only to who asks."""
        wanted = {"email", self._client.groups_claim or "email"}
        if wanted <= claims.keys() or known.userinfo is None or not isinstance(access, str):
            return claims
        try:
            more = self._asking.get(known.userinfo, bearer=access)
        except NoAnswer as error:
            raise self._is_away("userinfo", error) from error
        if more.get("sub") != claims["sub"]:
            raise self._refused("userinfo of somebody else")
        return {**more, **claims}

    def _person(self, subject: str, told: Mapping[str, Any]) -> Vouched:
        def text(name: str) -> str:
            found = told.get(name)
            return found[:255] if isinstance(found, str) and found.isprintable() else ""

        verified = told.get("email_verified")
        groups = told.get(self._client.groups_claim) if self._client.groups_claim else None
        return Vouched(
            self.issuer,
            subject,
            name=text("preferred_username"),
            # Some write it as a text.
            email=text("email") if verified is True or verified == "true" else "",
            display_name=text("name"),
            groups=group_names(groups if isinstance(groups, list) else [groups]),
        )

    def _check_away(self) -> None:
        left = self._away_until - time.monotonic()
        if left > 0:
            raise ProviderAway(retry_after=int(left) + 1)

    def _is_away(self, what: str, error: Exception) -> ProviderAway:
        self._away_until = time.monotonic() + AWAY_SECONDS
        log.error("provider does not answer", extra={"issuer": self.issuer, "asked_for": what, "why": str(error)})
        return ProviderAway(retry_after=int(AWAY_SECONDS))

    def _refused(self, why: str) -> NotVouched:
        log.warning("provider did not vouch", extra={"issuer": self.issuer, "why": why})
        return NotVouched()


def _usable_keys(found: Mapping[str, Any]) -> KeySet:
    """Keys for signatures, without those of kinds that are not known. Raises NoAnswer where there are none."""
    keys = []
    for each in found.get("keys") or ():
        try:
            if isinstance(each, dict) and each.get("kty") != "oct" and each.get("use", "sig") == "sig":
                keys.extend(KeySet.import_key_set({"keys": [each]}).keys)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    if not keys:
        raise NoAnswer("no keys")
    return KeySet(keys)
