from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from desktop.__main__ import main
from desktop.cli.arguments import (
    Parser,
    add_model_flags,
    chosen_for_all,
    chosen_loading,
    chosen_settings,
)
from desktop.cli.ask import MAX_INPUT_BYTES, _question
from desktop.cli.terminal import UsageError
from desktop.domain.errors import UserError
from desktop.settings.schema import OPTIONS, CacheType


def settings_of(*argv: str) -> dict[str, object]:
    parser = Parser("snug test", "A test.")
    add_model_flags(parser)
    return chosen_settings(parser.parse_args(argv))


def test_every_setting_has_its_flag() -> None:
    wanted = {
        "--context-size": 512,
        "--max-tokens": 7,
        "--temperature": 0.0,
        "--top-k": 3,
        "--top-p": 0.5,
        "--min-p": 0.25,
        "--repeat-penalty": 1.5,
        "--seed": 9,
        "--system": "Be brief.",
        "--overflow": "drop",
        "--threads": 2,
    }
    argv = [part for flag, value in wanted.items() for part in (flag, str(value))]
    settings = settings_of(*argv, "--stop", "a", "--stop", "b\n")
    assert set(wanted) | {"--stop"} == {info.flag for info in OPTIONS}
    assert list(settings.values()) == [
        *list(wanted.values())[:8],
        ("a", "b\n"),
        "Be brief.",
        "drop",
        2,
    ]


def test_the_flags_of_a_load() -> None:
    parser = Parser("snug test", "A test.")
    add_model_flags(parser)
    argv = [
        "--gpu-layers",
        "9",
        "--device",
        "B",
        "--device",
        "A",
        "--split",
        "3,1",
        "--mmap",
        "off",
        "--cache-type",
        "q8_0",
    ]
    arguments = parser.parse_args([*argv, "--rpc", "10.0.0.2:50052"])
    assert chosen_loading(arguments) == {
        "gpu_layers": 9,
        "devices": ("B", "A"),
        "split": (3.0, 1.0),
        "cache_type": CacheType.Q8_0,
        "mmap": False,
    }
    assert chosen_for_all(arguments) == {"rpc_servers": ("10.0.0.2:50052",)}
    assert chosen_settings(arguments) == {}


def test_flags_that_are_not_given_leave_the_settings_alone() -> None:
    assert settings_of() == {}


@pytest.mark.parametrize(
    "argv",
    [
        ("ask", "Hi", "--temperature", "2.5"),
        ("ask", "Hi", "--temperature", "-1"),
        ("ask", "Hi", "--temperature", "nan"),
        ("ask", "Hi", "--context-size", "1000"),
        ("ask", "Hi", "--max-tokens", "0"),
        ("ask", "Hi", "--top-k", "many"),
        ("ask", "Hi", "--seed", "4294967295"),
        ("ask", "Hi", "--stop", ""),
        ("chat", "--threads", "999"),
        ("chat", "--gpu-layers", "-2"),
        ("ask", "Hi", "--mmap", "perhaps"),
        ("ask", "Hi", "--temp", "1"),
        ("ask", "Hi", "--no-such-flag"),
        ("ask", "Hi", "--raw", "--system", "Be brief."),
        ("ask",),
        ("ask", " "),
        ("doctor", "too", "much"),
        ("no-such-command",),
        ("no-such-file.gguf",),
        ("file.gguf", "ask", "Hi"),
        ("--quick", __file__),
        ("--quick", "doctor"),
        ("--basedir",),
    ],
)
def test_a_command_line_in_error_ends_with_two_lines_and_status_2(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    base = [] if argv[0] == "--basedir" else ["--basedir", str(tmp_path)]
    try:
        status: object = main([*base, *argv])
    except SystemExit as leaving:
        status = leaving.code
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert [line[:6] for line in err.splitlines()] == ["snug: ", "snug: "]


@pytest.mark.parametrize("argv", [["--help"], ["ask", "--help"], ["chat", "-h"]])
def test_help_is_success(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(argv)
    assert leaving.value.code == 0
    assert "--basedir" in capsys.readouterr().out


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("snug ")


def give_standard_input(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["What is gravity?"], "What is gravity?"),
        (["What", "is", "gravity?"], "What is gravity?"),
        (["-"], "the document"),
        (["Summarize", "this:", "-"], "Summarize this:\n\nthe document"),
        (["-", "Summarize", "it."], "the document\n\nSummarize it."),
        (["bad \udcff byte"], "bad ? byte"),
    ],
)
def test_questions_are_words_and_standard_input(
    monkeypatch: pytest.MonkeyPatch, words: list[str], text: str
) -> None:
    give_standard_input(monkeypatch, b"the document")
    assert _question(words) == text


def test_standard_input_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    give_standard_input(monkeypatch, b"x" * MAX_INPUT_BYTES)
    assert len(_question(["-"])) == MAX_INPUT_BYTES
    give_standard_input(monkeypatch, b"x" * (MAX_INPUT_BYTES + 1))
    with pytest.raises(UserError, match="MiB"):
        _question(["-"])


def test_an_empty_standard_input_is_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    give_standard_input(monkeypatch, b"\n")
    with pytest.raises(UsageError, match="empty"):
        _question(["-"])
