"""``snug --self-test``: each part of an installed Snug, tried for real, in a folder of its own.

The window's own parts are put together as ever; nothing of the person's is read or written.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from desktop.app import build_session, build_window
from desktop.controllers.session import Session
from desktop.documents.parts import Block
from desktop.documents.reader import read_document
from desktop.domain.chat import Message, MessageState
from desktop.domain.errors import UserError
from desktop.paths import Paths
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database, check
from desktop.ui.application import Application
from desktop.ui.main_window import MainWindow
from desktop.ui.transcript.code import Highlighter, Lexers
from desktop.ui.transcript.formulas import FormulaKey, FormulaSetter

PATIENCE_S: Final = 120.0
_LOOK_MS: Final = 20
_SENTENCE: Final = "The harbour of Vell opened in 1871."
_QUESTION: Final = "What is gravity? Answer in one sentence."
_REPLY_TOKENS: Final = 24
Word = Literal["ok", "FAILED", "left out"]


class CheckError(Exception):
    """A part doesn't do what it should; says which and how."""


class LeftOutError(Exception):
    """A part can't be tried in this form of Snug, which has no model in it; says why."""


@dataclass(frozen=True)
class Outcome:
    """How one check went; ``word`` is what the table says of it."""

    name: str
    word: Word
    seconds: float
    detail: str


def run() -> int:
    """Try everything, print a table, and return 0 when all of it works."""
    app = Application(sys.argv[:1])
    with TemporaryDirectory(prefix="snug-self-test-") as folder:
        outcomes = list(_outcomes(app, Path(folder)))
    width = max(len(outcome.name) for outcome in outcomes)
    for outcome in outcomes:
        line = (
            f"{outcome.name:{width}}  {outcome.word:8}  {outcome.seconds:6.2f} s  {outcome.detail}"
        )
        print(line)  # noqa: T201 - the table is what was asked for
    return 1 if any(outcome.word == "FAILED" for outcome in outcomes) else 0


def _outcomes(app: QApplication, folder: Path) -> Iterator[Outcome]:
    paths = Paths(folder)
    paths.create()
    session, _ = build_session(paths, None)
    window = build_window(app, paths, session)
    try:
        yield _tried("window", lambda: _window(window))
        yield _tried("model", lambda: _model(session))
        yield _tried("answer", lambda: _answer(session))
        yield _tried("code", _code)
        yield _tried("math", _math)
    finally:
        window.close()
        session.close()
    yield _tried("database", lambda: _database(paths))
    with resources.as_file(resources.files("resources").joinpath("samples")) as samples:
        for sample in sorted(samples.iterdir()):
            yield _tried(f"document {sample.suffix}", partial(_document, sample))


def _tried(name: str, work: Callable[[], str]) -> Outcome:
    began = time.monotonic()
    word: Word = "FAILED"
    try:
        word, detail = "ok", work()
    except LeftOutError as error:
        word, detail = "left out", str(error)
    except UserError as error:
        detail = f"{error.title} {error.hint}"
    except Exception as error:  # noqa: BLE001 - whatever breaks is what the table is for
        detail = f"{type(error).__name__}: {error}"
    return Outcome(name, word, time.monotonic() - began, detail)


def _window(window: MainWindow) -> str:
    window.show()
    window.start()
    _wait(window.windowHandle().isExposed, "the window was never shown")
    picture = window.grab().toImage()
    colours = {
        picture.pixel(x, y)
        for x in range(0, picture.width(), 7)
        for y in range(0, picture.height(), 7)
    }
    if len(colours) < 3:
        raise CheckError("the window stayed blank")
    platform = QApplication.platformName()
    return f"{picture.width()} × {picture.height()}, {len(colours)} colours, on {platform}"


def _model(session: Session) -> str:
    session.start(None)
    _wait(lambda: session.model.state.status in {"ready", "failed"}, "the model did not load")
    state = session.model.state
    if state.problem is not None and state.needs_model:
        raise LeftOutError(state.problem.title)
    if state.problem is not None:
        raise CheckError(f"{state.problem.title} {state.problem.hint}")
    return f"{state.name} on {state.info.device if state.info else 'nothing'}"


def _answer(session: Session) -> str:
    session.settings.set_value("max_tokens", _REPLY_TOKENS)
    session.chat.send(_QUESTION)
    _wait(lambda: len(session.chat.path) == 2 and not session.chat.busy, "there was no answer")
    reply: Message = session.chat.path[-1]
    if session.model.state.needs_model and reply.state is MessageState.FAILED:
        raise LeftOutError("The question is kept; nothing can answer it.")
    if reply.state is not MessageState.COMPLETE or not reply.text.strip():
        raise CheckError(f"the reply ended as {reply.state}: {reply.text!r}")
    return " ".join(reply.text.split())[:60]


def _database(paths: Paths) -> str:
    """Look at what the answer's check wrote, through a connection of its own."""
    with Database.open(paths.database) as database:
        store = ChatStore(database)
        [chat] = store.chats()
        messages = store.path(chat.id)
    if [message.text for message in messages][:1] != [_QUESTION]:
        raise CheckError("the question is not in the database")
    verdict = check(paths.database)
    if verdict != "ok":
        raise CheckError(verdict)
    return f"{len(messages)} messages, sound"


def _code() -> str:
    lexers = Lexers()
    lexers.get("python")
    _wait(lambda: lexers.get("python") is not None, "the lexer was never loaded")
    highlighter = Highlighter(lexers)
    code = ("python", "def f(x):\n    return x + 1\n", 0, 2)
    _wait(lambda: not highlighter.highlight(*code)[1], "code was never coloured")
    lines, _ = highlighter.highlight(*code)
    roles = {role for line in lines for _, role in line if role}
    if len(roles) < 3:
        raise CheckError("code has no colours")
    return f"{len(lines)} lines, {len(roles)} roles"


def _math() -> str:
    key = FormulaKey(r"\frac{a}{b^2}", 16, "#000000", display=True)
    setter = FormulaSetter()
    try:
        setter.get(key)
        _wait(lambda: not setter.is_pending(key), "the formula was never drawn")
        drawing = setter.get(key)
    finally:
        setter.close()
    if drawing is None:
        raise CheckError("the formula can't be drawn")
    return f"{drawing.width:.0f} × {drawing.height:.0f}"


def _document(sample: Path) -> str:
    blocks = [part.text for part in read_document(sample) if isinstance(part, Block)]
    if not any(_SENTENCE in text for text in blocks):
        raise CheckError("its text is not what it should be")
    return f"{len(blocks)} blocks"


def _wait(is_done: Callable[[], bool], otherwise: str) -> None:
    """Let the window live until it is done. Raises CheckError when that takes too long."""
    with _looking(is_done) as loop:
        if not is_done():
            loop.exec()
    if not is_done():
        raise CheckError(f"{otherwise} within {PATIENCE_S:.0f} s")


@contextmanager
def _looking(is_done: Callable[[], bool]) -> Iterator[QEventLoop]:
    loop = QEventLoop()
    look = QTimer(interval=_LOOK_MS)
    look.timeout.connect(lambda: loop.quit() if is_done() else None)
    limit = QTimer(interval=round(PATIENCE_S * 1000), singleShot=True)
    limit.timeout.connect(loop.quit)
    look.start()
    limit.start()
    try:
        yield loop
    finally:
        look.stop()
        limit.stop()
