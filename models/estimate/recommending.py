"""One variant to recommend, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from models.estimate.records import Judgement
from models.estimate.remote import bits_per_weight
from models.hub.records import Variant
from models.wording import mark, number, tr

_GOOD_BITS: Final = 4.25
"""Below it the loss of quality is plain to see."""
_ENOUGH_BITS: Final = 8.5
"""Above it there is no difference that people notice."""
_OLD_BLOCKS: Final = re.compile(r"Q[45]_[01]")
_OLD_BLOCKS_LOSS: Final = 0.5
_COMFORTABLE: Final = 8.0
"""Tokens a second: faster than people read."""

Judged = tuple[Variant, Judgement]


def recommend(judged: Sequence[Judged]) -> tuple[Variant, str] | None:
    """Return the variant to take and a sentence that says why; None where none fits.

    The best quality that runs wholly on the fastest device, and is comfortable to read along with;
    below four bits only where nothing else fits.
    """
    fitting = [one for one in judged if one[1].verdict != "no_fit"]
    if not fitting:
        return None
    good = [one for one in fitting if _bits(one) >= _GOOD_BITS]
    sensible = [one for one in good if _bits(one) <= _ENOUGH_BITS] or good
    if not sensible:
        best = max(fitting, key=_quality)
        return best[0], tr(
            "The best quality that fits; larger variants need more memory than is free."
        )
    on_gpu = [one for one in sensible if one[1].verdict == "gpu"]
    if on_gpu:
        return max(on_gpu, key=_quality)[0], tr("The best quality that runs wholly on the GPU.")
    partly = [one for one in sensible if one[1].verdict == "partly"]
    return _by_speed(partly or sensible, partly=bool(partly))


def _by_speed(candidates: Sequence[Judged], *, partly: bool) -> tuple[Variant, str]:
    """Return the best quality among those that are fast enough, or the fastest."""
    quick = [one for one in candidates if (one[1].tokens_per_second or 0) >= _COMFORTABLE]
    if quick:
        variant, judgement = max(quick, key=_quality)
        why = (
            mark(
                "The best quality that is fast enough with a part on the GPU: about {speed} "
                "tokens/s."
            )
            if partly
            else mark("The best quality that is fast enough on the CPU: about {speed} tokens/s.")
        )
        return variant, tr(why, speed=number(judgement.tokens_per_second or 0))
    variant, _judgement = min(candidates, key=lambda one: one[0].size_bytes)
    if partly:
        return variant, tr("The fastest with a part on the GPU that keeps a good quality.")
    return variant, tr("The fastest on the CPU that keeps a good quality.")


def _bits(one: Judged) -> float:
    return bits_per_weight(_name(one))


def _quality(one: Judged) -> tuple[float, int]:
    """Return what to compare by: bits, of which the old kinds of blocks make less; then size."""
    loss = _OLD_BLOCKS_LOSS if _OLD_BLOCKS.fullmatch(_name(one).upper()) else 0.0
    return _bits(one) - loss, one[0].size_bytes


def _name(one: Judged) -> str:
    return one[0].quantization or one[0].name
