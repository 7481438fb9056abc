"""What every CaptchaProvider promises."""

from __future__ import annotations

import base64
import json
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import altcha
import pytest
from pydantic import ValidationError

from app.core.errors import Busy
from app.core.ports.guards import CaptchaProvider
from app.settings import Settings
from app.storage.captcha.altcha import LIFETIME_SECONDS, AltchaCaptcha
from app.storage.captcha.siteverify import SiteVerifyCaptcha, SiteVerifyKeys
from app.storage.disk.secret_file import LocalSecrets
from app.storage.sql.counts import SQLCounts
from app.wiring.captcha import build_captcha
from tests.support.catalogues import catalogue
from tests.support.clock import Now
from tests.support.processes import together


class Verifier(BaseHTTPRequestHandler):
    """A provider's server: knows which tokens are good, and can be told to fail."""

    good: ClassVar[set[str]] = {"good", "good-2", "good & günstig"}
    asked: ClassVar[list[dict[str, list[str]]]] = []
    answer: ClassVar[tuple[int, bytes] | None] = None

    def do_POST(self) -> None:
        fields = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.asked.append(fields)
        told: dict[str, Any] = {"success": fields["response"][0] in self.good}
        if not told["success"]:
            told["error-codes"] = ["invalid-input-response"]
        status, raw = self.answer or (200, json.dumps(told).encode())
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture(scope="module")
def verifier() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Verifier) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/siteverify"
        server.shutdown()
        thread.join()


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def attempts(tmp_path: Path, now: Now) -> SQLCounts:
    return SQLCounts(catalogue(tmp_path), now)


@pytest.fixture
def captcha(attempts: SQLCounts, now: Now) -> AltchaCaptcha:
    return AltchaCaptcha(key="k" * 43, attempts=attempts, clock=now)


@pytest.fixture(params=["altcha", "turnstile", "hcaptcha"])
def provider(request, captcha, attempts, verifier):
    """A provider and two right tokens for it."""
    if request.param == "altcha":
        return captcha, [solved(captcha), solved(captcha)]
    return by_http(request.param, attempts, verifier), ["good", "good-2"]


def by_http(name: str, attempts: SQLCounts, url: str) -> SiteVerifyCaptcha:
    Verifier.answer = None
    return SiteVerifyCaptcha(name=name, keys=SiteVerifyKeys("site", "secret"), attempts=attempts, verify_url=url)


def settings_of(**values: Any) -> Settings:
    return Settings(**values)


def solved(captcha: CaptchaProvider) -> str:
    challenge = altcha.Challenge.from_dict(captcha.challenge() or {})
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


def test_a_right_solution_counts_once(provider):
    captcha, (token, other) = provider
    assert captcha.verify(token)
    assert not captcha.verify(token)
    assert captcha.verify(other)


def test_of_several_processes_with_one_solution_one_gets_in(provider):
    captcha, (token, _) = provider
    assert sorted(together(4, lambda number: captcha.verify(token))) == [False, False, False, True]
    assert not captcha.verify(token)


@pytest.mark.parametrize("token", ["", "nonsense", "e30=", "W10=", "bnVsbA==", "\x00", "ü", "\ud800", "x" * 100_000])
def test_nonsense_is_no_solution(provider, token):
    captcha, _ = provider
    assert not captcha.verify(token)


def test_a_page_is_told_who_makes_the_challenges(provider):
    captcha, _ = provider
    assert captcha.name in ("altcha", "turnstile", "hcaptcha")
    assert (captcha.challenge() is None) == (captcha.site_key is not None)


class TestAltcha:
    def test_a_challenge_expires(self, captcha, now):
        token = solved(captcha)
        now.pass_by(LIFETIME_SECONDS + 1)
        assert not captcha.verify(token)

    def test_one_solution_written_in_two_ways_is_one_solution(self, captcha):
        token = solved(captcha)
        document = json.loads(base64.b64decode(token))
        document["solution"]["time"] = 12345
        other = base64.b64encode(json.dumps(document, indent=3).encode()).decode()
        assert other != token
        assert captcha.verify(other)
        assert not captcha.verify(token)

    def test_a_solution_stays_used_in_another_server_on_the_same_data(self, captcha, tmp_path, now):
        token = solved(captcha)
        assert captcha.verify(token)
        again = AltchaCaptcha(key="k" * 43, attempts=SQLCounts(catalogue(tmp_path), now), clock=now)
        assert not again.verify(token)

    def test_a_challenge_made_easier_or_signed_by_somebody_else_is_worth_nothing(self, captcha, attempts, now):
        document = json.loads(base64.b64decode(solved(captcha)))
        document["challenge"]["parameters"] |= {"cost": 1, "keyPrefix": "00"}
        eased = altcha.Challenge.from_dict(document["challenge"])
        solution = altcha.solve_challenge(eased)
        assert solution is not None
        assert not captcha.verify(altcha.Payload(eased, solution).to_base64())
        assert not captcha.verify(solved(AltchaCaptcha(key="other" * 9, attempts=attempts, clock=now)))

    @pytest.mark.parametrize(
        "change",
        [
            {"solution": {"counter": 1, "derivedKey": "00"}},
            {"solution": {"counter": -1, "derivedKey": None}},
            {"solution": []},
            {"challenge": {}},
            {"challenge": []},
            {"challenge": {"parameters": None}},
            {"challenge": {"parameters": {"algorithm": 1, "nonce": [], "salt": {}, "cost": "x"}, "signature": 7}},
        ],
    )
    def test_a_payload_of_the_wrong_shape_is_no_solution(self, captcha, change):
        document = json.loads(base64.b64decode(solved(captcha))) | change
        assert not captcha.verify(base64.b64encode(json.dumps(document).encode()).decode())

    def test_the_key_is_made_once_and_is_the_servers_own(self, tmp_path, attempts, now):
        settings = settings_of(data_dir=tmp_path / "data")
        token = solved(build_captcha(settings, LocalSecrets(settings.data_dir), attempts, now))
        assert build_captcha(settings, LocalSecrets(settings.data_dir), attempts, now).verify(token)
        assert stat.S_IMODE((tmp_path / "data" / "captcha_key").stat().st_mode) == 0o600


class TestSiteVerify:
    @pytest.fixture
    def turnstile(self, attempts, verifier):
        return by_http("turnstile", attempts, verifier)

    def test_the_provider_is_asked_with_the_secret_and_without_the_senders_address(self, turnstile):
        Verifier.asked.clear()
        turnstile.verify("good & günstig")
        assert Verifier.asked == [{"secret": ["secret"], "response": ["good & günstig"]}]

    @pytest.mark.parametrize(
        ("status", "raw"),
        [
            (500, b"{}"),
            (503, b'{"success": true}'),
            (200, b""),
            (200, b"<html>"),
            (200, b"[]"),
            (200, b"{}"),
            (404, b"not found"),
            (302, b""),
            (200, b'{"success": false, "error-codes": ["invalid-input-secret"]}'),
            (200, b'{"success": false, "error-codes": ["internal-error"]}'),
            (200, b'{"success": false, "error-codes": "?"}'),
        ],
    )
    def test_trouble_at_the_provider_is_busy_and_never_right_or_wrong(self, turnstile, status, raw):
        Verifier.answer = (status, raw)
        with pytest.raises(Busy) as caught:
            turnstile.verify("good")
        assert caught.value.details["retry_after"] == 30

    def test_a_provider_that_is_not_there_is_busy(self, attempts):
        away = by_http("hcaptcha", attempts, "http://127.0.0.1:9/siteverify")
        with pytest.raises(Busy):
            away.verify("good")

    def test_the_keys_of_the_settings_are_needed(self, attempts, now, tmp_path):
        with pytest.raises(ValidationError, match="DROPPR_CAPTCHA_SITE_KEY"):
            settings_of(captcha_provider="hcaptcha", captcha_site_key="a", data_dir=tmp_path)
        settings = settings_of(
            captcha_provider="turnstile", captcha_site_key="a", captcha_secret_key="b", data_dir=tmp_path
        )
        assert build_captcha(settings, LocalSecrets(settings.data_dir), attempts, now).site_key == "a"
