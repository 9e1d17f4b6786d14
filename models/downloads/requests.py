"""What may be downloaded, where its files lie, and how much of them is there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from models.downloads.part import journal_path, lock_path, part_path
from models.downloads.records import DownloadRequest
from models.downloads.store import Stored
from models.hub.names import check_revision, is_repo, is_safe_path
from models.hub.records import RemoteFile
from models.problems import EngineError
from models.wording import tr

MAX_FILES: Final = 1_000
_HEX: Final = frozenset("0123456789abcdef")


def check_request(request: DownloadRequest) -> None:
    """Raise EngineError unless every name may be used here and every content can be checked."""
    check_revision(request.revision)
    names = [file.path.casefold() for file in request.files]
    if not is_repo(request.repo) or not all(map(_is_model_path, request.files)):
        raise EngineError(
            "unsafe_name",
            tr(
                "{variant} of {repository} has names that Snug doesn't write to disk.",
                variant=request.variant,
                repository=request.repo[:200],
            ),
            tr(
                "They lead out of their folder, or hold characters that are no good in a name. "
                "Look for the model in another repository."
            ),
            "\n".join(repr(file.path) for file in request.files[:20])[:2000],
        )
    if not names or len(names) > MAX_FILES or len(set(names)) != len(names):
        raise EngineError(
            "unsafe_name",
            tr(
                "{variant} of {repository} is no sensible set of files.",
                variant=request.variant,
                repository=request.repo,
            ),
            tr("Look for the model in another repository."),
        )
    for file in request.files:
        if file.size_bytes <= 0 or len(file.sha256) != 64 or not set(file.sha256) <= _HEX:
            raise EngineError(
                "no_checksum",
                tr("The hub tells no size or no sha256 of {path}.", path=file.path),
                tr(
                    "Without them Snug can't see whether it arrived whole. Take another "
                    "repository, or the hub itself in place of a mirror."
                ),
            )


def targets(folder: Path, request: DownloadRequest) -> tuple[Path, ...]:
    """Return the places of a request's files: ``<folder>/<owner>/<repo>/<file>``."""
    return tuple(folder.joinpath(*request.repo.split("/"), *file.path.split("/"))
                 for file in request.files)  # fmt: skip


def bytes_there(folder: Path, stored: Stored) -> int:
    """Return how many bytes of a download are on disk, in their place or in parts."""
    there = 0
    for file, target in zip(stored.request.files, targets(folder, stored.request), strict=True):
        size = _size(target)
        if size == file.size_bytes:
            there += size
        else:
            there += min(_size(part_path(target)), file.size_bytes)
    return there


def sweep(folder: Path, stored: Stored, keep: DownloadRequest | None = None) -> None:
    """Remove the parts of a download that is no longer wanted, and the files of an unfinished set.

    The files of the request to ``keep`` stay as they are. What another process is writing to is
    left to that process, which sweeps it when it notices.
    """
    kept = set() if keep is None else {file.path for file in keep.files}
    for file, target in zip(stored.request.files, targets(folder, stored.request), strict=True):
        if file.path in kept:
            continue
        lock = FileLock(lock_path(target), thread_local=False)
        with suppress(Timeout, OSError), lock.acquire(blocking=False):
            unwanted = [part_path(target), journal_path(target), lock_path(target)]
            if file.path in stored.fetched:
                unwanted.append(target)
            for path in unwanted:
                path.unlink(missing_ok=True)
        for parent in list(target.parents)[: len(file.path.split("/")) + 1]:
            with suppress(OSError):
                parent.rmdir()


def _is_model_path(file: RemoteFile) -> bool:
    return is_safe_path(file.path) and file.path.lower().endswith(".gguf")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
