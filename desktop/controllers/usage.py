"""How full the context window is, counted by the model's own vocabulary while one types."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.chat import ChatController
from desktop.controllers.counting import TokenCounter
from desktop.controllers.model import ModelController, ModelState
from desktop.controllers.overflow import bytes_that_fit
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.domain.context import (
    Material,
    Sizes,
    Summary,
    is_news,
    reply_reserve,
)
from desktop.domain.context_usage import Usage, planned
from desktop.domain.grounds import FRAME_TOKENS, PASSAGE_TOKENS, PASSAGES
from desktop.domain.presets import Example
from desktop.domain.prompt import chat_prompt
from desktop.settings.schema import GenerationSettings
from models.protocol import TokenCount
from models.records import Problem, Turn

if TYPE_CHECKING:
    from desktop.domain.context import Plan

_DEBOUNCE_MS = 150
_TELL_EVERY_S = 0.25
_NO_TURN = Turn(role="user", text="")


class UsageController(QObject):
    """Counts the open chat and its draft a moment after they change; drops stale answers.

    The history is counted when it changes and the draft alone while one types, so that typing
    costs the same in a long chat. While a reply streams, its pieces are counted as they come.
    """

    usage_changed = Signal(object)

    def __init__(
        self,
        store: StoreThread,
        counter: TokenCounter,
        chat: ChatController,
        model: ModelController,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        generation = settings.generation
        self.usage = Usage(context=generation.context_size, reserve=generation.max_tokens)
        self._store = store
        self._counter = counter
        self._chat = chat
        self._model = model
        self._settings = settings
        self._draft = ""
        self._draft_tokens = 0
        self._documents: dict[int, int] = {}
        self._first_turns: tuple[str, tuple[Example, ...]] = "", ()
        self._material = Material()
        self._sizes: Sizes | None = None
        self._streamed = 0
        self._told_at = 0.0
        self._history_round = self._draft_round = 0
        """Count up with each count that is asked for: an answer to an older one is stale."""
        self._count_history = QTimer(self, interval=_DEBOUNCE_MS, singleShot=True)
        self._count_history.timeout.connect(self._on_count_history)
        self._count_draft = QTimer(self, interval=_DEBOUNCE_MS, singleShot=True)
        self._count_draft.timeout.connect(self._on_count_draft)
        for signal in (
            chat.opened,
            chat.path_changed,
            chat.messages_added,
            chat.message_replaced,
        ):
            signal.connect(self._on_history_changed)
        # Until then the path may lack its end, which is what is counted from.
        chat.became_whole.connect(self.count_again)
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

    def count_again(self) -> None:
        """Count the chat anew: something other than its messages has changed in it."""
        self._count_history.start()

    def close(self) -> None:
        """Count no more."""
        self._count_history.stop()
        self._count_draft.stop()

    def _on_history_changed(self, _change: object) -> None:
        self._update()
        self._count_history.start()

    def _on_settings(self, settings: GenerationSettings) -> None:
        self._update()
        first_turns = settings.system_prompt, settings.examples
        if first_turns != self._first_turns:
            self._first_turns = first_turns
            self._count_history.start()

    def _on_text(self, _message_id: int, _text: str, tokens: int) -> None:
        self._streamed += tokens
        now = time.monotonic()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self._update()

    def _on_model(self, state: ModelState) -> None:
        self._update()
        if state.status == "ready":
            self._count_history.start()
            self._count_draft.start()

    def _context(self) -> int:
        info = self._model.state.info
        return info.context_size if info else self._settings.generation.context_size

    # --- counting --------------------------------------------------------------------------------

    def _on_count_history(self) -> None:
        self._history_round += 1
        if self._model.state.status != "ready":
            return
        path, count = self._chat.path, partial(self._count_material, self._history_round)
        if not path:
            count(Material())
            return
        last_id, limit = path[-1].id, bytes_that_fit(self._context())
        self._store.call(lambda store: store.material(last_id, limit), count, _ignore)

    def _count_material(self, asked: int, material: Material) -> None:
        if asked != self._history_round:
            return
        generation = self._settings.generation
        system, examples = generation.system_prompt, generation.examples
        turns = [each.turn for each in material.messages] or [_NO_TURN]

        def counted(count: TokenCount) -> None:
            # Not at the window's start: it imports what only long chats need.
            from desktop.domain.context_fit import sizes_of

            sizes = sizes_of(
                material.messages, count, has_system=bool(system.strip()), examples=len(examples)
            )
            if material.summary is None:
                self._take(asked, material, sizes)
            else:
                self._count_summary(asked, material, material.summary, sizes)

        self._counter.count_turns(
            chat_prompt(turns, system_prompt=system, examples=examples),
            counted,
            partial(self._not_counted, asked),
        )

    def _count_summary(
        self, asked: int, material: Material, summary: Summary, sizes: Sizes
    ) -> None:
        from desktop.domain.context_fit import summary_prompt, with_summary_size

        self._counter.count_turns(
            summary_prompt(summary),
            lambda count: self._take(asked, material, with_summary_size(sizes, count)),
            partial(self._not_counted, asked),
        )

    def _take(self, asked: int, material: Material, sizes: Sizes) -> None:
        if asked == self._history_round:
            self._material, self._sizes, self._streamed = material, sizes, 0
            self._update()

    def _not_counted(self, asked: int, _problem: Problem) -> None:
        if asked == self._history_round:
            self._sizes = None
            self._update()

    def _on_count_draft(self) -> None:
        self._draft_round += 1
        asked = self._draft_round

        def counted(count: TokenCount) -> None:
            if asked == self._draft_round:
                self._draft_tokens = count.per_turn[-1] if count.per_turn else 0
                self._update()

        if not self._draft.strip():
            self._draft_tokens = 0
            self._update()
        elif self._model.state.status == "ready":
            prompt = chat_prompt((), draft=self._draft)
            self._counter.count_turns(prompt, counted, _ignore)

    # --- adding up -------------------------------------------------------------------------------

    def _update(self) -> None:
        generation = self._settings.generation
        usage = Usage(
            context=self._context(),
            reserve=generation.max_tokens,
            draft=self._draft_tokens,
            overflow=generation.overflow,
            messages=self._streamed,
        )
        if self._sizes is not None:
            usage = self._with_history(usage, self._sizes)
        usage = _with_documents(usage, self._documents)
        if usage != self.usage:
            self.usage = usage
            self.usage_changed.emit(usage)

    def _with_history(self, usage: Usage, sizes: Sizes) -> Usage:
        """Add what the chat takes, less what would be left out."""
        room = usage.context - reply_reserve(usage.context, usage.reserve) - self._streamed
        if self._documents:
            from desktop.domain.retrieval import kept_for_documents

            room -= kept_for_documents(self._documents, usage.context)
        found = planned(self._material, sizes, usage.draft, room, usage.context)
        summary = sizes.summary if found.kept_from else 0
        told = found.tokens - sizes.fixed - summary - usage.draft
        return replace(
            usage,
            known=True,
            system=sizes.system,
            examples=sizes.examples,
            template=sizes.template,
            summary=summary,
            messages=told + self._streamed,
            fits=found.fits,
            is_cut=self._material.is_cut,
            **_left_out(self._material, sizes, found),
        )


def _left_out(material: Material, sizes: Sizes, found: Plan) -> dict[str, Any]:
    """Return what a plan tells of what is left out, and no summary stands for."""
    covered = material.summary.last_id if material.summary else 0
    out = tuple(each for each in found.left_out if each > covered)
    return {
        "left_out": out,
        "left_tokens": sum(sizes.messages.get(each, 0) for each in out),
        "is_news": is_news(material, found),
    }


def _with_documents(usage: Usage, tokens: Mapping[int, int]) -> Usage:
    if not tokens:
        return usage
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


def _ignore(_trouble: object) -> None:
    """Do nothing: the next change counts again."""
