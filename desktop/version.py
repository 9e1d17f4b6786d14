"""The version of the installed application."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def snug_version() -> str:
    """Return it, or a word where Snug runs without having been installed."""
    try:
        return version("snug")
    except PackageNotFoundError:
        return "unknown"
