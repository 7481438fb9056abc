"""Bodies of the calls about accounts and logging in."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.core.accounts import MAX_PASSWORD

_Text = Annotated[str, Field(max_length=MAX_PASSWORD)]


class Login(BaseModel):
    """The admin token, or the name and the password of an account."""

    model_config = ConfigDict(extra="ignore")

    token: Annotated[_Text | None, Field(description="The admin token.")] = None
    name: Annotated[_Text | None, Field(description="The name of an account, in its place.")] = None
    password: Annotated[_Text | None, Field(description="The account's password.")] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Login:
        if (self.token is None) == (self.name is None or self.password is None):
            raise ValueError("Send either a token, or a name and a password.")
        return self
