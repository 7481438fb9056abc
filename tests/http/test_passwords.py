"""Passwords and captchas: asked when an upload is opened, never for a chunk, and not guessable."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import altcha
import psutil
import pytest

from tests.support.catalogues import asked
from tests.support.client import Client, Link, Reply, patiently
from tests.support.clock import MovedClock
from tests.support.files import MIB, content, files_below, sha256
from tests.support.live import GENEROUS, LiveServer

PASSWORD = "öpen sesame + 100%"


def attempt(link: Link, password: str | None, captcha: str | None = None) -> Reply:
    headers = {} if password is None else {"X-Request-Password": quote(password, safe="")}
    return link.open("a.txt", 10, headers=headers | ({"X-Captcha-Token": captcha} if captcha else {}))


def solved(client: Client) -> str:
    """The token of a freshly solved challenge of the self-hosted captcha."""
    given = client.call("GET", "/api/droppr/captcha").expect(200).json
    challenge = altcha.Challenge.from_dict(given.get("challenge", given))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


@pytest.fixture
def locked(client: Client) -> Link:
    return client.make_link(password=PASSWORD, captcha="never")


def test_the_password_is_asked_for_when_opening(locked: Link) -> None:
    assert locked.info().expect(200).json["requires_password"] is True
    attempt(locked, None).expect(401, "password_required")
    attempt(locked, PASSWORD.upper()).expect(401, "password_invalid")
    attempt(locked, PASSWORD).expect(201)


def test_a_first_chunk_without_an_id_needs_the_password(locked: Link) -> None:
    headers = {"X-Upload-Offset": "0", "X-Upload-Length": "1", "X-Upload-Name": "a.txt"}
    locked.raw_chunk(headers, b"a").expect(401, "password_required")
    locked.raw_chunk({**headers, "X-Request-Password": "wrong"}, b"a").expect(401, "password_invalid")
    right = quote(PASSWORD, safe="")
    assert locked.raw_chunk({**headers, "X-Request-Password": right}, b"a").expect(200).json["complete"] is True


def test_a_link_without_a_password_ignores_one(link: Link) -> None:
    attempt(link, "whatever").expect(201)


def processor_seconds(server: LiveServer) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in server.worker_pids()]
    return sum(each.user + each.system for each in times)


def opened_in_time(open: Callable[[], Reply]) -> str:
    """The id of an upload. Passwords are checked when nobody else wants the processor: on a busy machine one is told to come again."""

    upload_id: str = patiently(open).expect(201).json["upload_id"]
    return upload_id


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server on which a hash and a captcha take what they do for owners."""
    with LiveServer(tmp_path_factory.mktemp("shipped"), workers=1, as_shipped=True, **GENEROUS) as server:
        yield server


def test_a_chunk_that_carries_its_id_needs_no_password_and_none_is_hashed(shipped: LiveServer) -> None:
    locked = Client.of(shipped).make_link(password=PASSWORD, captcha="never")
    data = content(40 * 100)
    begun = processor_seconds(shipped)
    upload_id = opened_in_time(lambda: attempt(locked, PASSWORD))
    hashed_once = processor_seconds(shipped) - begun
    locked.cancel(upload_id).expect(204)
    headers = {"X-Request-Password": quote(PASSWORD, safe="")}
    upload_id = opened_in_time(lambda: locked.open("a.bin", len(data), headers=headers))
    begun = processor_seconds(shipped)
    for at in range(0, len(data), 100):
        sent = {"X-Request-Password": "wrong", "X-Captcha-Token": "nonsense"} if at % 200 else headers
        locked.chunk(upload_id, at, data[at : at + 100], len(data), headers=sent).expect(200)
    assert processor_seconds(shipped) - begun < 20 * hashed_once, "some of the 40 were hashed"
    assert (locked.disk / "a.bin").read_bytes() == data
    locked.status(upload_id).expect(200)


def test_guessing_is_as_dear_as_it_is_meant_to_be(shipped: LiveServer) -> None:
    client = Client.of(shipped)
    link = client.make_link(password=PASSWORD)
    [(kept,)] = asked(shipped.data_dir, f"SELECT document FROM links WHERE hash = '{link.hash}'")
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in kept
    challenge = client.call("GET", "/api/droppr/captcha").expect(200).json
    assert challenge.get("challenge", challenge)["parameters"]["cost"] == 1000


def test_wrong_passwords_are_counted_over_all_workers_and_then_nobody_gets_in(client: Client, locked: Link) -> None:
    for _ in range(5):
        # A connection of its own each time, so that every worker sees some.
        attempt(locked.seen_by(Client(client.url, client.token, client.files_dir)), "wrong").expect(
            401, "password_invalid"
        )
    for password in ("wrong", PASSWORD):
        blocked = attempt(locked.seen_by(Client(client.url, client.token, client.files_dir)), password).expect(
            429, "too_many_attempts"
        )
        assert 1 <= int(blocked.headers["Retry-After"]) <= 900
    elsewhere = locked.seen_by(Client(client.url, client.token, client.files_dir, source="127.0.0.3"))
    attempt(elsewhere, PASSWORD).expect(201)
    other = client.make_link(password=PASSWORD)
    attempt(other, PASSWORD).expect(201)


def test_guesses_at_once_get_no_more_tries_than_guesses_in_turn(client: Client, locked: Link) -> None:
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda n: attempt(locked, f"guess {n}"), range(16)))
    codes = [reply.code for reply in replies]
    assert set(codes) <= {"password_invalid", "too_many_attempts", "busy"}
    assert codes.count("password_invalid") <= 5
    attempt(locked, PASSWORD).expect(429, "too_many_attempts")


def test_asking_whether_there_is_a_password_is_no_failure(locked: Link) -> None:
    for _ in range(8):
        attempt(locked, None).expect(401, "password_required")
    attempt(locked, PASSWORD).expect(201)


def test_a_right_password_forgives_the_wrong_ones_before(locked: Link) -> None:
    for _ in range(3):
        for _ in range(3):
            attempt(locked, "wrong").expect(401, "password_invalid")
        attempt(locked, PASSWORD).expect(201)


def test_wrong_passwords_are_remembered_over_a_restart_and_forgotten_after_the_window(
    live: Callable[..., LiveServer], tmp_path: Path
) -> None:
    clock = MovedClock(tmp_path / "clock")
    window = {"DROPPR_REQUEST_PASSWORD_FAILURE_MAX": 2, "DROPPR_REQUEST_PASSWORD_FAILURE_WINDOW_SECONDS": 3600}
    server = live(workers=2, **window, **clock.environment)
    link = Client.of(server).make_link(password=PASSWORD, captcha="never")
    attempt(link, "wrong").expect(401, "password_invalid")
    attempt(link, "wrong").expect(401, "password_invalid")
    blocked = attempt(link, PASSWORD).expect(429, "too_many_attempts")
    assert 1 <= int(blocked.headers["Retry-After"]) <= 3600
    server.kill()
    server.start()
    attempt(link, PASSWORD).expect(429, "too_many_attempts")
    clock.forward(int(blocked.headers["Retry-After"]) / 3600)
    attempt(link, PASSWORD).expect(201)


def captcha_fields(reply: Reply) -> dict[str, Any]:
    return {name: value for name, value in reply.json.items() if name.startswith("captcha")}


def test_a_link_may_always_ask_for_a_captcha(client: Client) -> None:
    link = client.make_link(captcha="always")
    info = link.info().json
    assert (info["captcha_required"], info["captcha_provider"]) == (True, "altcha")
    refused = attempt(link, None).expect(403, "captcha_required")
    assert captcha_fields(refused)["captcha_provider"] == "altcha"
    assert captcha_fields(refused)["captcha_required"] is True
    assert "captcha_site_key" in captcha_fields(refused)
    attempt(link, None, "nonsense").expect(403, "captcha_required")
    attempt(link, None, "e30=").expect(403, "captcha_required")
    upload_id = attempt(link, None, solved(client)).expect(201).json["upload_id"]
    link.chunk(upload_id, 0, b"0123456789", 10).expect(200)


def test_a_solution_opens_one_upload_and_no_second(client: Client) -> None:
    link = client.make_link(captcha="always")
    token = solved(client)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: patiently(lambda: attempt(link, None, token)), range(8)))
    assert sorted(reply.status for reply in replies) == [201] + [403] * 7
    attempt(client.make_link(captcha="always"), None, token).expect(403, "captcha_required")


def test_a_used_solution_stays_used_after_a_restart(live: Callable[..., LiveServer]) -> None:
    server = live(workers=1)
    client = Client.of(server)
    link = client.make_link(captcha="always")
    token, fresh = solved(client), solved(client)
    attempt(link, None, token).expect(201)
    server.kill()
    server.start()
    attempt(link, None, token).expect(403, "captcha_required")
    attempt(link, None, fresh).expect(201)


def test_a_challenge_that_somebody_else_signed_is_worth_nothing(client: Client) -> None:
    link = client.make_link(captcha="always")
    real = client.call("GET", "/api/droppr/captcha").expect(200).json
    real = real.get("challenge", real)
    challenge = altcha.create_challenge(
        algorithm=real["parameters"]["algorithm"], cost=1, hmac_secret="guessed", key_prefix="00"
    )
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    attempt(link, None, altcha.Payload(challenge, solution).to_base64()).expect(403, "captcha_required")


def test_after_three_wrong_passwords_a_captcha_is_asked_for(client: Client) -> None:
    link = client.make_link(password=PASSWORD)
    assert link.info().json["captcha_required"] is False
    for _ in range(3):
        attempt(link, "wrong").expect(401, "password_invalid")
    attempt(link, PASSWORD).expect(403, "captcha_required")
    assert link.info().json["captcha_required"] is True
    attempt(link, PASSWORD, solved(client)).expect(201)


def test_a_captcha_does_not_buy_endless_guesses(client: Client) -> None:
    link = client.make_link(password=PASSWORD)
    for _ in range(3):
        attempt(link, "wrong").expect(401, "password_invalid")
    for _ in range(2):
        attempt(link, "wrong", solved(client)).expect(401, "password_invalid")
    attempt(link, PASSWORD, solved(client)).expect(429, "too_many_attempts")


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("quiet"), workers=2, DROPPR_LOG_LEVEL="DEBUG", **GENEROUS) as server:
        yield server


def test_no_password_token_or_capability_is_ever_logged_or_stored_in_the_clear(quiet: LiveServer) -> None:
    client = Client.of(quiet)
    link = client.make_link(password="hunter2-very-secret", captcha="never")
    attempt(link, "wrong-but-secret")
    headers = {"X-Request-Password": "hunter2-very-secret"}
    upload_id = link.open("a.bin", 2 * MIB, headers=headers).expect(201).json["upload_id"]
    data = content(2 * MIB)
    link.send(upload_id, data, step=MIB)
    link.client.call("GET", f"{link.path}/nothing-here")
    link.chunk(upload_id, 0, b"x", 1, headers=headers)
    assert link.download("a.bin").status == 200
    log = quiet.log.read_text()
    assert "hunter2" not in log
    assert "wrong-but-secret" not in log
    assert client.token not in log
    assert link.hash not in log
    assert upload_id not in log
    for path in files_below(quiet.data_dir).values():
        with suppress(FileNotFoundError):  # The server may have removed it meanwhile.
            assert b"hunter2" not in path.read_bytes(), path
    assert sha256((link.disk / "a.bin").read_bytes()) == sha256(data)
