"""Settings that owners change: what counts, what is refused in which words, and what is taken up when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.changeable import BY_NAME, CHANGEABLE
from app.core.errors import Busy, InvalidRequest
from app.core.mail_server import MailServer
from app.core.ports.settings import KeptSettings
from app.current import CurrentSettings, UnsoundSettings, with_kept
from app.services.operations.setting_changes import TypedServer, merged
from app.settings import InvalidSettings, Settings, load_settings
from app.wiring import build

MAIL = {"smtp_url": "smtps://anna:s3cret@mail.example.org", "mail_from": "Droppr <droppr@example.org>"}


class Store:
    """One that counts how often it is asked."""

    def __init__(self, **values: str) -> None:
        self.kept = KeptSettings(values, version=1)
        self.loads = 0
        self.broken = False

    def version(self) -> int:
        if self.broken:
            raise Busy()
        return self.kept.version

    def load(self) -> KeptSettings:
        self.loads += 1
        return self.kept

    def change(self, change: Callable[[KeptSettings], KeptSettings]) -> KeptSettings:
        self.kept = replace(change(self.kept), version=self.kept.version + 1)
        return self.kept


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Settings]:
    def make(**variables: str) -> Settings:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DROPPR_DATA_DIR", str(tmp_path / "data"))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return load_settings()

    return make


Base = Callable[..., Settings]


def refusal(base: Settings, values: Mapping[str, str]) -> dict[str, str]:
    with pytest.raises(UnsoundSettings) as caught:
        with_kept(base, values)
    return dict(caught.value.fields)


def test_every_changeable_setting_is_one_whose_variable_follows_from_its_name() -> None:
    assert len(BY_NAME) == len(CHANGEABLE)
    for each in CHANGEABLE:
        assert Settings.model_fields[each.name].validation_alias is None or each.name == "upload_allowed_exts"
        assert each.about.endswith(".")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("keep_days", "-1"),
        ("keep_days", "soon"),
        ("link_expires_hours", "1e99"),
        ("link_expires_hours", "inf"),
        ("brand_accent", "#ffff00"),
        ("brand_name", "x" * 101),
        ("quiet_hours", "22:00"),
        ("public_url", "files.example.org"),
        ("notify_after_seconds", "0"),
    ],
)
def test_what_is_wrong_is_told_as_of_the_environment(
    base: Base, monkeypatch: pytest.MonkeyPatch, name: str, wrong: str
) -> None:
    here = refusal(base(), {name: wrong})
    monkeypatch.setenv(BY_NAME[name].variable, wrong)
    with pytest.raises(InvalidSettings) as caught:
        load_settings()
    assert str(caught.value) == f"{BY_NAME[name].variable}: {here[name]}"


def test_what_belongs_together_is_told_where_it_is_missing(base: Base) -> None:
    assert "DROPPR_MAIL_FROM" in refusal(base(), {"smtp_url": MAIL["smtp_url"]})["mail_from"]
    assert "DROPPR_SMTP_URL" in refusal(base(), {"notify_mail": "a@example.org"})["smtp_url"]
    assert with_kept(base(), MAIL).mail_from == MAIL["mail_from"]
    # One half may be the environment's.
    half = base(DROPPR_MAIL_FROM="e@example.org")
    assert with_kept(half, MAIL).mail_from == "e@example.org"


def test_nothing_that_cannot_be_seen_that_is_unknown_or_that_only_a_start_can_set(base: Base) -> None:
    assert refusal(base(), {"brand_name": "a\nb"}) == {"brand_name": "Leave out what cannot be seen."}
    assert refusal(base(), {"data_dir": "/"}) == {"data_dir": "There is no such setting."}
    assert "DROPPR_PUBLIC_URL" in refusal(base(), {"public_url": "https://example.org/drop"})["public_url"]
    drop = base(DROPPR_PUBLIC_URL="https://example.org/drop")
    assert with_kept(drop, {"public_url": "https://other.example"}).public_url == "https://example.org/drop"


def test_the_environment_counts_first_and_what_was_set_below_it_counts_again_without_it(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(keep_days="30", bin_hours="5")
    current = CurrentSettings(base(DROPPR_KEEP_DAYS="90"), store)
    assert (current().keep_days, current().bin_hours) == (90, 5.0)
    assert current.is_fixed("keep_days")
    assert not current.is_fixed("bin_hours")
    monkeypatch.delenv("DROPPR_KEEP_DAYS")
    assert CurrentSettings(base(), store)().keep_days == 30


def test_what_does_not_go_with_another_environment_any_more_is_left_out_and_the_rest_counts(base: Base) -> None:
    current = CurrentSettings(base(), Store(notify_mail="a@example.org", keep_days="30", gone="1", bin_hours="-1"))
    assert (current().notify_mail, current().keep_days, current().bin_hours) == ((), 30, 168)
    assert CurrentSettings(base(), Store(**MAIL, bin_hours="-1"))().smtp_url == MAIL["smtp_url"]


def test_a_look_takes_up_what_others_changed_and_reads_only_then(base: Base) -> None:
    store = Store()
    current = CurrentSettings(base(), store)
    made: list[int] = []

    def days(settings: Settings) -> int:
        made.append(settings.keep_days)
        return settings.keep_days

    derived = current.derived(days)
    assert [derived(), derived()] == [0, 0]
    store.change(lambda before: replace(before, values={"keep_days": "7"}))
    assert derived() == 0
    current.look()
    current.look()
    assert [derived(), derived()] == [7, 7]
    assert made == [0, 7]
    assert store.loads == 2
    store.broken = True
    current.look()
    assert derived() == 7


@pytest.mark.parametrize(
    "url", ["smtps://a%40b:p%3A%2F%20s@mail.example.org:465", "smtp://mail:587", "smtp+plain://[::1]:2525"]
)
def test_a_mail_server_is_written_as_it_is_read(url: str) -> None:
    assert MailServer.of(url).url == url


def test_a_password_goes_on_only_to_the_login_that_it_was_given_for() -> None:
    kept = {"smtp_url": "smtps://anna:s3cret@mail.example.org"}
    same = MailServer("smtps", "MAIL.example.org", 465, "anna", "")
    assert "s3cret" in merged(kept, {"smtp_url": TypedServer(same)})["smtp_url"]
    for change in ({"host": "evil.example"}, {"port": 25}, {"user": "bob"}, {"secure": "smtp+plain"}):
        other: Any = replace(same, **change)
        with pytest.raises(InvalidRequest, match="password"):
            merged(kept, {"smtp_url": TypedServer(other)})
    assert "s3cret" not in merged(kept, {"smtp_url": TypedServer(replace(same, user=""))})["smtp_url"]
    assert "s3cret" not in repr(MailServer.of(kept["smtp_url"]))


def test_services_ask_for_what_is_so_now(base: Base) -> None:
    services = build(base())
    current = services.ground.current
    services.ground.current._store.change(
        lambda before: replace(
            before,
            values={
                "brand_name": "Anna",
                "keep_days": "3",
                "link_expires_hours": "1",
                "upload_max_size_mb": "2",
                "public_url": "https://files.example.org",
                "undo_minutes": "0",
                **MAIL,
            },
        )
    )
    assert services.links.brand().name == ""
    current.look()
    assert services.links.brand().name == "Anna"
    assert services.settings.public_url == "https://files.example.org"
    assert services.received.retention._days() == 3
    assert services.links.file_requests._policy().max_file_size == 2 * 1024 * 1024
    assert services.receiving.undo.until(services.ground.clock()) is None
    assert services.messages.log._rules().mail
    room = services.messages.worker._delivery._mail()
    assert room is not None
    assert room.server == "https://files.example.org"
