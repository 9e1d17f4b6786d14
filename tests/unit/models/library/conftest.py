"""A machine for library tests: a home with other programs' folders, Snug's folder, small models."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from models.library.entry import LibraryEntry
from models.library.folders import Folders
from models.library.scan import scan
from models.library.sources import Surroundings
from models.records import Problem
from tests.model_factory import SMALL, write_model

DIGESTS: Final = {kind: f"{number:064x}" for number, kind in enumerate(SMALL)}


class Machine:
    """Folders as they lie on a person's machine, all below ``root``."""

    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.snug = root / "snug"
        self.added = root / "added"
        self.environ: dict[str, str] = {}
        self.troubles: list[Problem] = []
        for folder in (self.home, self.snug, self.added):
            folder.mkdir()

    @property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.home, self.environ, "linux")

    @property
    def folders(self) -> Folders:
        return Folders(snug=self.snug, added=(self.added,))

    def model(self, path: Path, kind: str = "llama") -> Path:
        """Write a small model of this kind there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_model(path, SMALL[kind])

    def scan(self, known: Mapping[str, LibraryEntry] | None = None) -> list[LibraryEntry]:
        """Return what is found, but for the embedded model."""
        self.troubles.clear()
        first, *rest = scan(self.folders, known, self.troubles.append, self.surroundings)
        assert first.source == "embedded"
        return rest

    def scan_one(self, path: Path) -> LibraryEntry:
        """Write a small model there, and return its entry."""
        self.model(path)
        return next(entry for entry in self.scan() if entry.path == str(path))

    def hugging_face(self, hub: Path, repo: str, name: str, kind: str = "llama") -> Path:
        """Lay a model out as the hub's cache does: a blob, and a snapshot that links to it."""
        folder = hub / f"models--{repo.replace('/', '--')}"
        blob = self.model(folder / "blobs" / DIGESTS[kind], kind)
        snapshot = folder / "snapshots" / "abc123" / name
        snapshot.parent.mkdir(parents=True, exist_ok=True)
        snapshot.symlink_to(os.path.relpath(blob, snapshot.parent))
        (folder / "refs").mkdir(exist_ok=True)
        (folder / "refs" / "main").write_text("abc123")
        return snapshot

    def ollama(self, root: Path, name: str, layers: Mapping[str, str]) -> None:
        """Lay a model out as Ollama does: a manifest that names blobs by their digests."""
        manifest = root / "manifests" / name
        manifest.parent.mkdir(parents=True, exist_ok=True)
        listed = [
            {"mediaType": f"application/vnd.ollama.image.{kind}", "digest": f"sha256:{digest}"}
            for kind, digest in layers.items()
        ]
        manifest.write_text(json.dumps({"schemaVersion": 2, "layers": listed}))

    def ollama_blob(self, root: Path, kind: str) -> str:
        """Write a small model as a blob; return its digest."""
        self.model(root / "blobs" / f"sha256-{DIGESTS[kind]}", kind)
        return DIGESTS[kind]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
