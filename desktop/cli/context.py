"""What the commands start from: folders, settings, the model that is meant."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

import msgspec

from desktop.cli.arguments import chosen_for_all, chosen_loading, chosen_settings
from desktop.cli.terminal import say, trouble_of
from desktop.domain.errors import UserError
from desktop.paths import Paths
from desktop.settings.requests import to_load_options
from desktop.settings.schema import AppSettings, GenerationSettings
from desktop.settings.store import SettingsStore, with_loading
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from models.library.embedded import embedded_model
from models.problems import EngineError
from models.records import LoadOptions

EMBEDDED: Final = "embedded"
"""The name by which the embedded model is always found."""


@dataclass(frozen=True)
class Context:
    """A command's surroundings.

    ``flags`` are the settings of the completion that the command line names, ``loading`` those of
    the load; ``anyway`` loads what is judged not to fit.
    """

    paths: Paths
    settings: AppSettings
    flags: dict[str, object]
    loading: dict[str, object] = field(default_factory=dict)
    anyway: bool = False

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """Make the folders and read the settings. Raises UserError."""
        flags, loading = chosen_settings(arguments), chosen_loading(arguments)
        for_all = chosen_for_all(arguments)
        paths = Paths(getattr(arguments, "basedir", None))
        paths.create()
        settings, notice = SettingsStore(paths.settings_file).load()
        if notice:
            say(notice)
        settings = msgspec.structs.replace(settings, **for_all)
        return cls(paths, settings, flags, loading, arguments.anyway)

    def load_options(self, generation: GenerationSettings, path: Path) -> LoadOptions:
        """Return how a model is loaded: by its settings, and by what the command line says."""
        name = str(path)
        own = self.settings.model_loading.get(name, self.settings.loading)
        # A terminal asks for one reply at a time.
        loading = {name: with_loading(own, {"parallel_replies": 1, **self.loading})}
        app = msgspec.structs.replace(self.settings, model_loading=loading)
        return to_load_options(generation, app, name)


def find_model(given: str | None, context: Context) -> Path:
    """Return the model file that is meant by a path or a name. Raises UserError.

    A name is part of the file name of the embedded model or of one that a chat has used, or else
    that of a model in the library.
    """
    wanted = given or context.settings.model
    if not wanted:
        return _embedded()
    path = Path(wanted).expanduser()
    if path.exists() or path.suffix.lower() == ".gguf" or len(path.parts) > 1:
        # What is wrong with it is for the engine to say, which opens it.
        return path.absolute()
    return _by_name(wanted, context)


def _by_name(name: str, context: Context) -> Path:
    known = _known_models(context.paths)
    matches = {path for label, path in known if name.lower() in label.lower()}
    matches = matches or _in_library(name, context)
    if len(matches) == 1:
        return matches.pop()
    if matches:
        shown = ", ".join(sorted(map(str, matches)))
        raise UserError(f"More than one model is named like “{name}”.", f"Name one: {shown}.")
    raise UserError(
        f"No model is named “{name}”.",
        "Give the path of a GGUF file, or a name that 'snug models list' shows.",
    )


def _in_library(name: str, context: Context) -> set[Path]:
    # A model that was used before needs no look through folders; and that module imports this one.
    from desktop.cli.models.library import folders_of, look_through, named_like  # noqa: PLC0415

    folders = folders_of(context.settings, context.paths)
    entries, _ = look_through(folders, context.paths)
    return {Path(entry.path) for entry in named_like(name, entries)}


def _known_models(paths: Paths) -> list[tuple[str, Path]]:
    """Return the models that still lie where they were used, each under its names."""
    known: list[tuple[str, Path]] = []
    try:
        embedded = embedded_model()
        known += [(EMBEDDED, embedded), (embedded.stem, embedded)]
    except EngineError:
        pass
    if paths.database.exists():
        with Database.open(paths.database) as database:
            used = ChatStore(database).known_models()
        for path, name in used:
            if Path(path).is_file():
                known += [(name, Path(path)), (Path(path).stem, Path(path))]
    return known


def _embedded() -> Path:
    try:
        return embedded_model()
    except EngineError as error:
        raise trouble_of(error) from error
