"""The body of opening an upload, parsed once."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.paths import RelPath
from app.services.uploads import OpenUpload

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]
Sample = Annotated[str, StringConstraints(pattern=r"^s1:[0-9a-f]{64}$")]
Paths = Annotated[list[str], Field(min_length=1, max_length=1000)]


class OpenUploadBody(BaseModel):
    """What a sender says when opening an upload. The size is in bytes; unknown fields are passed over."""

    model_config = ConfigDict(strict=True, extra="ignore")

    path: str
    size: Annotated[int, Field(ge=0, lt=2**63)]
    last_modified: float | None = None
    sha256: Sha256 | None = None
    sample: Sample | None = None
    sender_name: str | None = None
    sender_email: str | None = None

    def command(self) -> OpenUpload:
        """Raises InvalidPath."""
        return OpenUpload(
            path=RelPath.parse(self.path),
            size=self.size,
            last_modified=self.last_modified,
            sample=self.sample,
            declared_sha256=self.sha256,
            sender_name=self.sender_name,
            sender_email=self.sender_email,
        )


class FoldersBody(BaseModel):
    """Folders that a sender wants to be there, though nothing lies in them."""

    model_config = ConfigDict(strict=True, extra="ignore")

    paths: Paths

    def folders(self) -> list[RelPath]:
        """Raises InvalidPath."""
        return [RelPath.parse(path.removesuffix("/")) for path in self.paths]
