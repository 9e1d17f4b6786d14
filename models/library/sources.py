"""Where other applications keep their models, by their own rules and variables.

Each rule names what it follows; an application that isn't here costs a look for a folder.
"""

from __future__ import annotations

import configparser
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from models.library.entry import Source

_MAX_SETTINGS_BYTES: Final = 4 << 20


@dataclass(frozen=True)
class AppFolder:
    """A folder with another application's models."""

    source: Source
    path: Path


@dataclass(frozen=True)
class Surroundings:
    """What the rules look at: the home folder, the environment, the platform."""

    home: Path = field(default_factory=Path.home)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    platform: str = sys.platform

    def variable(self, name: str) -> Path | None:
        """Return the folder that a variable names."""
        value = self.environ.get(name, "").strip()
        return self._expand(value) if value else None

    def config(self, name: str) -> Path:
        """Return the folder of an application's settings; on Windows the roaming one."""
        if self.platform == "win32":
            return (self.variable("APPDATA") or self.home / "AppData" / "Roaming") / name
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support" / name
        return (self.variable("XDG_CONFIG_HOME") or self.home / ".config") / name

    def data(self, name: str) -> Path:
        """Return the folder of an application's data; on Windows the local one."""
        if self.platform == "win32":
            return (self.variable("LOCALAPPDATA") or self.home / "AppData" / "Local") / name
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support" / name
        return (self.variable("XDG_DATA_HOME") or self.home / ".local" / "share") / name

    def _expand(self, value: str) -> Path:
        return self.home / value[2:] if value.startswith("~/") else Path(value)


def other_apps(surroundings: Surroundings | None = None) -> tuple[AppFolder, ...]:
    """Return the folders that are there, each once."""
    here = surroundings or Surroundings()
    found: dict[Path, AppFolder] = {}
    for source, rule in _RULES:
        for path in rule(here):
            real = _real_folder(path)
            if real is not None and real not in found:
                found[real] = AppFolder(source, path)
    return tuple(found.values())


def _real_folder(path: Path) -> Path | None:
    """Return where a folder really lies; None where there is none.

    One that this person may not look into counts as there, so that it can be told: Ollama's
    service keeps its models in such a folder.
    """
    try:
        real = Path(os.path.realpath(path))
        return real if path.is_absolute() and real.is_dir() else None
    except PermissionError:
        return real
    except (OSError, ValueError):
        return None


def _hugging_face(here: Surroundings) -> Iterator[Path]:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if cache := here.variable(name):
            yield cache
            return
    caches = here.variable("XDG_CACHE_HOME") or here.home / ".cache"
    yield (here.variable("HF_HOME") or caches / "huggingface") / "hub"


def _lm_studio(here: Surroundings) -> Iterator[Path]:
    homes = [here.home / ".lmstudio", here.home / ".cache" / "lm-studio"]
    pointer = _text(here.home / ".lmstudio-home-pointer").strip()
    if pointer:
        homes.insert(0, Path(pointer))
    for folder in (*homes, here.config("LM Studio")):
        if chosen := _setting(folder / "settings.json", "downloadsFolder"):
            yield Path(chosen)
    for home in homes:
        yield home / "models"


def _jan(here: Surroundings) -> Iterator[Path]:
    # Its settings lie in the data folder on Linux, in the roaming one on Windows.
    for folder in (here.data("Jan"), here.config("Jan")):
        chosen = _setting(folder / "settings.json", "data_folder")
        for data in (*((Path(chosen),) if chosen else ()), folder / "data"):
            yield data / "llamacpp" / "models"
            yield data / "models"
    yield here.home / "jan" / "models"


def _gpt4all(here: Surroundings) -> Iterator[Path]:
    # Its settings are an INI file in Qt's place for these, which on a Mac is as on Linux.
    settings = here if here.platform == "win32" else replace(here, platform="linux")
    if chosen := _ini_value(settings.config("nomic.ai") / "GPT4All.ini", "modelPath"):
        yield Path(chosen)
    yield here.data("nomic.ai") / "GPT4All"
    yield here.home / ".cache" / "gpt4all"


def _ollama(here: Surroundings) -> Iterator[Path]:
    if chosen := here.variable("OLLAMA_MODELS"):
        yield chosen
    yield here.home / ".ollama" / "models"
    if here.platform == "linux":
        yield Path("/usr/share/ollama/.ollama/models")


_RULES: Final[tuple[tuple[Source, Callable[[Surroundings], Iterator[Path]]], ...]] = (
    ("huggingface", _hugging_face),
    ("lmstudio", _lm_studio),
    ("jan", _jan),
    ("gpt4all", _gpt4all),
    ("ollama", _ollama),
)


def _setting(path: Path, key: str) -> str:
    """Return a text of a JSON file; empty where there is none. Other applications' files break."""
    try:
        value: Any = json.loads(_text(path))[key]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""


def _ini_value(path: Path, key: str) -> str:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        return ""
    return parser.get("General", key, fallback="").strip('"')


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_MAX_SETTINGS_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return ""
