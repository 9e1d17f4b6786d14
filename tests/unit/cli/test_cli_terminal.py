from __future__ import annotations

import io
import os
import signal

import pytest

from desktop.cli.interrupts import PATIENCE, Interrupts
from desktop.cli.terminal import ReplyPrinter, harmless, report_trouble
from desktop.domain.errors import UserError


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, Größe, 漢字 🙂\n\tend", "plain, Größe, 漢字 🙂\n\tend"),
        ("\x1b[2J\x1b]0;title\x07", "␛[2J␛]0;title␇"),
        ("a\r\nb\rc", "a\nbc"),
        ("\x9b31mred\x85", "�31mred�"),
        ("\x00\x08\x7f", "␀␈␡"),
    ],
)
def test_a_terminal_is_shown_no_control_sequences(text: str, shown: str) -> None:
    screen = Screen()
    ReplyPrinter(screen).write(text)
    assert screen.getvalue() == shown == harmless(text)


def test_a_pipe_gets_the_reply_as_it_is_and_a_last_line_end() -> None:
    pipe = io.StringIO()
    printer = ReplyPrinter(pipe)
    printer.write("\x1b[1mbold")
    printer.write("")
    printer.end()
    printer.end()
    assert pipe.getvalue() == "\x1b[1mbold\n"


def test_a_thought_is_no_part_of_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    pipe = io.StringIO()
    printer = ReplyPrinter(pipe)
    for piece in ("<thi", "nk>\nWell", ".\n</think>", "\n\nYes", "."):
        printer.add(piece)
    printer.end()
    assert pipe.getvalue() == "Yes.\n"
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_a_thought_dim_beside_the_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe, screen = io.StringIO(), Screen()
    monkeypatch.setattr("sys.stderr", screen)
    printer = ReplyPrinter(pipe)
    printer.add("<think>\nWell\x1b[2J.\n</think>\n\nYes.")
    printer.end()
    assert pipe.getvalue() == "Yes.\n"
    assert screen.getvalue() == "\x1b[2mWell␛[2J.\x1b[0m\n\n"


def test_trouble_is_a_line_each_whatever_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    report_trouble(UserError("Two\nlines \x1b[1m", "Do\n\nthis"))
    assert capsys.readouterr().err == "snug: Two lines ␛[1m\nsnug: Do this\n"


def press_ctrl_c() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(os.name == "nt", reason="a process can't press Ctrl-C for itself there")
def test_ctrl_c_is_counted_and_raised_where_it_is_wanted() -> None:
    with Interrupts() as interrupts:
        press_ctrl_c()
        assert interrupts.count == 1
        with pytest.raises(KeyboardInterrupt), interrupts.raised():
            press_ctrl_c()
        interrupts.clear()
        for _ in range(PATIENCE - 1):
            press_ctrl_c()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c()
    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c()
