"""Finished files on local disk: below one root, each link in its folder.

Every step down is taken relative to an open folder and follows no symlink, so nothing planted in the tree leads out of it. A
file gets its name by ``link(2)``, which never replaces anything; where the name is taken, it gets a number. Senders choose
names, so finding a number costs a few looks, however many files have the name already.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.core.errors import Busy, UploadError
from app.core.numbering import next_number
from app.core.paths import RelPath, disk_folder, disk_name, numbered, numbered_as_sent
from app.core.ports.inbox import Delivery, Source
from app.storage.disk.atomic import disk_errors, sync_folder
from app.storage.disk.content import LocalFile, LocalSource
from app.storage.disk.data_folder import OTHER_DISK, Mounts, mount_of
from app.storage.disk.file_identity import identity_of, is_same

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_CHECKED = 1024
"""Folders of which a process remembers that they were checked."""
RETRY_AFTER_SECONDS = 60
"""Seconds after which to ask again whether somebody has put the folders on one disk."""
_NUMBER = re.compile(r" \(([1-9][0-9]{0,18})\)", re.ASCII)


class LocalInbox:
    """Inbox below ``root``, which must be on the same file system as the growing files in ``source``."""

    def __init__(self, root: Path, source: Path | None = None, *, durable: bool = True) -> None:
        """``durable``: ``flush`` waits until names outlive a power cut. ``source`` is where growing files lie; None leaves ``check``
        nothing to compare with."""
        self._root = root
        self._source = source
        self._durable = durable
        self._settled: set[Path] = set()
        """Folders whose own names are known to be on the disk; forgotten whenever a folder is made."""
        self._mounts: Mounts | None = None
        self._checked: dict[RelPath, int] = {}
        """Folders that were on the right disk, and how often anything had been mounted until then."""

    def deliver(self, folder: RelPath, path: RelPath, source: Source) -> Delivery:
        if not isinstance(source, LocalSource):
            raise TypeError("Only files on this disk can be given names here.")
        place = source.place
        with _one_disk(), self._opened(folder.parts) as base, self._below(base, path.folder) as (parent, taken):
            links, file_identity = _looked_into(place)
            # A name more than it began with is what an attempt leaves that was interrupted, and hardly anything else.
            begun = links > source.names
            number = _link_in(parent, disk_name(path.name), place, file_identity, begun=begun)
            return _delivery(path, taken, number, file_identity)

    def deliver_all(self, folder: RelPath, files: Sequence[tuple[RelPath, Source]]) -> list[Delivery | UploadError]:
        outcomes: list[Delivery | UploadError] = []
        for path, source in files:
            try:
                outcomes.append(self.deliver(folder, path, source))
            except UploadError as error:
                outcomes.append(error)
        return outcomes

    def check(self, folder: RelPath) -> None:
        if self._source is None:
            return
        self._mounts = self._mounts or Mounts()
        changes = self._mounts.changes()
        if self._checked.get(folder) != changes:
            self._check(self._source, folder)
            if len(self._checked) >= _MAX_CHECKED:
                self._checked.clear()
            self._checked[folder] = changes

    def _check(self, source: Path, folder: RelPath) -> None:
        with disk_errors(), ExitStack() as stack:
            descriptor = os.open(source, _FOLDER)
            stack.callback(os.close, descriptor)
            own = mount_of(descriptor)
            with self._opened(()) as descriptor:
                if mount_of(descriptor) != own:
                    raise Busy(OTHER_DISK, retry_after=RETRY_AFTER_SECONDS)
                # What lies above the first part that is not there decides for all that is made below it.
                for part in map(disk_folder, folder.parts):
                    try:
                        descriptor = os.open(part, _FOLDER, dir_fd=descriptor)
                    except OSError:
                        return
                    stack.callback(os.close, descriptor)
                    if mount_of(descriptor) != own:
                        raise Busy(OTHER_DISK, retry_after=RETRY_AFTER_SECONDS)

    def find(self, folder: RelPath, path: RelPath, file_identity: str) -> Delivery | None:
        with disk_errors(), self._opened(folder.parts) as base, self._below(base, path.folder) as (parent, taken):
            number = _number_of(parent, disk_name(path.name), file_identity)
            return None if number is None else _delivery(path, taken, number, file_identity)

    def flush(self, folder: RelPath, deliveries: Sequence[Delivery]) -> None:
        if self._durable:
            # One sync for each folder that has new names.
            for below in dict.fromkeys(each.disk_path.rpartition("/")[0] for each in deliveries):
                self._flush(self._root.joinpath(*map(disk_folder, folder.parts), below))

    def _flush(self, below: Path) -> None:
        # From the file's folder upwards: a folder is a name in its parent, which has to last only once.
        try:
            with disk_errors():
                sync_folder(below)
                while below != self._root and below not in self._settled:
                    sync_folder(below.parent)
                    self._settled.add(below)
                    below = below.parent
        except (FileNotFoundError, NotADirectoryError):
            return  # The owner was faster and has it.

    def open(self, folder: RelPath, disk_path: str, file_identity: str | None) -> LocalFile:
        with disk_errors(), self._found(folder, disk_path) as (parent, parts, status):
            linked = file_identity if status.st_nlink > 1 else None
            if linked is not None and not is_same(parent, parts[-1], status, linked):
                raise FileNotFoundError(errno.ENOENT, "A link to another file", disk_path)
            return LocalFile(self._root.joinpath(*parts), status)

    def holds(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        try:
            with disk_errors(), self._found(folder, disk_path) as (parent, parts, status):
                return is_same(parent, parts[-1], status, file_identity)
        except FileNotFoundError:
            return False

    def remove(self, folder: RelPath, disk_path: str, file_identity: str) -> bool:
        try:
            with disk_errors(), self._found(folder, disk_path) as (parent, parts, status):
                if not is_same(parent, parts[-1], status, file_identity):
                    return False
                os.unlink(parts[-1], dir_fd=parent)
        except FileNotFoundError:
            return False
        return True

    def name(self, folder: RelPath, disk_path: str, file_identity: str, path: RelPath) -> Delivery | None:
        try:
            with _one_disk(), self._found(folder, disk_path) as (at, parts, status):
                if not is_same(at, parts[-1], status, file_identity):
                    return None
                place = self._root.joinpath(*parts)
                with self._opened(folder.parts) as base, self._below(base, path.folder) as (parent, taken):
                    number = _link_in(parent, disk_name(path.name), place, file_identity, begun=status.st_nlink > 1)
                    made = _delivery(path, taken, number, file_identity)
                if self.holds(folder, made.disk_path, file_identity):
                    return made
                # Its owner was faster and had put another one where it lay: that one keeps the name that it had.
                with self._found(folder, made.disk_path) as (parent, names, _):
                    os.unlink(names[-1], dir_fd=parent)
        except FileNotFoundError:
            pass
        return None

    def is_taken(self, folder: RelPath, disk_path: str) -> bool:
        path = self._root.joinpath(*map(disk_folder, folder.parts))
        with disk_errors():
            for part in RelPath.noted(disk_path).parts:
                try:
                    status = os.lstat(path)
                except FileNotFoundError:
                    return False
                if not stat.S_ISDIR(status.st_mode):
                    return True
                path /= part
            return os.path.lexists(path)

    def move_out(self, folder: RelPath, disk_path: str, file_identity: str, target: Path) -> bool:
        """Move the file at ``disk_path`` to ``target``, on this file system, if it has this identity; false, and everything stays, where
        it is gone, changed or another. Raises StorageFull, Busy."""
        try:
            with disk_errors(), self._found(folder, disk_path) as (parent, parts, status):
                if not is_same(parent, parts[-1], status, file_identity):
                    return False
                if target.exists() and os.path.samestat(target.lstat(), status):
                    # What was put back by a process that died since: a rename would change nothing.
                    os.unlink(parts[-1], dir_fd=parent)
                    return True
                os.rename(parts[-1], target, src_dir_fd=parent)
                with _folder_opened(target.parent) as into:
                    moved = os.stat(target.name, dir_fd=into, follow_symlinks=False)
                    if is_same(into, target.name, moved, file_identity):
                        return True
                # Its owner was faster and had put another one there: that goes back to where it was.
                _link_in(parent, parts[-1], target, file_identity, begun=False)
                target.unlink()
                return False
        except FileNotFoundError:
            return False

    def make_folder(self, folder: RelPath, path: RelPath) -> str:
        with disk_errors(), self._opened(folder.parts) as base, self._below(base, path.parts) as (_, taken):
            return "/".join(numbered_as_sent(part, n) for part, n in zip(path.parts, taken, strict=True))

    @contextmanager
    def _found(self, folder: RelPath, disk_path: str) -> Iterator[tuple[int, list[str], os.stat_result]]:
        """A file's open folder, the names that lead to it from the root, and its status. Raises FileNotFoundError."""
        parts = [*map(disk_folder, folder.parts), *RelPath.noted(disk_path).parts]
        with ExitStack() as stack:
            try:
                descriptor = os.open(self._root, _FOLDER)
                stack.callback(os.close, descriptor)
                for part in parts[:-1]:
                    descriptor = os.open(part, _FOLDER, dir_fd=descriptor)
                    stack.callback(os.close, descriptor)
                status = os.stat(parts[-1], dir_fd=descriptor, follow_symlinks=False)
                if not stat.S_ISREG(status.st_mode):
                    raise FileNotFoundError(errno.ENOENT, "Not a file", disk_path)
            except OSError as error:
                if error.errno in (errno.ENOTDIR, errno.ELOOP):
                    raise FileNotFoundError(errno.ENOENT, "No such file", disk_path) from error
                raise
            yield descriptor, parts, status

    @contextmanager
    def _opened(self, parts: tuple[str, ...]) -> Iterator[int]:
        try:
            descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            self._root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with self._below(descriptor, parts) as (below, _):
                yield below
        finally:
            os.close(descriptor)

    @contextmanager
    def _below(self, descriptor: int, parts: tuple[str, ...]) -> Iterator[tuple[int, list[int]]]:
        """The folder at ``parts`` below an open one, made where missing, and the number each part had to take."""
        current = os.dup(descriptor)
        taken: list[int] = []
        try:
            for part in parts:
                below, number, made = _folder_in(current, disk_folder(part))
                os.close(current)
                current = below
                taken.append(number)
                if made:
                    self._settled.clear()
            yield current, taken
        finally:
            os.close(current)


@contextmanager
def _folder_opened(path: Path) -> Iterator[int]:
    descriptor = os.open(path, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _one_disk() -> Iterator[None]:
    with disk_errors():
        try:
            yield
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # Somebody has mounted it since: what has come is kept, and delivered once it can be.
            raise Busy(OTHER_DISK, retry_after=RETRY_AFTER_SECONDS) from error


def _folder_in(parent: int, name: str) -> tuple[int, int, bool]:
    """Open or make a folder; where a file or a link has the name, ``name (1)`` and so on.

    Returns the open folder, the number it took, and whether it is new.
    """
    number = 0
    made = False
    while True:
        candidate = numbered(name, number)
        try:
            return os.open(candidate, _FOLDER, dir_fd=parent), number, made
        except FileNotFoundError:
            made = _made(parent, candidate) or made
        except OSError as error:
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            number = next_number(number, lambda tried: _is_in_the_way(parent, numbered(name, tried)))


def _is_in_the_way(parent: int, name: str) -> bool:
    """Whether something that is no folder has the name."""
    status = _looked_at(parent, name)
    return status is not None and not stat.S_ISDIR(status.st_mode)


def _made(parent: int, name: str) -> bool:
    try:
        os.mkdir(name, 0o777, dir_fd=parent)
    except FileExistsError:
        return False
    return True


def _delivery(path: RelPath, taken: list[int], number: int, file_identity: str) -> Delivery:
    names = [numbered_as_sent(part, n) for part, n in zip(path.folder, taken, strict=True)]
    disk_names = [numbered(disk_folder(part), n) for part, n in zip(path.folder, taken, strict=True)]
    return Delivery(
        path="/".join([*names, numbered_as_sent(path.name, number)]),
        disk_path="/".join([*disk_names, numbered(disk_name(path.name), number)]),
        file_identity=file_identity,
    )


def _link_in(parent: int, name: str, place: Path | int, file_identity: str, *, begun: bool) -> int:
    """Give ``place`` another name in an open folder; returns the number it took. Finds its own earlier work, where it was ``begun``.
    Raises Busy where the file has lost the name that it came with, or the folder has gone."""
    if begun:
        own = _number_of(parent, name, file_identity)
        if own is not None:
            return own
    number = 0
    while True:
        candidate = numbered(name, number)
        try:
            if isinstance(place, int):
                _link_open(place, parent, candidate)
            else:
                os.link(place, candidate, dst_dir_fd=parent, follow_symlinks=False)
            return number
        except FileExistsError:
            # Others may have been faster: then the search goes on above what they took.
            number = next_number(number, lambda tried: _looked_at(parent, numbered(name, tried)) is not None)


def _link_open(descriptor: int, parent: int, name: str) -> None:
    try:
        os.link(f"/proc/self/fd/{descriptor}", name, dst_dir_fd=parent, follow_symlinks=True)
    except FileNotFoundError as error:
        # A file that had a name and has none any more cannot get one: nginx takes back what it handed over once the sender is gone.
        # Or the folder has gone, to which the file would belong.
        raise Busy("The file could not be given its name. Send it again.") from error


def _number_of(parent: int, name: str, file_identity: str) -> int | None:
    """The number under which the file with this identity has ``name`` in an open folder.

    Reads the whole folder, once: others may have taken and left any numbers since. Only what a crash or a full disk
    interrupted is looked for.
    """
    inode = int(file_identity.partition("-")[0])
    with os.scandir(parent) as entries:
        for entry in entries:
            if entry.inode() == inode:
                numbers = (0, *map(int, _NUMBER.findall(entry.name)))
                number = next((each for each in numbers if entry.name == numbered(name, each)), None)
                status = _looked_at(parent, entry.name)
                if number is not None and status is not None and is_same(parent, entry.name, status, file_identity):
                    return number
    return None


def _looked_at(parent: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def _looked_into(place: Path | int) -> tuple[int, str]:
    """How many names a file has, and its identity."""
    if isinstance(place, int):
        return os.fstat(place).st_nlink, identity_of(place)
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return os.fstat(descriptor).st_nlink, identity_of(descriptor)
    finally:
        os.close(descriptor)
