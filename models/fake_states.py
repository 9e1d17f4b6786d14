"""What the fake engine holds of chats: in real files, with states that hold nothing but zeros."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from models.protocol import ForgetStates, RestoreState, SaveStates, StateRequest, StatesDone
from models.records import LoadOptions, StateHome
from models.state_files import StateFolder

_BYTES_PER_TOKEN: Final = 1024


class FakeStates:
    """The token ids of the last prompt and its reply, and where their chat is kept."""

    def __init__(self) -> None:
        self.token_ids: list[int] = []
        self._home: StateHome | None = None
        self._kept: list[int] = []
        self._key = b""

    def load(self, options: LoadOptions) -> None:
        """Hold nothing of another model."""
        self.token_ids, self._home = [], None
        self._key = hashlib.sha256(f"{options.path} {options.context_size}".encode()).digest()

    def make_ready(self, home: StateHome | None) -> None:
        """Hold a chat's tokens before its prompt is read."""
        if home is None or self._home is None or home.chat != self._home.chat:
            self._save()
            self._restore(home)
        self._home = home

    def serve(self, request: StateRequest) -> StatesDone:
        """Do what is asked, as the real engine with one sequence does."""
        chats: tuple[str, ...] = ()
        match request:
            case SaveStates(chats=wanted):
                if self._home and (not wanted or self._home.chat in wanted) and self._save():
                    chats = (self._home.chat,)
            case RestoreState(home=home):
                self.make_ready(home)
                chats = (home.chat,) * bool(self.token_ids)
            case ForgetStates(chats=chats):
                if self._home and self._home.chat in chats:
                    self.token_ids, self._home = [], None
        return StatesDone(job_id=request.job_id, chats=chats, tokens=len(self.token_ids))

    def leave(self) -> None:
        """Save what is held, before it is lost."""
        self._save()
        self.token_ids, self._home = [], None

    def _save(self) -> bool:
        ids, home = self.token_ids, self._home
        if home is None or not ids or ids == self._kept:
            return False
        self._kept = list(ids)
        size = _BYTES_PER_TOKEN * len(ids)
        return _folder(home).write(home.chat, self._key, ids, size, len) > 0

    def _restore(self, home: StateHome | None) -> None:
        held: Sequence[int] = ()
        if home is not None:
            with _folder(home).open(home.chat, self._key) as kept:
                held = kept.token_ids if kept is not None else ()
        self.token_ids = list(held)
        self._kept = list(held)


def _folder(home: StateHome) -> StateFolder:
    return StateFolder(Path(home.folder), home.limit_bytes)
