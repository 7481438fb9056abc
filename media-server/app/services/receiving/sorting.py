"""Sorting: new files go into the folders, and get the names, that their link's rules say."""

from __future__ import annotations

from dataclasses import replace

from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.session import Sender
from app.core.subfolders import name_by_rule, subfolders
from app.services.receiving.commands import OpenUpload


def sorted_in(link: RequestLink, command: OpenUpload, sender: Sender, at: float) -> OpenUpload:
    """What a sender declares, with the folders of the link's rule in front of the path, and the name by its rule for names. Raises
    InvalidPath where that is too long."""
    folders = subfolders(link.terms, sender, at)
    if not folders and not link.terms.naming:
        return command
    sent = command.path.name
    path = below(folders, RelPath((*command.path.folder, name_by_rule(link.terms, sender, at, sent))))
    return replace(command, path=path, lead=len(folders), sent_name=sent if link.terms.naming else None)


def below(folders: tuple[str, ...], path: RelPath) -> RelPath:
    """A path below folders. Raises InvalidPath where that is too long."""
    return RelPath.parse("/".join((*folders, *path.parts)))
