"""The part of the wiring that chooses remotes."""

from __future__ import annotations

from app.core.ports.whole_files import NamedLocks
from app.core.remotes import TargetKind
from app.services.forwarding.remotes import Remotes
from app.services.parallel_chunk_processor import chunk_size_for
from app.settings import Settings
from app.storage.cloud.google_drive import DriveApi, DriveSettings, GoogleDrive
from app.storage.cloud.google_session import GoogleSession
from app.storage.cloud.s3_remote import S3Remote, S3Settings


def build_remotes(settings: Settings, locks: NamedLocks) -> Remotes:
    """Remotes by what the settings say of the stores."""
    s3 = S3Settings(settings.s3_endpoint, settings.s3_region, settings.s3_access_key, settings.s3_secret_key)
    drive = DriveSettings(
        service_account_file=settings.drive_service_account_file,
        client_id=settings.drive_client_id,
        client_secret=settings.drive_client_secret,
        refresh_token=settings.drive_refresh_token,
        token_url=settings.drive_token_url,
        api_url=settings.drive_api_url.rstrip("/"),
    )
    api = DriveApi(drive)
    sessions = GoogleSession(settings.ws_gdrive_hosts, chunk_size_for)
    return Remotes(
        {
            TargetKind.S3: lambda target: S3Remote(target, s3, chunk_size_for),
            TargetKind.DRIVE: lambda target: GoogleDrive(
                target, drive, chunk_size_for, lambda name: locks.hold([name]), api
            ),
            TargetKind.SESSION: lambda _: sessions,
        },
        sessions.allow,
    )
