"""How full the context window is, counted by the model's own vocabulary while one types."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.chat import ChatController
from desktop.controllers.model import ModelController, ModelState
from desktop.controllers.settings import SettingsController
from desktop.domain.chat import Message
from desktop.domain.grounds import FRAME_TOKENS, PASSAGE_TOKENS, PASSAGES
from desktop.domain.prompt import chat_prompt
from desktop.engine.client import EngineClient
from desktop.settings.schema import GenerationSettings
from models.protocol import Event, Failed, JobId, TokenCount
from models.records import Turn

_DEBOUNCE_MS = 150
_TELL_EVERY_S = 0.25
_HOPELESS_CHARACTERS_PER_TOKEN = 16
"""A history longer than this per token of the window can't fit; counting it would be waste."""

_NO_TURN = Turn(role="user", text="")
_PLAIN = GenerationSettings()


@dataclass(frozen=True)
class Usage:
    """The parts of the context window, in tokens.

    ``history`` is what the chat fills with the system prompt and the template's own, ``draft``
    what the unsent text would add, ``documents`` what is given of them with it (of those that are
    searched, about the most), ``reserve`` the room that the reply may take. ``known`` is
    false until the engine has counted.
    """

    context: int = 0
    history: int = 0
    draft: int = 0
    documents: int = 0
    reserve: int = 0
    known: bool = False
    whole: int = 0
    """How many documents would go in whole; ``searched`` are looked through for what fits."""
    searched: int = 0

    @property
    def prompt(self) -> int:
        """Return what the next message would send."""
        return self.history + self.draft + self.documents

    @property
    def documents_plan(self) -> str:
        """Return how the documents go to the model, for people; empty where there are none."""
        count = self.whole + self.searched
        if not count:
            return ""
        if not self.searched:
            whole = "All of it goes" if count == 1 else f"All {count} documents go whole"
            return f"{whole} into the window: {self.documents:,} tokens."
        if not self.whole:
            return "Longer than the window: what fits each question is looked up."
        return f"{self.whole} of {count} go in whole; what fits is looked up in the rest."

    @property
    def over(self) -> bool:
        """Return whether the prompt leaves no room for a reply."""
        return self.known and self.prompt >= self.context

    @property
    def reply(self) -> int:
        """Return the part of the reserve for which there is room."""
        return max(0, min(self.reserve, self.context - self.prompt))

    @property
    def free(self) -> int:
        """Return what neither prompt nor reserve takes."""
        return max(0, self.context - self.prompt - self.reserve)


class UsageController(QObject):
    """Counts the open chat and its draft a moment after they change; drops stale answers.

    The history is counted when it changes and the draft alone while one types, so that typing
    costs the same in a long chat. While a reply streams, its pieces are counted as they come.
    """

    usage_changed = Signal(object)

    def __init__(
        self,
        engine: EngineClient,
        chat: ChatController,
        model: ModelController,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        generation = settings.generation
        self.usage = Usage(context=generation.context_size, reserve=generation.max_tokens)
        self._engine = engine
        self._chat = chat
        self._model = model
        self._settings = settings
        self._draft = ""
        self._documents: dict[int, int] = {}
        self._system_prompt = ""
        self._streamed = 0
        self._told_at = 0.0
        self._history_job: JobId | None = None
        self._draft_job: JobId | None = None
        self._count_history = QTimer(self, interval=_DEBOUNCE_MS, singleShot=True)
        self._count_history.timeout.connect(self._on_count_history)
        self._count_draft = QTimer(self, interval=_DEBOUNCE_MS, singleShot=True)
        self._count_draft.timeout.connect(self._on_count_draft)
        engine.event_received.connect(self._on_event)
        for signal in (
            chat.opened,
            chat.path_changed,
            chat.messages_added,
            chat.message_replaced,
        ):
            signal.connect(self._on_history_changed)
        settings.generation_changed.connect(self._on_settings)
        chat.text_received.connect(self._on_text)
        model.state_changed.connect(self._on_model)

    def set_draft(self, text: str) -> None:
        """Say what is in the composer."""
        if text != self._draft:
            self._draft = text
            self._count_draft.start()

    def set_documents(self, tokens: Mapping[int, int]) -> None:
        """Say what the chat is asked about: the tokens of each whole document, by its id."""
        self._documents = dict(tokens)
        self._update()

    def close(self) -> None:
        """Count no more."""
        self._count_history.stop()
        self._count_draft.stop()

    def _on_history_changed(self, _change: object) -> None:
        self._update(context=self._context(), reserve=self._settings.generation.max_tokens)
        self._count_history.start()

    def _on_settings(self, settings: GenerationSettings) -> None:
        self._update(reserve=settings.max_tokens)
        if settings.system_prompt != self._system_prompt:
            self._system_prompt = settings.system_prompt
            self._count_history.start()

    def _on_text(self, _message_id: int, _text: str, tokens: int) -> None:
        self._streamed += tokens
        now = time.monotonic()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self._update(history=self.usage.history + self._streamed)
            self._streamed = 0

    def _on_model(self, state: ModelState) -> None:
        self._update(context=self._context())
        if state.status == "ready":
            self._count_history.start()
            self._count_draft.start()

    def _context(self) -> int:
        info = self._model.state.info
        return info.context_size if info else self._settings.generation.context_size

    def _on_count_history(self) -> None:
        self._history_job = None
        if self._model.state.status != "ready":
            return
        path, settings = self._chat.path, self._settings.generation
        if _characters(path) > _HOPELESS_CHARACTERS_PER_TOKEN * self._context():
            self._update(history=self._context(), known=True)
            return
        turns = [Turn(role=each.role, text=each.text) for each in path] or [_NO_TURN]
        prompt = chat_prompt(turns, system_prompt=settings.system_prompt)
        self._history_job = self._engine.count_tokens(prompt)

    def _on_count_draft(self) -> None:
        self._draft_job = None
        if not self._draft.strip():
            self._update(draft=0)
        elif self._model.state.status == "ready":
            self._draft_job = self._engine.count_tokens(chat_prompt((), draft=self._draft))

    def _on_event(self, event: Event) -> None:
        match event:
            case TokenCount(job_id=job_id, total=total) if job_id == self._history_job:
                self._history_job = None
                self._streamed = 0
                self._update(history=total, known=True)
            case TokenCount(job_id=job_id, per_turn=per_turn) if job_id == self._draft_job:
                self._draft_job = None
                self._update(draft=per_turn[-1] if per_turn else 0)
            case Failed(job_id=job_id) if job_id == self._history_job:
                self._history_job = None
                self._update(known=False)

    def _update(self, **changes: Any) -> None:  # noqa: ANN401 - fields of Usage
        usage = _with_documents(replace(self.usage, **changes), self._documents)
        if usage != self.usage:
            self.usage = usage
            self.usage_changed.emit(usage)


def _with_documents(usage: Usage, tokens: Mapping[int, int]) -> Usage:
    if not tokens:
        return replace(usage, documents=0, whole=0, searched=0)
    # Not at the window's start: a chat without documents needs none of it.
    from desktop.domain.retrieval import plan_context, room_for_documents

    beside = usage.history + usage.draft + FRAME_TOKENS
    plan = plan_context(tokens, max(0, room_for_documents(usage.context, beside, usage.reserve)))
    passages = min(plan.passage_tokens, PASSAGES * PASSAGE_TOKENS) if plan.searched else 0
    return replace(
        usage,
        documents=plan.whole_tokens + passages,
        whole=len(plan.whole),
        searched=len(plan.searched),
    )


def _characters(path: list[Message]) -> int:
    return sum(len(message.text) for message in path)
