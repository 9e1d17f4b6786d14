"""Access tokens: in the system's keyring, or where there is none in a file of one's own.

The file says for each address where its token is. A token belongs to the address that it was saved
for, so that another hub address in the settings never gets to see it. Only on machines without a
secret service, such as a server, does the file hold tokens itself: it is readable for its owner
only, and whoever saves one is told so.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import platformdirs

from models.files import write_atomically
from models.problems import EngineError
from models.wording import tr

Place = Literal["keyring", "file"]
SERVICE: Final = "Snug"
IN_KEYRING: Final = ""
"""What the file says of an address whose token is in the keyring."""
_TOKEN: Final = re.compile(r"[\x21-\x7e]{8,1000}")


def default_file() -> Path:
    """Return the file that says where tokens are, for a Snug in its usual folders."""
    return platformdirs.user_config_path("snug", appauthor=False) / "hub-tokens.json"


def clean(token: str) -> str:
    """Return the token without space around it; empty where it can't stand in a header."""
    stripped = token.strip()
    return stripped if _TOKEN.fullmatch(stripped) else ""


def load(endpoint: str, file: Path | None = None) -> str:
    """Return the token that was saved for an address, or an empty string.

    The keyring is asked only where a token was put in it: it may want to be unlocked.
    """
    kept = _read(file or default_file()).get(endpoint)
    if kept != IN_KEYRING:
        return clean(kept or "")
    try:
        return clean(_keyring("get_password", endpoint) or "")
    except _KeyringError:
        return ""


def save(endpoint: str, token: str, file: Path | None = None) -> Place:
    """Keep the token and return where. Raises EngineError."""
    cleaned = clean(token)
    if not cleaned:
        raise EngineError(
            "bad_token",
            tr("This is not an access token."),
            tr("Copy the whole token from the hub's page; it begins with hf_ and has no spaces."),
        )
    path = file or default_file()
    try:
        _keyring("set_password", endpoint, cleaned)
        # Some back ends take everything and keep nothing.
        is_kept = _keyring("get_password", endpoint) == cleaned
    except _KeyringError:
        is_kept = False
    _write(path, {**_read(path), endpoint: IN_KEYRING if is_kept else cleaned})
    return "keyring" if is_kept else "file"


def forget(endpoint: str, file: Path | None = None) -> None:
    """Take the token away from wherever it is."""
    path = file or default_file()
    kept = _read(path)
    if kept.get(endpoint) == IN_KEYRING:
        with suppress(_KeyringError):
            _keyring("delete_password", endpoint)
    if kept.pop(endpoint, None) is not None:
        _write(path, kept)


class _KeyringError(Exception):
    """There is no keyring, it is locked, or it doesn't have what was asked for."""


def _keyring(action: str, *arguments: str) -> Any:  # noqa: ANN401 - what the back end returns
    try:
        import keyring  # noqa: PLC0415 - slow, and it looks for a secret service

        return getattr(keyring, action)(SERVICE, *arguments)
    except Exception as error:  # its back ends raise whatever their system does
        raise _KeyringError(str(error)) from error


def _read(path: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(path.read_bytes()[:100_000], type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def _write(path: Path, kept: dict[str, str]) -> None:
    try:
        write_atomically(path, msgspec.json.encode(kept))
    except OSError as error:
        raise EngineError(
            "token_not_kept",
            tr(
                "The token can't be kept in {path}: {why}.",
                path=path,
                why=error.strerror or error,
            ),
            tr("There is no keyring either. Set HF_TOKEN before starting Snug instead."),
            str(error),
        ) from error
