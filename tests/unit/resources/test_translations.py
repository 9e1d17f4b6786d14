"""The catalogues hold what the source says, whole and as it was compiled."""

from __future__ import annotations

import ast
import gettext
import string
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "resources" / "translations"
KEYWORDS = {"tr": None, "trn": (1, 2), "mark": None}
FILES = sorted(FOLDER.glob("*.po"))

MsgId = str | tuple[str, ...]


@cache
def said_in_source() -> dict[MsgId, str]:
    """Return every text that the source has translated, with a place where it stands."""
    return {
        message: f"{room}/{file}:{line}"
        for room in ("desktop", "models")
        for file, line, message, _comments, _context in extract_from_dir(
            ROOT / room, keywords=KEYWORDS
        )
    }


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request: pytest.FixtureRequest) -> Path:
    assert isinstance(request.param, Path)
    return request.param


@pytest.fixture
def catalogue(file: Path) -> Catalog:
    with file.open("rb") as stream:
        return read_po(stream, locale=file.stem)


def messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def as_tuple(text: MsgId | list[str] | None) -> tuple[str, ...]:
    assert text is not None
    return (text,) if isinstance(text, str) else tuple(text)


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def literals() -> Iterator[tuple[str, ...]]:
    """Yield the texts that Python itself sees given to ``tr``, ``trn`` and ``mark``."""
    for room in ("desktop", "models"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    count = {"tr": 1, "mark": 1, "trn": 2}.get(node.func.id, 0)
                    given = [a.value for a in node.args[:count] if isinstance(a, ast.Constant)]
                    if given:
                        yield tuple(map(str, given))


def test_the_extraction_misses_none_and_takes_no_other_string() -> None:
    # It is blind within f-strings, and takes any string within the argument.
    assert {as_tuple(text) for text in said_in_source()} == set(literals())


def test_it_holds_what_the_source_says(catalogue: Catalog) -> None:
    said = {as_tuple(text): place for text, place in said_in_source().items()}
    held = {as_tuple(message.id) for message in messages(catalogue)}

    missing = {text: place for text, place in said.items() if text not in held}
    assert not missing, "run 'make translations', and translate what is new"
    assert not held - said.keys(), "run 'make translations': nobody says these any more"


def test_each_is_translated(catalogue: Catalog) -> None:
    open_ones = [
        message.id
        for message in messages(catalogue)
        if message.fuzzy or not all(as_tuple(message.string))
    ]
    assert not open_ones


def test_a_translation_has_the_places_of_its_source(catalogue: Catalog) -> None:
    for message in messages(catalogue):
        one, many = as_tuple(message.id)[0], as_tuple(message.id)[-1]
        for said in as_tuple(message.string):
            # A plural for one may leave its number out.
            assert places(many) - {"count"} <= places(said) <= places(one) | places(many), said


def test_what_is_shipped_is_compiled_from_it(file: Path, catalogue: Catalog) -> None:
    with file.with_suffix(".mo").open("rb") as stream:
        shipped = gettext.GNUTranslations(stream)
    for message in messages(catalogue):
        one, many = as_tuple(message.id)[0], as_tuple(message.id)[-1]
        said = as_tuple(message.string)
        found = (
            (shipped.gettext(one),)
            if isinstance(message.id, str)
            else (shipped.ngettext(one, many, 1), shipped.ngettext(one, many, 2))
        )
        assert found == said
