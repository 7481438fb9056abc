"""Links in the owner's hands: made, changed, closed, found; and what senders must say about themselves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.core.errors import (
    FileNotFound,
    InvalidRequest,
    RateLimited,
    RequestClosed,
    RequestExpired,
    RequestNotFound,
)
from app.core.links import ReceivedFile, RequestLink
from app.core.paths import RelPath
from app.core.policy import Policy
from app.core.remotes import RemoteTarget
from app.core.session import Sender
from app.core.terms import Ask, CaptchaMode
from app.core.waiting_room import WaitingRoom
from app.services.links.access import Access, AccessRules
from app.services.links.file_requests import FileRequests, TermChecks
from app.storage.disk.inbox import LocalInbox
from app.storage.sql.counts import SQLCounts
from app.storage.sql.files import SQLRequests
from app.web.wire.json_body import parse
from app.web.wire.request_bodies import LinkTerms, NewLink
from tests.support.actors import OWNER
from tests.support.catalogues import catalogue
from tests.support.clock import Now
from tests.unit.test_access import CountingHasher, FakeCaptcha

FOLDER = RelPath.parse("photos/2026")


class Office:
    """A FileRequests with everything around it."""

    def __init__(self, folder: Path, create_limit: str | None = None, usual_hours: float = 168) -> None:
        self.now = Now()
        self.asked: list[RemoteTarget] = []
        self.needed: list[str] = []
        attempts = SQLCounts(catalogue(folder), self.now)
        self.store = SQLRequests(catalogue(folder))
        hasher = CountingHasher()
        rules = AccessRules(failure_max=5, failure_window=900, captcha_threshold=3)
        access = Access(
            attempts=attempts,
            captcha=FakeCaptcha(),
            hasher=hasher,
            clock=self.now,
            rules=rules,
            waiting=WaitingRoom(8, 8),
        )
        self.links = FileRequests(
            requests=self.store,
            inbox=LocalInbox(folder / "files"),
            access=access,
            policy=lambda: Policy(max_file_size=1000, max_chunk_size=10, allowed_extensions=("jpg", "png")),
            attempts=attempts,
            hasher=hasher,
            clock=self.now,
            create_limit=create_limit,
            usual_hours=lambda: usual_hours,
            checks=TermChecks(target=self.asked.append, needs=self.needed.append),
        )

    def make(self, **terms: Any) -> RequestLink:
        return self.links.create(FOLDER, parse(LinkTerms, terms).terms(), OWNER)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def problems_of(model: type[Any], body: dict[str, Any]) -> set[str]:
    with pytest.raises(InvalidRequest) as caught:
        parse(model, body)
    fields = caught.value.details["fields"]
    assert isinstance(fields, dict)
    assert all(name in caught.value.message for name in fields)
    return set(fields)


def test_a_link_is_found_as_it_was_made(office):
    made = office.make(title="Hi", max_files=3, captcha="always", ask_name="required", allowed_extensions=".JPG, png")
    assert office.links.find(made.hash) == made
    assert (made.folder, made.created_at, made.owner) == (FOLDER, office.now.at, "owner")
    assert (made.terms.captcha, made.terms.ask_name) == (CaptchaMode.ALWAYS, Ask.REQUIRED)
    assert made.terms.allowed_extensions == ("jpg", "png")


def test_hashes_can_stand_in_mails_and_on_command_lines(office):
    hashes = {office.make().hash for _ in range(100)}
    assert len(hashes) == 100
    assert all(len(each) == 32 and each[0].isalnum() and each[-1].isalnum() for each in hashes)


def test_a_link_of_whose_end_nothing_is_said_is_open_as_long_as_usual(office, tmp_path):
    assert office.make().terms.expires_at == office.now.at + 168 * 3600
    assert office.make(expires_hours=0).terms.expires_at is None
    assert office.make(expires_hours=2).terms.expires_at == office.now.at + 7200
    endless = Office(tmp_path / "endless", usual_hours=0)
    assert endless.make().terms.expires_at is None
    # A change that says nothing of it changes nothing of it.
    kept = office.make(expires_hours=3)
    assert (
        office.links.edit(kept.hash, parse(LinkTerms, {"title": "x"}).terms(), OWNER).terms.expires_at
        == kept.terms.expires_at
    )


def test_as_many_links_are_made_as_are_wanted_unless_the_owner_set_a_limit(office):
    assert len({office.make().hash for _ in range(100)}) == 100


def test_only_so_many_links_are_made_in_an_hour(tmp_path):
    office = Office(tmp_path, "2 per hour")
    office.make()
    office.now.pass_by(600)
    office.make()
    with pytest.raises(RateLimited) as caught:
        office.make()
    assert caught.value.details["retry_after"] == 3000


def test_a_link_expires_at_its_moment_and_can_be_prolonged(office):
    made = office.make(expires_hours=0.5)
    office.now.pass_by(1799)
    assert office.links.info(made.hash, "x").expires_in == pytest.approx(1)
    office.now.pass_by(1)
    with pytest.raises(RequestExpired):
        office.links.find(made.hash)
    assert office.store.load(made.hash) == made
    office.links.edit(made.hash, {"expires_hours": 1}, OWNER)
    assert office.links.info(made.hash, "x").expires_in == pytest.approx(3600)
    office.links.edit(made.hash, {"expires_hours": 0}, OWNER)
    assert office.links.info(made.hash, "x").expires_in is None


def test_a_closed_link_is_closed_until_it_is_opened_again(office):
    made = office.make()
    office.links.close(made.hash, OWNER)
    office.links.close(made.hash, OWNER)
    with pytest.raises(RequestClosed):
        office.links.find(made.hash)
    office.links.edit(made.hash, {"active": True}, OWNER)
    assert office.links.find(made.hash) == made


def test_an_unknown_link_is_not_found(office):
    for call in (office.links.find, lambda hash: office.links.close(hash, OWNER), office.links.all_files):
        with pytest.raises(RequestNotFound):
            call("nothing-here-0123456")


def test_a_change_touches_what_it_names_and_nothing_else(office):
    made = office.make(title="a", password="secret", max_files=3, expires_hours=5)
    changed = office.links.edit(made.hash, parse(LinkTerms, {"title": "b"}).terms(), OWNER)
    assert changed == replace(made, terms=replace(made.terms, title="b"))


@pytest.mark.parametrize("nothing", ["", None])
def test_a_password_is_kept_as_a_hash_and_can_be_taken_away(office, nothing):
    made = office.make(password="secret")
    assert (made.terms.requires_password, made.terms.password_hash) == (True, "hashed:secret")
    assert not office.links.edit(
        made.hash, parse(LinkTerms, {"password": nothing}).terms(), OWNER
    ).terms.requires_password


def test_senders_are_told_the_limits_that_count(office):
    told = office.links.info(office.make(max_file_size=5000, allowed_extensions=["jpg", "exe"]).hash, "x")
    assert (told.file_limit, told.extensions) == (1000, ("jpg", "jpeg", "jpe", "jfif"))
    told = office.links.info(office.make().hash, "x")
    assert (told.file_limit, told.extensions) == (1000, ("jpg", "jpeg", "jpe", "jfif", "png"))


def test_a_received_file_is_found_by_its_path_the_newest_first(office):
    made = office.make()
    for number in range(2):
        office.store.receive(made.hash, ReceivedFile(f"u{number}", "a/ü.jpg", "a/ü.jpg", 5, float(number)))
    assert office.links.received(made.hash, "a/ü.jpg")[1].upload_id == "u1"
    with pytest.raises(FileNotFound):
        office.links.received(made.hash, "ü.jpg")
    [(listed, counts)] = office.links.all()
    assert (listed, counts.files) == (made, 2)


class TestBodies:
    @pytest.mark.parametrize("spelling", ["folder", "path", "dir"])
    def test_the_folder_may_be_spelled(self, spelling):
        assert parse(NewLink, {spelling: "a/b/"}).folder == RelPath.parse("a/b")

    @pytest.mark.parametrize("spelling", ["expires_hours", "expiresHours", "hours"])
    def test_the_expiry_may_be_spelled(self, spelling):
        assert parse(LinkTerms, {spelling: 1.5}).terms() == {"expires_hours": 1.5}

    @pytest.mark.parametrize("folder", [None, "", 7, "/etc", "..", "a/../b", "a//b", "a\0", "\ud800", ["a"], "x" * 300])
    def test_a_folder_that_is_not_plainly_below_is_refused(self, folder):
        assert problems_of(NewLink, {"folder": folder}) == {"folder"}

    def test_every_problem_is_told_at_once_by_the_name_of_its_field(self):
        body = {
            "hours": -1,
            "title": {"a": 1},
            "message": "x" * 10_001,
            "password": "x" * 257,
            "max_file_size": 1.5,
            "max_total_size": True,
            "max_files": -1,
            "allowed_extensions": [1],
            "captcha": "sometimes",
            "ask_name": "maybe",
            "ask_email": 1,
            "active": "perhaps",
        }
        expected = {"folder", "expires_hours", *body} - {"hours"}
        assert problems_of(NewLink, body) == expected

    @pytest.mark.parametrize("hours", [float("nan"), float("inf"), 1e300, -0.1, True, "soon", [1]])
    def test_an_expiry_that_makes_no_sense_is_refused(self, hours):
        assert problems_of(LinkTerms, {"expires_hours": hours}) == {"expires_hours"}

    @pytest.mark.parametrize(
        ("given", "kept"),
        [
            ("jpg,.PNG, *.mov ,,", ("jpg", "png", "mov")),
            (["jpg", "jpg"], ("jpg",)),
            ("*", ()),
            ("", ()),
            ([], ()),
            (None, ()),
        ],
    )
    def test_extensions_may_be_written_in_many_ways(self, given, kept):
        assert parse(LinkTerms, {"allowed_extensions": given}).terms() == {"allowed_extensions": kept}

    def test_null_is_no_limit_and_unknown_fields_are_passed_over(self):
        assert parse(LinkTerms, {"max_files": None, "from_the_future": 1}).terms() == {"max_files": 0}


class TestSenders:
    def test_what_is_not_asked_for_is_not_kept(self, office):
        assert office.links.check_sender(office.make(), "Ada", "ada@example.org") == Sender(None, None)

    def test_what_is_asked_for_is_kept_without_the_spaces_around_it(self, office):
        made = office.make(ask_name="optional", ask_email="required")
        assert office.links.check_sender(made, " Ada Łovelace ", " ada@exämple.org ") == Sender(
            "Ada Łovelace", "ada@exämple.org"
        )
        assert office.links.check_sender(made, "  ", "a@b") == Sender(None, "a@b")

    @pytest.mark.parametrize("name", [None, "", "  ", "x" * 201, "a\nb", "a\x1b[31m", "\u202etxt", "\ud800"])
    def test_a_name_that_is_missing_or_absurd_is_refused(self, office, name):
        made = office.make(ask_name="required", ask_email="required")
        with pytest.raises(InvalidRequest) as caught:
            office.links.check_sender(made, name, "nobody")
        fields = caught.value.details["fields"]
        assert isinstance(fields, dict)
        assert fields.keys() == {"sender_name", "sender_email"}

    @pytest.mark.parametrize("email", ["x", "@", "a@", "@b", "a b@c", "a@b c", "a@b\nBcc: c@d", f"{'a' * 255}@b"])
    def test_an_address_that_is_none_is_refused_even_where_it_is_optional(self, office, email):
        with pytest.raises(InvalidRequest):
            office.links.check_sender(office.make(ask_email="optional"), None, email)
