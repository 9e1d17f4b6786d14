"""Thoughts that fold, code that runs on, tables for spreadsheets."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from desktop.domain.chat import MessageState
from desktop.ui.transcript.block_buttons import BlockPlace, Button, button_rect, frame_of
from desktop.ui.transcript.blocks import BlockKind
from desktop.ui.transcript.looks import thought_of, thought_words
from desktop.ui.transcript.rendering import CODE_HEADER
from desktop.ui.transcript.splitter import BlockSplitter
from desktop.ui.transcript.table_text import as_csv
from desktop.ui.transcript.view import TranscriptView
from models.records import Report
from tests.gui.transcript.conftest import Show, reply, user

THOUGHT = "<think>\nTwo and two.\n\nThat is easy.\n</think>\n\n"
LONG = "<think>\n" + "\n\n".join(["I think of it *again*. " * 20] * 30) + "\n</think>\n\nFour."
TABLE = "| A | B |\n|---|---|\n| =1+1 | **2** |\n| a \\| b | [c](http://d) |\n| -5 | @x |"


def words(view: TranscriptView) -> str:
    row = view._layout.row(1)
    first = thought_of(row.blocks)
    assert first is not None
    return thought_words(row.message, first, row.looks)


def press(view: TranscriptView, index: int, button: Button) -> None:
    row = view._layout.row(1)
    centre = button_rect(button, frame_of(row, index)).center()
    top = view._layout.row_top(1) - view.verticalScrollBar().value()
    place = (centre + QPointF(view.column.left(), top)).toPoint()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


@pytest.mark.parametrize("size", [1, 7, 100_000])
@pytest.mark.parametrize("text", [THOUGHT + "# Four\n\nMore.", LONG, "<think>\n\n</think>\n\nHi"])
def test_a_growing_thought_is_split_as_a_whole_one_is(text: str, size: int) -> None:
    grown = BlockSplitter()
    for start in range(0, len(text), size):
        grown.append(text[start : start + size])
    grown.finish()
    whole = BlockSplitter(text)
    whole.finish()
    assert grown.blocks == whole.blocks
    thoughts = [block for block in whole.blocks if block.kind is BlockKind.THOUGHT]
    assert all(block.closed and "think>" not in block.source for block in thoughts)
    assert [block.part for block in thoughts] == list(range(len(thoughts)))


def test_a_thought_is_folded_and_opens_at_a_click(show: Show) -> None:
    report = Report(thought_tokens=340, thought_s=12.2)
    view = show(user(1), reply(2, THOUGHT + "Four.", report=report))
    row = view._layout.row(1)
    assert row.is_folded
    assert words(view) == "Thought for 12 s \u00b7 340 tokens"
    before = view._layout.row_height(1)
    press(view, 0, Button.FOLD)
    assert view._layout.row_height(1) > before + 2 * row.style.line_height
    press(view, 0, Button.FOLD)
    assert view._layout.row_height(1) == before


def test_a_thought_is_open_while_it_is_written(show: Show) -> None:
    view = show(user(1), reply(2, "<think>\nTwo", state=MessageState.STREAMING))
    model = view.transcript()
    assert not view._layout.row(1).is_folded
    assert words(view) == "Thinking\u2026"
    model.append_text(2, " and two.\n</think>\n\nFour")
    view._on_frame_due({2})
    assert view._layout.row(1).is_folded
    view.note_thought(2, 5, 90.4)
    assert words(view) == "Thought for 1 min 30 s \u00b7 5 tokens"
    ended = reply(2, "<think>\nTwo and two.\n</think>\n\nFour.")
    model.replace(msgspec.structs.replace(ended, report=Report(thought_tokens=6, thought_s=0.2)))
    assert words(view) == "Thought for less than a second \u00b7 6 tokens"


def test_a_thought_that_was_opened_stays_open_when_the_reply_ends(show: Show) -> None:
    text = "<think>\nTwo and two.\n</think>\n\nFour"
    view = show(user(1), reply(2, text, state=MessageState.STREAMING))
    press(view, 0, Button.FOLD)
    view.transcript().replace(reply(2, f"{text}."))
    assert not view._layout.row(1).is_folded


def test_folded_text_is_neither_copied_nor_read_aloud(show: Show) -> None:
    view = show(user(1), reply(2, THOUGHT + "Four."))
    view.selectAll()
    view._reader.select_row(1)
    assert view._reader.selection.text(view._layout).strip() == "Four."
    view.commands._copy_message(2)
    assert QGuiApplication.clipboard().text() == "Four."
    index = view.transcript().index(1)
    assert "easy" not in str(index.data(Qt.ItemDataRole.AccessibleTextRole))


def test_what_is_found_in_a_thought_is_shown(show: Show) -> None:
    view = show(user(1), reply(2, THOUGHT + "Four."))
    view.show_found(["easy"])
    view.go_to_match(2, 0)
    assert not view._layout.row(1).is_folded
    assert view._layout.row(1).is_measured(0)


def test_long_lines_run_on_and_scroll_aside(show: Show) -> None:
    code = "x = '" + "word " * 80 + "'"
    view = show(user(1), reply(2, f"```python\n{code}\n```\n\nText."))
    row = view._layout.row(1)
    wrapped = row.block_rect(0).height()
    press(view, 0, Button.WRAP)
    assert row.block_rect(0).height() < wrapped
    assert row.scroll_code(0, 100)
    assert row.scrolled_by(0) == 100
    row.scroll_code(0, 1_000_000)
    beyond = row.rendered(0).ideal_width() - row.width
    assert 0 <= row.scrolled_by(0) - beyond < 40
    line = row.block_top(0) + CODE_HEADER + 4
    corner = QPoint(int(row.block_rect(0).right()) - 40, view._layout.row_top(1) + line)
    found = view._reader.hits.text_at(corner)
    assert found is not None
    assert found.position > len(code) - 20
    press(view, 0, Button.WRAP)
    assert row.block_rect(0).height() == wrapped
    assert not row.scroll_code(0, 100)


def test_code_is_offered_as_a_file(show: Show) -> None:
    view = show(user(1), reply(2, "```\nplain text\n```"))
    offered: list[tuple[str, str]] = []
    view.code_save_requested.connect(lambda code, name: offered.append((code, name)))
    press(view, 0, Button.SAVE)
    assert offered == [("plain text\n", "code.txt")]


def test_a_table_is_copied_for_a_spreadsheet_in_which_nothing_runs(show: Show) -> None:
    rows = "\n".join(f"| {number} | x |" for number in range(100))
    view = show(user(1), reply(2, f"{TABLE}\n{rows}\n\nText."))
    view._reader.blocks.run(BlockPlace(1, 0, Button.CSV))
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[:4] == ["A,B", "'=1+1,2", "a | b,c", "-5,'@x"]
    assert len(lines) == 104
    assert lines[-1] == "99,x"


def test_cells_that_are_missing_or_too_many_do_no_harm() -> None:
    assert as_csv(["A|B", "1", "1|2|3", '"q"|x,y']) == 'A,B\r\n1,\r\n1,2\r\n"""q""","x,y"\r\n'
