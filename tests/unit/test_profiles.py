"""The template and the profiles are settings as the server reads them, and the numbers are those that are promised."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.settings import MIB, Settings

MEDIA_SERVER = Path(__file__).resolve().parents[2] / "media-server"
PROFILES = sorted((MEDIA_SERVER / "profiles").glob("*.env"))
NAMES = {
    str(field.validation_alias)
    for field in Settings.model_fields.values()
    if str(field.validation_alias).startswith(("PARALLEL_UPLOAD_", "ENABLE_PARALLEL"))
}


def named(path: Path) -> dict[str, str]:
    lines = (line.strip() for line in path.read_text().splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def read(path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    return Settings(_env_file=path)  # type: ignore[call-arg]


def test_the_template_has_every_setting_with_its_default(monkeypatch):
    template = MEDIA_SERVER / "env.parallel_upload.template"
    assert set(named(template)) == NAMES
    assert read(template, monkeypatch) == Settings(_env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_a_profile_names_only_settings_there_are(path, monkeypatch):
    assert set(named(path)) <= NAMES
    read(path, monkeypatch)


@pytest.mark.parametrize(
    ("name", "users", "chunks", "percent", "chunk_size"),
    [("conservative", 15, 6, 70.0, 16), ("balanced", 20, 8, 80.0, 16), ("aggressive", 30, 12, 85.0, 64)],
)
def test_the_profiles_are_what_they_are_called(name, users, chunks, percent, chunk_size, monkeypatch):
    settings = read(MEDIA_SERVER / "profiles" / f"{name}.env", monkeypatch)
    assert settings.enable_parallel_uploads
    assert settings.parallel_upload_max_concurrent_users == users
    assert settings.max_parallel_chunks == chunks
    assert settings.parallel_upload_max_memory_percent == percent
    assert settings.chunk_size == chunk_size * MIB


@pytest.mark.parametrize(
    ("usual", "most", "at_once"),
    [("8", "", 16), ("6", "", 12), ("8", "32", 32), ("8", "8", 8), ("8", "4", 8), ("1", "", 1), ("1", "16", 1)],
)
def test_clients_that_measure_may_send_twice_as_many_chunks_unless_the_owner_says_otherwise(
    usual, most, at_once, monkeypatch
):
    monkeypatch.setenv("PARALLEL_UPLOAD_MAX_CONCURRENT_CHUNKS", usual)
    monkeypatch.setenv("DROPPR_MOST_PARALLEL_CHUNKS", most)
    assert Settings(_env_file=None).most_chunks_at_once == at_once  # type: ignore[call-arg]


def test_switched_off_each_upload_takes_one_chunk_at_a_time_of_the_usual_size(monkeypatch):
    monkeypatch.setenv("ENABLE_PARALLEL_UPLOADS", "False")
    monkeypatch.setenv("PARALLEL_UPLOAD_CHUNK_SIZE_MB", "32")
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    assert (settings.max_parallel_chunks, settings.most_chunks_at_once, settings.chunk_size) == (1, 1, 8 * MIB)
