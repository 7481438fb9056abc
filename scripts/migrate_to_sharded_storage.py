#!/usr/bin/env python
"""Gives each document that JSONStorage wrote without sharding (documents.json) a file of its own.

The server may run meanwhile. Safe to repeat, and to kill: what was not moved yet stays readable where it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from app.core.errors import UploadError
from app.storage.json_storage import JSONStorage


@click.command(help=__doc__)
@click.argument("storage_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(storage_dir: Path) -> None:
    try:
        moved = JSONStorage(storage_dir).migrate()
    except UploadError as error:
        click.echo(f"{storage_dir} could not be migrated: {error.message}", err=True)
        sys.exit(1)
    click.echo(f"{moved} documents moved to files of their own in {storage_dir}.")


if __name__ == "__main__":
    main()
