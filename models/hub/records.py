"""What the hub says of its models."""

from __future__ import annotations

from typing import Literal

import msgspec

Sort = Literal["trending", "downloads", "likes", "updated"]


class HubModel(msgspec.Struct, frozen=True, kw_only=True):
    """A repository with GGUF files, as a search lists it. ``updated`` is an ISO date, or empty."""

    repo: str
    author: str
    name: str
    downloads: int = 0
    likes: int = 0
    updated: str = ""
    gated: bool = False
    tags: tuple[str, ...] = ()


class RemoteFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a repository. ``sha256`` is empty where the hub names none."""

    path: str
    size_bytes: int
    sha256: str = ""


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One quantization of a model: a file, or the split files that make it up.

    ``name`` is what people choose by, such as ``Q4_K_M``, unique within the repository.
    """

    name: str
    quantization: str
    files: tuple[RemoteFile, ...]

    @property
    def size_bytes(self) -> int:
        """Return the size of all its files."""
        return sum(file.size_bytes for file in self.files)


class HubRepository(msgspec.Struct, frozen=True, kw_only=True):
    """A repository's page. ``revision`` is the commit that the files are taken from.

    ``card`` is the model card as Markdown without HTML, images or remote addresses other than
    links. ``parameters``, ``architecture`` and ``trained_context`` are 0 or empty where the hub
    doesn't tell. ``variants`` go from small to large; ``projectors`` are files for vision.
    """

    model: HubModel
    revision: str
    license: str
    card: str
    variants: tuple[Variant, ...]
    projectors: tuple[RemoteFile, ...] = ()
    architecture: str = ""
    parameters: int = 0
    trained_context: int = 0
