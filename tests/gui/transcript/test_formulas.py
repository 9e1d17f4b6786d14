from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from desktop import __main__ as snug
from desktop.ui.tokens import LIGHT
from desktop.ui.transcript import formulas
from desktop.ui.transcript.blocks import Block, BlockKind
from desktop.ui.transcript.code import Lexers
from desktop.ui.transcript.formulas import FORMULAS_FLAG, SOURCE_LIMIT, FormulaKey, FormulaSetter
from desktop.ui.transcript.rendering import BlockRenderer, Piece
from desktop.ui.transcript.style import TranscriptStyle

PATIENCE_MS = 30_000


def key(source: str) -> FormulaKey:
    return FormulaKey(source, 16, "#112233", display=False)


@pytest.fixture
def setter(qtbot: QtBot) -> Iterator[FormulaSetter]:
    setter = FormulaSetter()
    yield setter
    setter.close()


def test_a_formula_is_drawn_and_one_that_is_none_stays_source(
    qtbot: QtBot, setter: FormulaSetter
) -> None:
    assert setter.get(key(r"\badcommand{")) is None
    assert setter.get(key(r"\frac{a}{b}")) is None
    with qtbot.waitSignal(setter.finished, timeout=PATIENCE_MS) as finished:
        pass
    assert finished.args == [key(r"\frac{a}{b}")]
    drawing = setter.get(key(r"\frac{a}{b}"))
    assert drawing is not None
    assert 0 < drawing.depth < drawing.height
    assert not setter.is_pending(key(r"\badcommand{"))


def test_a_formula_that_takes_for_ever_holds_up_no_other(
    qtbot: QtBot, setter: FormulaSetter, monkeypatch: pytest.MonkeyPatch
) -> None:
    setter.get(key("x"))
    qtbot.waitUntil(lambda: setter.get(key("x")) is not None, timeout=PATIENCE_MS)
    monkeypatch.setattr(formulas, "TIME_LIMIT_MS", 300)
    endless = key(r"\frac{" * 60 + "x" + "}{y}" * 60)
    setter.get(endless)
    with qtbot.waitSignal(setter.finished, timeout=PATIENCE_MS) as finished:
        setter.get(key("y"))
    assert finished.args == [key("y")]
    assert setter.get(endless) is None
    assert not setter.is_pending(endless)


def test_overlong_formulas_are_not_even_tried(setter: FormulaSetter) -> None:
    assert setter.get(key("x" * (SOURCE_LIMIT + 1))) is None
    assert not setter.is_pending(key("x" * (SOURCE_LIMIT + 1)))


def test_a_process_that_cannot_start_is_not_tried_again(qtbot: QtBot) -> None:
    setter = FormulaSetter(command=[sys.executable, "-c", "raise SystemExit(3)"])
    setter.get(key("x"))
    setter.get(key("y"))
    qtbot.waitUntil(lambda: not setter.is_pending(key("x")), timeout=PATIENCE_MS)
    assert setter.get(key("z")) is None
    assert not setter.is_pending(key("z"))


def test_a_message_shows_its_source_until_the_drawing_is_there(
    qtbot: QtBot, setter: FormulaSetter
) -> None:
    renderer = BlockRenderer(TranscriptStyle(LIGHT), setter, Lexers())
    piece = Piece(Block(BlockKind.TEXT, "So $E = mc^2$ it is", 0))
    assert renderer.render(piece, 600).document.toPlainText() == "So $E = mc^2$ it is"
    with qtbot.waitSignal(renderer.changed, timeout=PATIENCE_MS):
        pass
    drawn = renderer.render(piece, 600)
    assert drawn.document.toPlainText() == "So \ufffc it is"
    assert drawn.plain_text() == "So $E = mc^2$ it is"
    assert drawn.document.plain_text(0, 4) == "So $E = mc^2$"


def test_a_frozen_build_sets_formulas_by_a_flag_of_its_own(qtbot: QtBot) -> None:
    assert FORMULAS_FLAG == snug.FORMULAS_FLAG
    setter = FormulaSetter(command=[sys.executable, "-P", "-m", "desktop", FORMULAS_FLAG])
    with qtbot.waitSignal(setter.finished, timeout=PATIENCE_MS):
        setter.get(key("x"))
    setter.close()
