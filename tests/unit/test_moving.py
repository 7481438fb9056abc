"""What moves with an installation, and that nobody starts by mistake where it was."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.core.ports.shared import SECRETS
from app.storage.disk.data_folder import UnusableDataFolder, make_data_folder
from app.storage.disk.moved import MovedSign
from app.storage.moving.old import Seen, old_catalogue
from droppr_client.cli import main
from tests.support.catalogues import catalogue
from tests.support.live import MEDIA_SERVER


def test_every_secret_of_an_installation_goes_along() -> None:
    modules = [path.read_text() for path in (MEDIA_SERVER / "app" / "wiring").glob("*.py")]
    used = {name for text in modules for name in re.findall(r'secrets\.get\("(\w+)"\)', text)}
    assert used == set(SECRETS)


def test_nothing_starts_where_an_installation_was(tmp_path: Path) -> None:
    make_data_folder(tmp_path, 0o077)
    for sign, said in (
        (MovedSign("1", "s3://b/p"), r"are being moved to s3://b/p.*delete the file 'moved' in it\.$"),
        (MovedSign("1", "s3://b/p", True), r"were moved to s3://b/p.*what has come since then is not here\.$"),
    ):
        sign.put(tmp_path)
        assert MovedSign.read(tmp_path) == sign
        with pytest.raises(UnusableDataFolder, match=said):
            make_data_folder(tmp_path, 0o077)
    # Whatever it says, it is a sign.
    (tmp_path / "moved").write_bytes(b"\xff[]")
    with pytest.raises(UnusableDataFolder, match="were moved to another place"):
        make_data_folder(tmp_path, 0o077)
    (tmp_path / "moved").unlink()
    make_data_folder(tmp_path, 0o077)


def test_only_a_data_folder_of_this_version_is_moved(tmp_path: Path) -> None:
    with pytest.raises(UnusableDataFolder, match="is no data folder of a server"):
        old_catalogue(tmp_path)
    database = catalogue(tmp_path)
    assert old_catalogue(tmp_path) is not None
    with database.write() as tx:
        tx.run("UPDATE alembic_version SET version_num = '0013'")
    with pytest.raises(UnusableDataFolder, match="Start this version on it once"):
        old_catalogue(tmp_path)
    (tmp_path / "elsewhere" / "requests").mkdir(parents=True)
    with pytest.raises(UnusableDataFolder, match="Start this version on it once"):
        old_catalogue(tmp_path / "elsewhere")
    (tmp_path / "server" / "catalogue").parent.mkdir()
    (tmp_path / "server" / "catalogue").write_text("a sign")
    assert old_catalogue(tmp_path / "server") is None


def test_paths_that_were_seen_are_known_whatever_they_are_called() -> None:
    seen = Seen()
    seen.add(["a", "\udcff", "ä"])
    assert [path in seen for path in ("a", "\udcff", "ä", "b")] == [True, True, True, False]
    seen.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--dry-run"], "go with --from"),
        (["--report", "x"], "go with --from"),
        (["--from", ".", "--dry-run", "--ahead"], "One of --dry-run, --ahead and --give-up"),
        (["--from", ".", "--new-store"], "--new-store without --from"),
        (["--from", "."], "Set DROPPR_DATABASE_URL and DROPPR_STORE"),
        (["--without-missing"], "goes with --new-store"),
        (["--new-store"], "Set DROPPR_DATABASE_URL and DROPPR_STORE"),
    ],
)
def test_what_makes_no_sense_together_is_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DROPPR_DATA_DIR", str(tmp_path / "node"))
    with pytest.raises(SystemExit) as ended:
        main(["migrate", *words])
    assert ended.value.code in (1, 2)
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "x").exists()
