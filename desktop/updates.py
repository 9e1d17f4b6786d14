"""Whether there is a newer version: looked up only when a person asks. Installs nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import msgspec

from desktop.domain.errors import UserError
from models.wording import tr
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    import httpx2

RELEASES_PAGE: Final = "https://github.com/snug-chat/snug/releases"
LATEST_RELEASE: Final = "https://api.github.com/repos/snug-chat/snug/releases/latest"
MAX_ANSWER_BYTES: Final = 1024 * 1024
SILENCE_S: Final = 10.0
PATIENCE_S: Final = 20.0
"""How long nothing may come, and how long all of it may take."""
_NO_RELEASE_STATUS: Final = 404


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The newest release: its version, empty where none is out, and whether it is newer than ours.

    A version of a checkout may itself be newer than what is out.
    """

    version: str = ""
    is_newer: bool = False


class _Release(msgspec.Struct):
    tag_name: str


def look(current: str, address: str = LATEST_RELEASE) -> Latest:
    """Ask for the newest release; blocks. Raises UserError.

    The request names nothing but the program: neither its version nor the machine.
    """
    import httpx2  # noqa: PLC0415 - slow to import, and rarely asked for

    try:
        with httpx2.Client(timeout=SILENCE_S, follow_redirects=True, max_redirects=3) as client:
            body = _fetch(client, address)
        if body is None:
            return Latest()
        newest = Version(msgspec.json.decode(body, type=_Release).tag_name.removeprefix("v"))
        return Latest(version=str(newest), is_newer=newest > Version(current))
    except (httpx2.HTTPError, msgspec.MsgspecError, InvalidVersion, UnicodeError) as error:
        raise _trouble(str(error)) from error


def _fetch(client: httpx2.Client, address: str) -> bytes | None:
    """Return what the address answers, None where there is nothing under it."""
    deadline = time.monotonic() + PATIENCE_S
    body = b""
    with client.stream("GET", address, headers={"User-Agent": "Snug"}) as answer:
        if answer.status_code == _NO_RELEASE_STATUS:
            return None
        answer.raise_for_status()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise _trouble("the answer is far too long")
            if time.monotonic() > deadline:
                raise _trouble("the answer takes too long")
    return body


def _trouble(detail: str) -> UserError:
    return UserError(
        tr("Snug could not find out whether there is a newer version."),
        tr("Check the network and try again, or look at {page}.", page=RELEASES_PAGE),
        detail,
    )
