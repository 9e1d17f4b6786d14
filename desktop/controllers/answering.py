"""From a reply's row in the store to the engine at work on it.

::

    begin ─▶ model loaded ─▶ prompt made to fit ─▶ documents looked up ─▶ engine asked
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.controllers.attachments import AttachmentsController
from desktop.controllers.grounding import Grounding, Wish
from desktop.controllers.model import ModelController
from desktop.controllers.overflow import OverflowController
from desktop.controllers.replies import Replies
from desktop.controllers.store import StoreThread
from desktop.domain.chat import Message
from desktop.domain.errors import UserError
from desktop.domain.grounds import FRAME_TOKENS, Attached, Grounds
from desktop.domain.prompt import Given, chat_prompt
from desktop.settings.schema import GenerationSettings
from models.records import Problem, Turn
from models.wording import tr

if TYPE_CHECKING:
    from desktop.domain.context_fit import Fitted
    from desktop.work.grounding import Grounded


class Begun(NamedTuple):
    """What the store made of a press of a button: rows to show, and the reply to come.

    ``written`` is the part of the reply that is going to be continued.
    """

    chat_id: int
    shown: list[Message]
    reply: Message
    attached: tuple[Attached, ...] = ()
    written: Turn | None = None


class _Answer(NamedTuple):
    """A reply on its way, with the ``turns`` to answer once it is known which of them fit."""

    begun: Begun
    settings: GenerationSettings
    turns: tuple[Turn, ...] = ()

    @property
    def stands_on_what_it_did(self) -> bool:
        """Return whether it is written on from what the model began: no documents are searched.

        What a person has a reply begin with stands on nothing yet.
        """
        written = self.begun.written
        return written is not None and bool(written.token_ids or self.begun.reply.grounds)


class Answering(QObject):
    """Has the model loaded, the prompt made to fit, documents read, and only then the engine asked.

    A reply that is stopped on this way goes no further. ``grounded`` carries one of which is known
    by now what it stands on, or is written without; ``started`` tells that the engine has one.
    """

    grounded = Signal(object)
    started = Signal()

    def __init__(
        self,
        store: StoreThread,
        replies: Replies,
        model: ModelController,
        attachments: AttachmentsController,
        grounding: Grounding,
        *,
        overflow: OverflowController,
    ) -> None:
        super().__init__()
        self._store = store
        self._replies = replies
        self._model = model
        self.attachments = attachments
        self._grounding = grounding
        self._overflow = overflow
        self.sizes_of: Callable[[int], Mapping[int, int] | None] = lambda _chat_id: None
        """The tokens of each document of a chat, as far as they are known."""
        replies.ended.connect(self._on_ended)

    def begin(self, begun: Begun, settings: GenerationSettings) -> None:
        """Have a stored reply written, or written on."""
        self._replies.hold(begun.reply, begun.written)
        self._model.ensure(
            settings,
            partial(self._fit, _Answer(begun, settings)),
            partial(self._replies.fail_held, begun.reply),
        )

    def settle_stopped(self, begun: Begun) -> None:
        """End a reply that was stopped while its row was written."""
        self._replies.settle_unstarted(begun.reply, begun.written)

    def _fit(self, answer: _Answer) -> None:
        """Leave out what doesn't fit of a long chat, as the person wants it."""
        begun, settings, info = answer.begun, answer.settings, self._model.state.info
        last_id = begun.reply.parent_id if begun.written is None else begun.reply.id
        if info is None or last_id is None:
            # It was unloaded just now.
            title, hint = tr("No model is loaded."), tr("Choose a model first.")
            self._fail(answer, UserError(title, hint, code="no_model"))
            return
        # Not at the window's start: nothing is sent there.
        from desktop.domain.context_fit import Frame

        frame = Frame(
            context_size=info.context_size,
            max_tokens=settings.max_tokens,
            overflow=settings.overflow,
            system_prompt=settings.system_prompt,
            examples=settings.examples,
            documents=self._kept_for_documents(answer, info.context_size),
            continue_reply=begun.written is not None,
        )
        failed = partial(self._fail, answer)
        self._overflow.fit(begun.reply, last_id, frame, partial(self._fitted, answer), failed)

    def _kept_for_documents(self, answer: _Answer, context_size: int) -> int:
        """Return the tokens that a reply's documents need, as ``_ground`` is going to have it."""
        begun = answer.begun
        if answer.stands_on_what_it_did:
            grounds = begun.reply.grounds
            return grounds.tokens + FRAME_TOKENS if grounds is not None else 0
        if not begun.attached:
            return 0
        from desktop.domain.retrieval import kept_for_documents

        return kept_for_documents(self.sizes_of(begun.chat_id), context_size)

    def _fitted(self, answer: _Answer, fitted: Fitted) -> None:
        reply = msgspec.structs.replace(answer.begun.reply, context=fitted.context)
        if reply != answer.begun.reply:
            self.grounded.emit(reply)
        begun = answer.begun._replace(reply=reply)
        self._ground(answer._replace(begun=begun, turns=fitted.turns))

    def _ground(self, answer: _Answer) -> None:
        begun = answer.begun
        if answer.stands_on_what_it_did:
            grounds = begun.reply.grounds
            if grounds is None:
                self._start(answer, begun.reply, None)
            else:
                start = partial(self._start, answer, begun.reply)
                self._grounding.again(grounds, start, partial(self._fail, answer))
        elif begun.attached or self.attachments.is_reading(begun.chat_id):
            self.attachments.when_read(begun.chat_id, partial(self._look, answer))
        else:
            self._start(answer, begun.reply, None)

    def _look(self, answer: _Answer) -> None:
        """Ask what is attached by now: files may have come in since the row was written."""
        chat_id = answer.begun.chat_id
        self._store.call(
            lambda store: store.attached(chat_id),
            partial(self._ask, answer),
            partial(self._fail, answer),
        )

    def _ask(self, answer: _Answer, attached: Sequence[Attached]) -> None:
        begun, info = answer.begun, self._model.state.info
        if not attached or info is None:
            self._start(answer, begun.reply, None)
            return
        wish = Wish(
            attached=tuple(attached),
            turns=answer.turns,
            settings=answer.settings,
            context_size=info.context_size,
            cancelled=lambda: not self._replies.is_held(begun.reply),
        )
        self._grounding.ground(wish, partial(self._keep, answer), partial(self._fail, answer))

    def _keep(self, answer: _Answer, found: Grounded) -> None:
        reply = answer.begun.reply
        if not self._replies.is_held(reply):
            return
        reply = msgspec.structs.replace(reply, grounds=found.grounds)
        self.grounded.emit(reply)
        self._store.call(
            lambda store: store.keep_grounds(reply.id, found.grounds),
            lambda _none: self._start(answer, reply, found.given),
            partial(self._fail, answer),
        )

    def _on_ended(self, reply: Message) -> None:
        """Find out which sentence of a reply its sources bear out."""

        def keep(grounds: Grounds) -> None:
            if grounds != reply.grounds:
                self.grounded.emit(msgspec.structs.replace(reply, grounds=grounds))
                self._store.call(lambda store: store.keep_grounds(reply.id, grounds))

        if reply.grounds is not None:
            self._grounding.support(reply, keep)

    def _start(self, answer: _Answer, reply: Message, given: Given | None) -> None:
        written = answer.begun.written
        prompt = chat_prompt(
            answer.turns,
            system_prompt=answer.settings.system_prompt,
            examples=answer.settings.examples,
            continue_reply=written is not None,
            given=given,
        )
        self._replies.start(reply, prompt, answer.settings, written)
        self.started.emit()

    def _fail(self, answer: _Answer, trouble: UserError) -> None:
        problem = Problem(
            code=trouble.code or "documents",
            title=trouble.title,
            hint=trouble.hint,
            detail=trouble.detail,
        )
        self._replies.fail_held(answer.begun.reply, problem)
