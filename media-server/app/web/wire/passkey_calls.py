"""The calls about passkeys: what they take, in the words of WebAuthn's own JSON, and what they show."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.accounts import MAX_PASSWORD, Account
from app.core.passkeys import CHALLENGE_SECONDS, MAX_NAME, Passkey, RelyingParty, url_text, user_handle
from app.services.accounts.passkeys import ALGORITHMS
from app.web.wire.declaring import Call, Group, Who

MAX_BODY_BYTES = 32 * 1024
_PATH = "/api/account/passkeys"
_Kind = Literal["public-key"]


_Base64 = Annotated[str, Field(max_length=4096, description="Base64url, without padding.")]
_Id = Annotated[str, Field(max_length=1400, description="What it is known by, in base64url.")]
_Attested = Annotated[str, Field(max_length=24_000, description="Base64url, without padding.")]


class AssertionResponse(BaseModel):
    """What a passkey has signed."""

    model_config = ConfigDict(extra="ignore")

    client_data: _Base64 = Field(alias="clientDataJSON")
    authenticator_data: _Base64 = Field(alias="authenticatorData")
    signature: _Base64
    user_handle: _Base64 | None = Field(None, alias="userHandle")


class Assertion(BaseModel):
    """What `navigator.credentials.get()` has come to, as its `toJSON()` writes it."""

    model_config = ConfigDict(extra="ignore")

    id: _Id
    raw_id: _Id = Field(alias="rawId")
    type: _Kind
    response: AssertionResponse


class AttestationResponse(BaseModel):
    """A passkey that was made."""

    model_config = ConfigDict(extra="ignore")

    client_data: _Base64 = Field(alias="clientDataJSON")
    attestation: _Attested = Field(alias="attestationObject")


class Attestation(BaseModel):
    """What `navigator.credentials.create()` has come to, as its `toJSON()` writes it."""

    model_config = ConfigDict(extra="ignore")

    id: _Id
    raw_id: _Id = Field(alias="rawId")
    type: _Kind
    response: AttestationResponse


class NewPasskey(BaseModel):
    """A passkey of one's own."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, Field(max_length=4 * MAX_NAME, description="Tells it from one's others, such as where it is.")]
    passkey: Attestation


class PasskeyOwner(BaseModel):
    """That it is oneself who asks."""

    model_config = ConfigDict(extra="ignore")

    password: Annotated[str, Field(max_length=MAX_PASSWORD, description="One's own, where the account has one.")] = ""


class Descriptor(TypedDict):
    type: Literal["public-key"]
    id: Annotated[str, Field(description="Base64url.")]


class Asked(TypedDict):
    """For `navigator.credentials.get()`, as `PublicKeyCredential.parseRequestOptionsFromJSON()` reads it."""

    challenge: str
    rpId: str
    timeout: Annotated[int, Field(description="Milliseconds.")]
    userVerification: Literal["required"]
    allowCredentials: Annotated[list[Descriptor], Field(description="Empty: passkeys know themselves whose they are.")]


class Party(TypedDict):
    id: str
    name: str


class User(TypedDict):
    id: str
    name: str
    displayName: str


class Parameters(TypedDict):
    type: Literal["public-key"]
    alg: int


class Selection(TypedDict):
    residentKey: Literal["required"]
    requireResidentKey: Literal[True]
    userVerification: Literal["required"]


class Wished(TypedDict):
    """For `navigator.credentials.create()`, as `PublicKeyCredential.parseCreationOptionsFromJSON()` reads it."""

    challenge: str
    rp: Party
    user: User
    pubKeyCredParams: list[Parameters]
    timeout: int
    attestation: Literal["none"]
    excludeCredentials: list[Descriptor]
    authenticatorSelection: Selection


class PasskeyView(TypedDict):
    id: str
    name: str
    made_at: float
    used_at: float | None


class PasskeyList(TypedDict):
    passkeys: list[PasskeyView]
    unavailable: Annotated[
        str, Field(description="Why none can be added or used here, and what to set; empty where they can.")
    ]
    password: Annotated[bool, Field(description="Whether one's password is asked for.")]


def said_by(answer: Assertion | Attestation) -> dict[str, Any]:
    """What a passkey says, in WebAuthn's own words again."""
    return answer.model_dump(by_alias=True, exclude_none=True)


def passkey_view(passkey: Passkey) -> PasskeyView:
    return {"id": passkey.id, "name": passkey.name, "made_at": passkey.made_at, "used_at": passkey.used_at}


def asked(challenge: bytes, party: RelyingParty) -> Asked:
    return {
        "challenge": url_text(challenge),
        "rpId": party.id,
        "timeout": CHALLENGE_SECONDS * 1000,
        "userVerification": "required",
        "allowCredentials": [],
    }


def wished(challenge: bytes, party: RelyingParty, account: Account, passkeys: list[Passkey]) -> Wished:
    return {
        "challenge": url_text(challenge),
        "rp": {"id": party.id, "name": "Droppr"},
        "user": {
            "id": url_text(user_handle(account)),
            "name": account.name,
            "displayName": account.display_name or account.name,
        },
        "pubKeyCredParams": [{"type": "public-key", "alg": each} for each in ALGORITHMS],
        "timeout": CHALLENGE_SECONDS * 1000,
        "attestation": "none",
        "excludeCredentials": [{"type": "public-key", "id": url_text(each.credential)} for each in passkeys],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
    }


PASSKEY_CALLS = (
    Call(
        ("POST",),
        "/api/droppr/session/passkey",
        Group.SESSION,
        Who.ANYONE,
        "Ask for a challenge to log in by a passkey, alone or beside a password. The reply sets a cookie that goes with it.",
        Asked,
    ),
    Call(("GET",), _PATH, Group.SESSION, Who.OWNER, "One's own passkeys.", PasskeyList),
    Call(
        ("POST",),
        _PATH,
        Group.SESSION,
        Who.OWNER,
        "Begin to add one. The reply sets a cookie that goes with the challenge.",
        Wished,
        body=PasskeyOwner,
    ),
    Call(
        ("POST",),
        f"{_PATH}/confirmation",
        Group.SESSION,
        Who.OWNER,
        "Add the one that was made. All other sessions of the account end where it had no second factor before.",
        PasskeyView,
        201,
        body=NewPasskey,
    ),
    Call(
        ("POST",),
        f"{_PATH}/{{id}}/removal",
        Group.SESSION,
        Who.OWNER,
        "Remove one of one's own. All other sessions of the account end.",
        status=204,
        body=PasskeyOwner,
    ),
)
