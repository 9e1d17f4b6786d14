from __future__ import annotations

import pytest

from models.post_mortem import describe_death, oom_kills

ASSERTION = "/src/llama-context.cpp:1234: GGML_ASSERT(n_tokens <= n_batch) failed"
TRACEBACK = """Traceback (most recent call last):
  File "worker.py", line 1, in <module>
ModuleNotFoundError: No module named 'llama_cpp'
"""


@pytest.mark.parametrize(
    ("exit_code", "word"),
    [
        (-9, "SIGKILL"),
        (-11, "SIGSEGV"),
        (-7, "SIGBUS"),
        (-4, "SIGILL"),
        (-15, "SIGTERM"),
        (-1, "SIGHUP"),
        (-63, "signal 63"),
        (5, "status 5"),
        (0xC0000005, "SIGSEGV"),
    ],
)
def test_a_death_is_told_with_its_cause_and_a_remedy(exit_code: int, word: str) -> None:
    problem = describe_death(exit_code, "", started=True)
    assert problem.code == "engine_died"
    assert word in problem.title
    assert problem.hint


def test_the_assertion_that_failed_is_in_the_detail() -> None:
    log = f"loading\n{ASSERTION}\nsome addresses\n"
    assert describe_death(-6, log, started=True).detail == ASSERTION


def test_a_process_that_never_came_up_failed_to_start() -> None:
    problem = describe_death(1, TRACEBACK, started=False)
    assert problem.code == "engine_start_failed"
    assert problem.detail == "ModuleNotFoundError: No module named 'llama_cpp'"


def test_a_kill_for_memory_is_told_as_such() -> None:
    problem = describe_death(-9, "", started=True, out_of_memory=True)
    assert "out of memory" in problem.title
    assert "smaller model" in problem.hint


def test_kills_for_memory_can_be_counted_anywhere() -> None:
    assert oom_kills() >= 0
