"""Prompts that are made to fit while the window goes on: counted, asked about, condensed.

::

    fit ──material read──▶ COUNTING ──doesn't fit──▶ ASKED ──choose──▶ CONDENSING ─▶ kept ─▶ done
                               └──fits────────────────────────────────────────────▶ done
        a reply that is stopped on the way goes no further
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
from PySide6.QtCore import QObject, Signal

from desktop.controllers.counting import TokenCounter
from desktop.controllers.replies import Replies
from desktop.controllers.store import StoreThread
from desktop.domain.chat import Message
from desktop.domain.context import Material, Overflow
from desktop.domain.errors import UserError
from desktop.engine.client import EngineClient
from desktop.engine.tasks import Failure
from models.protocol import Cancelled, Event, Failed, Finished, JobId, Tokens
from models.records import Problem, Sampling
from models.wording import tr

if TYPE_CHECKING:
    from desktop.domain.context_fit import Choose, Count, Fitted, Frame
    from desktop.domain.context_summary import Write

_LEAST_BYTES: Final = 128 * 1024
_BYTES_PER_TOKEN: Final = 8
"""Text with more bytes for each token of the window can't fit, whatever it is."""
_SAMPLING: Final = Sampling(temperature=0.2, repeat_penalty=1.1)

Done = Callable[["Fitted"], object]


@dataclass(frozen=True)
class Question:
    """What a person is asked about a reply that waits."""

    reply: Message
    choose: Choose


@dataclass
class _Fit:
    """A prompt on its way. ``job_id`` is the summary that is being written for it."""

    reply: Message
    done: Done
    failed: Failure
    steps: Generator[Any, Any, Fitted] | None = None
    job_id: JobId | None = None
    texts: list[str] = field(default_factory=list)


def bytes_that_fit(context_size: int) -> int:
    """Return how much text is read for a prompt: more can't fit."""
    return max(_LEAST_BYTES, _BYTES_PER_TOKEN * context_size)


class OverflowController(QObject):
    """Makes prompts fit, one for each reply that is on its way.

    ``asked`` and ``settled`` carry the chat whose question came or went; ``progressed`` what is
    done, in words, and how far (0 to 1). ``started`` names each call to the model, for whoever
    tells of the engine's jobs.
    """

    asked = Signal(int)
    settled = Signal(int)
    progressed = Signal(str, float)
    started = Signal(int)

    def __init__(
        self, engine: EngineClient, store: StoreThread, replies: Replies, counter: TokenCounter
    ) -> None:
        super().__init__()
        self._engine = engine
        self._store = store
        self._counter = counter
        self._replies = replies
        self._fits: dict[int, _Fit] = {}
        self._questions: dict[int, Question] = {}
        replies.ended.connect(self._on_reply_ended)
        engine.event_received.connect(self._on_event)

    def question(self, chat_id: int | None) -> Question | None:
        """Return what is asked of a person in a chat."""
        return next(
            (each for each in self._questions.values() if each.reply.chat_id == chat_id), None
        )

    def fit(self, reply: Message, last_id: int, frame: Frame, done: Done, failed: Failure) -> None:
        """Give ``done`` the turns of a prompt up to the message ``last_id`` that fits.

        A reply that has ended meanwhile gets no answer.
        """
        work = self._fits[reply.id] = _Fit(reply, done, failed)
        limit = bytes_that_fit(frame.context_size)

        def begin(material: Material) -> None:
            # Not at the window's start: nothing is sent there.
            from desktop.domain.context_fit import fit

            work.steps = fit(material, frame)
            self._advance(work, None)

        self._store.call(
            lambda store: store.material(last_id, limit),
            begin,
            lambda trouble: self._fail(work, trouble),
        )

    def choose(self, chat_id: int, how: Overflow) -> None:
        """Answer a chat's question: leave the messages out, or condense them."""
        question = self.question(chat_id)
        if question is not None:
            self._settle(question.reply)
            self._advance(self._fits[question.reply.id], how)

    # --- steps -----------------------------------------------------------------------------------

    def _advance(self, work: _Fit, answer: object) -> None:
        """Send the answer to a step and take the next one."""
        if work.reply.id not in self._fits or work.steps is None:
            return
        try:
            step = work.steps.send(answer)
        except StopIteration as ended:
            self._keep(work, ended.value)
        except UserError as error:
            self._fail(work, error)
        else:
            self._take(work, step)

    def _take(self, work: _Fit, step: Count | Choose | Write) -> None:
        from desktop.domain.context_fit import Choose, Count

        if isinstance(step, Count):
            self._counter.count_turns(
                step.prompt,
                lambda count: self._advance(work, count),
                lambda problem: self._fail(work, _trouble(problem)),
            )
        elif isinstance(step, Choose):
            self._questions[work.reply.id] = Question(work.reply, step)
            self.asked.emit(work.reply.chat_id)
        else:
            self._write(work, step)

    def _write(self, work: _Fit, step: Write) -> None:
        from desktop.domain.context_summary import STOP

        self.progressed.emit(tr("Condensing older messages"), (step.part - 1) / step.parts)
        work.texts = []
        work.job_id = self._engine.generate(step.prompt, _SAMPLING, step.max_tokens, STOP)
        self.started.emit(work.job_id)

    def _on_event(self, event: Event) -> None:
        job_id = getattr(event, "job_id", None)
        if job_id is None:
            return
        work = next((each for each in self._fits.values() if each.job_id == job_id), None)
        if work is None:
            return
        match event:
            case Tokens(text=text):
                work.texts.append(text)
            case Finished() | Cancelled():
                work.job_id = None
                self._advance(work, "".join(work.texts))
            case Failed(problem=problem):
                work.job_id = None
                self._fail(work, _trouble(problem))

    def _keep(self, work: _Fit, fitted: Fitted) -> None:
        """Note what the reply is going to be written without, and only then have it written."""
        reply = work.reply
        if fitted.context is None and reply.context is None:
            self._end(work)
            work.done(fitted)
            return

        def kept(context: object) -> None:
            if reply.id in self._fits:
                self._end(work)
                work.done(msgspec.structs.replace(fitted, context=context))

        self._store.call(
            lambda store: store.keep_context(reply.id, fitted.context, fitted.summary),
            kept,
            lambda trouble: self._fail(work, trouble),
        )

    # --- ends ------------------------------------------------------------------------------------

    def _fail(self, work: _Fit, trouble: UserError) -> None:
        if self._end(work):
            work.failed(trouble)

    def _on_reply_ended(self, reply: Message) -> None:
        """Give up what was on its way for a reply that was stopped."""
        work = self._fits.get(reply.id)
        if work is not None:
            self._end(work)

    def _end(self, work: _Fit) -> bool:
        if self._fits.pop(work.reply.id, None) is None:
            return False
        if work.job_id is not None:
            self._engine.cancel(work.job_id)
        self._settle(work.reply)
        return True

    def _settle(self, reply: Message) -> None:
        if self._questions.pop(reply.id, None) is not None:
            self.settled.emit(reply.chat_id)


def _trouble(problem: Problem) -> UserError:
    return UserError(problem.title, problem.hint, problem.detail, problem.code)
