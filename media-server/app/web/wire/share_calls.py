"""The calls about shares, declared: what they take, and what they show to owners and receivers."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from app.core.shares import MAX_DOWNLOADS, MAX_HOURS, Share
from app.core.terms import MAX_PASSWORD_LENGTH
from app.services.received.shares import MOST_SHOWN, Contents
from app.web.wire.context import services, whole_address
from app.web.wire.declaring import BYTES, FORM_FIELDS, HTML, ZIP, Call, Group, Header, Who
from app.web.wire.file_queries import MAX_CHOSEN, Id

MAX_TITLE = 200
USUAL_HOURS = 168.0
PASSWORD = Header("X-Share-Password", "The share's password, percent-encoded UTF-8.")
_SHARES = "/api/droppr/shares"
_SHARE = f"{_SHARES}/{{share}}"


def _unicode(value: object) -> object:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("The text is not valid Unicode.") from None
        return " ".join(value.replace("\0", "").split())
    return "" if value is None else value


_Title = Annotated[str, Field(max_length=MAX_TITLE)]
_Text = Annotated[_Title, BeforeValidator(_unicode, json_schema_input_type=_Title | None)]


class ShareTerms(BaseModel):
    """What to set on a share: what is absent stays as it is."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    title: Annotated[_Text, Field(description="What receivers see above the files.")] = ""
    sharer: Annotated[_Text, Field(description="Who shares, as receivers are told; empty: they are told nothing.")] = ""
    password: Annotated[
        Annotated[str, Field(max_length=MAX_PASSWORD_LENGTH)] | None,
        Field(description="What receivers must know; empty or null takes it away."),
    ] = None
    expires_hours: Annotated[
        float,
        Field(ge=0, le=MAX_HOURS, description="Hours from now; 0 is never. A share that is made without it: a week."),
    ] = USUAL_HOURS
    max_downloads: Annotated[
        int,
        Field(ge=0, le=MAX_DOWNLOADS, strict=True, description="How often it can be downloaded; 0 is no limit."),
    ] = 0

    def terms(self) -> dict[str, Any]:
        """What the body named, and nothing that it did not."""
        return {name: getattr(self, name) for name in ShareTerms.model_fields if name in self.model_fields_set}


class NewShare(ShareTerms):
    """Files of one link, for others to download."""

    link: Annotated[str, Field(max_length=128, description="The hash of the link that the files are of.")]
    uploads: Annotated[
        Annotated[list[Id], Field(min_length=1, max_length=MAX_CHOSEN)] | None,
        Field(description="Which files, by the ids of their uploads; without it all that have arrived by now."),
    ] = None


class OwnersShare(TypedDict):
    """A share as owners see it."""

    hash: str
    url: Annotated[str, Field(description="The path of the receivers' page.")]
    address: Annotated[str, Field(description="The address to send to people.")]
    link: Annotated[str, Field(description="The hash of the link that the files are of.")]
    created_at: float
    made_by: str
    title: str
    sharer: str
    requires_password: bool
    expires_at: float | None
    expired: bool
    max_downloads: int
    downloads: Annotated[int, Field(description="How often it was downloaded, as clients are counted.")]
    files: Annotated[int | None, Field(description="How many files were chosen; null for all that had arrived.")]


class ShareList(TypedDict):
    shares: list[OwnersShare]


class SharedFile(TypedDict):
    id: Annotated[str, Field(description="What the file is called in the address of its download.")]
    path: str
    name: str
    size: int


class ReceiversShare(TypedDict):
    """A share as those who have its address see it, once they gave the password where there is one."""

    title: str
    sharer: NotRequired[Annotated[str, Field(description="Who shares; only where the owner says so.")]]
    expires_in: Annotated[float | None, Field(description="Seconds; null for never.")]
    files: Annotated[list[SharedFile], Field(description=f"The newest first, {MOST_SHOWN} at most.")]
    more: Annotated[bool, Field(description="Whether there are more files, which only the archive has.")]
    used_up: Annotated[bool, Field(description="Whether it was downloaded as often as it may be.")]


def owners_share(share: Share) -> OwnersShare:
    page = f"/download/{share.hash}"
    return {
        "hash": share.hash,
        "url": page,
        "address": whole_address(page),
        "link": share.link,
        "created_at": share.created_at,
        "made_by": share.made_by,
        "title": share.title,
        "sharer": share.sharer,
        "requires_password": share.password_hash is not None,
        "expires_at": share.expires_at,
        "expired": share.is_expired(services().ground.clock()),
        "max_downloads": share.max_downloads,
        "downloads": share.downloads,
        "files": None if share.upload_ids is None else len(share.upload_ids),
    }


def receivers_share(share: Share, contents: Contents) -> ReceiversShare:
    here = services()
    left = None if share.expires_at is None else share.expires_at - here.ground.clock()
    shown: ReceiversShare = {
        "title": share.title,
        "expires_in": left,
        "files": [
            {
                "id": here.received.shares.name_of(share, file),
                "path": file.path,
                "name": file.name,
                "size": file.size,
            }
            for file in contents.files
        ],
        "more": contents.more,
        "used_up": 0 < share.max_downloads <= share.downloads,
    }
    if share.sharer:
        shown["sharer"] = share.sharer
    return shown


_BYTES = {"type": "string", "format": "binary"}
_PASSWORD_FORM = {"type": "object", "properties": {"password": {"type": "string"}}, "required": ["password"]}

SHARE_CALLS = (
    Call(("POST",), _SHARES, Group.SHARES, Who.OWNER, "Share received files.", OwnersShare, 201, body=NewShare),
    Call(
        ("GET",),
        "/api/droppr/requests/{hash}/shares",
        Group.SHARES,
        Who.OWNER,
        "What is shared of a link's files, the newest first.",
        ShareList,
    ),
    Call(
        ("PATCH",),
        _SHARE,
        Group.SHARES,
        Who.OWNER,
        "Change what the body names, and nothing else.",
        OwnersShare,
        body=ShareTerms,
    ),
    Call(("DELETE",), _SHARE, Group.SHARES, Who.OWNER, "Share these files no longer.", status=204),
    Call(
        ("GET",),
        _SHARE,
        Group.SHARES,
        Who.RECEIVER,
        "What is shared. Nothing is told of it without the password.",
        ReceiversShare,
        headers=(PASSWORD,),
    ),
    Call(
        ("GET",),
        f"{_SHARE}/files/{{id}}",
        Group.SHARES,
        Who.RECEIVER,
        "Download a file. Knows `Range`, `If-Range`, `If-None-Match` and `HEAD`.",
        _BYTES,
        answers=BYTES,
        also=((206, _BYTES), (304, None)),
        headers=(PASSWORD,),
    ),
    Call(
        ("GET",),
        f"{_SHARE}/archive",
        Group.SHARES,
        Who.RECEIVER,
        "Download all of it as one archive (ZIP), in the same way.",
        _BYTES,
        answers=ZIP,
        also=((206, _BYTES), (304, None)),
        headers=(PASSWORD,),
    ),
    Call(
        ("GET",),
        "/download/{share}",
        Group.PAGES,
        Who.RECEIVER,
        "The receivers' page.",
        {"type": "string"},
        answers=HTML,
    ),
    Call(
        ("POST",),
        "/download/{share}",
        Group.PAGES,
        Who.RECEIVER,
        "Give the password, as the form of that page does.",
        status=303,
        body=_PASSWORD_FORM,
        takes=FORM_FIELDS,
    ),
)
