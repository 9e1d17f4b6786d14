"""Presets as settings: what they hold, how a chat takes them on, and the file they travel in.

The file is JSON: ``{"format": "snug-presets", "version": 1, "presets": [{"name", "system_prompt",
"examples": [{"user", "assistant"}], "settings": {…}}]}``. It is taken whole or refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from desktop.domain.errors import UserError
from desktop.domain.presets import MOST_EXAMPLES, Example, Preset, checked_name
from desktop.settings.files import write_atomically
from desktop.settings.schema import OPTIONS, Effect, GenerationSettings, choice_name
from desktop.settings.store import check_value, in_figures, with_overrides
from models.wording import mark, tr, trn

FORMAT: Final = "snug-presets"
VERSION: Final = 1
MOST_BYTES: Final = 16 * 1024 * 1024
MOST_PRESETS: Final = 500
_OPTIONS: Final = {info.name: info for info in OPTIONS if info.option.effect is not Effect.RELOAD}
"""A preset changes how a model writes and not how it is loaded."""
_NAMES: Final = (*_OPTIONS, "examples")
_ELSEWHERE: Final = mark("Choose a file that Snug exported.")


class _FilePreset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    system_prompt: str = ""
    examples: Annotated[tuple[Example, ...], msgspec.Meta(max_length=MOST_EXAMPLES)] = ()
    settings: dict[str, Any] = {}


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: str
    version: int
    presets: Annotated[tuple[_FilePreset, ...], msgspec.Meta(max_length=MOST_PRESETS)]


def preset_values(settings: GenerationSettings) -> dict[str, object]:
    """Return what a preset of these settings holds, as data that JSON can hold."""
    held = {name: getattr(settings, name) for name in _NAMES}
    return msgspec.json.decode(msgspec.json.encode(held), type=dict[str, object])


def with_preset(settings: GenerationSettings, preset: Preset) -> GenerationSettings:
    """Return the settings with a preset in place; what it doesn't name is as Snug came with it."""
    own = GenerationSettings()
    fresh = {name: getattr(own, name) for name in _NAMES}
    base = msgspec.structs.replace(settings, **fresh, preset=preset.name)
    held = {name: value for name, value in preset.values.items() if name in _NAMES}
    return with_overrides(base, held)


def is_as_in(settings: GenerationSettings, preset: Preset) -> bool:
    """Return whether the settings are the preset's, whatever they are called."""
    return preset_values(settings) == preset_values(with_preset(settings, preset))


def in_words(preset: Preset) -> str:
    """Return in a line what is particular about a preset."""
    settings = with_preset(GenerationSettings(), preset)
    parts = [tr("System prompt")] if settings.system_prompt.strip() else []
    if count := len(settings.examples):
        parts.append(trn("{count} example", "{count} examples", count))
    for name, info in _OPTIONS.items():
        value = getattr(settings, name)
        if value != info.default and name != "system_prompt":
            label = tr(info.option.label)
            parts.append(label if isinstance(value, tuple) else f"{label} {_shown(value)}")
    return " · ".join(parts) or tr("Snug's own settings")


def _shown(value: object) -> str:
    if isinstance(value, float):
        return in_figures(value)
    return choice_name(value) if isinstance(value, StrEnum) else str(value)


# --- the file -------------------------------------------------------------------------------------


def write_presets(path: Path, presets: Iterable[Preset]) -> None:
    """Write presets to a file, whole or not at all. Raises UserError."""
    write_atomically(path, encoded(presets))


def read_presets(path: Path) -> list[Preset]:
    """Return the presets of a file, each checked. Raises UserError; then none is to be used."""
    try:
        if not path.is_file():
            raise UserError(tr("{name} is no file.", name=path.name), tr(_ELSEWHERE))
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UserError(
            tr("{name} can't be read: {why}.", name=path.name, why=error.strerror or error),
            tr("See that the file is there and readable for you."),
            str(error),
        ) from error
    return decoded(content, path.name)


def encoded(presets: Iterable[Preset]) -> bytes:
    """Return the content of a file of these presets."""
    listed = [_in_file(each) for each in presets]
    file = _File(format=FORMAT, version=VERSION, presets=tuple(listed))
    return msgspec.json.format(msgspec.json.encode(file)) + b"\n"


def decoded(content: bytes, name: str) -> list[Preset]:
    """Return the presets of a file's content, without ids. Raises UserError."""
    if len(content) > MOST_BYTES:
        raise UserError(
            tr(
                "{name} has more than {size} MiB, far more than presets take.",
                name=name,
                size=MOST_BYTES // 2**20,
            ),
            tr(_ELSEWHERE),
        )
    try:
        raw = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(
            tr("{name} is no file of presets: it isn't JSON.", name=name),
            tr(_ELSEWHERE),
            str(error),
        ) from error
    _check_head(raw, name)
    try:
        file = msgspec.convert(raw, _File)
    except (msgspec.ValidationError, RecursionError) as error:
        raise UserError(
            tr("{name} can't be imported, and nothing of it was: {error}.", name=name, error=error),
            tr("Mend the file, or export it again."),
            str(error),
        ) from error
    return [_from_file(each, name) for each in file.presets]


def _check_head(raw: object, name: str) -> None:
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise UserError(tr("{name} is no file of presets.", name=name), tr(_ELSEWHERE))
    version = raw.get("version")
    if not isinstance(version, int) or version != VERSION:
        raise UserError(
            tr(
                "{name} has version {version} of the format; this Snug reads version {known}.",
                name=name,
                version=version,
                known=VERSION,
            ),
            tr("Import it with a newer Snug."),
        )


def _in_file(preset: Preset) -> _FilePreset:
    values = preset_values(with_preset(GenerationSettings(), preset))
    examples = msgspec.convert(values.pop("examples"), tuple[Example, ...])
    system = str(values.pop("system_prompt"))
    return _FilePreset(name=preset.name, system_prompt=system, examples=examples, settings=values)


def _from_file(found: _FilePreset, file: str) -> Preset:
    values = {**found.settings, "system_prompt": found.system_prompt}
    _check(values, found.name, file)
    preset = Preset(
        id=0, name=checked_name(found.name), values={**values, "examples": found.examples}
    )
    whole = preset_values(with_preset(GenerationSettings(), preset))
    return msgspec.structs.replace(preset, values=whole)


def _check(values: Mapping[str, object], preset: str, file: str) -> None:
    where = tr(
        "{file} can't be imported, and nothing of it was: in “{preset}”",
        file=file,
        preset=preset[:80],
    )
    for name, value in values.items():
        if (info := _OPTIONS.get(name)) is None:
            raise UserError(
                tr("{where}, “{name}” is no setting of a preset.", where=where, name=name[:80]),
                tr("Take it out of the file, or import it with a newer Snug."),
            )
        try:
            check_value(info, value)
        except UserError as error:
            raise UserError(f"{where}, {error.title}", error.hint, error.detail) from error
