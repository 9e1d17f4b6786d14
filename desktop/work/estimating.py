"""What a summary is going to take, told before a model is loaded for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from desktop.domain.jobs import Job
from desktop.domain.summary import OUTPUT_SHARE, Forecast, forecast
from desktop.work.summary_records import SummaryResult
from models.records import LoadOptions

_BYTES_PER_TOKEN: Final = 4.0
"""Of UTF-8 text: true within a quarter for the languages of Europe, and for those of East Asia."""
_OVERHEAD: Final = 180
"""The tokens of a call beside its data, with the prompts that Snug comes with."""
_PREFILL_RATE: Final = 3.0
_BATCHED_RATE: Final = 1.5
"""How much faster than single tokens a prompt is read, and several replies are written together."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """About what a summary takes. ``seconds`` is None where nothing is known of the model's speed.

    ``is_measured`` tells a time that stands on earlier summaries by this model from a first guess.
    """

    expected: Forecast
    seconds: float | None
    is_measured: bool


def estimate(
    text_bytes: Iterable[int], options: LoadOptions, speed: float | None, bandwidth: float | None
) -> Estimate:
    """Return what summaries of texts of these sizes take, each alone and all of them together.

    ``speed`` is in tokens a second, in and out together, ``bandwidth`` in bytes a second.
    """
    room = max(1, int((options.context_size - _OVERHEAD) / (1 + OUTPUT_SHARE)))
    parts = [forecast(round(size / _BYTES_PER_TOKEN), room, _OVERHEAD) for size in text_bytes]
    if len(parts) > 1:
        parts.append(forecast(sum(min(room, part.tokens_out) for part in parts), room, _OVERHEAD))
    expected = Forecast(
        sections=sum(part.sections for part in parts),
        calls=sum(part.calls for part in parts),
        tokens_in=sum(part.tokens_in for part in parts),
        tokens_out=sum(part.tokens_out for part in parts),
    )
    seconds = seconds_for(expected, options.path, speed, bandwidth)
    return Estimate(expected=expected, seconds=seconds, is_measured=bool(speed))


def seconds_for(
    expected: Forecast, model_path: str, speed: float | None, bandwidth: float | None
) -> float | None:
    """Return about how long it takes, by the speed of before, or else by the model's size."""
    if speed:
        return (expected.tokens_in + expected.tokens_out) / speed
    return _first_guess(expected, model_path, bandwidth) if bandwidth else None


def known_speed(jobs: Sequence[Job], model_path: str) -> float | None:
    """Return the tokens a second of the newest summary that this model made, None without one."""
    for job in jobs:
        if job.kind != "summary" or job.state != "done":
            continue
        for report in msgspec.json.decode(job.result, type=SummaryResult).reports:
            if report.model_path == model_path and report.tokens_per_s:
                return report.tokens_per_s
    return None


def known_bandwidth(bandwidths: Mapping[str, float], *, gpu_layers: int) -> float | None:
    """Return how fast the model's weights are likely read: by the fastest device, if it has one."""
    found = bandwidths.values() if gpu_layers else [bandwidths.get("CPU", 0.0)]
    return max(found, default=0.0) or None


def _first_guess(expected: Forecast, model_path: str, bandwidth: float) -> float | None:
    try:
        size = Path(model_path).stat().st_size
    except OSError:
        return None
    single = bandwidth / max(1, size)
    return expected.tokens_in / (single * _PREFILL_RATE) + expected.tokens_out / (
        single * _BATCHED_RATE
    )
