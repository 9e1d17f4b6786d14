"""The settings' files: written whole or not at all, with trouble in words."""

from __future__ import annotations

import time
from pathlib import Path

from desktop.domain.errors import UserError
from models import files
from models.wording import tr


def write_atomically(path: Path, content: bytes) -> None:
    """Put the content in place of the file, on disk when this returns. Raises UserError."""
    try:
        files.write_atomically(path, content)
    except OSError as error:
        raise UserError(
            tr("{path} can't be written: {why}.", path=path, why=error.strerror or error),
            tr(
                "See that the disk has room and that the folder is writable for you, then try "
                "again."
            ),
            str(error),
        ) from error


def keep_aside(path: Path) -> Path:
    """Rename a file that can't be used, and return where it is kept."""
    kept = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    path.replace(kept)
    return kept
