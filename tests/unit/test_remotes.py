"""Remotes without what they need: the server starts all the same, and says what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.core.errors import DestinationNotReady
from app.core.remotes import RemoteTarget, TargetKind
from app.settings import Settings
from app.storage.disk.named_locks import LocalNamedLocks
from app.wiring.remotes import build_remotes

SESSION = "https://www.googleapis.com/upload/drive/v3/files?upload_id=x"


def remotes(tmp_path: Path, **settings: str):
    return build_remotes(Settings(data_dir=tmp_path, _env_file=None, **settings), LocalNamedLocks(tmp_path / "turns"))  # type: ignore[call-arg,arg-type]


@pytest.mark.parametrize(
    ("missing", "place", "extra"),
    [
        ("boto3", RemoteTarget(TargetKind.S3, bucket="abc"), "s3"),
        ("httpx", RemoteTarget(TargetKind.DRIVE, folder_id="abc"), "drive"),
        ("google.oauth2", RemoteTarget(TargetKind.DRIVE, folder_id="abc"), "drive"),
        ("httpx", RemoteTarget(TargetKind.SESSION), "drive"),
    ],
)
def test_an_extra_that_is_missing_is_named(tmp_path, monkeypatch, missing, place, extra):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(DestinationNotReady, match=rf"droppr\[{extra}\]"):
        remotes(tmp_path).check(place)


def test_nothing_is_imported_before_it_is_needed(tmp_path, monkeypatch):
    for name in ("boto3", "botocore", "httpx", "google.auth", "google.oauth2"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in [each for each in sys.modules if each.startswith(("app.storage.cloud.google", "app.storage.cloud.s3"))]:
        monkeypatch.delitem(sys.modules, name)
    import app.storage.cloud.google_drive
    import app.storage.cloud.google_session
    import app.storage.cloud.s3_remote

    assert app.storage.cloud.google_session.GoogleSession.in_order
    assert app.storage.cloud.google_drive.GoogleDrive.in_order
    assert not app.storage.cloud.s3_remote.S3Remote.in_order


def test_with_credentials_all_is_well(tmp_path):
    made = remotes(
        tmp_path,
        s3_access_key="k",
        s3_secret_key="s",
        drive_client_id="c",
        drive_client_secret="s",
        drive_refresh_token="r",
    )
    made.check(RemoteTarget(TargetKind.S3, bucket="abc"))
    made.check(RemoteTarget(TargetKind.DRIVE, folder_id="abc"))
    made.check_session(SESSION)
    assert made.of(RemoteTarget(TargetKind.S3, bucket="abc")) is made.of(RemoteTarget(TargetKind.S3, bucket="abc"))


def test_a_key_file_that_is_none_is_told(tmp_path):
    (tmp_path / "key.json").write_text("{}")
    with pytest.raises(DestinationNotReady, match="DROPPR_DRIVE_SERVICE_ACCOUNT_FILE"):
        remotes(tmp_path, drive_service_account_file=str(tmp_path / "key.json")).check(
            RemoteTarget(TargetKind.DRIVE, folder_id="abc")
        )


def test_secrets_do_not_show(tmp_path):
    shown = repr(Settings(data_dir=tmp_path, _env_file=None, s3_secret_key="hush", drive_refresh_token="hush"))  # type: ignore[call-arg]
    assert "hush" not in shown
