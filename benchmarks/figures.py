"""What a benchmark reports: a measured value beside the reach that was set for it."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, Literal

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure. ``runs`` are the values that ``value`` is the median (or so) of."""

    name: str
    value: float
    reach: float
    better: Literal["higher", "lower"]
    unit: str = "ratio"
    runs: tuple[float, ...] = ()
    detail: dict[str, Any] = {}

    @property
    def reached(self) -> bool:
        """Return whether the value is as good as its reach or better."""
        return self.value >= self.reach if self.better == "higher" else self.value <= self.reach

    def line(self) -> str:
        """Return the figure as one line for people."""
        sign = "≥" if self.better == "higher" else "≤"
        verdict = "reached" if self.reached else "SHORT"
        detail = ", ".join(f"{key} {_short(value)}" for key, value in self.detail.items())
        return (
            f"{self.name:<58} {self.value:>8.3f} {self.unit:<6} {sign} {self.reach:<6g} {verdict}"
            + (f"   ({detail})" if detail else "")
        )


def ratio_of_medians(measured: Sequence[float], baseline: Sequence[float]) -> float:
    """Return median ÷ median of two interleaved series."""
    return statistics.median(measured) / statistics.median(baseline)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value below which ``percent`` of the values lie (nearest rank)."""
    ordered = sorted(values)
    rank = max(0, min(len(ordered) - 1, round(percent / 100 * len(ordered)) - 1))
    return ordered[rank]


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
