"""The calls about second factors, and what they show; those about passkeys among them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from app.core.second_factor import SecondFactor
from app.web.wire.account_bodies import FactorCode, OwnPassword
from app.web.wire.declaring import Call, Group, Who
from app.web.wire.passkey_calls import PASSKEY_CALLS

_PATH = "/api/account/second-factor"


class FactorView(TypedDict):
    on: bool
    recovery_codes: Annotated[int, Field(description="How many were not used yet.")]


class BegunFactor(TypedDict):
    secret: Annotated[str, Field(description="In base32, for who types it into the app.")]
    address: Annotated[str, Field(description="`otpauth://…`, for a QR code that the app reads.")]


class RecoveryCodes(TypedDict):
    recovery_codes: Annotated[list[str], Field(description="Each counts once, in place of a code. Told this once.")]


def factor_view(factor: SecondFactor | None) -> FactorView:
    return {"on": factor is not None, "recovery_codes": 0 if factor is None else len(factor.recovery)}


FACTOR_CALLS = (
    Call(("GET",), _PATH, Group.SESSION, Who.OWNER, "Whether one's account has a second factor.", FactorView),
    Call(
        ("POST",),
        _PATH,
        Group.SESSION,
        Who.OWNER,
        "Begin to set one up. It is on when a code of it was sent.",
        BegunFactor,
        body=OwnPassword,
    ),
    Call(
        ("POST",),
        f"{_PATH}/confirmation",
        Group.SESSION,
        Who.OWNER,
        "Switch on what was begun. All other sessions of the account end.",
        RecoveryCodes,
        body=FactorCode,
    ),
    Call(
        ("POST",),
        f"{_PATH}/removal",
        Group.SESSION,
        Who.OWNER,
        "Switch off one's own, by a code.",
        status=204,
        body=FactorCode,
    ),
    Call(
        ("DELETE",),
        "/api/accounts/{name}/second-factor",
        Group.ACCOUNTS,
        Who.OWNER,
        "Take away somebody's, who has lost it: codes and passkeys.",
        status=204,
    ),
    *PASSKEY_CALLS,
)
