"""What the model has read of each chat, kept on disk, so that coming back takes no reading."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.chat import ChatController, OpenedChat
from desktop.controllers.model import ModelController
from desktop.controllers.model_state import ModelState, Status
from desktop.controllers.replies import Replies
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.domain.chat import Message, is_private
from desktop.engine.client import EngineClient
from desktop.engine.tasks import TaskThread
from desktop.settings.schema import AppSettings
from models.protocol import Cancelled, Event, Failed, JobId, StatesDone
from models.records import StateHome

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore

_MB: Final = 1_000_000
_RETURN_MS: Final = 150
"""Whoever walks through the list with the arrow keys doesn't have each chat fetched."""
_IDLE_MS: Final = 5 * 60_000
_SWEEP_MS: Final = 20_000
_QUIT_S: Final = 4.0


class KvUsage(NamedTuple):
    """How many chats are kept, and the bytes of their files."""

    chats: int = 0
    bytes: int = 0


class KvFiles(QObject):
    """Has chats saved when they are left, after a while of quiet and at the end; and fetched again.

    The engine writes the files and keeps them within the limit. ``changed`` carries a ``KvUsage``
    after each ``look``. A private chat has no file.
    """

    changed = Signal(object)

    def __init__(  # noqa: PLR0917 - what it stands on, each once, in the composition root
        self,
        engine: EngineClient,
        store: StoreThread,
        chat: ChatController,
        replies: Replies,
        model: ModelController,
        settings: SettingsController,
        folder: Path,
        files: TaskThread,
    ) -> None:
        super().__init__()
        self.usage = KvUsage()
        self._engine = engine
        self._store = store
        self._chat = chat
        self._replies = replies
        self._model = model
        self._settings = settings
        self._folder = folder
        self._files = files
        self._limit = settings.app.kv_files_mb
        self._open: int | None = None
        self._status: Status = "none"
        self._forgetting: dict[JobId, set[str]] = {}
        self._looks = False
        self._return = _timer(self, _RETURN_MS, self._fetch)
        self._idle = _timer(self, _IDLE_MS, self._on_idle)
        self._sweep = _timer(self, _SWEEP_MS, self._on_sweep)
        replies.home_of = self.home_of
        replies.ended.connect(self._on_reply_ended)
        chat.opened.connect(self._on_opened)
        chat.messages_added.connect(self._on_stored)
        chat.path_changed.connect(self._on_stored)
        model.state_changed.connect(self._on_model)
        settings.app_changed.connect(self._on_app_settings)
        engine.event_received.connect(self._on_event)
        self._sweep.start()

    def home_of(self, chat_id: int) -> StateHome | None:
        """Return where a chat's cache is kept; None for a private one, or where none is kept."""
        limit = self._settings.app.kv_files_mb
        if not limit or is_private(chat_id):
            return None
        return StateHome(folder=str(self._folder), chat=str(chat_id), limit_bytes=limit * _MB)

    def look(self) -> None:
        """Find out what is kept; ``changed`` follows, again after each change from now on."""
        self._looks = True
        self._files.run(lambda: _usage(self._folder), self._on_looked)

    def delete_all(self) -> None:
        """Delete every file; ``changed`` follows. What is in memory stays until it is left."""
        self._files.run(lambda: _delete(self._folder, None))
        self.look()

    def forgotten(self, chat_ids: Iterable[int]) -> None:
        """Delete what is kept of chats that are gone, in memory too."""
        names = {str(chat_id) for chat_id in chat_ids}
        if names:
            self._delete(names)
            # Once more when the engine has let go of them: it may have been writing one.
            self._forgetting[self._engine.forget_states(sorted(names))] = names

    def close(self) -> None:
        """Have all chats saved that are worth it, for a few seconds at most. Blocks until then."""
        for timer in (self._return, self._idle, self._sweep):
            timer.stop()
        if self._limit and self._model.state.status == "ready":
            self._engine.save_states_and_wait(_QUIT_S)
        for names in self._forgetting.values():
            self._delete(names)

    # --- when --------------------------------------------------------------------------------

    def _on_opened(self, opened: OpenedChat) -> None:
        left, self._open = self._open, opened.chat_id
        if left is not None and left != self._open and not self._replies.runs_in(left):
            self._save(left)
        if self._model.state.status == "loading":
            # Waits in the engine for the load's end, and its file is checked meanwhile.
            self._fetch()
        else:
            self._return.start()

    def _on_stored(self, _messages: object) -> None:
        # A chat gets its number with its first message.
        self._open = self._chat.chat_id

    def _on_reply_ended(self, message: Message) -> None:
        if message.chat_id != self._chat.chat_id:
            self._save(message.chat_id)
        self._idle.start()

    def _on_idle(self) -> None:
        if self._replies.chats:
            self._idle.start()
        elif self._is_ready:
            self._engine.save_states(())

    def _on_model(self, state: ModelState) -> None:
        if state.status in {"loading", "ready"} and state.status != self._status:
            self._fetch()
        self._status = state.status

    def _fetch(self) -> None:
        """Fetch the open chat, so that its next reply needn't."""
        home = None if self._open is None else self.home_of(self._open)
        if home is not None and self._model.state.status in {"loading", "ready"}:
            self._engine.restore_state(home)

    def _save(self, chat_id: int) -> None:
        if self._is_ready and self.home_of(chat_id) is not None:
            self._engine.save_states((str(chat_id),))

    @property
    def _is_ready(self) -> bool:
        return self._model.state.status == "ready"

    # --- what goes -----------------------------------------------------------------------------

    def _on_event(self, event: Event) -> None:
        match event:
            case StatesDone(job_id=job_id) | Failed(job_id=job_id) | Cancelled(job_id=job_id):
                if (names := self._forgetting.pop(job_id, None)) is not None:
                    self._delete(names)
                elif isinstance(event, StatesDone) and self._looks:
                    self.look()

    def _on_app_settings(self, app: AppSettings) -> None:
        """Keep within a lower limit at once."""
        if app.kv_files_mb < self._limit:
            limit = app.kv_files_mb * _MB
            self._files.run(lambda: _trim(self._folder, limit))
            if self._looks:
                self.look()
        self._limit = app.kv_files_mb

    def _on_sweep(self) -> None:
        """Delete the files of chats that are there no more: a process may have died before it."""

        def gone(store: ChatStore, kept: set[str]) -> set[str]:
            return {name for name in kept if not name.isdigit() or not store.has_chat(int(name))}

        def look(kept: set[str]) -> None:
            if kept:
                self._store.call(lambda store: gone(store, kept), self._delete)

        self._files.run(lambda: _chats(self._folder), look)

    def _delete(self, names: Collection[str]) -> None:
        if names:
            self._files.run(lambda: _delete(self._folder, names))
            if self._looks:
                self.look()

    def _on_looked(self, usage: KvUsage) -> None:
        self.usage = usage
        self.changed.emit(usage)


def _timer(parent: KvFiles, interval: int, then: object) -> QTimer:
    timer = QTimer(parent, singleShot=True, interval=interval)
    timer.timeout.connect(then)
    return timer


# Imported on the thread that asks: the window's start needs none of it.


def _chats(folder: Path) -> set[str]:
    from models.state_files import list_states

    return {each.chat for each in list_states(folder)}


def _usage(folder: Path) -> KvUsage:
    from models.state_files import list_states

    states = list_states(folder)
    return KvUsage(len({each.chat for each in states}), sum(each.size for each in states))


def _delete(folder: Path, chats: Collection[str] | None) -> None:
    """Delete the files of these chats, None: of all."""
    from models.state_files import list_states

    for each in list_states(folder):
        if chats is None or each.chat in chats:
            each.delete()


def _trim(folder: Path, limit: int) -> None:
    """Delete what was used longest ago, down to a limit in bytes."""
    from models.state_files import list_states

    states = sorted(list_states(folder), key=lambda each: each.used)
    size = sum(each.size for each in states)
    for each in states:
        if size <= limit:
            return
        each.delete()
        size -= each.size
