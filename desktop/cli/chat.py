"""``snug chat``: the window's chats in a terminal."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from desktop.cli.arguments import Parser, add_common_flags, add_model_flags
from desktop.cli.context import Context, find_model
from desktop.cli.conversation import Conversation
from desktop.cli.interrupts import Interrupts
from desktop.cli.presets import add_preset_flag, named_preset
from desktop.cli.session import EngineSession
from desktop.cli.terminal import harmless, report_trouble, say
from desktop.domain.chat import Chat, Message, MessageState
from desktop.domain.errors import UserError
from desktop.domain.speed import decode_tokens_per_s
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.presets import PresetStore
from models.library.embedded import sha256_of
from models.reasoning import answer_in

PROMPT: Final = "› "
SHOWN_MESSAGES: Final = 6
HELP: Final = """\
Write a message and press Enter. Ctrl-C stops a reply, Ctrl-D leaves.
  /again      another reply to your last message
  /continue   the rest of a reply that ended too early
  /new        a new chat
  /chats      your chats, with their numbers
  /open N     turn to chat N
  /help       this
  /quit       leave"""


def run(argv: Sequence[str]) -> int:
    """Chat until the person leaves; return the exit status. Raises UserError."""
    arguments = _parse(argv)
    context = Context.of(arguments)
    model_path = find_model(arguments.model, context)
    with Database.open(context.paths.database) as database, EngineSession(context.paths) as session:
        store = ChatStore(database)
        if database.notice:
            say(database.notice)
        store.recover_interrupted()
        preset = named_preset(arguments.preset, database)
        default = preset or PresetStore(database).default_of(str(model_path))
        conversation = Conversation(
            context, store, session, model_path, preset=preset, default=default
        )
        chats = [] if arguments.new else store.chats()
        conversation.open(chats[0] if chats else None)
        terminal = Terminal(store, conversation, ModelHash(store, model_path), session.interrupts)
        return terminal.run()


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "snug chat",
        "Chat in the terminal, on the same chats as the window. Goes on with the latest one.",
        epilog=HELP,
    )
    parser.add_argument("--new", action="store_true", help="start a new chat")
    add_preset_flag(parser)
    add_model_flags(parser)
    add_common_flags(parser)
    return parser.parse_args(argv)


class ModelHash:
    """The hash of the model file, worked out beside the conversation."""

    def __init__(self, store: ChatStore, path: Path) -> None:
        self.value = store.model_sha256(str(path))
        self._store = store
        self._path = path
        self._is_recorded = bool(self.value)
        if not self.value:
            threading.Thread(target=self._compute, name="model-hash", daemon=True).start()

    def record(self, name: str) -> None:
        """Complete the model of the replies so far with the hash, once it is there."""
        if self.value and not self._is_recorded:
            self._store.record_model(str(self._path), name, self.value)
            self._is_recorded = True

    def _compute(self) -> None:
        # A file that can't be read is reported by the engine, which loads it.
        with suppress(OSError):
            self.value = sha256_of(self._path)


class Terminal:
    """Reads lines, obeys commands and sends messages."""

    def __init__(
        self,
        store: ChatStore,
        conversation: Conversation,
        model_hash: ModelHash,
        interrupts: Interrupts,
    ) -> None:
        self._store = store
        self._conversation = conversation
        self._hash = model_hash
        self._interrupts = interrupts
        self._listed: list[Chat] = []
        self._has_failed = False
        self._is_interactive = sys.stdin.isatty()
        self._commands: dict[str, Callable[[str], None]] = {
            "/again": lambda _: self._show_end(self._conversation.again()),
            "/continue": lambda _: self._show_end(self._conversation.continue_reply()),
            "/new": lambda _: self._open(None),
            "/chats": lambda _: self._list_chats(),
            "/open": self._open_listed,
            "/help": lambda _: say(HELP),
        }

    def run(self) -> int:
        """Serve lines until there are no more; 1 when a script's line failed, else 0."""
        model = self._conversation.load_model()
        say(f"{model.name} on {model.device}. /help shows the commands.")
        self._greet()
        while (line := self._read_line()) is not None and line.strip() != "/quit":
            self._attempt(lambda line=line: self._serve(line.strip()))  # type: ignore[misc]
        self._attempt(self._conversation.save_pending)
        return 1 if self._has_failed and not self._is_interactive else 0

    def _read_line(self) -> str | None:
        """Return the next line, None at the end. Ctrl-C drops what was typed."""
        while True:
            try:
                with self._interrupts.raised():
                    return input(PROMPT if self._is_interactive else "")
            except EOFError:
                return None
            except KeyboardInterrupt:
                if not self._is_interactive:
                    raise
                say("\n(/quit or Ctrl-D leaves)")

    def _attempt(self, action: Callable[[], None]) -> None:
        self._interrupts.clear()
        try:
            action()
        except UserError as error:
            self._has_failed = True
            report_trouble(error)
        except KeyboardInterrupt:
            if not self._is_interactive:
                raise
        finally:
            self._note_hash()

    def _serve(self, line: str) -> None:
        self._show_news()
        if not line:
            return
        if not line.startswith("/"):
            self._show_end(self._conversation.send(line))
            return
        word, _, rest = line.partition(" ")
        command = self._commands.get(word)
        if command is None:
            raise UserError(f"There is no command {word}.", "/help shows the commands.")
        command(rest.strip())

    def _show_end(self, reply: Message) -> None:
        """Say how the reply ended, where its text doesn't."""
        if reply.state is MessageState.FAILED and reply.problem:
            raise UserError(*reply.problem)
        report = reply.report
        if reply.state is MessageState.STOPPED:
            say("(stopped; /continue writes on)")
        elif reply.finish_reason == "max_tokens":
            say("(met the max tokens; /continue writes on)")
        elif reply.finish_reason == "context_full":
            say("(the context window is full; /continue goes on, older messages make room)")
        elif report and self._is_interactive:
            speed = decode_tokens_per_s(report)
            say(f"({report.completion_tokens} tokens, {speed:.0f} tokens/s)")

    # --- chats ---------------------------------------------------------------------------------

    def _greet(self) -> None:
        chat = self._conversation.chat
        if chat is not None:
            say(f"Going on with “{chat.title or 'Untitled'}”; /new starts another chat.")
            shown = self._conversation.news()
            if self._is_interactive:
                self._show(shown)

    def _open(self, chat: Chat | None) -> None:
        self._conversation.open(chat)
        self._conversation.load_model()
        self._show_news()

    def _open_listed(self, number: str) -> None:
        listed = self._listed or self._store.chats()
        if not number.isdecimal() or not 1 <= int(number) <= len(listed):
            raise UserError(f"There is no chat “{number}”.", "/chats shows the numbers.")
        self._open(listed[int(number) - 1])

    def _list_chats(self) -> None:
        self._listed = self._store.chats()
        current = self._conversation.chat
        for number, chat in enumerate(self._listed, start=1):
            mark = "*" if current and chat.id == current.id else " "
            print(f"{mark}{number:4}  {harmless(chat.title) or 'Untitled'}", flush=True)
        if not self._listed:
            say("There is no chat yet. Write a message.")

    def _show_news(self) -> None:
        """Show what another window or terminal has written in this chat since."""
        self._show(self._conversation.news())

    def _show(self, messages: Sequence[Message]) -> None:
        if len(messages) > SHOWN_MESSAGES:
            say(f"… {len(messages) - SHOWN_MESSAGES} earlier messages")
        for message in messages[-SHOWN_MESSAGES:]:
            text = harmless(answer_in(message.text))
            print(f"{PROMPT}{text}" if message.role == "user" else text, flush=True)
            if message.state is MessageState.INTERRUPTED:
                say("(interrupted; /continue writes on)")

    def _note_hash(self) -> None:
        conversation = self._conversation
        conversation.sha256 = self._hash.value
        if conversation.model is not None:
            # The reply is safe without it; the next attempt records it.
            with suppress(UserError):
                self._hash.record(conversation.model.name)


# Line editing and history for input(), where the platform has it.
with suppress(ImportError):
    import readline  # noqa: F401
