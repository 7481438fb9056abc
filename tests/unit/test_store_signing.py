"""Signatures for an S3 store are those that its own library makes."""

from __future__ import annotations

import base64
import datetime
import hashlib
import time
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import NoCredentialsError

from app.storage.cluster import signing
from app.storage.cluster.signing import UNSIGNED, PartSigner, Signer, host_of, queried, quoted

AT = 1_764_400_000
SHA256 = hashlib.sha256(b"x").hexdigest()
KEYS = [
    Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
    Credentials("key", "secret", "to/ken+=="),
]
PLACES = [
    ("http://127.0.0.1:8333", "bucket/a b/ü+~.bin"),
    ("https://s3.example.org:443/below", "bucket/droppr/0f/whole"),
]


@pytest.fixture(autouse=True)
def a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.datetime.fromtimestamp(AT, datetime.UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda **_: now.replace(tzinfo=None))
    frozen = SimpleNamespace(strftime=time.strftime, gmtime=lambda: time.gmtime(AT))
    monkeypatch.setattr(signing, "time", frozen)


class Librarys(botocore.auth.S3SigV4Auth):  # type: ignore[misc]
    def __init__(self, keys: Credentials, payload: str) -> None:
        super().__init__(keys, "s3", "eu-central-1")
        self._payload = payload

    def payload(self, request: object) -> str:
        del request
        return self._payload


@pytest.mark.parametrize("keys", KEYS, ids=["keys", "keys for a while"])
@pytest.mark.parametrize(("endpoint", "path"), PLACES)
@pytest.mark.parametrize("query", [{}, {"uploadId": "a+b/c=", "partNumber": "7"}, {"prefix": "ü &", "list-type": "2"}])
def test_a_request(keys: Credentials, endpoint: str, path: str, query: dict[str, str]) -> None:
    parts = urlsplit(endpoint)
    target, words, told = (
        quoted(f"{parts.path}/{path}"),
        queried(query),
        {"Range": "bytes=0-9", "x-amz-checksum-sha256": "YQ=="},
    )
    ours = Signer("eu-central-1", lambda: keys).headers("PUT", host_of(parts), target, words, told, UNSIGNED)
    request = AWSRequest(
        "PUT", f"{parts.scheme}://{parts.netloc}{target}" + (f"?{words}" if words else ""), headers=told
    )
    Librarys(keys, UNSIGNED).add_auth(request)
    assert {name.lower(): value for name, value in ours.items()} == {
        name.lower(): value for name, value in request.headers.items()
    }


@pytest.mark.parametrize("keys", KEYS, ids=["keys", "keys for a while"])
@pytest.mark.parametrize(("public", "path"), PLACES)
def test_an_address(keys: Credentials, public: str, path: str) -> None:
    url = PartSigner(public, Signer("eu-central-1", lambda: keys), 900).url(path, "id/+=", 12, 345, SHA256)
    digest = base64.b64encode(bytes.fromhex(SHA256)).decode()
    request = AWSRequest(
        "PUT",
        f"{public}/{quoted(path)}?partNumber=12&uploadId=id%2F%2B%3D",
        headers={"x-amz-checksum-sha256": digest, "content-length": "345"},
    )
    botocore.auth.S3SigV4QueryAuth(keys, "s3", "eu-central-1", expires=900).add_auth(request)
    found, wanted = urlsplit(url), urlsplit(request.url)
    assert found[:3] == wanted[:3]
    assert dict(parse_qsl(found.query)) == dict(parse_qsl(wanted.query))


def test_other_keys_count_from_the_next_signature_on() -> None:
    keys = KEYS[0]
    signer = Signer("eu-central-1", lambda: keys)

    def authorization() -> str:
        return signer.headers("GET", "s3.example.org", "/bucket", "", {}, UNSIGNED)["Authorization"]

    before = authorization()
    assert authorization() == before
    keys = Credentials("AKIDEXAMPLE", "another")
    assert authorization() != before
    keys = KEYS[1]
    assert "Credential=key/" in authorization()


def test_without_keys_nothing_is_signed() -> None:
    with pytest.raises(NoCredentialsError):
        Signer("eu-central-1", lambda: None).headers("GET", "s3.example.org", "/bucket", "", {}, UNSIGNED)
