"""Moves the KV cache of chats between the slots and their files.

A slot's state is saved when a person leaves the chat, when nobody uses it, at the end, and before
another chat takes the slot; never at each turn. It is restored when the chat is opened, or at the
latest by the job that has use for it. A chat without a home, a private one, is never saved.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from models.llama.slots import LEAST_KEPT, Slot, common_prefix
from models.probe.quarantine import fingerprint
from models.problems import EngineError
from models.protocol import ForgetStates, RestoreState, SaveStates, StateRequest, StatesDone
from models.records import LoadOptions, StateHome, Versions
from models.state_files import StateFolder
from models.state_seals import SealsAhead

_LOG: Final = logging.getLogger(__name__)


class StateKeeper:
    """Saves and restores slots. Used by the llama thread alone.

    ``make_key`` says what a state is good for; None where the model's can't be kept. ``seals`` are
    those that were checked before.
    """

    def __init__(
        self, make_key: Callable[[], bytes | None], seals: SealsAhead | None = None
    ) -> None:
        self._make_key = make_key
        self._seals = seals

    def serve(
        self, request: StateRequest, slots: Sequence[Slot], free: Sequence[Slot]
    ) -> StatesDone:
        """Do what is asked with the slots, of which those that no job is on are ``free``.

        Raises EngineError where a state can't be written.
        """
        job_id = request.job_id
        match request:
            case SaveStates(chats=chats):
                wanted = [slot for slot in slots if not chats or slot.chat in chats]
                return StatesDone(job_id=job_id, chats=tuple(self._save(wanted)))
            case RestoreState(home=home):
                held = self._bring_back(home, slots, free)
                return StatesDone(job_id=job_id, chats=(home.chat,) * bool(held), tokens=held)
            case ForgetStates(chats=chats):
                for slot in slots:
                    if slot.chat in chats:
                        slot.forget(keep_tokens=slot not in free)
                return StatesDone(job_id=job_id, chats=chats)

    def leave(self, slots: Iterable[Slot], home: StateHome | None = None) -> None:
        """Save what these slots hold of other chats than ``home``, for they are going to lose it.

        What can't be saved is lost: it will be decoded again.
        """
        try:
            self._save(slot for slot in slots if not slot.is_of(home))
        except EngineError as error:
            _LOG.warning("%s %s", error.problem.title, error.problem.detail)

    def make_ready(
        self, slot: Slot, slots: Iterable[Slot], home: StateHome | None, prompt: Sequence[int]
    ) -> None:
        """Have a slot hold as much as there is of a prompt of this chat.

        What other ``slots`` hold of it, on another branch, is no longer what its file is for.
        """
        self.leave([slot], home)
        for other in slots:
            if other is not slot and other.is_of(home):
                other.forget(keep_tokens=True)
        if home is not None and self._key is not None:
            held = slot.common_prefix(prompt)
            if len(prompt) - held > LEAST_KEPT:
                kept = common_prefix(folder_of(home).tokens(home.chat, self._key), prompt)
                if kept - held >= LEAST_KEPT:
                    self._restore(slot, home)
        slot.home = home

    def _bring_back(self, home: StateHome, slots: Sequence[Slot], free: Sequence[Slot]) -> int:
        """Restore a chat where a slot is free; return how many tokens of it are held then.

        A chat that a slot still holds stays as it is there.
        """
        for slot in slots:
            if slot.is_of(home) and slot.token_ids:
                slot.used_at = time.monotonic()
                return len(slot.token_ids)
        if not free:
            return 0
        slot = min(free, key=lambda slot: (bool(slot.token_ids), slot.used_at))
        held = self._restore(slot, home)
        if held:
            slot.used_at = time.monotonic()
        return held

    def _save(self, slots: Iterable[Slot]) -> list[str]:
        """Keep what these slots hold and their files don't; return the chats that were written.

        Raises EngineError where one couldn't be written, after all were tried.
        """
        saved: list[str] = []
        trouble: EngineError | None = None
        for slot in slots:
            if slot.home is not None and slot.unsaved and self._key is not None:
                try:
                    if slot.save(folder_of(slot.home), self._key):
                        saved.append(slot.home.chat)
                except EngineError as error:
                    trouble = error
        if trouble is not None:
            raise trouble
        return saved

    def _restore(self, slot: Slot, home: StateHome) -> int:
        """Restore a slot from a chat's file; return how many tokens it got, 0 without a file."""
        if self._key is None:
            return 0
        folder = folder_of(home, self._seals)
        with folder.open(home.chat, self._key) as kept:
            if kept is None:
                return 0
            self.leave([slot], home)
            slot.restore(kept, home)
        if not slot.token_ids:
            folder.discard(home.chat, self._key)
        return len(slot.token_ids)

    @cached_property
    def _key(self) -> bytes | None:
        return self._make_key()


def state_key(
    options: LoadOptions, context_size: int, *, flash: bool, versions: Versions
) -> bytes | None:
    """Return what a state depends on, as a hash: the model's file, how it was loaded, by what.

    Return None where the file can't be read any more.
    """
    path = Path(options.path)
    try:
        file = (fingerprint(path), path.stat().st_mtime_ns)
    except OSError:
        return None
    loaded = (context_size, options.sequences, options.cache_type, flash)
    return hashlib.sha256(repr((*file, *loaded, versions.llama_cpp)).encode()).digest()


def folder_of(home: StateHome, seals: SealsAhead | None = None) -> StateFolder:
    """Return the folder in which a chat's state is kept."""
    return StateFolder(Path(home.folder), home.limit_bytes, seals)
