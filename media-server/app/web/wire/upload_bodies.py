"""What is said of a file when it is opened, alone or in a pack, parsed once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.core.errors import ChunkSizeMismatch, ChunkTooLarge, InvalidPack, InvalidPath, UploadError
from app.core.pack import PackReader
from app.core.paths import RelPath
from app.services.receiving.commands import OpenUpload
from app.services.receiving.small_files import Packed
from app.storage.disk.bodies import StreamBody

UPLOAD_KEY = r"[A-Za-z0-9_-]{22,64}"
UploadKey = Annotated[str, StringConstraints(pattern=f"^{UPLOAD_KEY}$")]
MAX_PACKED = 1000
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$", to_lower=True)]
Sample = Annotated[str, StringConstraints(pattern=r"^s1:[0-9a-f]{64}$")]
MAX_UPLOADS = 10_000
MAX_LIST_BYTES = 1024 * 1024
"""Of a body that lists uploads or folders; what nginx takes, too."""
UploadIds = Annotated[
    list[Annotated[str, StringConstraints(max_length=128)]], Field(min_length=1, max_length=MAX_UPLOADS)
]
Paths = Annotated[list[str], Field(min_length=1, max_length=1000)]


class OpenUploadBody(BaseModel):
    """What a sender says when opening an upload. The size is in bytes; unknown fields are passed over."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)

    path: str
    size: Annotated[int, Field(ge=0, lt=2**63)]
    last_modified: float | None = None
    sha256: Sha256 | None = None
    sample: Sample | None = None
    sender_name: str | None = None
    sender_email: str | None = None
    item: Annotated[str | None, Field(max_length=64, description="The id of the item that it is for.")] = None
    key: UploadKey | None = None

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
            item=self.item or None,
            key=self.key,
        )


class FoldersBody(BaseModel):
    """Folders that a sender wants to be there, though nothing lies in them."""

    model_config = ConfigDict(strict=True, extra="ignore")

    paths: Paths
    sender_name: str | None = None
    sender_email: str | None = None

    def folders(self) -> list[str]:
        return [path.removesuffix("/") for path in self.paths]


def packed_files(pack: PackReader, most: int, is_gone: Callable[[], bool] = lambda: False) -> Iterator[Packed]:
    """The files of a pack of up to ``most`` bytes, each to be read before the next is asked for, as long as its sender is there.

    Raises InvalidPack, ChunkTooLarge; ChunkSizeMismatch when the body ends too soon or the sender has gone.
    """
    total = 0
    for number in range(1, MAX_PACKED + 2):
        line = pack.line()
        if line is None:
            return
        if is_gone():
            # A pack may be hours of work; who sends it again finds what has been done.
            raise ChunkSizeMismatch("The connection broke before the pack was dealt with. Send it again.")
        if number > MAX_PACKED:
            raise InvalidPack(f"A pack holds {MAX_PACKED} files at most.", limit=MAX_PACKED)
        body = _parsed(line, number)
        total += body.size
        if total > most:
            raise ChunkTooLarge(f"The files of a pack have {most} bytes together at most.", limit=most)
        content = pack.file(body.size)
        command: OpenUpload | UploadError
        try:
            command = body.command()
        except InvalidPath as error:
            command = error
        yield command, StreamBody(content)
        content.skip()


def _parsed(line: bytes, number: int) -> OpenUploadBody:
    try:
        return OpenUploadBody.model_validate_json(line)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the line"
        raise InvalidPack(f"File {number} of the pack: {where}: {problem['msg']}.", file=number) from None


class UploadsBody(BaseModel):
    """Uploads of one link, by their ids."""

    model_config = ConfigDict(strict=True, extra="ignore")

    uploads: UploadIds
