"""What a model file says of itself, as the library shows it."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.catalogue import find_entry
from models.gguf import GgufHeader, TensorInfo, read_header
from models.gguf_types import FILE_TYPES, GUESSED_FILE_TYPE
from models.library.embedded import is_embedded
from models.library.entry import LibraryEntry, ModelDetail, ModelKind, Source, TensorGroup
from models.library.grouping import FileGroup, group_of
from models.library.walking import model_files
from models.problems import EngineError
from models.records import Problem
from models.wording import number, tr, trn

_TEMPLATE_KEY: Final = "tokenizer.chat_template"
_MAX_NAME, _MAX_VALUE, _MAX_TEMPLATE = 120, 400, 50_000
_MAX_LISTED: Final = 12
_MAX_CONTEXT: Final = 1 << 40

_EMBEDDING: Final = re.compile(r".*-?bert(-.+)?|gemma-embedding|llama-embed|t5encoder")
_ENCODER_DECODER: Final = frozenset({"t5"})
_DIFFUSION: Final = frozenset({"dream", "llada", "llada-moe", "rnd1"})
"""Not causal, and yet they write text."""
_PROJECTOR: Final = "clip"
_NO_POOLING: Final = 0
_SAYS_NOTHING: Final = frozenset({"", "model", "models", "ggml-model", "unknown", "other", "none"})


def describe(path: Path) -> LibraryEntry:
    """Return the entry of one file, with the parts and projectors beside it.

    Never raises: what is wrong with the file is the entry's ``problem``.
    """
    path = path.absolute()
    try:
        siblings = model_files(path.parent)
    except OSError:
        siblings = [path]
    source: Source = "embedded" if is_embedded(path) else "folder"
    return describe_group(group_of(path, siblings), source)


def describe_group(
    group: FileGroup,
    source: Source,
    *,
    owned: bool = False,
    name: str = "",
    licence: str = "",
    stamp: str = "",
) -> LibraryEntry:
    """Return the entry of a model's files. ``name`` and ``licence`` are what others call them."""
    headers: list[GgufHeader] = []
    problem: Problem | None = None
    for path in group.parts:
        try:
            headers.append(read_header(path))
        except EngineError as error:
            problem = problem or error.problem
    # What the model is stands in its first part alone.
    first = next(iter(headers), None)
    known = find_entry(_own_name(first, group)) if first else None
    own_name = known.name if known else _own_name(first, group)
    return LibraryEntry(
        path=str(group.parts[0]),
        name=name or own_name,
        source=source,
        owned=owned,
        size_bytes=sum(_size(path) for path in group.files),
        parts=tuple(map(str, group.parts)),
        projectors=tuple(map(str, group.projectors)),
        architecture=_short(first.architecture) if first else "",
        parameters=sum(tensor.elements for header in headers for tensor in header.tensors),
        quantization=_quantization(headers),
        trained_context=_trained_context(first) if first else 0,
        license=(_licence(first) if first else "") or (known.license if known else "") or licence,
        has_template=first is not None and bool(first.text(_TEMPLATE_KEY)),
        kind=kind_of(first) if first else "base",
        problem=_unspeakable(group)
        or _missing(group, first)
        or problem
        or (_not_a_model(first) if first else None),
        stamp=stamp or stamp_of(group),
    )


def stamp_of(group: FileGroup) -> str:
    """Return what changes whenever one of the files does: names, sizes, times."""
    digest = hashlib.sha256()
    for path in group.files:
        try:
            status = path.stat()
            facts = f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"
        except OSError:
            facts = "gone"
        digest.update(f"{path}\0{facts}\0".encode("utf-8", errors="surrogatepass"))
    digest.update("\0".join(group.missing).encode("utf-8", errors="surrogatepass"))
    return digest.hexdigest()[:16]


def detail(entry: LibraryEntry) -> ModelDetail:
    """Return the metadata of the model's first part and the tensors of all. Raises EngineError."""
    headers = [read_header(Path(path)) for path in entry.parts]
    first = headers[0]
    return ModelDetail(
        entry=entry,
        metadata=tuple((_short(key), _shown(first, key)) for key in first.keys),
        tensors=_tensor_groups([tensor for header in headers for tensor in header.tensors]),
        template=_cut(first.text(_TEMPLATE_KEY), _MAX_TEMPLATE),
    )


def kind_of(header: GgufHeader) -> ModelKind:
    """Return what the model is for, by its architecture, its pooling and its template."""
    architecture = header.architecture
    if architecture in _ENCODER_DECODER:
        return "encoder_decoder"
    pooling = header.integer(f"{architecture}.pooling_type", _NO_POOLING)
    causal = header.metadata.get(f"{architecture}.attention.causal", True)
    if _EMBEDDING.fullmatch(architecture) or pooling != _NO_POOLING:
        return "embedding"
    if causal is False and architecture not in _DIFFUSION:
        return "embedding"
    return "chat" if header.text(_TEMPLATE_KEY) else "base"


def _own_name(header: GgufHeader | None, group: FileGroup) -> str:
    """Return the name that the file gives itself, or else its file's, or its folder's."""
    own = _short(header.text("general.name")) if header else ""
    for name in (own, group.stem, _folder_name(group.parts[0].parent)):
        if name.lower() not in _SAYS_NOTHING:
            return name
    return group.stem


def _folder_name(folder: Path) -> str:
    """Return what a folder is called; one of the hub's cache has its repository's name."""
    for above in folder.parents:
        if above.name.startswith("models--"):
            return above.name.rpartition("--")[2]
    return folder.name


def _quantization(headers: Sequence[GgufHeader]) -> str:
    if not headers:
        return ""
    number = headers[0].integer("general.file_type", -1)
    if number in FILE_TYPES:
        return FILE_TYPES[number]
    if number - GUESSED_FILE_TYPE in FILE_TYPES:
        return FILE_TYPES[number - GUESSED_FILE_TYPE]
    groups = _tensor_groups([tensor for header in headers for tensor in header.tensors])
    return groups[0].type_name if groups else ""


def _trained_context(header: GgufHeader) -> int:
    tokens = header.integer(f"{header.architecture}.context_length")
    return tokens if 0 < tokens < _MAX_CONTEXT else 0


def _licence(header: GgufHeader) -> str:
    for key in ("general.license", "general.license.name"):
        text = _short(header.text(key))
        if text.lower() not in _SAYS_NOTHING:
            return text
    return ""


def _unspeakable(group: FileGroup) -> Problem | None:
    """Return the problem of a file whose name is no text: it can't be told to the engine."""
    try:
        "".join(map(str, group.files)).encode()
    except UnicodeEncodeError:
        return Problem(
            code="name_unreadable",
            title=tr("The name of this file, or of a folder above it, isn't valid text."),
            hint=tr("Rename it, in letters that this system can show."),
        )
    return None


def _missing(group: FileGroup, first: GgufHeader | None) -> Problem | None:
    """Return the problem of a split file that isn't whole."""
    missing = group.missing
    count = first.integer("split.count") if first else 0
    if not missing and count <= max(1, len(group.parts)):
        return None
    total = len(group.parts) + len(missing) if missing else count
    lacking = total - len(group.parts)
    named = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
    return Problem(
        code="parts_missing",
        title=trn(
            "{count} of the {total} parts of {name} is missing.",
            "{count} of the {total} parts of {name} are missing.",
            lacking,
            total=number(total),
            name=_short(group.stem),
        ),
        hint=tr("Fetch the missing parts and put them beside the others, under their own names."),
        detail=f"missing: {named}" if named else "",
    )


def _not_a_model(header: GgufHeader) -> Problem | None:
    """Return why a file that is whole can't be talked with."""
    kind = header.text("general.type", "model")
    if header.architecture == _PROJECTOR or kind == "mmproj":
        title = tr("This is a projector, the part of a model that sees or hears, and not a model.")
    elif kind == "adapter":
        title = tr("This is an adapter (LoRA), which changes a model, and not a model.")
    elif kind == "imatrix" or not header.architecture:
        title = tr("This is a GGUF file of another kind, and not a model.")
    elif not header.tensors and not header.integer("split.count"):
        title = tr("This is a vocabulary without weights, and not a model.")
    else:
        return None
    return Problem(
        code="not_a_model",
        title=title,
        hint=tr("Choose the file of the model itself."),
    )


def _tensor_groups(tensors: Sequence[TensorInfo]) -> tuple[TensorGroup, ...]:
    """Return the tensors by type, those that take most of the file first."""
    by_type: defaultdict[str, list[TensorInfo]] = defaultdict(list)
    for tensor in tensors:
        by_type[tensor.type_name].append(tensor)
    groups = (
        TensorGroup(
            type_name=name,
            count=len(alike),
            elements=sum(tensor.elements for tensor in alike),
            size_bytes=sum(tensor.size_bytes for tensor in alike),
        )
        for name, alike in by_type.items()
    )
    return tuple(sorted(groups, key=lambda each: each.size_bytes, reverse=True))


def _shown(header: GgufHeader, key: str) -> str:
    if key in header.metadata:
        value = header.metadata[key]
        if isinstance(value, str):
            return _cut(value, _MAX_VALUE)
        return f"{value:g}" if isinstance(value, float) else str(value).lower()
    length = header.array_lengths[key]
    values = header.arrays.get(key)
    if values is None or length > _MAX_LISTED:
        return trn("{count} value", "{count} values", length)
    return ", ".join(f"{value:g}" for value in values)


def _short(text: str) -> str:
    return _cut(" ".join(text.split()), _MAX_NAME)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length].rstrip()}…"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
