"""Sorting: new files go into the folders that their link's rule names."""

from __future__ import annotations

from dataclasses import replace

from app.core.links import RequestLink
from app.core.paths import RelPath
from app.core.session import Sender
from app.core.subfolders import subfolders
from app.services.receiving.commands import OpenUpload


def sorted_in(link: RequestLink, command: OpenUpload, sender: Sender, at: float) -> OpenUpload:
    """What a sender declares, with the folders of the link's rule in front of the path. Raises InvalidPath where that is too long."""
    folders = subfolders(link.terms, sender, at)
    if not folders:
        return command
    return replace(command, path=below(folders, command.path), lead=len(folders))


def below(folders: tuple[str, ...], path: RelPath) -> RelPath:
    """A path below folders. Raises InvalidPath where that is too long."""
    return RelPath.parse("/".join((*folders, *path.parts)))
