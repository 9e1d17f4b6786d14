"""Summaries of documents longer than the window, by the real model, through cuts and restarts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.document_factory import write_pdf
from tests.e2e.job_answers import wait_for_answers

PAGES = 14
CONTEXT_SIZE = 768
TOPICS = ("harbour", "lighthouse", "storm", "railway", "market", "school", "mill", "bridge")


def page(number: int) -> list[str]:
    topic = TOPICS[number % len(TOPICS)]
    return [
        f"The {topic} number {number} was built in {1800 + number} by Ada Moor. It has "
        f"{number + 3} gates and {2 * number + 1} windows. People came to see it every week. " * 2
    ]


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "town.pdf", [page(number) for number in range(PAGES)])


def command(base: Path, *words: str) -> list[str]:
    start = [sys.executable, "-m", "desktop", "--basedir", str(base), "summarize", "--json"]
    return [*start, "--length", "paragraph", "--context-size", str(CONTEXT_SIZE), *words]


def run(base: Path, *words: str) -> tuple[list[dict[str, Any]], subprocess.CompletedProcess[str]]:
    done = subprocess.run(
        command(base, *words), check=False, capture_output=True, text=True, timeout=170
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done


def test_every_section_is_read_once_and_the_account_adds_up(tmp_path: Path, document: Path) -> None:
    [report], done = run(tmp_path / "base", str(document))
    assert done.returncode == 0, done.stderr
    sections = report["sections"]
    assert len(sections) > 2
    assert [section["index"] for section in sections] == list(range(len(sections)))
    assert {page for section in sections for page in section["pages"]} == set(range(1, PAGES + 1))
    assert all(section["status"] == "done" for section in sections)
    assert all(section["tokens_in"] + section["tokens_out"] <= CONTEXT_SIZE for section in sections)
    assert report["calls"] >= len(sections) + 1
    assert report["tokens_in"] >= sum(section["tokens_in"] for section in sections)
    assert report["summary"]
    assert report["coverage"]["read"] == list(range(1, PAGES + 1))
    assert set(report["coverage"]["cited"]) <= set(range(1, PAGES + 1))
    assert report["failures"] == []
    assert "sections, about" in done.stderr


def test_a_killed_summary_goes_on_and_repeats_nothing(tmp_path: Path, document: Path) -> None:
    base = tmp_path / "base"
    database = base / "data" / "documents.db"
    process = subprocess.Popen(
        command(base, str(document)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    finished = wait_for_answers(database, 2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    [report], done = run(base, str(document))
    assert done.returncode == 0, done.stderr
    assert report["resumed"] >= finished
    assert all(section["status"] == "done" for section in report["sections"])


def test_it_is_written_as_markdown_by_prompts_of_ones_own(tmp_path: Path, document: Path) -> None:
    prompts = tmp_path / "own.toml"
    prompts.write_text('section = "List the buildings of {title} in this text."\n')
    output = tmp_path / "summary.md"
    words = ["--prompts", str(prompts), "-o", str(output), str(document)]
    start = [part for part in command(tmp_path / "base") if part != "--json"]
    done = subprocess.run(
        [*start, *words], check=False, capture_output=True, text=True, timeout=170
    )
    assert done.returncode == 0, done.stderr
    text = output.read_text(encoding="utf-8")
    assert text.startswith("# town.pdf\n")
    assert "(page" in text
    assert f"Pages that went in: 1–{PAGES} of {PAGES}." in text
    assert "tokens, about" in done.stderr
    prompts.write_text("section = 3")
    refused = subprocess.run(
        [*start, *words], check=False, capture_output=True, text=True, timeout=60
    )
    assert refused.returncode == 2
    assert "aren't texts" in refused.stderr
