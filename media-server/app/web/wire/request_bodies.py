"""The bodies of the owner's calls on links, parsed once."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from app.core.errors import InvalidPath
from app.core.links import Ask, CaptchaMode
from app.core.origins import origin_list
from app.core.paths import RelPath
from app.core.remotes import RemoteTarget, TargetKind
from app.services.links.access import MAX_PASSWORD_LENGTH
from app.services.links.file_requests import Terms
from app.settings import MAX_HOURS, extension_list

MAX_PREFIX_BYTES = 512
# Names as Amazon has them; other stores have no others.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_DRIVE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
MAX_TITLE_LENGTH = 200
MAX_MESSAGE_LENGTH = 10_000
MAX_EXTENSIONS = 200
MAX_EXTENSION_LENGTH = 32
MAX_ORIGINS = 100
# What a JSON reader in a browser can still count exactly.
MAX_COUNT = 2**53 - 1


def _number(value: Any) -> Any:
    """Numbers and their spelling as text; null is no limit. True is not one."""
    if isinstance(value, bool):
        raise ValueError("Input should be a number")
    return 0 if value is None else value


def _text(value: Any) -> Any:
    if isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError("The text is not valid Unicode.") from None
    return "" if value is None else value


Count = Annotated[int, BeforeValidator(_number), Field(ge=0, le=MAX_COUNT)]
Hours = Annotated[float, BeforeValidator(_number), Field(ge=0, le=MAX_HOURS, allow_inf_nan=False)]


def _destination(value: Any) -> RemoteTarget | None:
    """The place to pass files on to, as ``{"kind": "s3", "bucket": …}`` says it; None for the folder alone."""
    if value is None:
        return None
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind == "folder":
        return None
    if kind == "s3":
        bucket, prefix = value.get("bucket"), value.get("prefix") or ""
        if not isinstance(bucket, str) or not _BUCKET.fullmatch(bucket):
            raise ValueError("The bucket's name is missing or not one that S3 has")
        return RemoteTarget(TargetKind.S3, bucket=bucket, prefix=_prefix(prefix))
    if kind == "drive":
        folder = value.get("folder_id")
        if not isinstance(folder, str) or not _DRIVE_ID.fullmatch(folder):
            raise ValueError("The folder_id is missing: it is the last part of the folder's address in the browser")
        return RemoteTarget(TargetKind.DRIVE, folder_id=folder)
    raise ValueError("The kind should be 'folder', 's3' or 'drive'")


def _prefix(text: Any) -> str:
    if not isinstance(text, str) or len(text.encode(errors="surrogatepass")) > MAX_PREFIX_BYTES:
        raise ValueError(f"The prefix should be a path of at most {MAX_PREFIX_BYTES} bytes")
    try:
        return str(RelPath.parse(text.strip("/"))) if text.strip("/") else ""
    except InvalidPath as error:
        raise ValueError(error.message) from None


class LinkTerms(BaseModel):
    """What an owner may set on a link; unknown fields are passed over."""

    model_config = ConfigDict(extra="ignore", loc_by_alias=False, arbitrary_types_allowed=True)

    title: Annotated[str, BeforeValidator(_text), Field(max_length=MAX_TITLE_LENGTH)] = ""
    message: Annotated[str, BeforeValidator(_text), Field(max_length=MAX_MESSAGE_LENGTH)] = ""
    expires_hours: Hours = Field(0, validation_alias=AliasChoices("expires_hours", "expiresHours", "hours"))
    password: str | None = Field(None, max_length=MAX_PASSWORD_LENGTH)
    max_file_size: Count = 0
    max_total_size: Count = 0
    max_files: Count = 0
    allowed_extensions: tuple[str, ...] = ()
    captcha: CaptchaMode = CaptchaMode.AFTER_FAILURES
    ask_name: Ask = Ask.NO
    ask_email: Ask = Ask.NO
    active: bool = True
    destination: Annotated[Any, BeforeValidator(_destination)] = None
    allowed_origins: tuple[str, ...] | None = None

    @field_validator("allowed_extensions", mode="before")
    @classmethod
    def _extensions(cls, value: object) -> object:
        texts = [value] if isinstance(value, str) else value or []
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError("Input should be a list of extensions, or one text with commas")
        found = extension_list(texts)
        _text("".join(found))
        if len(found) > MAX_EXTENSIONS or any(len(each) > MAX_EXTENSION_LENGTH or "/" in each for each in found):
            raise ValueError(f"At most {MAX_EXTENSIONS} extensions of {MAX_EXTENSION_LENGTH} characters are possible")
        return found

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        if value is None or value == "":
            return None
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError("Input should be a list of addresses such as https://www.example.org, or '*' or 'none'")
        found = origin_list(texts)
        if len(found) > MAX_ORIGINS:
            raise ValueError(f"At most {MAX_ORIGINS} addresses are possible")
        return found

    def terms(self) -> Terms:
        """What the body named, and nothing that it did not."""
        named: Terms = self.model_dump(exclude_unset=True, exclude={"folder", "destination"})  # type: ignore[assignment]
        if "destination" in self.model_fields_set:
            named["destination"] = self.destination
        return named


class NewLink(LinkTerms):
    """The body of POST: the same, and the folder below the data folder's ``files``."""

    folder: RelPath = Field(validation_alias=AliasChoices("folder", "path", "dir"))

    @field_validator("folder", mode="before")
    @classmethod
    def _folder(cls, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError("Input should be a path such as photos/2026")
        try:
            return RelPath.parse(value.rstrip("/"))
        except InvalidPath as error:
            raise ValueError(error.message) from None


class Login(BaseModel):
    """The body of a login."""

    token: str = Field(max_length=1024)


class ListQuery(BaseModel):
    """What the address of the list asks for."""

    active: bool | None = None


class CloseQuery(BaseModel):
    """What the address of a DELETE asks for."""

    forget: bool = False
