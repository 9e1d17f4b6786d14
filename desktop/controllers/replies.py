"""The replies that are being written, whichever chat is open."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.controllers.reply import RunningReply
from desktop.controllers.store import StoreThread
from desktop.domain.chat import Message, MessageState
from desktop.domain.errors import UserError
from desktop.engine.client import EngineClient
from desktop.settings.requests import to_sampling
from desktop.settings.schema import GenerationSettings
from models.protocol import Cancelled, Event, Failed, Finished, FinishReason, JobId, Ready, Tokens
from models.records import Problem, Prompt, Report, Sampling, StateHome, Turn

if TYPE_CHECKING:
    from desktop.storage.chats import ChatStore

_CHECKPOINT_MS = 900


class Replies(QObject):
    """Carries each running reply to its row: its text as it comes, and its end, once.

    ``asked`` carries the row and the prompt of a reply right before the engine gets it.
    ``text_received`` (chat, message, text, tokens) follows the engine; ``ended`` carries the
    message as the store has it; ``failed`` says that one ended in trouble. ``thought_ended``
    carries the message whose thought is over, its tokens and its seconds.
    """

    asked = Signal(object, object)
    text_received = Signal(int, int, str, int)
    ended = Signal(object)
    failed = Signal()
    thought_ended = Signal(int, int, float)

    def __init__(self, engine: EngineClient, store: StoreThread) -> None:
        super().__init__()
        self.versions: dict[str, str] = {}
        self.home_of: Callable[[int], StateHome | None] = lambda _chat_id: None
        """Where the KV cache of a chat is kept."""
        self._engine = engine
        self._store = store
        self._running: dict[JobId, RunningReply] = {}
        self._held: dict[int, RunningReply] = {}
        """Replies that wait for a model to be loaded, by their row."""
        self._settling: set[int] = set()
        self._checkpoints = QTimer(self, interval=_CHECKPOINT_MS)
        self._checkpoints.timeout.connect(self._on_checkpoint)
        engine.event_received.connect(self._on_event)

    def hold(self, row: Message, written: Turn | None) -> None:
        """Know of a reply that ``start`` or ``fail_held`` is going to be called for."""
        self._held[row.id] = RunningReply.begun(row, -row.id, Sampling(), written)

    def is_held(self, row: Message) -> bool:
        """Return whether a reply still waits for ``start``: it may have been stopped."""
        return row.id in self._held

    def fail_held(self, row: Message, problem: Problem) -> None:
        """End a reply whose model could not be loaded."""
        if (reply := self._held.pop(row.id, None)) is not None:
            told = (problem.title, problem.hint)
            self._finish(reply, MessageState.FAILED, problem=told)
            self.failed.emit()

    def start(
        self, row: Message, prompt: Prompt, settings: GenerationSettings, written: Turn | None
    ) -> None:
        """Have the engine answer a stored prompt; ``written`` is the part that it continues.

        One that was held and has been stopped since is not started.
        """
        if self._held.pop(row.id, None) is None:
            return
        sampling = to_sampling(settings)
        self.asked.emit(row, prompt)
        home = self.home_of(row.chat_id)
        job_id = self._engine.generate(
            prompt, sampling, settings.max_tokens, settings.stop, home=home
        )
        self._running[job_id] = RunningReply.begun(row, job_id, sampling, written)
        self._checkpoints.start()

    def settle_unstarted(self, row: Message, written: Turn | None) -> None:
        """End a reply that was stopped before the engine knew of it."""
        self._finish(RunningReply.begun(row, -row.id, Sampling(), written), MessageState.STOPPED)

    def stop(self, chat_id: int | None) -> None:
        """Cancel what is being written in a chat."""
        for reply in self._running.values():
            if reply.row.chat_id == chat_id:
                self._engine.cancel(reply.job_id)
        for reply in [each for each in self._held.values() if each.row.chat_id == chat_id]:
            del self._held[reply.row.id]
            self._finish(reply, MessageState.STOPPED)

    def stop_below(self, message: Message) -> None:
        """Cancel the reply that is being written to a message, or is that message."""
        for reply in (*self._running.values(), *self._held.values()):
            if message.id in {reply.row.id, reply.row.parent_id}:
                self.stop(message.chat_id)
                return

    def resample(self, chat_id: int | None, sampling: Sampling) -> None:
        """Use another sampler chain in a chat from the next token on."""
        for reply in self._running.values():
            if reply.row.chat_id == chat_id and reply.sampling != sampling:
                reply.sampling = sampling
                self._engine.resample(reply.job_id, sampling)

    def runs_in(self, chat_id: int | None) -> bool:
        """Return whether a reply of this chat isn't at its end yet."""
        return chat_id in self.chats

    @property
    def chats(self) -> set[int]:
        """Return the chats in which a reply is being written."""
        at_work = (*self._running.values(), *self._held.values())
        return self._settling | {reply.row.chat_id for reply in at_work}

    def live(self, message: Message) -> Message:
        """Return the message with the text that it has by now, ahead of its last checkpoint."""
        for reply in self._running.values():
            if reply.row.id == message.id:
                return msgspec.structs.replace(message, text=reply.text)
        return message

    def close(self) -> None:
        """Write every unfinished reply down as interrupted: it can be continued."""
        for job_id in self._running:
            # What the cache holds is going to be saved, which would wait for a batch's end.
            self._engine.cancel(job_id)
        for reply in (*self._running.values(), *self._held.values()):
            self._store.call(
                partial(_finish_interrupted, reply.row.id, reply.text, tuple(reply.token_ids))
            )
        self._running.clear()
        self._held.clear()

    def _on_event(self, event: Event) -> None:
        match event:
            case Ready(versions=versions):
                self.versions = {"engine": versions.engine, "llama.cpp": versions.llama_cpp}
            case Tokens(job_id=job_id) if job_id in self._running:
                self._on_tokens(self._running[job_id], event)
            case Finished(job_id=job_id) if job_id in self._running:
                self._end(job_id, MessageState.COMPLETE, event.reason, event.report)
            case Cancelled(job_id=job_id) if job_id in self._running:
                self._end(job_id, MessageState.STOPPED, report=event.report)
            case Failed(job_id=job_id, problem=problem) if job_id in self._running:
                told = (problem.title, problem.hint)
                self._end(job_id, MessageState.FAILED, problem=told)
                self.failed.emit()

    def _on_tokens(self, reply: RunningReply, event: Tokens) -> None:
        thought_ended = reply.add(event.text, event.token_ids)
        self.text_received.emit(reply.row.chat_id, reply.row.id, event.text, len(event.token_ids))
        if thought_ended:
            self.thought_ended.emit(reply.row.id, *reply.thought.figures)

    def _end(
        self,
        job_id: JobId,
        state: MessageState,
        reason: FinishReason | None = None,
        report: Report | None = None,
        problem: tuple[str, str] | None = None,
    ) -> None:
        reply = self._running.pop(job_id)
        if not self._running:
            self._checkpoints.stop()
        self._finish(reply, state, reason, report, problem)

    def _finish(
        self,
        reply: RunningReply,
        state: MessageState,
        reason: FinishReason | None = None,
        report: Report | None = None,
        problem: tuple[str, str] | None = None,
    ) -> None:
        self._settling.add(reply.row.chat_id)
        text, token_ids, report = reply.text, tuple(reply.token_ids), reply.told(report)

        def settled(message: Message) -> None:
            self._settling.discard(message.chat_id)
            self.ended.emit(message)

        def not_written(trouble: UserError) -> None:
            changes = {"text": text, "state": state, "finish_reason": reason or ""}
            settled(msgspec.structs.replace(reply.row, **changes, problem=problem))
            self._store.failed.emit(trouble)

        self._store.call(
            lambda store: store.finish(
                reply.row.id,
                state,
                text,
                token_ids,
                finish_reason=reason or "",
                report=report,
                problem=problem,
            ),
            settled,
            not_written,
        )

    def _on_checkpoint(self) -> None:
        for reply in self._running.values():
            if reply.unsaved:
                reply.unsaved = False
                self._store.call(
                    partial(_checkpoint, reply.row.id, reply.text, tuple(reply.token_ids))
                )


def _checkpoint(message_id: int, text: str, token_ids: tuple[int, ...], store: ChatStore) -> None:
    store.checkpoint(message_id, text, token_ids)


def _finish_interrupted(
    message_id: int, text: str, token_ids: tuple[int, ...], store: ChatStore
) -> None:
    store.finish(message_id, MessageState.INTERRUPTED, text, token_ids)
