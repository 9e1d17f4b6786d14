"""One chat of the store, as the terminal carries it on."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from desktop.cli.context import Context
from desktop.cli.fitting import fitted
from desktop.cli.session import EngineSession, Outcome
from desktop.cli.terminal import ReplyPrinter, report_trouble
from desktop.domain.chat import Chat, Message, MessageState, Run
from desktop.domain.context_fit import Frame
from desktop.domain.errors import UserError
from desktop.domain.presets import Preset
from desktop.domain.prompt import can_continue, chat_prompt
from desktop.settings.presets import with_preset
from desktop.settings.requests import to_sampling
from desktop.settings.schema import GenerationSettings
from desktop.settings.store import overrides_of, with_overrides
from desktop.storage.chats import ChatStore
from desktop.version import snug_version
from models.protocol import Cancelled, Failed, Finished, Tokens
from models.records import LoadOptions, ModelInfo, Problem, Turn

CHECKPOINT_S: Final = 0.8


class Conversation:
    """The open chat: what was shown of it, and how its next reply is made.

    ``chat`` is None until a new chat holds its first message.
    """

    def __init__(
        self,
        context: Context,
        store: ChatStore,
        session: EngineSession,
        model_path: Path,
        *,
        preset: Preset | None = None,
        default: Preset | None = None,
    ) -> None:
        """Take the preset of every chat that is opened, and that of new ones."""
        self.chat: Chat | None = None
        self.model: ModelInfo | None = None
        self.sha256 = ""
        self._context = context
        self._store = store
        self._session = session
        self._model_path = model_path
        self._preset = preset
        self._default = default
        self._loaded: LoadOptions | None = None
        self._seen: set[int] = set()
        self._unsaved: Callable[[], object] | None = None

    def open(self, chat: Chat | None) -> None:
        """Turn to a chat, or with None to a new one."""
        self.chat = chat
        self._seen.clear()

    def load_model(self) -> ModelInfo:
        """Load the model as the chat's settings want it, where that isn't so already."""
        options = self._context.load_options(self._settings(), self._model_path)
        if self.model is None or options != self._loaded:
            self.model = None
            self.model = self._session.load(
                options, self._model_path.stem, anyway=self._context.anyway
            )
            self._loaded = options
        return self.model

    def news(self) -> list[Message]:
        """Return the messages of the chat that haven't been shown yet."""
        path = [] if self.chat is None else self._store.path(self.chat.id)
        fresh = [message for message in path if message.id not in self._seen]
        self._seen.update(message.id for message in path)
        return fresh

    def send(self, text: str) -> Message:
        """Store the message, print the reply as it comes and return it. Raises UserError."""
        self.save_pending()
        settings, run = self._settings(), self._run()
        if self.chat is None:
            own = self._new_overrides()
            self.chat = self._store.create_chat()
            self._store.set_overrides(self.chat.id, own)
        path = self._store.path(self.chat.id)
        parent_id = path[-1].id if path else None
        message, reply = self._store.begin_exchange(self.chat.id, parent_id, text, run)
        self._seen.add(message.id)
        return self._write(reply, message.id, settings)

    def again(self) -> Message:
        """Print another reply to the last message and return it. Raises UserError."""
        self.save_pending()
        chat, last = self._last_reply()
        if last.parent_id is None:
            raise UserError("The chat begins with this reply.", "Write a message.")
        reply = self._store.begin_reply(chat.id, last.parent_id, self._run())
        return self._write(reply, last.parent_id, self._settings())

    def continue_reply(self) -> Message:
        """Print the rest of the last reply and return it whole. Raises UserError."""
        self.save_pending()
        _, last = self._last_reply()
        if not can_continue(last):
            raise UserError("The last reply is complete.", "Write a message, or ask for it /again.")
        reply = self._store.begin_continuation(last.id, self._run())
        written = self._store.turn(reply.id)
        return self._write(reply, reply.id, self._settings(), written)

    def save_pending(self) -> None:
        """Store the end of a reply that could not be stored before. Raises UserError."""
        if self._unsaved is not None:
            self._unsaved()
            self._unsaved = None

    def _settings(self) -> GenerationSettings:
        chat = self.chat
        own = self._new_overrides() if chat is None else self._store.overrides(chat.id)
        settings = with_overrides(self._context.settings.generation, own)
        if self._preset is not None:
            settings = with_preset(settings, self._preset)
        return with_overrides(settings, self._context.flags)

    def _new_overrides(self) -> dict[str, object]:
        """Return what a new chat sets differently from all chats."""
        defaults = self._context.settings.generation
        if self._default is None:
            return {}
        return overrides_of(with_preset(defaults, self._default), defaults)

    def _run(self) -> Run:
        model = self.load_model()
        settings = self._settings()
        engine = self._session.versions
        return Run(
            model_path=model.path,
            model_name=model.name,
            model_sha256=self.sha256,
            settings=msgspec.structs.asdict(settings),
            seed=settings.seed,
            versions={"snug": snug_version()}
            | ({"engine": engine.engine, "llama_cpp": engine.llama_cpp} if engine else {}),
        )

    def _last_reply(self) -> tuple[Chat, Message]:
        path = [] if self.chat is None else self._store.path(self.chat.id)
        if self.chat is None or not path or path[-1].role != "assistant":
            raise UserError("There is no reply yet.", "Write a message.")
        return self.chat, path[-1]

    def _write(
        self,
        row: Message,
        last_id: int,
        settings: GenerationSettings,
        written: Turn | None = None,
    ) -> Message:
        """Have a reply to the path up to ``last_id`` written, or written on from ``written``."""
        self._seen.add(row.id)
        resume = written is not None
        draft = _Draft(self._store, row, written or Turn(role="assistant", text=""))
        try:
            turns = self._fitted(row, last_id, settings, resume=resume)
            outcome = self._session.generate(
                chat_prompt(
                    turns,
                    system_prompt=settings.system_prompt,
                    examples=settings.examples,
                    continue_reply=resume,
                ),
                to_sampling(settings),
                settings.max_tokens,
                settings.stop,
                on_tokens=draft.add,
                on_tick=draft.checkpoint,
            )
        except UserError as error:
            draft.finish(Failed(job_id=0, problem=problem_of(error)))
            raise
        except BaseException:
            draft.finish(Cancelled(job_id=0))
            raise
        finally:
            draft.printer.end()
        self._unsaved = lambda: draft.finish(outcome)
        ended = draft.finish(outcome)
        self._unsaved = None
        return ended

    def _fitted(
        self, row: Message, last_id: int, settings: GenerationSettings, *, resume: bool
    ) -> tuple[Turn, ...]:
        """Leave out what doesn't fit of a long chat, as its settings want it."""
        frame = Frame(
            context_size=self.load_model().context_size,
            max_tokens=settings.max_tokens,
            overflow=settings.overflow,
            system_prompt=settings.system_prompt,
            examples=settings.examples,
            continue_reply=resume,
        )
        return fitted(self._session, self._store, row.id, last_id, frame).turns


def problem_of(error: UserError) -> Problem:
    """Return trouble as a reply keeps it."""
    return Problem(
        code=error.code or "context", title=error.title, hint=error.hint, detail=error.detail
    )


class _Draft:
    """A reply on its way: printed at once, on disk a moment later."""

    def __init__(self, store: ChatStore, row: Message, written: Turn) -> None:
        self.printer = ReplyPrinter(so_far=written.text)
        self._store = store
        self._row = row
        self._texts = [written.text]
        self._token_ids = list(written.token_ids)
        self._saved_at = time.monotonic()
        self._has_news = False
        self._is_unwell = False

    def add(self, tokens: Tokens) -> None:
        self.printer.add(tokens.text)
        self._texts.append(tokens.text)
        self._token_ids += tokens.token_ids
        self._has_news = True

    def checkpoint(self) -> None:
        """Put the reply so far on disk, now and then; trouble with that doesn't end the reply."""
        now = time.monotonic()
        if not self._has_news or now - self._saved_at < CHECKPOINT_S:
            return
        self._saved_at = now
        try:
            self._store.checkpoint(self._row.id, self._text(), self._token_ids)
            self._has_news = False
        except UserError as error:
            if not self._is_unwell:
                report_trouble(error)
            self._is_unwell = True

    def finish(self, outcome: Outcome) -> Message:
        match outcome:
            case Finished(reason=reason, report=report):
                return self._end(MessageState.COMPLETE, finish_reason=reason, report=report)
            case Cancelled(report=report):
                return self._end(MessageState.STOPPED, report=report)
            case Failed(problem=problem):
                return self._end(MessageState.FAILED, problem=(problem.title, problem.hint))

    def _end(self, state: MessageState, **details: Any) -> Message:  # noqa: ANN401
        return self._store.finish(self._row.id, state, self._text(), self._token_ids, **details)

    def _text(self) -> str:
        self._texts = ["".join(self._texts)]
        return self._texts[0]
