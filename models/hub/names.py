"""Names that come from the hub, and what they may look like on this machine."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from models.problems import EngineError
from models.wording import tr

MAX_PATH: Final = 400
MAX_PART_BYTES: Final = 230
"""Of one name in a path; file systems take 255, and a part file's name is longer."""
MAX_DEPTH: Final = 8
_FORBIDDEN: Final = frozenset('<>:"|?*\\')
_DEVICES: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE
)
"""Names that Windows takes for devices, with any ending."""
_NAME: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_REPO: Final = re.compile(f"{_NAME}/{_NAME}")
_REVISION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
COMMIT: Final = re.compile(r"[0-9a-f]{40,64}")
"""A revision that can't change any more."""


def is_safe_path(path: str) -> bool:
    """Return whether a file of a repository may have this name on any of our systems.

    A relative path with ``/`` between its parts, none of which leads up, is hidden, names a
    device, or holds a character that a file system or an eye would take for another.
    """
    parts = path.split("/")
    return len(path) <= MAX_PATH and len(parts) <= MAX_DEPTH and all(map(_is_safe_part, parts))


def _is_safe_part(part: str) -> bool:
    return (
        0 < len(part.encode("utf-8", "replace")) <= MAX_PART_BYTES
        and part[0] not in ". ~"
        and part[-1] not in ". "
        and not _DEVICES.match(part)
        and not any(
            character in _FORBIDDEN or unicodedata.category(character)[0] in "CZ"
            for character in part.replace(" ", "")
        )
    )


def is_repo(repo: str) -> bool:
    """Return whether this is an ``owner/name`` that may become two folders."""
    return (
        _REPO.fullmatch(repo) is not None
        and not any(mark in repo for mark in ("..", "--"))  # the hub has none of these either
        and not repo.endswith(".git")
        and is_safe_path(repo)
    )


def check_repo(text: str) -> str:
    """Return the ``owner/name`` of what a person wrote: it, or its page's address.

    Raises EngineError("not_found") for anything else.
    """
    repo = re.sub(r"^(https?://[^/]+/|hf\.co/|huggingface\.co/)", "", text.strip())
    repo = "/".join(repo.strip("/").split("/")[:2])
    if not is_repo(repo):
        raise EngineError(
            "not_found",
            tr("“{name}” is not the name of a repository.", name=text.strip()[:100]),
            tr("A repository is named by its owner and its own name, as in owner/model-GGUF."),
        )
    return repo


def check_revision(revision: str) -> str:
    """Return the revision. Raises EngineError("not_found") for what can't be one."""
    if not _REVISION.fullmatch(revision) or ".." in revision:
        raise EngineError(
            "not_found",
            tr("“{name}” is not a revision.", name=revision[:100]),
            tr("Name a branch, a tag or a commit, or leave it out."),
        )
    return revision
