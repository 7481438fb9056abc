"""What the next version of Droppr might bring: a migration that leaves this one working, and one that takes something from it."""

from __future__ import annotations

import shutil
from pathlib import Path

from app.storage.sql.schema import REVISION
from tests.support.live import PROJECT

_STEP = '''"""{about}"""

from alembic import op

revision = "{revision}"
down_revision = "{before}"
kind = "{kind}"


def upgrade() -> None:
    op.execute("{change}")
'''


def with_steps(folder: Path, first: int = 9001) -> None:
    """Puts both into a folder of migrations, behind those that are there."""
    before = REVISION if first == 9001 else f"{first - 1}"
    wide = "more" if first == 9001 else f"more_{first}"
    for number, about, kind, change in (
        (first, "Links have more.", "expand", f"ALTER TABLE links ADD COLUMN {wide} text"),
        (first + 1, "There are no templates any more.", "contract", "DROP TABLE IF EXISTS templates"),
    ):
        text = _STEP.format(about=about, revision=number, before=before, kind=kind, change=change)
        (folder / "versions" / f"v{number}_{wide}.py").write_text(text)
        before = str(number)


def newer_version(folder: Path) -> Path:
    """A checkout of the next version, whose server can be started."""
    for name in ("media-server", "nginx/dist"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    with_steps(folder / "media-server/app/storage/sql/migrations")
    schema = folder / "media-server/app/storage/sql/schema.py"
    text = schema.read_text()
    for name, value in (("REVISION", "9002"), ("NEEDED", "9001")):
        before, _, rest = text.partition(f'\n{name} = "')
        text = f'{before}\n{name} = "{value}"{rest.partition(chr(34))[2]}'
    schema.write_text(text)
    return folder
