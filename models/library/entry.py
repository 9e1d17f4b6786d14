"""What the library knows of a model on this machine."""

from __future__ import annotations

from typing import Literal

import msgspec

from models.records import Problem

ModelKind = Literal["chat", "base", "embedding", "encoder_decoder"]
Source = Literal[
    "embedded", "snug", "folder", "huggingface", "lmstudio", "jan", "gpt4all", "ollama"
]


class LibraryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One model: its file, or its split files, with the projectors that belong to it.

    ``path`` is what is loaded (the first of ``parts``). ``size_bytes`` covers parts and
    projectors. ``owned`` says that Snug may throw it away: the files lie in its own folder, or in
    one that the person added. ``problem`` is why it can't be used: damaged, parts missing.
    ``stamp`` tells the files' sizes and times; as long as it is the same, so is the rest.
    """

    path: str
    name: str
    source: Source
    owned: bool
    size_bytes: int
    parts: tuple[str, ...]
    projectors: tuple[str, ...] = ()
    architecture: str = ""
    parameters: int = 0
    quantization: str = ""
    trained_context: int = 0
    license: str = ""
    has_template: bool = False
    kind: ModelKind = "chat"
    problem: Problem | None = None
    stamp: str = ""


class TensorGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The tensors of one type: how many, how many elements and bytes in all."""

    type_name: str
    count: int
    elements: int
    size_bytes: int


class ModelDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What a model's page shows beyond its entry.

    ``metadata`` are keys and values of the GGUF in the file's order, long values shortened.
    ``template`` is the chat template's source, shortened as well.
    """

    entry: LibraryEntry
    metadata: tuple[tuple[str, str], ...]
    tensors: tuple[TensorGroup, ...]
    template: str = ""
