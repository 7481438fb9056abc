"""A second factor: set up, asked for, each code once, and given up."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher

from app.core.access_errors import SecondFactorNeeded, SecondFactorOn, WrongCode
from app.core.accounts import Account, Role
from app.core.audit import ALL
from app.core.errors import InvalidRequest, TooManyAttempts, UploadError
from app.settings import Settings
from app.storage.sql.accounts import SQLAccounts
from app.storage.sql.audit import SQLAudit
from app.storage.sql.second_factors import SQLSecondFactors
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue
from tests.support.clock import Now
from tests.support.passkeys import second_factors
from tests.support.searched import House

ANN = Account("ann", Role.MEMBER)
PASSWORD = "a right password"


class Factors:
    """Those of one data folder."""

    def __init__(self, folder: Path) -> None:
        self.now = Now()
        self.database = catalogue(folder)
        self.accounts = SQLAccounts(self.database, clock=self.now)
        self.accounts.add(ANN, None, OWNER)
        self.store = SQLSecondFactors(self.database, clock=self.now)
        self.factors = second_factors(self.database, self.now)
        self.secret = ""

    def code(self, steps: int = 0) -> str:
        return pyotp.TOTP(self.secret).at(int(self.now()) + 30 * steps)

    def set_up(self) -> list[str]:
        self.secret, _ = self.factors.begin("ann")
        codes = self.factors.confirm("ann", self.code(), OWNER)
        self.now.at += 60
        return codes

    def check(self, code: str | None) -> None:
        self.factors.check("ann", code, OWNER)

    def wrong(self, code: str) -> None:
        with pytest.raises(WrongCode):
            self.check(code)


@pytest.fixture
def here(tmp_path: Path) -> Factors:
    return Factors(tmp_path)


def has_one(here: Factors) -> bool:
    kept = here.accounts.find("ann")
    return kept is not None and kept.account.second_factor


def test_it_is_on_when_a_code_of_it_was_sent(here: Factors) -> None:
    first, address = here.factors.begin("ann")
    assert address.startswith("otpauth://totp/Droppr:ann?")
    assert first in address
    here.secret, _ = here.factors.begin("ann")
    with pytest.raises(InvalidRequest):
        here.factors.confirm("ann", pyotp.TOTP(first).at(int(here.now())), OWNER)
    assert not has_one(here)
    assert here.factors.state("ann") is None
    codes = here.factors.confirm("ann", f" {here.code()[:3]} {here.code()[3:]} ", OWNER)
    assert has_one(here)
    assert len({*codes}) == 10
    assert all(re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){3}", each) for each in codes)
    kept = here.store.find("ann")
    assert kept is not None
    assert not {*codes} & {*kept.recovery}
    with pytest.raises(SecondFactorOn):
        here.factors.begin("ann")
    with pytest.raises(InvalidRequest):
        here.factors.confirm("ann", here.code(), OWNER)
    here.wrong(here.code())  # That which confirmed it has counted.


def test_a_code_counts_once_and_around_its_time(here: Factors) -> None:
    here.set_up()
    for none in (None, "", " "):
        with pytest.raises(SecondFactorNeeded) as needed:
            here.factors.prove(ANN, none, None, "192.0.2.1")
        assert needed.value.details == {"ways": ["code"]}
        with pytest.raises(SecondFactorNeeded):
            here.check(none)
    here.wrong(here.code(-2))
    here.wrong(here.code(2))
    here.check(here.code(-1))
    here.check(here.code())
    here.wrong(here.code())
    here.wrong(here.code(-1))
    here.check(here.code(1))
    here.now.at += 60
    code = here.code()

    def once(_: int) -> str:
        try:
            here.check(code)
        except UploadError as error:
            return error.code
        return "counts"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(once, range(4))) == ["counts"] + ["wrong_code"] * 3


def test_a_recovery_code_counts_once(here: Factors) -> None:
    codes = here.set_up()
    here.check(codes[3].upper().replace("-", " "))
    here.wrong(codes[3])
    state = here.factors.state("ann")
    assert state is not None
    assert len(state.recovery) == 9
    for nonsense in ("x", "\ud800", "١٢٣٤٥٦", "1234567", "-"):
        here.wrong(nonsense)
    acts = [(str(each.act), each.facts) for each in SQLAudit(here.database).page(9, None, ALL)]
    assert acts[0] == ("recovery_code_used", {"account": "ann", "left": 9})
    assert acts[1][0] == "second_factor_on"


def test_tries_are_counted_whoever_makes_them(here: Factors) -> None:
    codes = here.set_up()
    for _ in range(10):
        here.wrong("000000x")
    for right in (here.code(), codes[0]):
        with pytest.raises(TooManyAttempts):
            here.check(right)
    here.now.at += 3601
    here.check(codes[0])


def test_it_is_given_up_by_a_code_or_by_others(here: Factors) -> None:
    codes = here.set_up()
    for wrong in ("000000", ""):
        with pytest.raises(InvalidRequest):
            here.factors.switch_off("ann", wrong, OWNER)
    here.factors.switch_off("ann", codes[0], OWNER)
    assert not has_one(here)
    here.set_up()
    assert here.factors.reset("ann", OWNER)
    assert not here.factors.reset("ann", OWNER)
    here.set_up()
    here.accounts.remove("ann", OWNER)
    here.accounts.add(ANN, None, OWNER)
    assert here.store.find("ann") is None, "somebody else has the name now"
    assert not has_one(here)


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setattr("app.services.links.passwords.PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    return House(tmp_path, second_factor_required=True)


def said(house: House, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    reply = house.client.open(path, method=method, json=body, headers={"Sec-Fetch-Site": "same-origin"})
    return reply.status_code, reply.json


def test_over_http_from_the_first_log_in_to_the_reset(house: House) -> None:
    people = house.services.accounts.people
    people.add("ann", Role.MEMBER, PASSWORD, OWNER)
    session, own = "/api/droppr/session", "/api/account/second-factor"
    login = {"name": "ann", "password": PASSWORD}
    assert said(house, "POST", session, login)[0] == 204
    assert said(house, "GET", session)[1]["second_factor_required"]
    for path in ("/api/droppr/requests", "/api/keys", "/api/sessions"):
        status, told = said(house, "GET", path)
        assert (status, told["code"]) == (403, "second_factor_required")
    assert said(house, "POST", own, {"password": "a wrong one"})[1]["fields"].keys() == {"password"}
    begun = said(house, "POST", own, {"password": PASSWORD})[1]
    code = pyotp.TOTP(begun["secret"])
    now = int(house.services.ground.clock())
    codes = said(house, "POST", f"{own}/confirmation", {"code": code.at(now)})[1]["recovery_codes"]
    assert said(house, "GET", own)[1] == {"on": True, "recovery_codes": 10}
    assert said(house, "GET", "/api/droppr/requests")[0] == 200
    assert said(house, "DELETE", session)[0] == 204
    # Who does not know the password learns nothing of it.
    assert said(house, "POST", session, {**login, "password": "a wrong one"})[1]["code"] == "wrong_log_in"
    assert said(house, "POST", session, login)[1]["code"] == "second_factor_needed"
    assert said(house, "POST", session, {**login, "code": "000000"})[1]["code"] == "wrong_code"
    assert said(house, "GET", session)[0] == 401
    assert said(house, "POST", session, {**login, "code": codes[0]})[0] == 204
    assert said(house, "GET", own)[1]["recovery_codes"] == 9
    assert said(house, "DELETE", "/api/accounts/ann/second-factor")[1]["code"] == "admins_only"
    assert house.ask("/api/accounts")[1]["accounts"][0]["second_factor"]
    assert house.ask("/api/accounts/ann/second-factor", "DELETE")[0] == 204
    assert not house.ask("/api/accounts")[1]["accounts"][0]["second_factor"]
    assert said(house, "DELETE", session)[0] == 204
    assert said(house, "POST", session, login)[0] == 204
    assert house.ask(own, "POST", json={"password": "x"})[0] == 400, "the admin token has none"


@pytest.mark.parametrize(
    ("written", "asked"),
    [("true", "everyone"), ("ON", "everyone"), ("admins", "admins"), ("0", "off"), ("everyone", "everyone")],
)
def test_whom_the_server_asks_is_written_as_it_was_too(written: str, asked: str) -> None:
    settings = Settings(second_factor_required=written, _env_file=None)  # type: ignore[arg-type,call-arg]
    assert settings.second_factor_required == asked


def test_an_owner_says_while_it_runs_whom_it_asks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.links.passwords.PasswordHasher", lambda: PasswordHasher(1, 8, 1))
    house = House(tmp_path)
    for name, role in (("ann", Role.ADMIN), ("bob", Role.MEMBER)):
        house.services.accounts.people.add(name, role, PASSWORD, OWNER)

    def may() -> list[int]:
        found = []
        for name in ("ann", "bob"):
            assert said(house, "POST", "/api/droppr/session", {"name": name, "password": PASSWORD})[0] == 204
            found.append(said(house, "GET", "/api/droppr/requests")[0])
        return found

    def ask(whom: str | None) -> int:
        return int(house.ask("/api/settings", "PATCH", json={"second_factor_required": whom})[0])

    assert (may(), ask("admins"), may()) == ([200, 200], 200, [403, 200])
    assert (ask("nobody"), ask("everyone"), may()) == (400, 200, [403, 403])
    assert (ask(None), may()) == (200, [200, 200])
    settings = house.ask("/api/settings")[1]["settings"]
    [shown] = [each for each in settings if each["name"] == "second_factor_required"]
    assert (shown["value"], shown["choices"]) == ("off", ["off", "admins", "everyone"])
