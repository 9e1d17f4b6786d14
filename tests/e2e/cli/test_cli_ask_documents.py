"""Questions to documents in the terminal, answered by the real model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.document_factory import write_pdf
from tests.embedding_model import embedding_model

PAGES = (
    "The harbour of Vell opened in 1871. It held forty ships at low tide.",
    "Ada Moor kept the lighthouse. She wrote a log for thirty years.",
    "On 3 March 1903 the eastern wall broke. Nobody was lost.",
)
FEW_TOKENS = ("--max-tokens", "12", "--temperature", "0")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "town.pdf", [[page] for page in PAGES])


@pytest.fixture
def book(tmp_path: Path) -> Path:
    lines = [f"Page {number} lists the ships of year {number} by name." * 8 for number in range(40)]
    lines[17] = "The password of the cellar is Periwinkle."
    return write_pdf(tmp_path / "book.pdf", [[line] for line in lines])


def ask(snug: Any, *arguments: str) -> tuple[dict[str, Any], str]:
    done = snug("ask", "--json", *FEW_TOKENS, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_a_short_document_goes_in_whole_and_that_is_said(snug: Any, town: Path) -> None:
    record, told = ask(snug, "--document", str(town), "Who kept the lighthouse?")
    assert told == "Read whole: town.pdf.\n"
    assert record["documents"]["whole"] == ["town.pdf"]
    assert record["documents"]["nothing_fits"] is False
    assert [source["page"] for source in record["sources"]] == [1, 2, 3]
    assert record["prompt_tokens"] > record["documents"]["tokens"] > 40
    done = snug("ask", *FEW_TOKENS, "--raw", "--document", str(town), "Who?")
    assert done.returncode == 2


def test_a_collection_is_searched_and_answers_with_pages(
    snug: Any, town: Path, book: Path, two_lines: Any
) -> None:
    window = ("--context-size", "1024", "--collection", "Archive")
    question = "What is the password of the cellar?"
    record, told = ask(
        snug, *window, "--document", str(town), "--document", str(book), question
    )  # fmt: skip
    assert "book.pdf" in told
    found = [source for source in record["sources"] if source["found"]]
    assert (found[0]["name"], found[0]["page"]) == ("book.pdf", 18)
    assert found[0]["text"] == "The password of the cellar is Periwinkle."
    done = snug("ask", *FEW_TOKENS, *window, question)
    reply, _, sources = done.stdout.partition("\nSources:\n")
    assert reply.strip()
    assert "book.pdf · page 18: The password of the cellar is Periwinkle." in sources
    record, told = ask(snug, *window, "Which vitamins does a kiwi contain?")
    assert record["documents"]["nothing_fits"]
    assert "Nothing in book.pdf fits this question." in told
    cause, remedy = two_lines(snug("ask", "--collection", "Attic", "Who?"))
    assert "Attic" in cause
    assert "Archive" in remedy


def test_an_embedding_model_of_the_library_finds_what_is_said_otherwise(
    snug: Any, book: Path, tmp_path: Path
) -> None:
    model = embedding_model()
    question = "Which secret word opens the basement?"
    window = ("--context-size", "1024", "--document", str(book), question)
    words, _ = ask(snug, "--embedding-model", "none", *window)
    assert words["documents"]["nothing_fits"] is True
    named, _ = ask(snug, "--embedding-model", str(model), *window)
    folder = tmp_path / "snug" / "data" / "models"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / model.name).symlink_to(model)
    found, _ = ask(snug, *window)
    for record in (named, found):
        assert 18 in [source["page"] for source in record["sources"] if source["found"]]
