from __future__ import annotations

from pathlib import Path

from desktop.settings.docs import markdown_table, renewed
from desktop.settings.schema import OPTIONS

README = Path(__file__).parents[3] / "README.md"


def test_the_table_names_every_option_with_its_flag() -> None:
    table = markdown_table()
    for info in OPTIONS:
        assert f"| {info.option.label} | `{info.flag}` |" in table


def test_the_readme_is_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    assert markdown_table() in text
    assert renewed(text) == text, "run: python -m desktop.settings.docs README.md"
