from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from desktop.cli.ask import MAX_INPUT_BYTES
from models.library.embedded import embedded_model

TwoLines = Callable[[subprocess.CompletedProcess[str]], tuple[str, str]]

# The likeliest way on from here is to count, and it has no end.
COUNTING = (
    *("--raw", ", ".join(str(number) for number in range(1, 17)) + ","),
    *("--max-tokens", "4000", "--temperature", "0", "--repeat-penalty", "1"),
)

JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "model": str,
    "device": str,
    "prompt_tokens": int,
    "prefilled_tokens": int,
    "completion_tokens": int,
    "token_ids": list,
    "finish_reason": str,
    "load_s": float,
    "first_token_s": float,
    "prefill_tokens_per_s": float,
    "decode_tokens_per_s": float,
}


def ask_json(snug: Any, *arguments: str, stdin: bytes = b"") -> dict[str, Any]:
    done = snug("ask", "--json", *arguments, stdin=stdin)
    assert (done.returncode, done.stderr) == (0, "")
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def test_a_reply_comes_on_standard_output_alone(snug: Any) -> None:
    done = snug("ask", "What is gravity?", "--max-tokens", "8", "--temperature", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Gravity")
    assert done.stdout.endswith("\n")


def test_json_tells_all_about_the_reply(snug: Any) -> None:
    flags = ("--max-tokens", "6", "--temperature", "0", "--gpu-layers", "0")
    record = ask_json(snug, "What is gravity?", *flags)
    for name, kind in JSON_TYPES.items():
        assert isinstance(record[name], kind), name
    assert record["finish_reason"] == "max_tokens"
    assert record["completion_tokens"] == len(record["token_ids"]) == 6
    assert record["prefilled_tokens"] == record["prompt_tokens"] > 6
    assert record["decode_tokens_per_s"] > 0
    assert record["account"][0].startswith(f"All {record['layers']} layers run on the CPU")
    (host,) = record["memory"]
    assert host["weights_bytes"] > 90_000_000


def test_a_seed_gives_the_same_reply_again(snug: Any) -> None:
    flags = ("Tell me a story.", "--seed", "11", "--max-tokens", "12")
    first, second = ask_json(snug, *flags), ask_json(snug, *flags)
    assert first["token_ids"] == second["token_ids"]
    assert first["repeatable"]
    assert first["seed"] == 11


def test_every_setting_reaches_the_engine(snug: Any) -> None:
    flags = "--context-size 512 --top-k 1 --top-p 0.9 --min-p 0.1 --repeat-penalty 1.2 --threads 1"
    record = ask_json(
        snug, "Name a colour.", "--max-tokens", "40", "--stop", "e", "--stop", "a", *flags.split()
    )
    assert record["context_size"] == 512
    assert record["finish_reason"] == "stop_string"
    assert "e" not in record["text"]
    assert "a" not in record["text"]


def test_raw_leaves_the_chat_template_out(snug: Any) -> None:
    flags = ("--max-tokens", "3", "--temperature", "0", "The capital of France is")
    raw, chat = ask_json(snug, "--raw", *flags), ask_json(snug, *flags)
    assert raw["prompt_tokens"] < chat["prompt_tokens"]
    assert raw["text"].startswith(" Paris")


def test_a_system_prompt_is_read(snug: Any) -> None:
    flags = ("Hello", "--max-tokens", "1")
    short = ask_json(snug, *flags, "--system", "Hi.")
    long = ask_json(snug, *flags, "--system", "You are a pirate. " * 20)
    assert long["prompt_tokens"] > short["prompt_tokens"] + 60


def test_standard_input_is_a_part_of_the_question(snug: Any) -> None:
    without = ask_json(snug, "Summarize:", "--max-tokens", "1")
    record = ask_json(
        snug, "Summarize:", "-", "--max-tokens", "1", stdin=b"apples and pears " * 20 + b"\xff"
    )
    assert record["prompt_tokens"] > without["prompt_tokens"] + 40


def test_too_much_standard_input_is_refused(snug: Any, two_lines: TwoLines) -> None:
    done = snug("ask", "-", stdin=b"x" * (MAX_INPUT_BYTES + 1))
    assert done.returncode == 1
    assert "4 MiB" in two_lines(done)[0]


def test_a_prompt_longer_than_the_context_is_refused(snug: Any, two_lines: TwoLines) -> None:
    done = snug("ask", "-", "--context-size", "256", stdin=b"apples and pears " * 200)
    assert (done.returncode, done.stdout) == (1, "")
    assert "256" in two_lines(done)[0] + two_lines(done)[1]


def test_a_model_is_found_by_name_and_by_path(snug: Any, tmp_path: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.symlink_to(embedded_model())
    by_name = ask_json(snug, "Hi", "--max-tokens", "1", "--model", "smollm2")
    by_path = ask_json(snug, "Hi", "--max-tokens", "1", "--model", str(copy))
    assert by_name["model_path"] == str(embedded_model())
    assert by_path["model_path"] == str(copy)


@pytest.mark.parametrize("kind", ["missing", "empty", "random", "truncated", "folder"])
def test_a_model_that_is_none_is_refused(
    snug: Any, tmp_path: Path, two_lines: TwoLines, kind: str
) -> None:
    path = tmp_path / "model.gguf"
    if kind == "folder":
        path.mkdir()
    elif kind == "truncated":
        with embedded_model().open("rb") as whole:
            path.write_bytes(whole.read(2_000_000))
    elif kind != "missing":
        path.write_bytes(b"" if kind == "empty" else bytes(range(256)) * 64)
    done = snug("ask", "Hi", "--model", str(path))
    assert (done.returncode, done.stdout) == (1, "")
    two_lines(done)


def test_ctrl_c_ends_a_reply_cleanly(snug: Any) -> None:
    with snug.start("ask", *COUNTING) as process:
        first = process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    # A reply may begin with a line's end, and be all of it.
    assert (first + out).endswith(b"\n")
    assert err == b""


def test_a_reader_that_leaves_early_is_no_trouble(snug: Any) -> None:
    with snug.start("ask", *COUNTING) as process:
        assert process.stdout.read(1)
        process.stdout.close()
        process.wait(timeout=30)
        assert process.stderr.read() == b""


def test_a_broken_settings_file_is_told_and_got_over(snug: Any) -> None:
    (snug.basedir / "config").mkdir(parents=True)
    (snug.basedir / "config" / "settings.json").write_text("{")
    done = snug("ask", "Hi", "--max-tokens", "1")
    assert done.returncode == 0
    assert "settings.json.broken-" in done.stderr


@pytest.mark.parametrize("command", [("ask", "Hi", "--max-tokens", "1"), ("chat",), ("doctor",)])
def test_no_command_loads_the_windows_toolkit_or_the_engine(
    snug: Any, command: tuple[str, ...]
) -> None:
    done = snug(*command, python=("-X", "importtime"))
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "desktop.cli.session" in imported
    loaded = {name.partition(".")[0] for name in imported}
    assert not loaded & {"PySide6", "shiboken6", "llama_cpp"}
