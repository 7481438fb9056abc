"""Quotas as they are set and shown, and the calls about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.quotas import Quota
from app.services.accounts.quotas import MOST
from app.web.wire.declaring import Call, Group, Who


class NewQuota(BaseModel):
    """How much an owner's links may hold together."""

    model_config = ConfigDict(strict=True, extra="ignore")

    most: Annotated[int, Field(ge=0, le=MOST, description="Bytes; 0 takes the quota away.")]


class QuotaView(TypedDict):
    """How much an owner's links may hold together, and what they hold."""

    owner: Annotated[str, Field(description="`account:NAME` or `team:NAME`.")]
    most: Annotated[int, Field(description="Bytes.")]
    used: Annotated[
        int, Field(description="Bytes of what is there and on its way, a file and a folder counting 4 KiB at least.")
    ]


class QuotaList(TypedDict):
    quotas: list[QuotaView]


class QuotaReply(TypedDict):
    quota: Annotated[QuotaView | None, Field(description="Null where it was taken away.")]


def quota_view(quota: Quota) -> QuotaView:
    return {"owner": quota.owner, "most": quota.most, "used": quota.used}


QUOTA_CALLS = (
    Call(
        ("GET",),
        "/api/quotas",
        Group.ACCOUNTS,
        Who.OWNER,
        "Quotas: one's own and those of one's teams, and for admins all.",
        QuotaList,
    ),
    Call(
        ("PUT",),
        "/api/quotas/{owner}",
        Group.ACCOUNTS,
        Who.OWNER,
        "Set how much the links of an account, or of `team:NAME`, may hold together. For admins.",
        QuotaReply,
        body=NewQuota,
    ),
)
