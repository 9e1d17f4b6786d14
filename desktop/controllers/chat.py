"""The open chat: what send, stop, regenerate, continue and edit mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.controllers.answering import Answering, Begun
from desktop.controllers.model import ModelController
from desktop.controllers.path_reader import OPENED, PathReader
from desktop.controllers.replies import Replies
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.domain.chat import ChatView, Message, Run
from desktop.domain.errors import UserError
from desktop.domain.grounds import Attached
from desktop.domain.path_change import PathChange, path_change
from desktop.settings.requests import to_sampling
from desktop.settings.schema import GenerationSettings
from models.wording import tr

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore


@dataclass(frozen=True)
class OpenedChat:
    """A chat as it was read; ``chat_id`` None is one that its first message will store.

    Of a great chat these are the messages around what is shown; ``below`` are the ids of those
    that follow them.
    """

    chat_id: int | None
    messages: tuple[Message, ...]
    view: ChatView
    below: Sequence[int] = ()


_Read = tuple[OpenedChat, dict[str, object], tuple[Attached, ...]]


class ChatController(QObject):
    """Holds the path of the open chat, and starts and stops replies in it.

    A great chat is opened with what is shown of it; ``messages_put_below`` and
    ``messages_put_above`` bring the rest bit by bit, and ``became_whole`` says that all is there.

    Replies belong to their chats and not to the window: ``Replies`` carries each on while another
    chat is open. ``path_changed`` gives the whole path anew, ``messages_added`` what follows it;
    ``text_received`` is (message, text, tokens).
    """

    opened = Signal(object)
    path_changed = Signal(object)
    messages_added = Signal(object)
    messages_put_below = Signal(object)
    messages_put_above = Signal(object)
    became_whole = Signal()
    message_replaced = Signal(object)
    text_received = Signal(int, str, int)
    busy_changed = Signal(bool)
    sent = Signal(str)
    chats_touched = Signal()

    def __init__(
        self,
        store: StoreThread,
        replies: Replies,
        model: ModelController,
        settings: SettingsController,
        answering: Answering,
    ) -> None:
        super().__init__()
        self.chat_id: int | None = None
        self.path: list[Message] = []
        self._store = store
        self._replies = replies
        self._model = model
        self._settings = settings
        self._attachments = answering.attachments
        self._answering = answering
        self._visit = 0
        self._reader = PathReader(store, replies)
        self._reader.put_below.connect(self.messages_put_below)
        self._reader.put_above.connect(self.messages_put_above)
        self._reader.completed.connect(self.became_whole)
        self._beginning = 0
        self._stop_asked = self._busy = False
        replies.text_received.connect(self._on_text)
        replies.ended.connect(self._on_reply_ended)
        answering.grounded.connect(self._replace)
        answering.started.connect(self._set_busy)
        store.changed_elsewhere.connect(self._on_changed_elsewhere)
        settings.generation_changed.connect(self._on_generation_changed)

    @property
    def busy(self) -> bool:
        """Return whether a reply of the open chat is on its way."""
        return self._busy

    @property
    def is_whole(self) -> bool:
        """Return whether the path is there from its root to its leaf."""
        return self._reader.is_whole

    # --- going from chat to chat -----------------------------------------------------------------

    def open(self, chat_id: int, message_id: int | None = None) -> None:
        """Open a stored chat, at a message of any branch if one is named; ``opened`` follows."""
        self._visit += 1
        visit = self._visit

        def read(store: ChatStore) -> _Read | None:
            if not store.has_chat(chat_id):
                return None
            view = store.view(chat_id)
            if message_id is not None:
                store.select_branch_of(chat_id, message_id)
                view = msgspec.structs.replace(view, anchor_id=message_id, anchor_offset=0)
            path, below = store.path_around(chat_id, OPENED, view.anchor_id)
            return (
                OpenedChat(chat_id, tuple(path), view, below),
                store.overrides(chat_id),
                store.attached(chat_id),
            )

        def show(found: _Read | None) -> None:
            if visit != self._visit:
                return
            if found is None:
                # It was deleted for good since somebody last looked.
                self.open_new()
            else:
                self._show(*found)

        self._store.call(read, show)

    def open_new(self, draft: str = "") -> None:
        """Begin a chat; it is stored with its first message."""
        self._visit += 1
        self._show(OpenedChat(None, (), ChatView(draft=draft)), {}, ())

    def save_view(self, view: ChatView) -> None:
        """Keep where the person is in the open chat."""
        chat_id = self.chat_id
        if chat_id is not None:
            self._store.call(lambda store: store.save_view(chat_id, view))

    def message(self, message_id: int) -> Message | None:
        """Return a message of the open chat's path."""
        return next((each for each in self.path if each.id == message_id), None)

    def last_own_message(self) -> Message | None:
        """Return the last message that the person wrote."""
        return next((each for each in reversed(self.path) if each.role == "user"), None)

    # --- the buttons -----------------------------------------------------------------------------

    def send(self, text: str, edited_id: int | None = None) -> None:
        """Store a message and have it answered.

        With ``edited_id`` it becomes a sibling of that message, and the path goes on from it.
        """
        if self._busy or not text.strip():
            return
        if edited_id is None and not self._reader.has_end:
            self._reader.when_ended(lambda: self.send(text))
            return
        edited = self.message(edited_id) if edited_id is not None else None
        kept = self._path_before(edited.id) if edited else self.path
        parent_id = edited.parent_id if edited else kept[-1].id if kept else None
        chat_id, overrides, run = self.chat_id, self._settings.overrides, self._run()
        attached = self._attachments.attached

        def begin(store: ChatStore) -> Begun:
            home = chat_id
            if home is None:
                home = store.create_chat().id
                store.set_overrides(home, overrides)
                store.attach(home, attached)
            user, reply = store.begin_exchange(home, parent_id, text, run)
            return Begun(home, [user, reply], reply, attached)

        self._begin(kept, begin, on_begun=lambda: self.sent.emit(text))

    def regenerate(self, message_id: int | None = None, start: str = "") -> None:
        """Write another reply beside this one, or to this message; None is the last of them.

        ``start`` is what it begins with: the model goes on from there.
        """
        if message_id is None and not self._reader.has_end:
            self._reader.when_ended(lambda: self.regenerate(None, start))
            return
        message = self.message(message_id) if message_id is not None else self._last()
        if self._busy or message is None:
            return
        user_id = message.id if message.role == "user" else message.parent_id
        if user_id is None:
            return
        chat_id, run, attached = message.chat_id, self._run(), self._attachments.attached
        kept = self._path_before(message.id)
        if message.role == "user":
            kept = [*kept, message]

        def begin(store: ChatStore) -> Begun:
            # Models write the space before a word with the word.
            row = store.begin_reply(chat_id, user_id, run, start.rstrip(" "))
            return Begun(chat_id, [row], row, attached, store.turn(row.id) if start else None)

        self._begin(
            kept,
            begin,
            on_begun=(lambda: self.sent.emit(start)) if start else None,
        )

    def continue_reply(self, message_id: int) -> None:
        """Let the model write on where a reply ended."""
        reply = self.message(message_id)
        if self._busy or reply is None:
            return
        chat_id, run, attached = reply.chat_id, self._run(), self._attachments.attached

        def begin(store: ChatStore) -> Begun:
            row = store.begin_continuation(message_id, run)
            return Begun(chat_id, [row], row, attached, store.turn(row.id))

        self._begin(self._path_before(message_id), begin)

    def stop(self) -> None:
        """End the open chat's reply; what is written of it stays."""
        if self._beginning:
            self._stop_asked = True
        else:
            self._replies.stop(self.chat_id)

    def refuse_busy(self) -> bool:
        """Say that something has to wait while a reply is being written; return whether one is."""
        if self._busy:
            hint = tr("Stop it first, or wait for its end.")
            self._store.failed.emit(UserError(tr("A reply is being written in this chat."), hint))
        return self._busy

    def show_again(self, chat_id: int) -> None:
        """Read the path of a chat that has changed, if it is the open one."""
        if chat_id == self.chat_id:
            self._read_path(chat_id, lambda store: store.path(chat_id))
        self.chats_touched.emit()

    def show_sibling(self, message_id: int, step: int) -> None:
        """Go to another version of a message, and to the newest messages under it."""
        chat_id = self.chat_id
        if chat_id is None or self._beginning:
            return
        self._read_path(chat_id, lambda store: store.select_sibling(chat_id, message_id, step))

    # --- how a reply begins and ends -------------------------------------------------------------

    def _begin(
        self,
        kept: Sequence[Message],
        begin: Callable[[ChatStore], Begun],
        on_begun: Callable[[], None] | None = None,
    ) -> None:
        self._visit += 1
        visit, settings = self._visit, self._settings.generation
        self._beginning = visit
        self._stop_asked = False
        self._set_busy()

        def done(begun: Begun) -> None:
            stopped, here = self._stop_asked, visit == self._visit
            self._beginning = 0
            if here:
                self._show_begun(kept, begun)
                if on_begun is not None:
                    on_begun()
            if here and stopped:
                self._answering.settle_stopped(begun)
            else:
                self._answering.begin(begun, settings)
            self._set_busy()
            self.chats_touched.emit()

        def failed(trouble: UserError) -> None:
            self._beginning = 0
            self._set_busy()
            self._store.failed.emit(trouble)

        self._store.call(begin, done, failed)

    def _show_begun(self, kept: Sequence[Message], begun: Begun) -> None:
        if self.chat_id is None:
            self.chat_id = begun.chat_id
            self._settings.adopt_chat(begun.chat_id)
            self._attachments.adopt_chat(begun.chat_id, begun.attached)
        grows = len(kept) == len(self.path)
        self.path = [*kept, *begun.shown]
        self._reader.complete(self.path)
        if grows:
            self.messages_added.emit(begun.shown)
        else:
            self.path_changed.emit(self.path)

    def _on_text(self, chat_id: int, message_id: int, text: str, tokens: int) -> None:
        if chat_id == self.chat_id:
            self.text_received.emit(message_id, text, tokens)

    def _on_reply_ended(self, message: Message) -> None:
        if message.chat_id == self.chat_id:
            self._replace(message)
        self._set_busy()
        self.chats_touched.emit()

    def _replace(self, message: Message) -> None:
        for row in range(len(self.path) - 1, -1, -1):
            if self.path[row].id == message.id:
                self.path[row] = message
                self.message_replaced.emit(message)
                return

    def _set_busy(self) -> None:
        busy = bool(self._beginning) or self._replies.runs_in(self.chat_id)
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)

    # --- what is shown ---------------------------------------------------------------------------

    def _show(
        self, chat: OpenedChat, overrides: dict[str, object], attached: Sequence[Attached]
    ) -> None:
        self.chat_id = chat.chat_id
        self.path = [self._replies.live(message) for message in chat.messages]
        self._reader.complete(self.path, chat.below)
        self._settings.open_chat(chat.chat_id, overrides)
        self._attachments.open_chat(chat.chat_id, attached)
        self.opened.emit(replace(chat, messages=tuple(self.path)))
        self._set_busy()

    def _read_path(self, chat_id: int, read: Callable[[ChatStore], list[Message]]) -> None:
        """Read a path and show what is other about it, found out on the store's thread."""
        path, shown = self.path, tuple(self.path)

        def compare(store: ChatStore) -> PathChange:
            return path_change(shown, read(store), OPENED)

        def show(change: PathChange) -> None:
            if chat_id != self.chat_id or self._beginning:
                return
            if path is not self.path or len(path) != len(shown):
                self._read_path(chat_id, lambda store: store.path(chat_id))
            else:
                self._take(change)

        self._store.call(compare, show)

    def _take(self, change: PathChange) -> None:
        if not change.replaced and not change.tail and change.shared == len(self.path):
            return
        path = [*self.path[: change.shared], *map(self._replies.live, change.tail)]
        for place, message in change.replaced.items():
            path[place] = self._replies.live(message)
        self.path = path
        self._reader.complete(path, change.below)
        self.path_changed.emit(path)

    def _on_changed_elsewhere(self) -> None:
        if self.chat_id is not None and not self._busy:
            self.show_again(self.chat_id)

    def _on_generation_changed(self, settings: GenerationSettings) -> None:
        self._replies.resample(self.chat_id, to_sampling(settings))

    def _run(self) -> Run:
        model, settings = self._model.state, self._settings.generation
        return Run(
            model_path=model.path,
            model_name=model.name,
            model_sha256=model.sha256,
            settings=msgspec.structs.asdict(settings),
            seed=settings.seed,
            versions=self._replies.versions,
        )

    def _path_before(self, message_id: int) -> list[Message]:
        ids = [message.id for message in self.path]
        return self.path[: ids.index(message_id)] if message_id in ids else self.path

    def _last(self) -> Message | None:
        return self.path[-1] if self.path else None
