"""``snug extract`` with the real model: tables that hold to their columns, and lead back."""

from __future__ import annotations

import csv
import io
import json
import signal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from models.json_schema.instances import problem_of
from models.json_schema.reading import read_schema
from tests.document_factory import write_pdf
from tests.e2e.cli.conftest import Snug
from tests.e2e.job_answers import wait_for_answers

NAMES = ("Aurora", "Vega", "Lyra", "Hydra", "Corvus", "Draco")
COLUMNS = ("-c", "Ship", "-c", "Built:integer:the year it was built", "-c", "Captain")


def page(number: int) -> list[str]:
    name = NAMES[number % len(NAMES)]
    return [
        f"The ship {name} was built in {1880 + number}. Its captain was Ada Moor.",
        "It rained for a week, and nobody came to the market. The wall by the harbour was wet. "
        * 5,
    ]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "log.pdf", [page(number) for number in range(4)])


def test_a_table_comes_out_whole_valid_and_with_its_places(
    snug: Snug, log: Path, tmp_path: Path
) -> None:
    output = tmp_path / "ships.xlsx"
    done = snug(
        "extract",
        str(log),
        *COLUMNS,
        "--json",
        "--all",
        "-o",
        str(output),
        "--context-size",
        "1024",
    )
    assert done.returncode == 0, done.stderr
    account: dict[str, Any] = json.loads(done.stdout)
    sections = account["sections"]
    assert len(sections) > 1
    assert [section["index"] for section in sections] == list(range(len(sections)))
    assert {page for section in sections for page in section["pages"]} == set(range(1, 5))
    assert all(section["status"] in {"done", "incomplete"} for section in sections)
    assert account["rows"]
    schemas = [read_schema(column["schema"]) for column in account["table"]["columns"]]
    for row in account["rows"]:
        for cell, schema in zip(row["cells"], schemas, strict=True):
            assert cell["value"] is None or problem_of(schema, cell["value"]) == ""
            assert (cell["value"] is None) == (cell["sources"] == [])
    ships = [row["cells"][0] for row in account["rows"] if row["cells"][0]["found"] == "quoted"]
    assert ships
    assert all(ship["sources"][0]["quote"] in NAMES for ship in ships if ship["value"] in NAMES)
    book = openpyxl.load_workbook(output)
    assert book["Table"].max_row == len(account["rows"]) + 1


def test_a_killed_extraction_goes_on_and_repeats_nothing(snug: Snug, log: Path) -> None:
    words = ("extract", str(log), *COLUMNS, "--json", "--context-size", "1024", "--sequences", "1")
    process = snug.start(*words)
    answered = wait_for_answers(snug.basedir / "data" / "documents.db", 1)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = snug(*words)
    assert done.returncode == 0, done.stderr
    account = json.loads(done.stdout)
    assert account["resumed"] >= answered
    assert {section["status"] for section in account["sections"]} <= {"done", "incomplete"}


def test_a_schema_file_is_obeyed_and_several_documents_are_named(
    snug: Snug, tmp_path: Path
) -> None:
    schema = tmp_path / "schema.json"
    properties = {"ship": {"type": "string", "maxLength": 20}, "built": {"type": "integer"}}
    schema.write_text(
        json.dumps({"type": "object", "properties": properties, "required": ["ship"]})
    )
    for number, name in enumerate(NAMES[:2]):
        (tmp_path / f"{name}.txt").write_text(page(number)[0])
    files = [str(tmp_path / f"{name}.txt") for name in NAMES[:2]]
    done = snug("extract", *files, str(tmp_path / "none.txt"), "--schema", str(schema))
    assert done.returncode == 1
    assert "There is no file" in done.stderr
    heads, *rows = csv.reader(io.StringIO(done.stdout))
    assert heads == ["ship", "built", "Document", "Source"]
    assert {row[2] for row in rows} <= {f"{name}.txt" for name in NAMES[:2]}
