"""What people write is understood in their own language as well as in English."""

from __future__ import annotations

import gettext

import pytest

from desktop.domain.cell_text import text_of, value_of
from desktop.domain.languages import find_language, shown_name
from desktop.domain.table import Column
from desktop.domain.titles import branch_title

WORDS = {"yes": "ja", "no": "nein", "French": "Französisch", "branch": "Zweig"}
BOOLEAN = Column(name="paid", type="boolean", schema='{"type": "boolean"}')


class Catalogue(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return WORDS.get(message, message)


@pytest.fixture(autouse=True)
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.wording._catalogue", lambda _language: Catalogue())


@pytest.mark.parametrize("value", [True, False])
def test_a_truth_is_written_in_either_language(value: bool) -> None:
    assert text_of(value) == ("ja" if value else "nein")
    assert value_of(text_of(value), BOOLEAN) is value
    assert value_of("Yes" if value else "No", BOOLEAN) is value


@pytest.mark.parametrize("name", ["Französisch", "french", "FR", "français"])
def test_a_language_is_found_by_all_of_its_names(name: str) -> None:
    found = find_language(name)
    assert found is not None
    assert found.code == "fr"
    assert shown_name(name) == "Französisch"


def test_a_branch_is_counted_on_from_one_in_another_language() -> None:
    assert branch_title("Gravity") == "Gravity · Zweig"
    assert branch_title("Gravity · Zweig") == "Gravity · Zweig 2"
    assert branch_title("Gravity · branch 3") == "Gravity · Zweig 4"
