"""What a download asks of the disk: room, and its troubles in words."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Final

from models.amounts import size_in_words
from models.problems import EngineError
from models.wording import tr

RESERVE_BYTES: Final = 256 * 1024 * 1024
"""What is left free beside a download: a disk that is full to the brim troubles everything."""
_FULL: Final = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
_NOT_ALLOWED: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def check_space(folder: Path, missing_bytes: int, reserve_bytes: int = RESERVE_BYTES) -> None:
    """Raise EngineError("disk_full") unless so many bytes more fit where the folder is.

    The folder need not be there yet.
    """
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError:
        return  # a place that doesn't tell; the write itself will
    if missing_bytes > 0 and free < missing_bytes + reserve_bytes:
        short = missing_bytes + reserve_bytes - free
        raise EngineError(
            "disk_full",
            tr(
                "The disk has {free} free; the download needs {missing} and some room beside it.",
                free=size_in_words(free),
                missing=size_in_words(missing_bytes),
            ),
            tr(
                "Free {size} in {place}, or take a smaller variant.",
                size=size_in_words(short),
                place=place,
            ),
        )


def trouble_of(error: OSError, path: Path) -> EngineError:
    """Return what a failed write means."""
    if error.errno in _FULL:
        return EngineError(
            "disk_full",
            tr("The disk is full: {name} could not be written to its end.", name=path.name),
            tr("Free some room and go on; what was fetched so far is kept."),
            str(error),
        )
    if error.errno == errno.EFBIG:
        return EngineError(
            "file_too_large",
            tr("{name} is larger than this disk allows a file to be.", name=path.name),
            tr(
                "Disks in the format FAT32 hold files up to 4 GB. Move Snug's folder to another "
                "disk, or take a smaller variant."
            ),
            str(error),
        )
    if error.errno in _NOT_ALLOWED:
        return EngineError(
            "disk_not_writable",
            tr("Snug may not write in {folder}.", folder=path.parent),
            tr("Make that folder writable for you, or choose another place with --basedir."),
            str(error),
        )
    return EngineError(
        "disk_failed",
        tr("{name} could not be written: {why}.", name=path.name, why=error.strerror or error),
        tr("See that the disk is connected and sound, then go on; what was fetched is kept."),
        str(error),
    )
