from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QTextCursor
from pytestqt.qtbot import QtBot

from desktop.ui.tokens import DARK, LIGHT, Palette
from desktop.ui.transcript.blocks import Block, BlockKind
from desktop.ui.transcript.code import CodeLines, Highlighter, Lexers
from desktop.ui.transcript.formulas import FormulaSetter
from desktop.ui.transcript.rendering import CACHE_SIZE, BlockRenderer, Piece, RenderedBlock
from desktop.ui.transcript.style import TranscriptStyle


@pytest.fixture
def renderer(qtbot: QtBot) -> Iterator[BlockRenderer]:
    formulas = FormulaSetter()
    yield BlockRenderer(TranscriptStyle(LIGHT), formulas, Lexers())
    formulas.close()


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_code_and_selections_can_be_read(palette: Palette) -> None:
    for colour in (
        palette.text,
        palette.code_keyword,
        palette.code_string,
        palette.code_comment,
        palette.code_number,
        palette.code_name,
        palette.good,
        palette.danger,
    ):
        assert contrast(colour, palette.panel) >= 4.5
    assert contrast(palette.text, palette.selection) >= 4.5


def test_what_was_rendered_is_kept_and_bounded(renderer: BlockRenderer) -> None:
    first = Piece(Block(BlockKind.TEXT, "first", 0))
    rendered = renderer.render(first, 600)
    assert renderer.render(first, 600) is rendered
    for number in range(CACHE_SIZE):
        renderer.render(Piece(Block(BlockKind.TEXT, f"text {number}", 0)), 600)
    assert not renderer.is_cached(first)
    assert renderer.is_cached(Piece(Block(BlockKind.TEXT, "text 5", 0)))


def test_a_narrower_block_is_higher(renderer: BlockRenderer) -> None:
    piece = Piece(Block(BlockKind.TEXT, "word " * 80, 0))
    wide = renderer.render(piece, 700).height
    assert renderer.render(piece, 300).height > wide


def colours_of(block: RenderedBlock) -> dict[str, str]:
    text = block.document.toPlainText()
    cursor = QTextCursor(block.document)
    colours: dict[str, str] = {}
    for position, letter in enumerate(text):
        cursor.setPosition(position + 1)
        name = cursor.charFormat().foreground().color().name().upper()
        colours[name] = colours.get(name, "") + letter
    return colours


def test_code_gets_its_colours_once_the_lexer_is_there(
    qtbot: QtBot, renderer: BlockRenderer
) -> None:
    code = "def f():\n    return 'text'  # why\n"
    piece = Piece(Block(BlockKind.CODE, code, 0, info="python"), code)
    assert set(colours_of(renderer.render(piece, 600))) == {LIGHT.text}
    with qtbot.waitSignal(renderer.changed):
        pass
    colours = colours_of(renderer.render(piece, 600))
    assert "def" in colours[LIGHT.code_keyword]
    assert "text" in colours[LIGHT.code_string]
    assert "# why" in colours[LIGHT.code_comment]


def test_a_later_part_of_a_fence_knows_what_began_before_it(qtbot: QtBot) -> None:
    lexers = Lexers()
    with qtbot.waitSignal(lexers.loaded):
        lexers.get("python")
    fence = 'x = """\n' + "in a string\n" * 60 + '"""\n'
    lines, unready = Highlighter(lexers).highlight("python", fence, 30, 2)
    assert not unready
    assert lines == [[("in a string", "code_string")]] * 2


def test_long_fences_are_coloured_in_slices(qtbot: QtBot) -> None:
    lexers = Lexers()
    with qtbot.waitSignal(lexers.loaded):
        lexers.get("python")
    lexer = lexers.get("python")
    assert lexer is not None
    lines = CodeLines("x = 1\n" * 3000, lexer)
    slices = 1
    while not lines.advance(3000, seconds=0.0):
        slices += 1
    assert slices > 10
    assert [text for text, _ in lines.lines(2999, 1)[0]] == ["x", " ", "=", " ", "1"]


def test_minified_code_and_unknown_languages_stay_plain(qtbot: QtBot) -> None:
    lexers = Lexers()
    with qtbot.waitSignal(lexers.loaded):
        lexers.get("no such language")
    assert lexers.get("no such language") is None
    with qtbot.waitSignal(lexers.loaded):
        lexers.get("json")
    assert Highlighter(lexers).highlight("json", "[1]," * 900, 0, 1) == ([], False)


def test_later_parts_of_a_table_keep_the_columns_of_the_first(renderer: BlockRenderer) -> None:
    head = "| name | value |\n|---|---:|"
    first = Block(BlockKind.TABLE, "| a rather long name | 1 |", 0, info=head)
    later = Block(BlockKind.TABLE, "| b | 2 |", 50, info=head, part=1)
    top = renderer.render(Piece(first, last=False), 600)
    below = renderer.render(Piece(later, first.source), 600)
    assert top.ideal_width() == below.ideal_width()
    assert "name" not in below.document.toPlainText()
    assert below.plain_text() == "| b | 2 |"
    assert top.plain_text() == f"{head}\n| a rather long name | 1 |"


def test_a_wide_table_stays_within_the_column(renderer: BlockRenderer) -> None:
    cells = " | ".join(["a cell with rather many words in it"] * 6)
    head = f"| {cells} |\n|{'---|' * 6}"
    table = renderer.render(Piece(Block(BlockKind.TABLE, f"| {cells} |", 0, info=head)), 600)
    assert table.document.size().width() <= 600
