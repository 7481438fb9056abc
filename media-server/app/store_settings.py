"""The settings about a store of many nodes, a part of Settings."""

from __future__ import annotations

from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import BaseSettings

from app.core.origins import is_endpoint, origin_list


class StoreSettings(BaseSettings):
    """Where bytes lie, where that is not this machine, and how one machine of several leaves."""

    store: str | None = Field(None, pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9._/-]*)?$")
    store_region: str | None = Field(
        None, validation_alias=AliasChoices("DROPPR_STORE_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
    )
    store_signed: bool = True
    store_by_nginx: bool = False
    store_sign_bodies: bool = False
    store_public_url: str | None = None
    drain_seconds: int = Field(0, ge=0, le=600)

    @field_validator("store_public_url")
    @classmethod
    def _origin(cls, value: str | None) -> str | None:
        if value is None:
            return None
        found = origin_list([value]) if value.startswith(("http://", "https://")) else ()
        if len(found) != 1:
            raise ValueError("Write it as https://s3.example.org: the store as senders reach it, without a path.")
        return found[0]

    @field_validator("s3_endpoint", check_fields=False)
    @classmethod
    def _endpoint(cls, value: str) -> str:
        if value and not is_endpoint(value):
            raise ValueError("Write it as https://s3.example.org, or with :port; keys stand in the settings beside it.")
        return value

    def check_store(self, database_url: str | None, admin_token: str | None) -> None:
        """Raises ValueError unless what a store needs is beside it."""
        if self.store is None:
            if self.store_public_url is not None:
                raise ValueError("DROPPR_STORE_PUBLIC_URL says where the store of DROPPR_STORE is: set that, too.")
            return
        if database_url is None:
            raise ValueError("DROPPR_STORE needs DROPPR_DATABASE_URL beside it: what is in the bucket is known there.")
        if admin_token is None:
            raise ValueError(
                "DROPPR_STORE needs DROPPR_ADMIN_TOKEN: left to itself each node would make one of its own."
            )
