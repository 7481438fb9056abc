"""The calls about logging in by others' word, and what they show."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.accounts import MAX_PASSWORD
from app.core.identities import Identity, way_of
from app.web.wire.declaring import HTML, Call, Group, Who

_SESSION = "/api/droppr/session"
_OWN = "/api/account/identities"
_OTHERS = "/api/accounts/{name}/identities"


class ProviderWay(TypedDict):
    label: Annotated[str, Field(description="What the button says after “Log in with”.")]


class ProxyWay(TypedDict):
    name: Annotated[str, Field(description="Whom the proxy in front names with this very call.")]


class WaysIn(TypedDict):
    """By what one logs in here, beside the admin token."""

    password: Annotated[bool, Field(description="By a name and a password.")]
    provider: Annotated[ProviderWay | None, Field(description="At a provider; null where there is none.")]
    proxy: Annotated[ProxyWay | None, Field(description="By what a proxy in front says; null where it says nothing.")]


class NewLogIn(BaseModel):
    """A log-in at the provider."""

    model_config = ConfigDict(extra="ignore")

    page: Annotated[str, Field(max_length=200, description="The page that it leads to: `admin`, or one below it.")] = (
        "admin"
    )


class NewIdentity(BaseModel):
    """That it is oneself who asks."""

    model_config = ConfigDict(extra="ignore")

    password: Annotated[str, Field(max_length=MAX_PASSWORD, description="One's own, where one has one.")] = ""


class BegunLogIn(TypedDict):
    address: Annotated[str, Field(description="Where the browser is to go.")]


class IdentityView(TypedDict):
    """As whom an account is known elsewhere."""

    id: str
    way: Annotated[str, Field(description="`oidc` or `header`.")]
    issuer: Annotated[str, Field(description="The provider's address; `header` for a proxy in front.")]
    shown: Annotated[str, Field(description="What it is known by there: a mail address, or a name.")]
    made_at: float
    used_at: Annotated[float, Field(description="When somebody logged in by it last.")]


class IdentityList(TypedDict):
    identities: list[IdentityView]


def identity_view(identity: Identity) -> IdentityView:
    return {
        "id": identity.id,
        "way": way_of(identity.issuer),
        "issuer": identity.issuer,
        "shown": identity.shown,
        "made_at": identity.made_at,
        "used_at": identity.used_at,
    }


IDENTITY_CALLS = (
    Call(("GET",), f"{_SESSION}/ways", Group.SESSION, Who.ANYONE, "By what one logs in here.", WaysIn),
    Call(
        ("POST",),
        f"{_SESSION}/provider",
        Group.SESSION,
        Who.ANYONE,
        "Begin to log in at the provider. The reply sets a cookie, with which the browser is to come back.",
        BegunLogIn,
        body=NewLogIn,
    ),
    Call(
        ("GET",),
        f"{_SESSION}/provider/return",
        Group.SESSION,
        Who.ANYONE,
        "Where the provider leads back to, with `code` and `state`; it leads to the owner's page, logged in.",
        {"type": "string"},
        status=303,
        answers=HTML,
    ),
    Call(
        ("POST",),
        f"{_SESSION}/proxy",
        Group.SESSION,
        Who.ANYONE,
        "Log in as whom the proxy in front names: the reply sets a cookie.",
        status=204,
    ),
    Call(("GET",), _OWN, Group.SESSION, Who.OWNER, "As whom one's account is known elsewhere.", IdentityList),
    Call(
        ("POST",),
        _OWN,
        Group.SESSION,
        Who.OWNER,
        "Begin to log in at the provider, to be known by that from then on.",
        BegunLogIn,
        body=NewIdentity,
    ),
    Call(("DELETE",), f"{_OWN}/{{id}}", Group.SESSION, Who.OWNER, "Be known by it no more.", status=204),
    Call(("GET",), _OTHERS, Group.ACCOUNTS, Who.OWNER, "As whom somebody's account is known elsewhere.", IdentityList),
    Call(
        ("DELETE",),
        f"{_OTHERS}/{{id}}",
        Group.ACCOUNTS,
        Who.OWNER,
        "Have an account known by it no more.",
        status=204,
    ),
)
