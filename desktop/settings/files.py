"""JSON files that are replaced as a whole: after a crash there is the old one or the new one."""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from desktop.domain.errors import UserError


def write_atomically(path: Path, content: bytes) -> None:
    """Put the content in place of the file, on disk when this returns. Raises UserError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise UserError(
            f"{path} can't be written: {error.strerror or error}.",
            "See that the disk has room and that the folder is writable for you, then try again.",
            str(error),
        ) from error


def keep_aside(path: Path) -> Path:
    """Rename a file that can't be used, and return where it is kept."""
    kept = path.with_name(f"{path.name}.broken-{time.strftime('%Y%m%d-%H%M%S')}")
    path.replace(kept)
    return kept


def _sync_folder(folder: Path) -> None:
    # Windows has no handle of a folder to flush; its rename is journalled.
    with suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
