"""Amounts as people read them: sizes, speeds, spans of time, large counts; and rows of names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from models.wording import number, tr, trn

_UNITS: Final = ("", "kB", "MB", "GB", "TB")
_COUNTS: Final = ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k"))


def size_in_words(size_bytes: float) -> str:
    """Return ``98 MB``, ``1.3 GB``: powers of 1000, as disks and the hub count."""
    value = float(max(0, size_bytes))
    unit = 0
    while unit < len(_UNITS) - 1 and (value >= 999.5 if unit else value >= 1000):
        value /= 1000
        unit += 1
    if not unit:
        return tr("{count} bytes", count=number(value))
    return f"{number(value, 1 if unit >= 3 and value < 99.95 else 0)} {_UNITS[unit]}"


def speed_in_words(bytes_per_second: float) -> str:
    """Return ``4.2 MB/s``."""
    if 1e6 <= bytes_per_second < 9.95e6:
        return f"{number(bytes_per_second / 1e6, 1)} MB/s"
    return f"{size_in_words(bytes_per_second)}/s"


def span_in_words(seconds: float) -> str:
    """Return ``40 s``, ``3 min``, ``2 h 10 min``, ``3 days``: as exact as one needs it."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes and hours < 10 else f"{hours} h"
    return trn("{count} day", "{count} days", round(hours / 24))


def count_in_words(count: int) -> str:
    """Return ``1.2M``, ``135k``, ``7B``: three digits are enough to compare."""
    for power, letter in _COUNTS:
        if count >= power * 0.9995:
            value = count / power
            digits = 1 if value < 9.95 and not f"{value:.1f}".endswith(".0") else 0
            return f"{number(value, digits)}{letter}"
    return str(count)


def names_in_words(names: Iterable[str]) -> str:
    """Return ``a, b and c``."""
    *some, last = names
    return tr("{some} and {last}", some=", ".join(some), last=last) if some else last


def share_in_words(share: float) -> str:
    """Return ``45%`` for 0.45."""
    return tr("{percent}%", percent=number(100 * share))
