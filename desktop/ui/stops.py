"""Where a slider can stand: even steps in a narrow range, ever wider ones in a wide range."""

from __future__ import annotations

from bisect import bisect_left

from desktop.settings.schema import OptionInfo

_MANTISSAS = (1.0, 1.25, 1.5, 1.75)
_EVEN_UP_TO = 400


def slider_stops(info: OptionInfo, maximum: float | None = None) -> list[float]:
    """Return the values of a number option that its slider offers, in order.

    ``maximum`` narrows the declared range, to what the model or the machine has.
    """
    low, high = info.minimum or 0, info.maximum or 0
    if maximum is not None:
        high = max(low, min(high, maximum))
    step = info.option.step
    if (high - low) / step <= _EVEN_UP_TO:
        count = round((high - low) / step)
        return [_tidy(info, low + step * index) for index in range(count + 1)]
    grid = info.multiple or 1
    stops = {low, high}
    power = 1.0
    while power <= high:
        stops |= {round(power * mantissa / grid) * grid for mantissa in _MANTISSAS}
        power *= 2
    return sorted(_tidy(info, stop) for stop in stops if low <= stop <= high)


def nearest_stop(stops: list[float], value: float) -> int:
    """Return the index of the stop that is nearest to the value."""
    after = min(bisect_left(stops, value), len(stops) - 1)
    before = max(0, after - 1)
    return before if value - stops[before] < stops[after] - value else after


def _tidy(info: OptionInfo, value: float) -> float:
    return int(value) if info.kind is int else round(value, 4)
