"""What prompts begin with in common is decoded once, and copied to each sequence that begins so.

Jobs of one piece of work begin with the same instruction. A run that comes in looks for the
sequence that holds most of its prompt; while a run before it is still decoding a longer beginning
of the same, it waits for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from models.llama.jobs import Phase, Run
from models.llama.slots import Slot, common_prefix

_LEAST_TOKENS: Final = 8
_COPIES_PER_TOKEN: Final = 256
"""A sequence's whole cache is copied, which for so many tokens of room takes less time than the
decoding of one (measured: 1 ms for 200 tokens of the embedded model's, against 4 ms)."""


def may_prefill(run: Run, runs: Sequence[Run], slots: Sequence[Slot], context_size: int) -> bool:
    """Let a run that begins take the beginning of its prompt from another sequence.

    Return False while it is better to wait for a run before it in ``runs``.
    """
    if run.begun:
        return True
    prompt, held = run.job.token_ids, len(run.slot.token_ids)
    gain = _LEAST_TOKENS + context_size // _COPIES_PER_TOKEN
    donor = max(slots, key=lambda slot: slot.common_prefix(prompt))
    # Its last token is left to decode: the reply begins with its logits.
    length = min(donor.common_prefix(prompt), len(prompt) - 1)
    if _is_on_its_way(run, runs, max(length, held) + gain):
        return False
    if length >= held + gain:
        run.slot.begin_like(donor, length)
        run.job.record.reused = len(run.slot.token_ids)
    return True


def _is_on_its_way(run: Run, runs: Sequence[Run], least: int) -> bool:
    """Return whether a run before this one is going to hold so much of its prompt, or more."""
    for other in runs[: runs.index(run)]:
        if other.phase is Phase.PREFILL:
            common = common_prefix(other.job.token_ids, run.job.token_ids)
            if common >= least and len(other.slot.token_ids) < common:
                return True
    return False
