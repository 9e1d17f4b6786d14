"""Titles that the model finds for chats, in moments in which nobody waits for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.model import ModelController
from desktop.controllers.replies import Replies
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.domain.chat import Message, MessageState
from desktop.domain.titles import TITLE_TOKENS, title_in, title_prompt
from desktop.engine.client import EngineClient
from models.protocol import Cancelled, Event, Failed, Finished, JobId, Tokens
from models.records import ChatPrompt, Prompt, Sampling, Turn

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore

IDLE_MS: Final = 1500
"""How long nothing is written before a title is asked for."""
_SAMPLING: Final = Sampling(temperature=0)
_COMPLETE_TITLE: Final = ("end_of_turn", "stop_string")


@dataclass
class _Wish:
    """A chat that wants a title: its last reply, and what that one answered."""

    reply: Message
    prompt: ChatPrompt
    job_id: JobId | None = None
    texts: list[str] = field(default_factory=list)


class TitlesController(QObject):
    """Asks for a title after a reply, in a chat that is named by its first words.

    A wish waits until nothing is written, makes room at once for a reply, and then waits again::

        reply ended ─▶ WAITING ─idle─▶ ASKED ─Finished─▶ title kept ─▶ ``titled``
                          ▲              │
                          └──a reply begins, cancelled

    A chat is tried once. ``started`` names each of its jobs, for whoever tells of the engine's.
    """

    started = Signal(int)
    titled = Signal()

    def __init__(
        self,
        engine: EngineClient,
        store: StoreThread,
        replies: Replies,
        model: ModelController,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        self._engine = engine
        self._store = store
        self._replies = replies
        self._model = model
        self._settings = settings
        self._prompts: dict[int, Prompt] = {}
        """What the replies that are being written answer, by their rows."""
        self._waiting: dict[int, _Wish] = {}
        """The chats that want a title, in the order in which they came to want it."""
        self._tried: set[int] = set()
        self._asked: _Wish | None = None
        self._idle = QTimer(self, interval=IDLE_MS, singleShot=True)
        self._idle.timeout.connect(self._on_idle)
        replies.asked.connect(self._on_reply_asked)
        replies.ended.connect(self._on_reply_ended)
        engine.event_received.connect(self._on_event)

    def _on_reply_asked(self, row: Message, prompt: Prompt) -> None:
        self._prompts[row.id] = prompt
        self._idle.stop()
        if self._asked is not None and self._asked.job_id is not None:
            self._engine.cancel(self._asked.job_id)

    def _on_reply_ended(self, reply: Message) -> None:
        prompt = self._prompts.pop(reply.id, None)
        is_whole = reply.state is MessageState.COMPLETE and bool(reply.text.strip())
        if is_whole and isinstance(prompt, ChatPrompt) and reply.chat_id not in self._tried:
            self._waiting[reply.chat_id] = _Wish(reply, prompt)
        if self._waiting:
            self._idle.start()

    def _on_idle(self) -> None:
        if not self._settings.app.model_titles:
            self._waiting.clear()
        is_free = self._asked is None and not self._replies.chats
        if not self._waiting or not is_free or self._model.state.status != "ready":
            return
        wish = self._asked = self._waiting.pop(next(iter(self._waiting)))
        self._store.call(
            partial(_read, wish.reply), partial(self._ask, wish), lambda _: self._drop(wish)
        )

    def _ask(self, wish: _Wish, reply: Turn | None) -> None:
        if reply is None:
            self._drop(wish)
        elif self._replies.chats:
            self._wait_again(wish)
        else:
            prompt = title_prompt(wish.prompt, reply)
            home = self._replies.home_of(wish.reply.chat_id)
            wish.job_id = self._engine.generate(
                prompt, _SAMPLING, TITLE_TOKENS, ("\n\n",), home=home
            )
            self.started.emit(wish.job_id)

    def _on_event(self, event: Event) -> None:
        wish = self._asked
        if wish is None or wish.job_id is None or getattr(event, "job_id", None) != wish.job_id:
            return
        match event:
            case Tokens(text=text):
                wish.texts.append(text)
            case Finished(reason=reason):
                title = title_in("".join(wish.texts)) if reason in _COMPLETE_TITLE else ""
                self._keep(wish.reply.chat_id, title)
                self._drop(wish)
            case Cancelled():
                self._wait_again(wish)
            case Failed():
                self._drop(wish)

    def _keep(self, chat_id: int, title: str) -> None:
        if title:
            self._store.call(
                lambda store: store.set_model_title(chat_id, title),
                lambda is_set: self.titled.emit() if is_set else None,
            )

    def _wait_again(self, wish: _Wish) -> None:
        self._asked = None
        # What was said there meanwhile makes a better one.
        self._waiting.setdefault(wish.reply.chat_id, _Wish(wish.reply, wish.prompt))
        self._idle.start()

    def _drop(self, wish: _Wish) -> None:
        self._tried.add(wish.reply.chat_id)
        self._asked = None
        if self._waiting:
            self._idle.start()


def _read(reply: Message, store: ChatStore) -> Turn | None:
    """Return the reply as the model reads it, None where the chat wants no title."""
    return store.turn(reply.id) if store.wants_title(reply.chat_id) else None
