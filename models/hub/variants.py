"""A repository's files, sorted into what people choose from: quantizations and projectors."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final

from models.hub.names import is_safe_path
from models.hub.records import RemoteFile, Variant

_QUANTIZATION: Final = re.compile(
    r"(?<![a-z0-9])"
    r"((?:ud-)?(?:i?q[1-8](?:_[a-z0-9]+)*|tq[12]_0|mxfp4(?:_moe)?|nvfp4|bf16|fp?16|fp?32))"
    r"(?![a-z0-9])",
    re.IGNORECASE,
)
_PART: Final = re.compile(r"-(\d{5})-of-(\d{5})$")
_LEFT_OUT: Final = re.compile(r"imatrix|(^|[-_.])lora([-_.]|$)|vocab[-_]only", re.IGNORECASE)
"""GGUF files that are no model by themselves."""
_PROJECTOR: Final = re.compile(r"mmproj|projector", re.IGNORECASE)
MAX_PARTS: Final = 500


def quantization_of(path: str) -> str:
    """Return the quantization that a file's name, or else its folder, tells; or nothing."""
    whole = PurePosixPath(path)
    for text in (_stem(whole.name), *reversed(whole.parent.parts)):
        found = _QUANTIZATION.findall(text)
        if found:
            name = str(found[-1]).upper()
            return {"FP16": "F16", "FP32": "F32"}.get(name, name)
    return ""


def sort_files(
    files: Iterable[RemoteFile],
) -> tuple[tuple[Variant, ...], tuple[RemoteFile, ...]]:
    """Return the variants from small to large, and the projectors from small to large.

    Files with names that are no good here, or of no size, are left out, and so are split files of
    which one is missing.
    """
    models: list[RemoteFile] = []
    projectors: list[RemoteFile] = []
    for file in files:
        if not file.path.lower().endswith(".gguf") or not is_safe_path(file.path):
            continue
        name = PurePosixPath(file.path).name
        if file.size_bytes <= 0 or _LEFT_OUT.search(name):
            continue
        (projectors if _PROJECTOR.search(name) else models).append(file)
    sets = [tuple(group) for group in _grouped(models) if _is_whole(group)]
    return _named(sets), tuple(sorted(projectors, key=lambda file: (file.size_bytes, file.path)))


def _stem(name: str) -> str:
    return _PART.sub("", name.removesuffix(".gguf").removesuffix(".GGUF"))


def _grouped(files: Iterable[RemoteFile]) -> Iterable[list[RemoteFile]]:
    """Return split files together, each set in order; a file that isn't split is a set of one."""
    groups: dict[tuple[str, str], list[RemoteFile]] = defaultdict(list)
    for file in sorted(files, key=lambda file: file.path):
        path = PurePosixPath(file.path)
        part = _PART.search(path.stem)
        groups[str(path.parent / _stem(path.name)), part[2] if part else ""].append(file)
    return groups.values()


def _is_whole(files: list[RemoteFile]) -> bool:
    found = [_PART.search(PurePosixPath(file.path).stem) for file in files]
    if found[0] is None:
        return len(files) == 1
    numbers = [int(part[1]) for part in found if part is not None]
    total = int(found[0][2])
    return total <= MAX_PARTS and numbers == list(range(1, total + 1))


def _named(sets: list[tuple[RemoteFile, ...]]) -> tuple[Variant, ...]:
    """Return a variant for each set: named by its quantization where that tells it apart."""
    quantizations = [quantization_of(files[0].path) for files in sets]
    count = Counter(quantizations)
    stems = [_stem(PurePosixPath(files[0].path).name) for files in sets]
    stem_count = Counter(stems)
    variants = []
    for files, quantization, stem in zip(sets, quantizations, stems, strict=True):
        name = quantization if quantization and count[quantization] == 1 else stem
        if name == stem and stem_count[stem] > 1:
            name = _PART.sub("", str(PurePosixPath(files[0].path).with_suffix("")))
        variants.append(Variant(name=name, quantization=quantization, files=files))
    return tuple(sorted(variants, key=lambda variant: (variant.size_bytes, variant.name)))


def find_variant(variants: Iterable[Variant], name: str) -> Variant | None:
    """Return the variant of this name, whatever its case; a file's name does as well."""
    wanted = name.casefold()
    for variant in variants:
        names = {variant.name, *(PurePosixPath(file.path).name for file in variant.files)}
        if wanted in {known.casefold() for known in names}:
            return variant
    return None
