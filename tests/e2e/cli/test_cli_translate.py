"""``snug translate`` with the real model, which is too small to translate well: and says so."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import docx
import pytest
from markdown_it import MarkdownIt

from tests.document_factory import write_docx, write_pdf
from tests.e2e.cli.conftest import Snug, two_lines
from tests.e2e.job_answers import wait_for_answers
from tests.model_factory import SMALL, write_model

TEXT = """# The harbour

Ada Moor kept the lamp.

- Bring oil.

| Ship | Year |
|------|------|
| Bell | 1880 |

```
tide = 4.2  # metres
```
"""
SIZE = ("--context-size", "1024")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    path = tmp_path / "town.md"
    path.write_text(TEXT)
    return path


def report_of(output: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(output)
    return report


def test_every_segment_is_there_once_and_none_is_called_a_translation_that_is_none(
    snug: Snug, town: Path
) -> None:
    done = snug("translate", str(town), "--to", "de", "--json", *SIZE)
    report = report_of(done.stdout)
    segments = report["segments"]
    assert [each["source"] for each in segments] == [
        "The harbour", "Ada Moor kept the lamp.", "Bring oil.", "Ship", "Year", "Bell", "1880",
        "tide = 4.2  # metres",
    ]  # fmt: skip
    assert report["language"] == "German"
    assert [each["state"] for each in segments[-2:]] == ["kept", "kept"]
    assert report["calls"] >= 6
    for each in segments[:6]:
        told = {mark["kind"] for mark in each["marks"]}
        assert each["state"] in {"done", "failed"}
        if each["translation"] == each["source"]:
            assert told & {"copied", "same"}
        if each["state"] == "failed":
            assert told == {"failed"}
    verdict = report["verdict"]
    assert verdict["marked"] == sum(bool(each["marks"]) for each in segments)
    assert done.returncode == (1 if verdict["failed"] else 0)
    if verdict["warning"]:
        assert "a larger one may" in done.stderr


def test_the_file_has_the_structure_of_its_source(snug: Snug, town: Path, tmp_path: Path) -> None:
    output = tmp_path / "town.de.docx"
    done = snug("translate", str(town), "--to", "German", "-o", str(output), *SIZE)
    assert "Traceback" not in done.stderr
    made = docx.Document(str(output))
    styles = [paragraph.style.name for paragraph in made.paragraphs if paragraph.text]
    assert styles == ["Heading 1", "Normal", "List Bullet", "Code"]
    [code] = [paragraph for paragraph in made.paragraphs if paragraph.style.name == "Code"]
    assert code.text == "tide = 4.2  # metres"
    assert made.tables[0].rows[1].cells[1].text == "1880"


def test_a_model_of_encoder_and_decoder_serves_too(snug: Snug, town: Path, tmp_path: Path) -> None:
    model = write_model(tmp_path / "t5.gguf", SMALL["t5"])
    done = snug("translate", str(town), "--to", "German", "--json", "--model", str(model))
    report = report_of(done.stdout)
    assert report["calls"] >= 6
    assert {each["state"] for each in report["segments"]} <= {"done", "failed", "kept"}
    # Its weights are random: whatever it wrote, nothing is called a good translation of the text.
    assert all(each["marks"] for each in report["segments"] if each["source"] == "Bring oil.")


def test_a_killed_translation_goes_on_and_repeats_nothing(snug: Snug, tmp_path: Path) -> None:
    path = tmp_path / "long.md"
    path.write_text("\n\n".join(f"The ship number {n} left." for n in range(10)))
    process = snug.start("translate", str(path), "--to", "French", "--json", *SIZE)
    database = snug.basedir / "data" / "documents.db"
    finished = wait_for_answers(database, 2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = snug("translate", str(path), "--to", "French", "--json", *SIZE)
    report = report_of(done.stdout)
    assert report["resumed"] >= finished
    assert all(each["state"] != "waiting" for each in report["segments"])


def test_markdown_goes_to_standard_output_page_by_page(snug: Snug, tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "log.pdf", [["Ada kept the lamp."], ["The wall broke."]])
    done = snug("translate", str(path), "--to", "German", "--pages", "2", *SIZE)
    assert "Traceback" not in done.stderr
    assert "log.pdf: 1 segment." in done.stderr
    assert MarkdownIt().parse(done.stdout)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (("--to", "German", "--pages", "x"), "“x” is no page."),
        (("--to", "German", "--glossary", "missing.txt"), "can't be read"),
        (("--to", "German", "-o", "town.pdf"), "is not written here"),
        ((), "--to"),
    ],
)
def test_a_mistake_is_told_before_anything_is_read(
    snug: Snug, town: Path, words: tuple[str, ...], cause: str
) -> None:
    done = snug("translate", str(town), *words)
    assert done.returncode == 2
    assert cause in done.stderr
    assert not (snug.basedir / "data" / "documents.db").exists()


def test_a_source_is_never_written_over(snug: Snug, tmp_path: Path) -> None:
    path = write_docx(tmp_path / "a.docx")
    before = path.read_bytes()
    done = snug("translate", str(path), "--to", "German", "-o", str(path))
    assert done.returncode == 2
    assert "write over the document" in two_lines(done)[0]
    assert path.read_bytes() == before


def test_a_glossary_that_can_not_be_understood_names_its_line(
    snug: Snug, town: Path, tmp_path: Path
) -> None:
    glossary = tmp_path / "words.txt"
    glossary.write_text("harbour = Hafen\nlamp\n")
    done = snug("translate", str(town), "--to", "German", "--glossary", str(glossary))
    assert done.returncode == 1
    assert "Line 2 of the glossary" in two_lines(done)[0]
