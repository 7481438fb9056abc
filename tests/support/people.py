"""People with accounts on a real server, who are logged in."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from app.core.accounts import Account, Role
from app.services.links.passwords import Argon2Hasher
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.migrate import opened
from tests.support.actors import OWNER
from tests.support.client import Client, Reply
from tests.support.live import LiveServer
from tests.support.owners_calls import R

PASSWORD = "a right password"


@dataclass(frozen=True)
class Person:
    """Somebody who is logged in, and a link that they or their team have, with the ids of what hangs on it."""

    client: Client
    name: str
    cookie: Mapping[str, str]

    def ask(self, method: str, path: str, body: object = None) -> Reply:
        return self.client.call(method, path, json=body, headers=self.cookie)

    def belongings(self, owner: str) -> dict[str, str]:
        made = self.ask("POST", R, {"folder": "papers", "owner": owner}).expect(201).json
        hash = made["hash"]
        sent = {"X-Upload-Offset": "0", "X-Upload-Length": "4", "X-Upload-Name": "secret.txt"}
        self.client.call("POST", f"{R}/{hash}/upload-chunk", body=b"text", headers=sent).expect(200)
        coming = self.client.call("POST", f"{R}/{hash}/uploads", json={"path": "coming.bin", "size": 9}).expect(201)
        [file] = self.ask("GET", f"{R}/{hash}/files").expect(200).json["files"]
        share = self.ask("POST", "/api/droppr/shares", {"link": hash}).expect(201).json["hash"]
        # Nothing ever happens of which it is told.
        url = {"url": f"https://93.184.215.14/{uuid4().hex}", "link": hash, "kinds": ["link.deleted"]}
        return {
            "hash": hash,
            "anypath:path": "secret.txt",
            "upload_id": file["upload_id"],
            "open": coming.json["upload_id"],
            "share": share,
            "endpoint_id": self.ask("POST", "/api/endpoints", url).expect(201).json["id"],
            "entity_id": made["entity"],
        }


@contextmanager
def three_people(server: LiveServer, client: Client) -> Iterator[dict[str, Person]]:
    """Bob, who has nothing to do with the others; Ann and Eve of one team, of whom Eve only looks."""
    store = SQLAccounts(opened(server.data_dir, LiveServer.databases.get(server.data_dir)), clock=time.time)
    team, hashed = f"team-{uuid4().hex[:8]}", Argon2Hasher().hash(PASSWORD)
    roles = {"bob": (Role.MEMBER, ()), "ann": (Role.MEMBER, (team,)), "eve": (Role.VIEWER, (team,))}
    found = {}
    for each, (role, teams) in roles.items():
        account = Account(f"{each}-{uuid4().hex[:8]}", role, teams, display_name=each.title())
        store.add(account, hashed, OWNER)
        here = client.elsewhere()
        said = {"name": account.name, "password": PASSWORD}
        reply = here.call("POST", "/api/droppr/session", json=said).expect(204)
        cookie = reply.headers["Set-Cookie"].partition(";")[0]
        found[each] = Person(here, account.name, {"Cookie": cookie})
    yield found
    for person in found.values():
        store.remove(person.name, OWNER)
