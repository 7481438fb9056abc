"""From what is written after ``--to`` to a target."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from droppr_client.upload.connection import without_sentence
from droppr_client.upload.problems import Refused
from droppr_client.upload.targets import Target
from droppr_client.upload.targets.droppr import DropprLink
from droppr_client.upload.targets.folder import Folder


def target_at(
    where: str,
    *,
    password: str | Callable[[], str] | None = None,
    name: str | None = None,
    email: str | None = None,
    item: str | None = None,
    answers: Sequence[str] = (),
    keys: str | os.PathLike[str] | None = None,
) -> Target:
    """A link's address, ``s3://bucket/prefix``, or a folder. ``keys`` is the folder that remembers who sends to links. Raises Refused."""
    meant = without_sentence(where)
    if meant.startswith(("http://", "https://")) or ("/request/" in meant and not os.path.lexists(where)):
        who = {"sender_name": name, "sender_email": email}
        return DropprLink(meant, password=password, **who, item=item, answers=answers, keys=keys)
    if item is not None or answers:
        raise Refused("Only a link asks for items and answers: leave --item and --answer out.", "invalid_request")
    scheme = urlsplit(where).scheme
    if scheme == "s3":
        return _bucket(where)
    if scheme == "file":
        return Folder(urlsplit(where).path)
    if os.path.isdir(where) or where.startswith(("/", "./", "../", "~")):
        return Folder(os.path.expanduser(where))
    raise Refused(
        f"{where} is not a place to send to: name a link (https://…/request/…), s3://bucket/prefix or a folder.",
        "invalid_link",
    )


def _bucket(where: str) -> Target:
    try:
        from droppr_client.upload.targets.s3 import Bucket
    except ImportError as error:
        raise Refused(f"S3 needs {error.name}: pip install 'droppr[s3]'.", "not_installed") from error
    address = urlsplit(where)
    if not address.netloc:
        raise Refused("The bucket is missing: it looks like s3://bucket/prefix.", "invalid_link")
    return Bucket(address.netloc, address.path.strip("/"))
