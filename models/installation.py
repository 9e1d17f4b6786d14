"""How this Snug came onto the machine: it decides how its processes start, and what mends them."""

from __future__ import annotations

import sys

from models.wording import tr


def is_frozen() -> bool:
    """Return whether this is an installed program, and not a checkout with an interpreter."""
    return bool(getattr(sys, "frozen", False))


def process_command(module: str, *flags: str) -> list[str]:
    """Return what starts a process of Snug's: a frozen program is told by flags what to become.

    With ``-P`` a folder named like one of our packages, in the current one, can't shadow it.
    """
    return [sys.executable, *(flags if is_frozen() else ("-P", "-m", module))]


def repair() -> str:
    """Return the order that puts missing parts in place, as the beginning of a sentence."""
    return tr("Install Snug again") if is_frozen() else tr("Run 'make setup' again")
