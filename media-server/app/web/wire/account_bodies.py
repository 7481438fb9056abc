"""Bodies of the calls about accounts and logging in."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.accounts import MAX_DISPLAY_NAME, MAX_NAME, MAX_PASSWORD, MAX_TEAMS, MIN_PASSWORD, Role
from app.core.actors import Scope
from app.core.addresses import MAX_ADDRESS
from app.core.keys import MAX_DAYS, USUAL_DAYS
from app.web.wire.passkey_calls import Assertion

MAX_CODE = 100
MailLanguage = Literal["ar", "de", "en", "es", "fr", "ja", "pl"]
_Text = Annotated[str, Field(max_length=MAX_PASSWORD)]
_Password = Annotated[
    _Text, Field(description=f"At least {MIN_PASSWORD} characters. Setting another one ends the account's sessions.")
]
_Teams = Annotated[
    list[Annotated[str, Field(max_length=MAX_NAME)]],
    Field(max_length=MAX_TEAMS, description="Names that accounts have in common, formed like those of accounts."),
]
_DisplayName = Annotated[str, Field(max_length=4 * MAX_DISPLAY_NAME, description="What people call them.")]
_Address = Annotated[str, Field(max_length=MAX_ADDRESS, description="A mail address; empty for none.")]


class Login(BaseModel):
    """The admin token; or the name and the password of an account; or its passkey."""

    model_config = ConfigDict(extra="ignore")

    token: Annotated[_Text | None, Field(description="The admin token.")] = None
    name: Annotated[_Text | None, Field(description="The name of an account, in its place.")] = None
    password: Annotated[_Text | None, Field(description="The account's password.")] = None
    code: Annotated[
        str | None,
        Field(max_length=MAX_CODE, description="Where it has a second factor: of the app, or a recovery code."),
    ] = None

    passkey: Annotated[
        Assertion | None,
        Field(
            description="In place of name and password, or beside them in place of a code. With the cookie of its challenge."
        ),
    ] = None

    @property
    def by_passkey_alone(self) -> bool:
        return self.passkey is not None and self.name is None and self.password is None

    @model_validator(mode="after")
    def _one_of_all(self) -> Login:
        named = self.name is not None and self.password is not None
        if (self.token is not None) + (named or self.by_passkey_alone) != 1:
            raise ValueError("Send either a token, or a name and a password, or a passkey.")
        return self


class AccountChanges(BaseModel):
    """What to set on an account: what is absent stays as it is."""

    model_config = ConfigDict(extra="ignore")

    role: Role = Role.MEMBER
    teams: _Teams = []
    display_name: _DisplayName = ""
    email: _Address = ""
    disabled: Annotated[bool, Field(strict=True, description="Whether it is switched off.")] = False
    password: _Password = ""

    def named(self) -> dict[str, Any]:
        """What the body named, and nothing that it did not."""
        return {name: getattr(self, name) for name in sorted(self.model_fields_set)}


class NewAccount(BaseModel):
    """An account whose password somebody else has chosen. Rather invite people, who then choose their own."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[
        str,
        Field(
            max_length=4 * MAX_NAME,
            description=f"Up to {MAX_NAME} small letters, digits, dots, hyphens and underscores; it never changes.",
        ),
    ]
    password: _Password
    role: Role = Role.MEMBER
    teams: _Teams = []
    display_name: _DisplayName = ""
    email: _Address = ""


class NewInvitation(BaseModel):
    """What whoever takes the invitation will be."""

    model_config = ConfigDict(extra="ignore")

    role: Role = Role.MEMBER
    teams: _Teams = []
    email: Annotated[_Address, Field(description="Whom it is for; it becomes the account's address.")] = ""
    mail: Annotated[bool, Field(strict=True, description="Whether it is mailed there.")] = False
    language: Annotated[MailLanguage | None, Field(description="Of the mail; that of the server if not said.")] = None


class PasswordChange(BaseModel):
    """Another password of one's own."""

    model_config = ConfigDict(extra="ignore")

    old: Annotated[_Text, Field(description="The one of now.")]
    new: _Password


class SessionsQuery(BaseModel):
    """What the address of the list asks for."""

    model_config = ConfigDict(extra="ignore")

    account: Annotated[str | None, Field(max_length=MAX_NAME, description="Only those of this account.")] = None


class NewKey(BaseModel):
    """A key for a program of one's own."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[
        str,
        Field(max_length=4 * MAX_NAME, description="Tells it from one's others; formed like names of accounts."),
    ]
    scopes: Annotated[
        list[Scope], Field(max_length=len(Scope) * 2, description="What it is for. `admin` is everything, for admins.")
    ]
    expires_days: Annotated[
        int, Field(strict=True, ge=0, le=MAX_DAYS, description="For how many days it is good; 0 for ever.")
    ] = USUAL_DAYS


class KeysQuery(BaseModel):
    """What the address of the list of keys asks for."""

    model_config = ConfigDict(extra="ignore")

    account: Annotated[str | None, Field(max_length=MAX_NAME, description="Only those of this account.")] = None


class OwnPassword(BaseModel):
    """That it is oneself who asks."""

    model_config = ConfigDict(extra="ignore")

    password: Annotated[_Text, Field(description="One's own.")]


class FactorCode(BaseModel):
    """A code of the authenticator app, or a recovery code."""

    model_config = ConfigDict(extra="ignore")

    code: Annotated[str, Field(max_length=MAX_CODE)]
