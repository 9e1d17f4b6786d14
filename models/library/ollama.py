"""Ollama's models: blobs without names, and the manifests that name them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.library.grouping import FileGroup
from models.library.walking import OnTrouble, is_file
from models.records import Problem
from models.wording import tr

_MODEL: Final = "application/vnd.ollama.image.model"
_PROJECTOR: Final = "application/vnd.ollama.image.projector"
_LICENSE: Final = "application/vnd.ollama.image.license"
_DIGEST: Final = re.compile(r"sha256[:-]([0-9a-f]{64})$")
_HOME_REGISTRY: Final = ("registry.ollama.ai", "library")
_MAX_MANIFEST_BYTES: Final = 1 << 20
_MAX_MANIFESTS: Final = 10_000
_DEPTH: Final = 4  # registry / namespace / model / tag


@dataclass(frozen=True)
class OllamaModel:
    """A model's files, and the name that Ollama runs it by."""

    name: str
    files: FileGroup
    license: str = ""


def ollama_models(root: Path, on_trouble: OnTrouble) -> Iterator[OllamaModel]:
    """Yield the GGUF models below an Ollama folder, by name."""
    for index, path in enumerate(_manifests(root / "manifests", on_trouble)):
        if index >= _MAX_MANIFESTS:
            return
        model = _read(path, root)
        if model is not None:
            yield model


def _manifests(folder: Path, on_trouble: OnTrouble) -> Iterator[Path]:
    def tell(error: OSError) -> None:
        # A folder without manifests is Ollama's before its first model.
        if not isinstance(error, FileNotFoundError):
            on_trouble(_told(error))

    for found, folders, names in os.walk(folder, onerror=tell):
        depth = len(Path(found).relative_to(folder).parts)
        folders[:] = sorted(folders) if depth < _DEPTH - 1 else []
        if depth == _DEPTH - 1:
            yield from (Path(found, name) for name in sorted(names))


def _told(error: OSError) -> Problem:
    return Problem(
        code="folder_unreadable",
        title=tr(
            "Ollama's folder {folder} can't be read: {why}.",
            folder=error.filename,
            why=error.strerror or error,
        ),
        hint=tr("Make it readable for you to see the models in it."),
    )


def _read(manifest: Path, root: Path) -> OllamaModel | None:
    try:
        with manifest.open("rb") as file:
            layers: Any = json.loads(file.read(_MAX_MANIFEST_BYTES))["layers"]
        parts = _blobs(layers, _MODEL, root)
        projectors = _blobs(layers, _PROJECTOR, root)
        licenses = _blobs(layers, _LICENSE, root)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, AttributeError):
        # A manifest of another kind, or one that is being written: not a model that can be used.
        return None
    parts = [path for path in parts if is_file(path)]
    if not parts:
        return None
    own = tuple(path for path in projectors if is_file(path))
    return OllamaModel(_name(manifest), FileGroup(tuple(parts[:1]), own), _first_line(licenses))


def _blobs(layers: Any, kind: str, root: Path) -> list[Path]:  # noqa: ANN401 - untrusted JSON
    digests = (_DIGEST.match(layer["digest"]) for layer in layers if layer["mediaType"] == kind)
    return [root / "blobs" / f"sha256-{digest[1]}" for digest in digests if digest]


def _name(manifest: Path) -> str:
    registry, namespace, model, tag = manifest.parts[-_DEPTH:]
    if (registry, namespace) == _HOME_REGISTRY:
        return f"{model}:{tag}"
    if registry == _HOME_REGISTRY[0]:
        return f"{namespace}/{model}:{tag}"
    return f"{registry}/{namespace}/{model}:{tag}"


def _first_line(files: list[Path]) -> str:
    """Return the title of a licence's text."""
    try:
        with files[0].open("rb") as file:
            text = file.read(1000).decode("utf-8", errors="replace")
    except (OSError, IndexError):
        return ""
    return next((" ".join(line.split()) for line in text.splitlines() if line.strip()), "")[:60]
