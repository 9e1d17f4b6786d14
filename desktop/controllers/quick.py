"""The quick question: a chat beside the open one, stored like any other unless it is private."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.controllers.answering import Answering, Begun
from desktop.controllers.chat import ChatController
from desktop.controllers.model import ModelController
from desktop.controllers.presets import PresetsController
from desktop.controllers.replies import Replies
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.domain.chat import ChatView, Message, Run
from desktop.domain.context import Overflow
from desktop.domain.errors import UserError
from desktop.settings.schema import GenerationSettings
from desktop.settings.store import overrides_of, with_overrides

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore
    from desktop.storage.private import Homes


class _Asked(NamedTuple):
    """What the store made of a question: the whole path, and the reply to come at its end."""

    begun: Begun
    path: list[Message]
    settings: GenerationSettings


class QuickController(QObject):
    """Holds the chat of the quick question, and starts and stops replies in it.

    The chat is made by its first question. ``path_changed`` gives the whole path anew,
    ``text_received`` is (message, text, tokens), ``sent`` carries a question that is stored by
    now; ``failed`` one that is not, and is for whoever speaks.
    """

    path_changed = Signal(object)
    message_replaced = Signal(object)
    text_received = Signal(int, str, int)
    busy_changed = Signal(bool)
    sent = Signal(str)
    failed = Signal(object)

    def __init__(
        self,
        store: StoreThread,
        replies: Replies,
        *,
        model: ModelController,
        settings: SettingsController,
        presets: PresetsController,
        answering: Answering,
        chat: ChatController,
    ) -> None:
        super().__init__()
        self.chat_id: int | None = None
        self.path: list[Message] = []
        self._store = store
        self._replies = replies
        self._model = model
        self._settings = settings
        self._presets = presets
        self._answering = answering
        self._chat = chat
        self._beginning = False
        self._stop_asked = False
        self._busy = False
        self._visit = 0
        replies.text_received.connect(self._on_text)
        replies.ended.connect(self._on_ended)
        answering.grounded.connect(self._replace)

    @property
    def busy(self) -> bool:
        """Return whether a reply is on its way."""
        return self._busy

    def begin_anew(self) -> None:
        """Leave the chat, which is kept with the others, for one that is not made yet.

        A reply that is being written in it goes on.
        """
        self._visit += 1
        self._beginning = False
        self.chat_id = None
        self.path = []
        self.path_changed.emit(self.path)
        self._set_busy()

    def ask(self, text: str, *, private: bool = False) -> None:
        """Store a question and have it answered; ``private`` holds for the chat's first one."""
        if not text.strip() or self._busy:
            return
        chat_id, prepare = self.chat_id, self._preparation()
        overrides = overrides_of(self._presets.of_new_chat(), self._settings.defaults)

        def begin(homes: Homes) -> _Asked:
            store = cast("ChatStore", homes)
            home = chat_id
            if home is None:
                home = (homes.create_private_chat() if private else store.create_chat()).id
                store.set_overrides(home, overrides)
            path, (settings, run) = store.path(home), prepare(store, home)
            user, reply = store.begin_exchange(home, path[-1].id if path else None, text, run)
            return _asked(store, [*path, user], reply, settings)

        self._begin(begin, lambda: self.sent.emit(text))

    def again(self) -> None:
        """Have the last question answered once more, in another version of its reply."""
        last = self.path[-1] if self.path else None
        if last is None or last.parent_id is None or last.role == "user" or self._busy:
            return
        chat_id, user_id, prepare = last.chat_id, last.parent_id, self._preparation()

        def begin(homes: Homes) -> _Asked:
            store = cast("ChatStore", homes)
            settings, run = prepare(store, chat_id)
            reply = store.begin_reply(chat_id, user_id, run)
            path = [each for each in store.path(chat_id) if each.id != reply.id]
            return _asked(store, path, reply, settings)

        self._begin(begin)

    def stop(self) -> None:
        """End the reply; what is written of it stays."""
        if self._beginning:
            self._stop_asked = True
        else:
            self._replies.stop(self.chat_id)

    def keep_draft(self, text: str) -> None:
        """Leave an unsent question with its chat, for whoever opens that."""
        chat_id = self.chat_id
        if chat_id is not None and text.strip():
            self._store.call(lambda store: store.save_view(chat_id, ChatView(draft=text)))

    def always(self, how: Overflow) -> None:
        """Settle for this chat what is done about messages that no longer fit."""
        chat_id = self.chat_id

        def settle(store: ChatStore, chat_id: int) -> None:
            store.set_overrides(chat_id, {**store.overrides(chat_id), "overflow": how.value})

        if chat_id is not None:
            self._store.call(lambda store: settle(store, chat_id))

    # --- how a reply begins and ends -------------------------------------------------------------

    def _begin(
        self, begin: Callable[[Homes], _Asked], on_begun: Callable[[], None] | None = None
    ) -> None:
        self._visit += 1
        visit = self._visit
        self._beginning, self._stop_asked = True, False
        self._set_busy()

        def done(asked: _Asked) -> None:
            here = visit == self._visit
            if here:
                self._beginning = False
                self.chat_id, self.path = asked.begun.chat_id, asked.path
                self.path_changed.emit(self.path)
                if on_begun is not None:
                    on_begun()
            if here and self._stop_asked:
                self._answering.settle_stopped(asked.begun)
            else:
                self._answering.begin(asked.begun, asked.settings)
            self._set_busy()
            # Where it is the open chat too, that shows it; the list of chats does in any case.
            self._chat.show_again(asked.begun.chat_id)

        def failed(trouble: UserError) -> None:
            if visit == self._visit:
                self._beginning = False
                self._set_busy()
            self.failed.emit(trouble)

        self._store.call_homes(begin, done, failed)

    def _preparation(self) -> Callable[[ChatStore, int], tuple[GenerationSettings, Run]]:
        """Return what finds, on the store's thread, a chat's settings and its next reply's run."""
        model, versions, defaults = (
            self._model.state,
            self._replies.versions,
            self._settings.defaults,
        )

        def prepare(store: ChatStore, chat_id: int) -> tuple[GenerationSettings, Run]:
            settings = with_overrides(defaults, store.overrides(chat_id))
            run = Run(
                model_path=model.path,
                model_name=model.name,
                model_sha256=model.sha256,
                settings=msgspec.structs.asdict(settings),
                seed=settings.seed,
                versions=versions,
            )
            return settings, run

        return prepare

    def _on_text(self, chat_id: int, message_id: int, text: str, tokens: int) -> None:
        if chat_id == self.chat_id:
            self.text_received.emit(message_id, text, tokens)

    def _on_ended(self, message: Message) -> None:
        if message.chat_id == self.chat_id:
            if not self._replace(message):
                self._read_again(message.chat_id)
            self._set_busy()

    def _read_again(self, chat_id: int) -> None:
        """Show what was written in the chat elsewhere: it may be open in the window too."""

        def show(path: list[Message]) -> None:
            if chat_id == self.chat_id and not self._beginning:
                self.path = path
                self.path_changed.emit(path)

        self._store.call(lambda store: store.path(chat_id), show)

    def _replace(self, message: Message) -> bool:
        """Take a message's new state; return whether it is on the path."""
        for row, known in enumerate(self.path):
            if known.id == message.id:
                self.path[row] = message
                self.message_replaced.emit(message)
                return True
        return False

    def _set_busy(self) -> None:
        busy = self._beginning or (self.chat_id is not None and self._replies.runs_in(self.chat_id))
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)


def _asked(
    store: ChatStore, path: list[Message], reply: Message, settings: GenerationSettings
) -> _Asked:
    """Put together what the engine is going to be asked; on the store's thread."""
    chat_id = reply.chat_id
    begun = Begun(chat_id, [reply], reply, store.attached(chat_id))
    return _Asked(begun, [*path, reply], settings)
