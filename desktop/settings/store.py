"""The application's settings: their file, and their values checked against the declaration."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import msgspec

from desktop.domain.errors import UserError
from desktop.settings.files import keep_aside, write_atomically
from desktop.settings.schema import (
    APP_OPTIONS,
    LOADING_OPTIONS,
    OPTIONS,
    AppSettings,
    GenerationSettings,
    LoadingSettings,
    OptionInfo,
    choice_name,
)
from models.wording import number, tr

_SWITCH: Final = {
    "on": True,
    "yes": True,
    "true": True,
    "off": False,
    "no": False,
    "false": False,
}

_BESIDE_OPTIONS: Final = ("examples", "preset")
"""What belongs to a completion's settings without being one of their options."""


class SettingsStore:
    """One settings file. It holds what differs from the defaults, so that better ones reach all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._foreign: dict[str, Any] = {}

    def load(self) -> tuple[AppSettings, str | None]:
        """Return the settings, and a notice where the file was broken and is kept aside.

        A file that isn't JSON gives the defaults; one with values that aren't allowed keeps the
        others. Options that this version doesn't know stay in the file when it is saved: a newer
        Snug may have written them. Raises UserError where the file is there and can't be read.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return AppSettings(), None
        except OSError as error:
            raise UserError(
                tr("The settings can't be read: {path}", path=self._path),
                tr("Make the file readable for you, or choose another folder with --basedir."),
                str(error),
            ) from error
        try:
            raw = msgspec.json.decode(content, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            kept = self._set_aside()
            return AppSettings(), tr(
                "The settings file could not be read ({error}). It is kept as {kept}; the "
                "defaults are in use. Mend it and give it its old name to have your settings back.",
                error=error,
                kept=kept,
            )
        settings, complaints = _salvage(raw)
        self._foreign = _without(raw, AppSettings)
        if not complaints:
            return settings, None
        kept = self._set_aside()
        self.save(settings)
        remedy = tr(
            "The default is in use instead; the settings file as it was is kept as {kept}.",
            kept=kept,
        )
        return settings, " ".join((*complaints, remedy))

    def save(self, settings: AppSettings) -> None:
        """Write the settings, whole or not at all. Raises UserError."""
        known = msgspec.to_builtins(settings)
        content = msgspec.json.encode(_merged(known, self._foreign_to(settings)))
        write_atomically(self._path, msgspec.json.format(content) + b"\n")

    def _foreign_to(self, settings: AppSettings) -> dict[str, Any]:
        """Return the unknown options, without those of models that have no settings any more."""
        of_models = {
            path: unknown
            for path, unknown in self._foreign.get("model_loading", {}).items()
            if path in settings.model_loading
        }
        others = {key: value for key, value in self._foreign.items() if key != "model_loading"}
        return others | ({"model_loading": of_models} if of_models else {})

    def _set_aside(self) -> Path:
        try:
            return keep_aside(self._path)
        except OSError as error:
            raise UserError(
                tr("The settings are broken and can't be renamed: {path}", path=self._path),
                tr("Mend, rename or delete the file, then start Snug again."),
                str(error),
            ) from error


def parse_value(
    info: OptionInfo, text: str, struct: type[msgspec.Struct] = GenerationSettings
) -> object:
    """Return the option's value written as ``text``: what a field or a flag holds.

    Several texts stand on a line each, several numbers may stand on one, and switches are on or
    off. Raises UserError, naming the option, its range and the remedy.
    """
    return check_value(info, _read(info, text), struct)


def check_value(
    info: OptionInfo, value: object, struct: type[msgspec.Struct] = GenerationSettings
) -> object:
    """Return the value in the option's own type, as a field of ``struct``. Raises UserError."""
    try:
        checked: object = getattr(msgspec.convert({info.name: value}, struct), info.name)
    except msgspec.ValidationError as error:
        raise _not_allowed(info, value, str(error)) from error
    # A comparison with "not a number" is never true, so it passes every range.
    parts = checked if isinstance(checked, tuple) else (checked,)
    if any(isinstance(part, float) and not math.isfinite(part) for part in parts):
        raise _not_allowed(info, value)
    return checked


def describe_range(info: OptionInfo) -> str:
    """Return a sentence that says what the option takes."""
    default = _default_in_words(info)
    if info.kind is bool:
        return tr("Give on or off. The default is {default}.", default=default)
    if issubclass(info.kind, Enum):
        words = ", ".join(info.kind)
        return tr("Give one of {words}. The default is {default}.", words=words, default=default)
    if info.kind is tuple:
        return _describe_list(info)
    if info.kind is str:
        return (
            tr("Give a text, not longer than {most} characters.", most=number(info.longest))
            if info.longest
            else tr("Give a text.")
        )
    if info.multiple:
        sentence = tr(
            "Give a whole number from {least} to {most}, a multiple of {step}. The default is "
            "{default}."
        )
    elif info.kind is int:
        sentence = tr("Give a whole number from {least} to {most}. The default is {default}.")
    else:
        sentence = tr("Give a number from {least} to {most}. The default is {default}.")
    return sentence.format(
        least=info.minimum, most=info.maximum, step=info.multiple, default=default
    )


def _describe_list(info: OptionInfo) -> str:
    if info.item is float:
        return tr("Give up to {most} numbers, such as 3, 1.", most=info.longest)
    return tr(
        "Give up to {most} texts of 1 to {longest} characters each.",
        most=info.longest,
        longest=number(info.item_longest or 0),
    )


def in_figures(value: float) -> str:
    """Return a number as a field shows it, and ``parse_value`` reads it again: not in groups."""
    point = number(0.5, 1)[1]
    return str(value) if isinstance(value, int) else f"{value:g}".replace(".", point)


def _default_in_words(info: OptionInfo) -> str:
    if info.default is None:
        return tr(info.option.zero)
    if info.kind is bool:
        return choice_name(("off", "on")[info.default])
    return in_figures(info.default) if isinstance(info.default, float) else str(info.default)


def with_overrides(
    settings: GenerationSettings, overrides: Mapping[str, object]
) -> GenerationSettings:
    """Return the settings with a chat's own ones in place.

    Names and values that this version doesn't allow are left out, so that a chat which another
    version wrote opens all the same.
    """
    return msgspec.structs.replace(settings, **_generation(overrides, complaints=[]))


def overrides_of(settings: GenerationSettings, defaults: GenerationSettings) -> dict[str, object]:
    """Return the settings that differ from the defaults, as data that JSON can hold."""
    return {
        name: msgspec.to_builtins(getattr(settings, name))
        for name in GenerationSettings.__struct_fields__
        if getattr(settings, name) != getattr(defaults, name)
    }


def with_loading(settings: LoadingSettings, overrides: Mapping[str, object]) -> LoadingSettings:
    """Return how a model is loaded, with what the command line says in place."""
    allowed = _allowed(LoadingSettings, LOADING_OPTIONS, overrides, complaints=[])
    return msgspec.structs.replace(settings, **allowed)


def _salvage(raw: dict[str, Any]) -> tuple[AppSettings, list[str]]:
    """Return the settings that are allowed, and a complaint about each one that is not."""
    complaints: list[str] = []
    generation = _section(raw, "generation", tr("The settings of the completion"), complaints)
    loading = _section(raw, "loading", tr("The settings of the load"), complaints)
    models = _section(raw, "model_loading", tr("The settings of single models"), complaints)
    own = {
        path: _section(models, path, tr("The settings of {path}", path=path), complaints)
        for path in models
    }
    settings = AppSettings(
        generation=GenerationSettings(**_generation(generation, complaints)),
        loading=_loading(loading, complaints),
        model_loading={path: _loading(values, complaints) for path, values in own.items()},
        **_allowed(AppSettings, APP_OPTIONS, raw, complaints),
    )
    return settings, complaints


def _generation(raw: Mapping[str, object], complaints: list[str]) -> dict[str, Any]:
    """Return what is allowed of a completion's settings: options, examples and preset."""
    allowed = _allowed(GenerationSettings, OPTIONS, raw, complaints)
    for name in _BESIDE_OPTIONS:
        if name in raw:
            try:
                found = msgspec.convert({name: raw[name]}, GenerationSettings)
            except msgspec.ValidationError as error:
                complaints.append(tr("The {name} can't be used: {error}.", name=name, error=error))
            else:
                allowed[name] = getattr(found, name)
    return allowed


def _loading(raw: dict[str, Any], complaints: list[str]) -> LoadingSettings:
    return LoadingSettings(**_allowed(LoadingSettings, LOADING_OPTIONS, raw, complaints))


def _section(raw: dict[str, Any], name: str, what: str, complaints: list[str]) -> dict[str, Any]:
    """Return a part of the file that holds options by their names."""
    section = raw.get(name, {})
    if isinstance(section, dict):
        return section
    complaints.append(tr("{what} are not a list of options.", what=what))
    return {}


def _allowed(
    struct: type[msgspec.Struct],
    options: tuple[OptionInfo, ...],
    raw: Mapping[str, object],
    complaints: list[str],
) -> dict[str, Any]:
    allowed = {}
    for info in options:
        if info.name in raw:
            try:
                allowed[info.name] = check_value(info, raw[info.name], struct)
            except UserError as error:
                complaints.append(f"{error.title} {error.hint}")
    return allowed


def _without(raw: dict[str, Any], struct: type[msgspec.Struct]) -> dict[str, Any]:
    """Return what the struct has no field for, looking into nested structs as well."""
    fields = {field.name: field.type for field in msgspec.structs.fields(struct)}
    rest = {name: value for name, value in raw.items() if name not in fields}
    for name, kind in fields.items():
        nested = raw.get(name)
        if isinstance(nested, dict) and (unknown := _unknown_within(nested, kind)):
            rest[name] = unknown
    return rest


def _unknown_within(nested: dict[str, Any], kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a type
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _without(nested, kind)
    if get_origin(kind) is not dict:
        return {}
    struct = get_args(kind)[1]
    found = {
        key: _without(value, struct) for key, value in nested.items() if isinstance(value, dict)
    }
    return {key: unknown for key, unknown in found.items() if unknown}


def _merged(known: dict[str, Any], foreign: dict[str, Any]) -> dict[str, Any]:
    merged = dict(known)
    for name, value in foreign.items():
        mine = merged.get(name)
        merged[name] = _merged(mine or {}, value) if isinstance(value, dict) else value
    return merged


def _read(info: OptionInfo, text: str) -> object:
    if info.kind is tuple and info.item is float:
        # Where something else parts them, a comma is a decimal one.
        parting = r"[;\s]+" if re.search(r"[;\n]", text.strip()) else r"[,\s]+"
        return tuple(_number(info.item, part) for part in re.split(parting, text) if part)
    if info.kind is tuple:
        return tuple(line for line in text.splitlines() if line)
    return text if info.kind is str else _read_one(info, text.strip())


def _read_one(info: OptionInfo, text: str) -> object:
    if info.kind is bool:
        return _SWITCH.get(text.lower(), text)
    if issubclass(info.kind, Enum):
        return text.lower()
    if info.optional and text.lower() in {"", info.option.zero, tr(info.option.zero).lower()}:
        return None
    return _number(info.kind, text)


def _number(kind: type, text: str) -> object:
    """Return the number, or the text as it is, for the check to refuse."""
    try:
        return float(text.rstrip(",").replace(",", ".")) if kind is float else int(text)
    except ValueError:
        return text


def _not_allowed(info: OptionInfo, value: object, detail: str = "") -> UserError:
    text = str(value)
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    title = tr("{option} can't be “{text}”.", option=tr(info.option.label), text=shown)
    return UserError(title, describe_range(info), detail)
