"""Slots: one sequence of the KV cache each, with a record of what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from models.llama.context import LlamaContext, Logits
from models.records import StateHome
from models.state_files import KeptState, StateFolder

LEAST_KEPT: Final = 64
"""Fewer tokens are read again nearly as fast as they are fetched."""
_CHECKPOINTS: Final = 8


class Slot:
    """A sequence of the KV cache. ``token_ids`` are the tokens that it holds, in order.

    A checkpoint keeps the logits at the end of a prompt. As long as the cache still holds that
    prompt untouched, the same prompt resumes from it: nothing to prefill, and equal bit for bit.
    """

    def __init__(self, context: LlamaContext, sequence: int) -> None:
        self._context = context
        self.sequence: Final = sequence
        self.token_ids: list[int] = []
        self.used_at = 0.0
        self.home: StateHome | None = None
        """Where its chat's state is kept; None where it is of no chat, or of a private one."""
        self._kept: list[int] = []
        self._checkpoints: dict[int, Logits] = {}

    def common_prefix(self, prompt: Sequence[int]) -> int:
        """Return how many tokens of the prompt the cache holds from its start."""
        return common_prefix(self.token_ids, prompt)

    def begin_like(self, other: Slot, length: int) -> None:
        """Hold the first ``length`` tokens of another slot, in place of what was held."""
        self._checkpoints.clear()
        held = self._context.copy(other.sequence, self.sequence, length)
        self.token_ids = other.token_ids[:held]

    @property
    def chat(self) -> str | None:
        """Return the name of the chat whose tokens it holds, if it has a home."""
        return self.home.chat if self.home is not None else None

    def is_of(self, home: StateHome | None) -> bool:
        """Return whether it holds this chat's tokens."""
        return home is not None and self.chat == home.chat

    @property
    def unsaved(self) -> bool:
        """Return whether it holds what is worth keeping and isn't in its file."""
        return len(self.token_ids) >= LEAST_KEPT and self.token_ids != self._kept

    def save(self, folder: StateFolder, key: bytes) -> bool:
        """Keep what it holds in the chat's file; return whether there was room for it.

        Raises EngineError.
        """
        context, sequence = self._context, self.sequence
        if self.chat is None or context.length(sequence) != len(self.token_ids):
            return False
        # Not tried again before it has changed, whatever comes of it.
        self._kept = list(self.token_ids)
        size = context.state_size(sequence)
        fill = partial(context.save_state, sequence)
        return folder.write(self.chat, key, self._kept, size, fill) > 0

    def restore(self, kept: KeptState, home: StateHome) -> None:
        """Hold what was kept of a chat in place of what it held; nothing if it isn't taken."""
        self._checkpoints.clear()
        taken = self._context.restore_state(self.sequence, kept.state)
        self.token_ids = list(kept.token_ids) if taken else []
        if self._context.length(self.sequence) != len(self.token_ids):
            self.truncate(0)
        self.home, self._kept = home, list(self.token_ids)

    def forget(self, *, keep_tokens: bool) -> None:
        """Belong to no chat any more; the tokens stay while a job goes on from them."""
        self.home, self._kept = None, []
        if not keep_tokens:
            self.truncate(0)

    def prepare(self, prompt: Sequence[int]) -> Logits | None:
        """Keep what the prompt can reuse and forget the rest.

        Return the logits at the prompt's end where they were kept. Otherwise at least its last
        token is left to decode.
        """
        common = self.common_prefix(prompt)
        saved = self._checkpoints.get(common) if common == len(prompt) else None
        self.truncate(common if saved is not None else min(common, len(prompt) - 1))
        return saved if len(self.token_ids) == len(prompt) else None

    def truncate(self, length: int) -> None:
        """Forget the tokens from ``length`` on, and the checkpoints that stood on them."""
        if self._context.length(self.sequence) > length:
            length = self._context.truncate(self.sequence, length)
        del self.token_ids[length:]
        for end in [end for end in self._checkpoints if end > length]:
            del self._checkpoints[end]

    def settle(self, decoded: Sequence[int]) -> None:
        """Take in the part of these tokens that the cache got to hold before an abort."""
        self.token_ids += decoded
        del self.token_ids[self._context.length(self.sequence) :]

    def save_checkpoint(self, logits: Logits) -> None:
        """Keep the logits of the last token; the oldest of several checkpoints goes."""
        self._checkpoints[len(self.token_ids)] = logits
        while len(self._checkpoints) > _CHECKPOINTS:
            del self._checkpoints[next(iter(self._checkpoints))]


def choose_slot(free: Sequence[Slot], prompt: Sequence[int]) -> Slot:
    """Return the slot in which a prompt costs least of what the others may still go on from.

    A beginning that two chats have in common is no reason to give one of them up: it is copied
    from sequence to sequence in no time.
    """
    held = {slot: slot.common_prefix(prompt) for slot in free}

    def most_in_common(slots: Sequence[Slot]) -> Slot:
        return max(slots, key=lambda slot: (held[slot], -slot.used_at))

    # The same prompt again, or one that goes on from all that is held: nothing is lost.
    if whole := [slot for slot in free if held[slot] in {len(prompt), len(slot.token_ids) or -1}]:
        return most_in_common(whole)
    if empty := [slot for slot in free if not slot.token_ids]:
        return empty[0]
    if mostly := [slot for slot in free if 2 * held[slot] > len(slot.token_ids)]:
        return most_in_common(mostly)
    return min(free, key=lambda slot: slot.used_at)


def common_prefix(first: Sequence[int], second: Sequence[int]) -> int:
    """Return how many tokens two sequences begin with in common."""
    pairs = zip(first, second, strict=False)
    most = min(len(first), len(second))
    return next((place for place, (one, other) in enumerate(pairs) if one != other), most)
