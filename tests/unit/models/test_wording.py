from __future__ import annotations

import subprocess
import sys

import pytest

from models.wording import LANGUAGE, languages, mark, number, tr, trn, use_language


@pytest.fixture(autouse=True)
def own_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LANGUAGE, "")


def test_english_is_the_source() -> None:
    assert tr("Try {name} again", name="it") == "Try it again"
    assert mark("Dark") == "Dark"
    assert number(1234567.25, 1) == "1,234,567.2"


def test_braces_without_values_stay() -> None:
    assert tr("{not a place}") == "{not a place}"


def test_a_language_is_spoken_once_it_is_chosen() -> None:
    assert tr("Dark") == "Dark"
    use_language("de")
    assert tr("Dark") == "Dunkel"
    assert number(1234567.25, 1) == "1.234.567,2"
    use_language("en")
    assert tr("Dark") == "Dark"


@pytest.mark.parametrize(("count", "said"), [(0, "0 files"), (1, "1 file"), (1000, "1,000 files")])
def test_the_number_chooses_the_sentence(count: int, said: str) -> None:
    assert trn("{count} file", "{count} files", count) == said


def test_a_language_without_a_catalogue_is_english() -> None:
    use_language("xx")
    assert tr("Dark") == "Dark"
    assert "xx" not in languages()


def test_a_process_that_is_started_later_speaks_it_too() -> None:
    use_language("de")
    code = "from models.wording import tr; print(tr('Dark'))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout == "Dunkel\n"
