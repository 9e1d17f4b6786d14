"""Which files make up one model: the parts of a split file, and the projectors beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SPLIT: Final = re.compile(
    r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$", re.IGNORECASE
)
_PROJECTOR: Final = re.compile(r"mmproj", re.IGNORECASE)
_QUANTIZATION: Final = re.compile(
    r"(^|[-_.])(ud[-_.])?"
    r"(i?q\d+(_[a-z0-9]+)*|tq\d_\d|(b|m|nv)?f(p)?(4|8|16|32)(_moe)?)(?=$|[-_.])",
    re.IGNORECASE,
)
_SEPARATORS: Final = re.compile(r"[-_.\s]+")
_SAYS_NOTHING: Final = frozenset({"", "mmproj", "model", "gguf"})
_MAX_PARTS: Final = 10_000


@dataclass(frozen=True)
class FileGroup:
    """One model's files in a folder. ``missing`` are the names of parts that aren't there."""

    parts: tuple[Path, ...]
    projectors: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """Return all of them."""
        return self.parts + self.projectors

    @property
    def stem(self) -> str:
        """Return the file's name without the number of the part."""
        return stem_of(self.parts[0])


def stem_of(path: Path) -> str:
    """Return a model file's name without its suffix and the number of its part."""
    found = _SPLIT.match(path.name)
    return found["stem"] if found else path.stem


def is_projector(path: Path) -> bool:
    """Return whether the name is that of a projector: the part of a model that sees or hears."""
    return _PROJECTOR.search(path.name) is not None


def group(files: Sequence[Path]) -> list[FileGroup]:
    """Return the models that these files of one folder make up, by name.

    Projectors without a model beside them come last, each on its own.
    """
    projectors = [path for path in files if is_projector(path)]
    models = _join_parts([path for path in files if not is_projector(path)])
    alike = len({_words(model.stem) for model in models}) == 1
    taken: set[Path] = set()
    grouped = []
    for model in models:
        own = tuple(path for path in projectors if _belongs(path, model, alike=alike))
        taken.update(own)
        grouped.append(FileGroup(model.parts, own, model.missing))
    return grouped + [FileGroup((path,)) for path in projectors if path not in taken]


def group_of(path: Path, siblings: Sequence[Path]) -> FileGroup:
    """Return the model that this file is of, among the files of its folder."""
    return next((each for each in group(siblings) if path in each.parts), FileGroup((path,)))


def _join_parts(files: Sequence[Path]) -> list[FileGroup]:
    whole: list[FileGroup] = []
    split: dict[tuple[str, int], dict[int, Path]] = {}
    for path in files:
        found = _SPLIT.match(path.name)
        if found and 1 <= int(found["number"]) <= int(found["count"]) <= _MAX_PARTS:
            split.setdefault((found["stem"], int(found["count"])), {})[int(found["number"])] = path
        else:
            whole.append(FileGroup((path,)))
    for (stem, count), parts in split.items():
        missing = tuple(
            f"{stem}-{number:05}-of-{count:05}.gguf"
            for number in range(1, count + 1)
            if number not in parts
        )
        present = tuple(parts[number] for number in sorted(parts))
        whole.append(FileGroup(present, missing=missing))
    return sorted(whole, key=lambda each: each.parts[0].name)


def _belongs(projector: Path, model: FileGroup, *, alike: bool) -> bool:
    """Return whether a projector is one of this model's, by the words that both names share.

    A name that says nothing, such as mmproj-F16, belongs to whatever lies beside it, as long as
    that is ``alike``: one model in several quantizations.
    """
    words = _words(projector.stem)
    return words <= _words(model.stem) if words else alike


def _words(stem: str) -> frozenset[str]:
    plain = _QUANTIZATION.sub("", stem.lower())
    return frozenset(_SEPARATORS.split(plain)) - _SAYS_NOTHING
