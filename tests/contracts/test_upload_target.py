"""What the client's targets have in common: a Droppr link, a folder, a bucket."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from droppr_client.upload import DropprLink, Folder, Target
from droppr_client.upload.items import Item
from droppr_client.upload.problems import Gone
from droppr_client.upload.rates import BandwidthMonitor, RateLimit
from droppr_client.upload.targets import Facts, Terms
from droppr_client.upload.targets.s3 import Bucket
from droppr_client.upload.throttle import Cancellation, Chunk, Throttle
from tests.support.client import Client
from tests.support.files import MIB, content

KEY = "0123456789abcdefghijklmn"
BIG = 12 * MIB + 5


class Place:
    """A target, and how to look at what has arrived there."""

    def __init__(self, target: Target, read: Callable[[str], bytes]) -> None:
        self.target = target
        self.read = read
        self.terms: Terms = target.prepare()


@pytest.fixture(params=["link", "folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "link":
        link = request.getfixturevalue("link")
        client: Client = link.client
        yield Place(DropprLink(f"{client.url}/request/{link.hash}"), lambda path: (link.disk / path).read_bytes())
    elif request.param == "folder":
        yield Place(Folder(tmp_path / "to"), lambda path: (tmp_path / "to" / path).read_bytes())
    else:
        with mock_aws():
            s3: Any = boto3.client(
                "s3", region_name="us-east-1", aws_access_key_id="id", aws_secret_access_key="secret"
            )
            s3.create_bucket(Bucket="here")
            yield Place(
                Bucket("here", "below", s3),
                lambda path: s3.get_object(Bucket="here", Key=f"below/{path}")["Body"].read(),
            )


@pytest.fixture
def throttle() -> Throttle:
    return Throttle(RateLimit(None, None, lambda: 0.0), BandwidthMonitor(lambda: 0.0), Cancellation())


class File:
    """A file to be sent, open."""

    def __init__(self, folder: Path, size: int) -> None:
        self.data = content(size)
        path = folder / f"file-{size}"
        path.write_bytes(self.data)
        self.fd = os.open(path, os.O_RDONLY)
        self.item = Item("in/here é.bin", str(path), size, 1_700_000_000_000_000_000)


def parts(place: Place, missing: tuple[tuple[int, int], ...], size: int | None = None) -> list[tuple[int, int]]:
    step = size or place.terms.chunk_size
    return [(at, min(at + step, stop)) for start, stop in missing for at in range(start, stop, step)]


@pytest.mark.parametrize("size", [0, 1, MIB, BIG])
def test_a_file_arrives_as_it_is(place, throttle, tmp_path, size):
    file = File(tmp_path, size)
    status = place.target.open(file.item, Facts(KEY))
    assert sum(stop - start for start, stop in status.missing) == size
    for span in parts(place, status.missing, status.chunk_size):
        status = place.target.send(file.item, status.ticket, Chunk(span, throttle, file.fd))
    if not status.complete or status.path is None:
        status = place.target.finish(file.item, status.ticket)
    assert status.complete
    assert status.path == file.item.path
    assert place.read(file.item.path) == file.data
    assert throttle.monitor.total_bytes == size


def test_what_has_arrived_is_not_asked_for_again(place, throttle, tmp_path):
    file = File(tmp_path, 3 * BIG)
    status = place.target.open(file.item, Facts(KEY))
    step = status.chunk_size or place.terms.chunk_size
    first = parts(place, status.missing, step)[0]
    place.target.send(file.item, status.ticket, Chunk(first, throttle, file.fd))
    again = place.target.status(file.item, status.ticket)
    assert again.missing == ((first[1], file.item.size),)
    unfinished = place.target.finish(file.item, status.ticket)
    assert not unfinished.complete
    assert unfinished.missing == again.missing
    for span in parts(place, again.missing, step):
        place.target.send(file.item, again.ticket, Chunk(span, throttle, file.fd))
    assert place.target.finish(file.item, again.ticket).complete
    assert place.read(file.item.path) == file.data


def test_an_upload_that_was_given_up_is_gone(place, throttle, tmp_path):
    file = File(tmp_path, 3 * BIG)
    status = place.target.open(file.item, Facts(KEY))
    place.target.discard(file.item, status.ticket)
    with pytest.raises(Gone):
        place.target.status(file.item, status.ticket)


def test_folders_can_be_made_or_are_of_no_account(place):
    place.target.make_folders(["a/b", "c"])
    place.target.make_folders(["a/b"])
