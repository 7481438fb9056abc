"""Every setting there is, read once from the environment and from ``.env`` beside the data."""

from __future__ import annotations

import os
import re
import ssl
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import inf
from pathlib import Path
from typing import Annotated, Literal, Self

from apscheduler.triggers.cron import CronTrigger
from limits import parse as parse_limit
from pydantic import AliasChoices, Field, ValidationError, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from app.core.colours import accent_colour
from app.core.images import image_type
from app.core.origins import ANY, origin_list
from app.core.terms import MAX_HOURS
from app.log_in_settings import LogInSettings
from app.message_settings import MessageSettings
from app.store_settings import StoreSettings

MIB = 1024 * 1024
MOST_PLACES = 1000
"""The highest limit on uploads at once."""
UPLOADS = "uploads"
"""The folder below the data folder with what has not arrived as a whole."""
SPOOL = "spool"
"""The folder below the data folder through which nginx hands bodies over."""
_OCTAL = re.compile(r"(?:0o)?[0-7]{1,4}")
_ADDRESS = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+)((?:/+[A-Za-z0-9._~-]+)*)/*")
OWN_PATHS = (
    "admin",
    "api",
    "assets",
    "download",
    "healthz",
    "join",
    "logo",
    "metrics",
    "readyz",
    "request",
    "to",
    "ws_api",
)
"""What the server's own addresses begin with. A path that it is served below begins with something else, or nobody could
tell whether a proxy has taken that path off already."""
_PACKAGE = Path(__file__).resolve().parent
SHIPPED = next(folder for folder in (_PACKAGE / "shipped", _PACKAGE.parents[1]) if folder.is_dir())
"""Where the files lie that are no Python: the repository, or what an installed package has of it (setup.py). nginx reads
them, too, so they have to be files wherever they are."""


class InvalidSettings(Exception):
    """The settings do not make sense. Its text names every problem, one a line."""


class Settings(MessageSettings, LogInSettings, StoreSettings):
    """All settings, typed and frozen. Field names are the environment variables in lower case, DROPPR_ left out."""

    model_config = SettingsConfigDict(
        env_prefix="DROPPR_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        populate_by_name=True,
        allow_inf_nan=False,
    )

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    unix_socket: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    data_dir: Path = Path("data")
    database_url: str | None = Field(None, pattern="^postgres(ql)?://", repr=False)
    search_ocr: str = Field("", pattern=r"^([A-Za-z]+(_[A-Za-z]+)*(\+[A-Za-z]+(_[A-Za-z]+)*)*)?$", max_length=100)
    umask: int = 0o077
    pages_dir: Path = SHIPPED / "nginx" / "dist"
    admin_token: str | None = Field(None, min_length=16)
    workers: int = Field(1, ge=1, le=64)
    threads: int = Field(32, ge=1, le=1024)
    archives_at_once: int = Field(4, ge=1, le=1024)
    previews_mb: int = Field(512, ge=0)
    chunk_size_mb: int = Field(8, ge=1)
    max_chunk_size_mb: int = Field(64, ge=1)
    upload_max_bytes: int = Field(0, ge=0)
    upload_max_size_mb: int = Field(0, ge=0)
    upload_allowed_exts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), validation_alias=AliasChoices("DROPPR_UPLOAD_ALLOWED_EXTS", "DROPPR_UPLOAD_ALLOWED_EXTENSIONS")
    )
    session_max_age_hours: float = Field(24, gt=0)
    upload_max_age_days: float = Field(30, ge=0)
    disk_floor_percent: float = Field(5, ge=0, le=90)
    disk_floor_mb: int = Field(1024, ge=0)
    disk_floor_inodes: int = Field(10_000, ge=0)
    announced_minutes: float = Field(10, gt=0)
    announced_percent_per_client: float = Field(50, ge=0, le=100)
    announced_percent_per_link: float = Field(75, ge=0, le=100)
    undo_minutes: float = Field(60, ge=0)
    bin_hours: float = Field(168, ge=0, le=MAX_HOURS)
    keep_days: int = Field(0, ge=0, le=36_500)
    audit_days: int = Field(365, ge=0, le=36_500)
    cleanup_cron: str = "0 3 * * *"
    chunk_layout: Literal["auto", "indexed", "in-place"] = "auto"
    keep_times: bool = True
    durability: Literal["none", "complete", "chunk"] = "complete"
    boot_id: str | None = None
    body_timeout_seconds: float = Field(30, gt=0)
    max_connections_per_address: int = Field(256, ge=0)
    max_bodies_per_address: int | None = Field(None, ge=0)
    max_sockets_per_address: int = Field(4, ge=0)
    rate_limit_uploads: str = "600 per hour"
    rate_limit_share_create: str | None = None
    link_expires_hours: float = Field(168, ge=0, le=MAX_HOURS)
    request_password_failure_max: int = Field(5, ge=1)
    request_password_failure_window_seconds: int = Field(900, ge=1)
    request_password_failure_captcha_threshold: int = Field(
        3,
        ge=1,
        validation_alias=AliasChoices(
            "DROPPR_REQUEST_PASSWORD_CAPTCHA_THRESHOLD", "DROPPR_REQUEST_PASSWORD_FAILURE_CAPTCHA_THRESHOLD"
        ),
    )
    captcha_provider: Literal["altcha", "turnstile", "hcaptcha"] = "altcha"
    captcha_site_key: str | None = None
    captcha_secret_key: str | None = None
    captcha_verify_url: str | None = None
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    public_url: str | None = None
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = (ANY,)
    frame_ancestors: Annotated[tuple[str, ...], NoDecode] = ()
    logo: Path | None = None
    brand_name: str = Field("", max_length=100)
    brand_accent: str = ""
    chat_preview: Literal["no", "yes"] = "no"
    handoff_hours: float = Field(24, gt=0)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    enable_parallel_uploads: bool = Field(True, validation_alias="ENABLE_PARALLEL_UPLOADS")
    parallel_upload_max_concurrent_chunks: int = Field(
        8, ge=1, le=256, validation_alias="PARALLEL_UPLOAD_MAX_CONCURRENT_CHUNKS"
    )
    most_parallel_chunks: int | None = Field(None, ge=1, le=256)
    parallel_upload_chunk_size_mb: int | None = Field(
        None, ge=1, le=1024, validation_alias="PARALLEL_UPLOAD_CHUNK_SIZE_MB"
    )
    parallel_upload_max_concurrent_users: int = Field(
        20, ge=1, le=MOST_PLACES, validation_alias="PARALLEL_UPLOAD_MAX_CONCURRENT_USERS"
    )
    parallel_upload_max_concurrent_per_user: int = Field(
        3, ge=1, le=MOST_PLACES, validation_alias="PARALLEL_UPLOAD_MAX_CONCURRENT_PER_USER"
    )
    parallel_upload_turn_seconds: float = Field(120, gt=0, validation_alias="PARALLEL_UPLOAD_TURN_SECONDS")
    parallel_upload_floor_kb_per_second: int = Field(16, ge=0, validation_alias="PARALLEL_UPLOAD_FLOOR_KB_PER_SECOND")
    parallel_upload_max_memory_percent: float = Field(
        80.0, gt=0, le=100, validation_alias="PARALLEL_UPLOAD_MAX_MEMORY_PERCENT"
    )
    parallel_upload_debug_logging: bool = Field(False, validation_alias="PARALLEL_UPLOAD_DEBUG_LOGGING")
    cgroup_dir: Path | None = None
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_access_key: str = Field("", repr=False)
    s3_secret_key: str = Field("", repr=False)
    drive_service_account_file: Path | None = None
    drive_client_id: str = ""
    drive_client_secret: str = Field("", repr=False)
    drive_refresh_token: str = Field("", repr=False)
    drive_token_url: str = "https://oauth2.googleapis.com/token"
    drive_api_url: str = "https://www.googleapis.com"
    ws_gdrive_hosts: Annotated[tuple[str, ...], NoDecode] = ("www.googleapis.com", "content.googleapis.com")

    @field_validator("upload_allowed_exts", mode="before")
    @classmethod
    def _extensions(cls, value: object) -> object:
        return extension_list([value]) if isinstance(value, str) else value

    @field_validator("ws_gdrive_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(text.strip().lower() for text in value.split(",") if text.strip())

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(ip_network(text.strip(), strict=False) for text in value.split(",") if text.strip())

    @field_validator("allowed_origins", "frame_ancestors", mode="before")
    @classmethod
    def _origins(cls, value: object) -> object:
        return origin_list([value]) if isinstance(value, str) else value

    @field_validator("umask", mode="before")
    @classmethod
    def _mask(cls, value: object) -> object:
        mask = int(value.strip().removeprefix("0o"), 8) if isinstance(value, str) and _OCTAL.fullmatch(value) else value
        if not isinstance(mask, int) or not 0 <= mask <= 0o077:
            raise ValueError("Write it in octal and leave the server's own user everything: 077, 027, 007 or 022.")
        return mask

    @field_validator("rate_limit_uploads", "rate_limit_share_create")
    @classmethod
    def _limit(cls, value: str | None) -> str | None:
        if value is not None:
            parse_limit(value)
        return value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        match = _ADDRESS.fullmatch(value.strip())
        parts = [part for part in match[2].split("/") if part] if match else []
        if match is None or not {".", ".."}.isdisjoint(parts):
            raise ValueError(
                "Write it as https://files.example.org, or as https://example.org/drop where Droppr has a path of its own."
            )
        if parts and (parts[0] in OWN_PATHS or parts[0].startswith("_droppr")):
            raise ValueError(f"/{parts[0]} is an address of Droppr's own: take another path, such as /drop.")
        return "/".join([match[1], *parts])

    @field_validator("logo")
    @classmethod
    def _picture(cls, value: Path | None) -> Path | None:
        if value is None:
            return None
        path = value.expanduser().absolute()
        try:
            with path.open("rb") as file:
                kind = image_type(file.read(4096))
        except OSError as error:
            raise ValueError(f"The picture cannot be read: {error.strerror}.") from None
        if kind is None:
            raise ValueError("The logo must be a PNG, SVG, WebP or JPEG picture.")
        return path

    @field_validator("brand_accent")
    @classmethod
    def _colour(cls, value: str) -> str:
        return accent_colour(value)

    @field_validator("cleanup_cron")
    @classmethod
    def _cron(cls, value: str) -> str:
        CronTrigger.from_crontab(value)
        return value

    @field_validator("tls_cert", "tls_key")
    @classmethod
    def _absolute_if_any(cls, value: Path | None) -> Path | None:
        return value.expanduser().absolute() if value else None

    @field_validator("data_dir", "pages_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @model_validator(mode="after")
    def _certificate(self) -> Self:
        if self.tls_cert is None:
            if self.tls_key is not None:
                raise ValueError("DROPPR_TLS_KEY needs DROPPR_TLS_CERT beside it.")
            return self
        if self.unix_socket is not None:
            raise ValueError(
                "DROPPR_TLS_CERT is for a server without nginx: with DROPPR_UNIX_SOCKET, nginx has the certificate."
            )
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.tls_cert, self.tls_key)
        except OSError as error:
            raise ValueError(f"DROPPR_TLS_CERT and DROPPR_TLS_KEY cannot be used together: {error}.") from None
        return self

    @model_validator(mode="after")
    def _shared(self) -> Self:
        self.check_store(self.database_url, self.admin_token)
        return self

    @model_validator(mode="after")
    def _log_ins(self) -> Self:
        self.check_log_ins(self.public_url, self.trusted_proxies)
        return self

    @model_validator(mode="after")
    def _captcha_keys(self) -> Self:
        if self.captcha_provider != "altcha" and not (self.captcha_site_key and self.captcha_secret_key):
            raise ValueError(
                f"{self.captcha_provider} needs both DROPPR_CAPTCHA_SITE_KEY and DROPPR_CAPTCHA_SECRET_KEY."
            )
        return self

    @property
    def public_origin(self) -> str | None:
        """Scheme, host and port that senders use, as browsers write them; None where the owner has not said."""
        if self.public_url is None:
            return None
        scheme, _, rest = self.public_url.lower().partition("://")
        host = rest.partition("/")[0].removesuffix(":443" if scheme == "https" else ":80")
        return f"{scheme}://{host}"

    @property
    def public_path(self) -> str:
        """The path below which senders find the server, such as ``/drop``; empty where it has a host of its own."""
        _, slash, path = (self.public_url or "").partition("://")[2].partition("/")
        return slash + path

    @property
    def chunk_size(self) -> int:
        """What clients are told to send at once, in bytes."""
        wished = self.parallel_upload_chunk_size_mb if self.enable_parallel_uploads else None
        return min(wished or self.chunk_size_mb, self.max_chunk_size_mb) * MIB

    @property
    def max_chunk_size(self) -> int:
        return self.max_chunk_size_mb * MIB

    @property
    def max_file_size(self) -> int:
        """The largest file in bytes, 0 for none; of the two spellings the smaller counts."""
        return min((n for n in (self.upload_max_bytes, self.upload_max_size_mb * MIB) if n), default=0)

    @property
    def max_parallel_chunks(self) -> int:
        return self.parallel_upload_max_concurrent_chunks if self.enable_parallel_uploads else 1

    @property
    def most_chunks_at_once(self) -> int:
        """The same for clients that send more only while it makes them faster; twice as many where nothing is set."""
        usual = self.max_parallel_chunks
        return usual if usual == 1 else max(usual, self.most_parallel_chunks or 2 * usual)

    def most_bodies_each(self, together: int) -> int:
        """How many of ``together`` bodies at once one address may send; 0 for no limit of its own."""
        each = self.max_bodies_per_address
        return max(1, together // 2) if each is None else each

    @property
    def cgroups(self) -> Path:
        """Where the control groups of version 2 are: beside those of version 1 on machines that have both."""
        both = Path("/sys/fs/cgroup/unified")
        return self.cgroup_dir or (both if both.is_dir() else both.parent)

    @property
    def upload_max_age(self) -> float:
        """Seconds after which an upload ends that is not complete, however alive it is kept."""
        return self.upload_max_age_days * 86_400 or inf

    @property
    def session_max_age(self) -> float:
        """Seconds an upload may lie idle."""
        return self.session_max_age_hours * 3600


def extension_list(texts: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """Extensions without dot and in lower case, of texts that may hold several, apart by commas, semicolons or blanks; empty, which is all, where ``*`` or ``*.*`` is among them."""
    single = [each for text in texts for each in re.split(r"[\s,;]+", text)]
    if any(each in ("*", "*.*") for each in single):
        return ()
    cleaned = (each.lstrip("*").lstrip(".").casefold() for each in single)
    return tuple(dict.fromkeys(filter(None, cleaned)))


def load_settings() -> Settings:
    """The settings of this process. Raises InvalidSettings, naming every problem at once."""
    try:
        return Settings(_env_file=_env_files())  # type: ignore[call-arg]
    except ValidationError as error:
        lines = [f"{_variable(each['loc'])}{each['msg'].removeprefix('Value error, ')}" for each in error.errors()]
        raise InvalidSettings("\n".join(lines)) from None


def _env_files() -> tuple[Path, ...]:
    beside_data = Path(os.environ.get("DROPPR_DATA_DIR", "data")).expanduser().absolute().parent / ".env"
    return (Path(".env"), beside_data)


def _variable(location: tuple[int | str, ...]) -> str:
    """The setting a problem is about, and a colon; nothing where it is about several, which its text names."""
    name = str(location[0]) if location else ""
    return name and f"{name if name.isupper() else f'DROPPR_{name.upper()}'}: "
