"""Which hub is asked, as whom, and whether at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from models.hub import tokens
from models.problems import EngineError
from models.wording import tr

DEFAULT_ENDPOINT: Final = "https://huggingface.co"
_OFFLINE_VARIABLES: Final = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_TRUE: Final = frozenset({"1", "ON", "YES", "TRUE"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class HubAccess:
    """How to reach a hub: its address, the access token, and whether the network may be used.

    ``offline_by`` names what put Snug offline: ``setting`` or an environment variable.
    """

    endpoint: str = DEFAULT_ENDPOINT
    token: str = field(default="", repr=False)
    offline: bool = False
    offline_by: str = "setting"

    @property
    def host(self) -> str:
        """The name of the hub's machine, for sentences."""
        return urlsplit(self.endpoint).netloc


def access_from(
    endpoint: str = "",
    *,
    offline: bool = False,
    token_file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> HubAccess:
    """Return the access that settings and environment ask for.

    The address is the given one, else ``HF_ENDPOINT``, else huggingface.co. The token is the one
    that was saved for this very address, else ``HF_TOKEN``; it is never sent over a connection
    that others can read. Raises EngineError("bad_endpoint") for an address that can't be one.
    """
    variables = os.environ if environment is None else environment
    chosen = check_endpoint(endpoint or variables.get("HF_ENDPOINT", "") or DEFAULT_ENDPOINT)
    offline_by = "setting" if offline else _offline_variable(variables)
    if offline_by:
        return HubAccess(endpoint=chosen, offline=True, offline_by=offline_by)
    token = ""
    if chosen.startswith("https://") or urlsplit(chosen).hostname in _LOOPBACK:
        token = tokens.load(chosen, token_file) or tokens.clean(variables.get("HF_TOKEN", ""))
    return HubAccess(endpoint=chosen, token=token)


def _offline_variable(variables: Mapping[str, str]) -> str:
    for name in _OFFLINE_VARIABLES:
        if variables.get(name, "").upper() in _TRUE:
            return name
    return ""


def check_endpoint(endpoint: str) -> str:
    """Return the address without a slash at its end. Raises EngineError("bad_endpoint")."""
    address = endpoint.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or parts.username or parts.password or parts.query or parts.fragment:
        raise EngineError(
            "bad_endpoint",
            tr("“{address}” is not the address of a hub.", address=address[:200]),
            tr(
                "An address looks like https://huggingface.co. Mend it in the settings "
                "(Hub address) or in HF_ENDPOINT."
            ),
        )
    return address


def save_token(token: str, endpoint: str = "", token_file: Path | None = None) -> tokens.Place:
    """Keep a token for an address; return where: the keyring, or a file for your eyes only.

    Raises EngineError("bad_token") for what can't be one, and where it can't be kept.
    """
    return tokens.save(_address(endpoint), token, token_file)


def forget_token(endpoint: str = "", token_file: Path | None = None) -> None:
    """Take the token of an address away from wherever it is kept."""
    tokens.forget(_address(endpoint), token_file)


def _address(endpoint: str) -> str:
    return check_endpoint(endpoint or os.environ.get("HF_ENDPOINT", "") or DEFAULT_ENDPOINT)
