from __future__ import annotations

from pathlib import Path

from desktop.settings.docs import markdown, renewed
from desktop.settings.schema import APP_OPTIONS, LOADING_OPTIONS, OPTIONS

README = Path(__file__).parents[3] / "README.md"


def test_the_tables_name_every_option_with_its_flag() -> None:
    tables = markdown()
    for info in (*OPTIONS, *LOADING_OPTIONS):
        assert f"| {info.option.label} | `{info.flag}` |" in tables
    for info in APP_OPTIONS:
        assert f"| {info.option.label} |" in tables


def test_the_readme_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert markdown() in text
    assert renewed(text) == text, "run: python -m desktop.settings.docs README.md"
