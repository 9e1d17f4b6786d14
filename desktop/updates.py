"""Whether there is a newer version: looked up only when a person asks. Installs nothing."""

from __future__ import annotations

from typing import Final

import msgspec

from desktop.domain.errors import UserError
from packaging.version import InvalidVersion, Version

RELEASES_PAGE: Final = "https://github.com/snug-chat/snug/releases"
LATEST_RELEASE: Final = "https://api.github.com/repos/snug-chat/snug/releases/latest"
MAX_ANSWER_BYTES: Final = 1024 * 1024
TIMEOUT_S: Final = 15.0


class Latest(msgspec.Struct, frozen=True, kw_only=True):
    """The newest release there is: its version, and whether it is newer than this one."""

    version: str
    is_newer: bool


class _Release(msgspec.Struct):
    tag_name: str


def look(current: str, address: str = LATEST_RELEASE) -> Latest:
    """Ask for the newest release; blocks. Raises UserError.

    The request names nothing but the program: neither its version nor the machine.
    """
    # Slow to import, and rarely asked for.
    import httpx2  # noqa: PLC0415

    try:
        with (
            httpx2.Client(timeout=TIMEOUT_S, follow_redirects=True, max_redirects=3) as client,
            client.stream("GET", address, headers={"User-Agent": "Snug"}) as answer,
        ):
            answer.raise_for_status()
            body = b""
            for chunk in answer.iter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise _trouble("the answer is far too long")
        release = msgspec.json.decode(body, type=_Release)
        newest = Version(release.tag_name.removeprefix("v"))
        return Latest(version=str(newest), is_newer=newest > Version(current))
    except (httpx2.HTTPError, msgspec.MsgspecError, InvalidVersion) as error:
        raise _trouble(str(error)) from error


def _trouble(detail: str) -> UserError:
    return UserError(
        "Whether there is a newer version could not be found out.",
        f"Look for yourself at {RELEASES_PAGE}, or try again later.",
        detail,
    )
