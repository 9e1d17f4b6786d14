"""Where models are looked for, and which files there are Snug's or the person's own."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from models.library.sources import Surroundings, other_apps


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """Where models are looked for.

    ``snug`` is Snug's own folder, ``added`` those that the person named. With ``others`` the
    Hugging Face cache and the folders of LM Studio, Jan, GPT4All and Ollama are looked through.
    """

    snug: Path
    added: tuple[Path, ...] = ()
    others: bool = True


class Ownership:
    """Tells whose a file is, by where it really lies."""

    def __init__(self, folders: Folders, surroundings: Surroundings | None = None) -> None:
        self._own = [_real(folder) for folder in (folders.snug, *folders.added)]
        self._others = [_real(app.path) for app in other_apps(surroundings)]

    def is_own(self, path: Path) -> bool:
        """Return whether a file is Snug's or the person's to throw away.

        It must lie, links followed, below Snug's folder or one that was added, and below no folder
        of another program, even where such a folder was added.
        """
        above = set(_real(path).parents)
        return not above.isdisjoint(self._own) and above.isdisjoint(self._others)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
