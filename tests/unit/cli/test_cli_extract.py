from __future__ import annotations

from pathlib import Path

import pytest

from desktop.cli.extract import _parse, _table, run
from desktop.domain.errors import UserError


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("-c", "A", "--schema", "x.json"),
        ("-c", "A:shape"),
        ("-c", "A:json"),
        ("-c", ":text"),
        ("-c", "A", "-c", "a"),
        ("-c", "A:choice(one)"),
        ("--schema", "missing.json"),
        ("-c", "A", "-o", "table.doc"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as caught:
        run(["a.txt", *words, "--basedir", str(tmp_path / "base")])
    assert caught.value.hint
    assert not (tmp_path / "base").exists()


def test_columns_are_read_from_words() -> None:
    words = ["-c", "Ship", "-c", "Built:integer:the year: when", "-c", "State:choice(a, b):which"]
    ship, built, state = _table(_parse(["log.txt", *words])).columns
    assert (ship.name, ship.type, ship.description) == ("Ship", "text", "")
    assert (built.type, built.description) == ("integer", "the year: when")
    assert (state.choices, state.description) == (("a", "b"), "which")


def test_a_schema_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')
    assert _table(_parse(["log.txt", "--schema", str(file)])).columns[0].name == "a"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="UTF-8"):
        _table(_parse(["log.txt", "--schema", str(file)]))
