"""Jan's models that were imported: a note in Jan's folder, the file elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from models.library.grouping import FileGroup
from models.library.walking import is_file, is_folder

_NOTE: Final = "model.yml"
_VALUE: Final = re.compile(r"^(model_path|mmproj_path):[ \t]*(.+?)[ \t]*$", re.MULTILINE)
_MAX_NOTE_BYTES: Final = 1 << 16
_MAX_NOTES: Final = 10_000
_DEPTH: Final = 4


def imported_files(models_dir: Path) -> Iterator[FileGroup]:
    """Yield the files that notes below Jan's folder of models point to by a whole path."""
    for index, note in enumerate(_notes(models_dir, _DEPTH)):
        if index >= _MAX_NOTES:
            return
        paths = _paths(note)
        model, projector = paths.get("model_path"), paths.get("mmproj_path")
        if model is not None:
            yield FileGroup((model,), () if projector is None else (projector,))


def _notes(folder: Path, depth: int) -> Iterator[Path]:
    try:
        children = sorted(folder.iterdir())
    except OSError:
        return  # the walk through Jan's files has told of it
    for child in children:
        if child.name == _NOTE:
            yield child
        elif depth and is_folder(child) and not child.is_symlink():
            yield from _notes(child, depth - 1)


def _paths(note: Path) -> dict[str, Path]:
    try:
        with note.open("rb") as file:
            text = file.read(_MAX_NOTE_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return {}
    paths = {key: Path(value.strip("'\"")) for key, value in _VALUE.findall(text)}
    return {key: path for key, path in paths.items() if path.is_absolute() and is_file(path)}
