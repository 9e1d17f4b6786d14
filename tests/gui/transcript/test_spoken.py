"""What a screen reader says for a message."""

from __future__ import annotations

import gettext

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible

from desktop.domain.chat import MessageState
from desktop.ui.transcript.spoken import spoken_text
from models.records import Report
from models.wording import LANGUAGE
from tests.gui.transcript.conftest import Show, reply, user

RICH = """# Orbits

It *pulls*, as [Newton](https://example.com) **said**: $F = ma$.

1. first
2. second
   - [x] inner

> Heavy things fall.

```python
print("*hi*")
```

| Name | Born |
| --- | ---: |
| Ada | 1815 |
| **Alan** | 1912 |

$$
e = mc^2
$$
"""


def test_marks_are_not_read_out_and_each_part_says_what_it_is() -> None:
    assert spoken_text(reply(1, RICH)).split("\n") == [
        "SmolLM2: Heading: Orbits",
        "It pulls, as Newton (link) said: formula F = ma.",
        "1. first",
        "2. second",
        "• Done: inner",
        "Quote:",
        "Heavy things fall.",
        "Code in python:",
        'print("*hi*")',
        "End of the code.",
        "Table with 2 columns.",
        "Name: Ada; Born: 1815",
        "Name: Alan; Born: 1912",
        "formula e = mc^2",
    ]


def test_what_a_person_typed_is_read_as_it_stands() -> None:
    assert spoken_text(user(1, "2 * 3 * 4 = ?\n# no heading")) == (
        "You: 2 * 3 * 4 = ?\n# no heading"
    )


def test_the_end_and_the_versions_are_told() -> None:
    stopped = reply(1, "Half", state=MessageState.STOPPED, sibling_index=1, sibling_count=3)
    assert spoken_text(stopped) == "SmolLM2: Half\nStopped.\nVersion 2 of 3."
    full = reply(1, "Half", finish_reason="max_tokens", pinned=True)
    assert spoken_text(full).endswith(
        "Half\nStopped at the limit of max tokens.\nKept in the model's window."
    )
    failed = reply(1, "", state=MessageState.FAILED, problem=("No memory.", "Close something."))
    assert spoken_text(failed).endswith("Failed. No memory. Close something.")
    assert spoken_text(reply(1, "", state=MessageState.STREAMING)) == "SmolLM2:\nBeing written."


def test_a_long_reply_is_read_to_its_end_and_soon() -> None:
    long = reply(1, "A *word* here.\n\n" * 6_000 + "The end.")
    said = spoken_text(long)
    assert said.startswith("SmolLM2: A word here.")
    assert said.endswith("The end.")


def test_a_code_block_of_many_parts_is_announced_once() -> None:
    code = "\n".join(f"line {number}" for number in range(900))
    said = spoken_text(reply(1, f"```python\n{code}\n```"))
    assert said.count("Code in python:") == said.count("End of the code.") == 1
    assert all(f"line {number}\n" in said for number in range(900))


def test_a_thought_is_read_only_while_it_is_open(show: Show) -> None:
    text = "<think>\nThat is easy.\n</think>\n\nFour."
    view = show(user(1), reply(2, text, report=Report(thought_tokens=340, thought_s=12.0)))
    item = QAccessible.queryAccessibleInterface(view).child(1)
    closed = "SmolLM2: Thought for 12 s · 340 tokens.\nFour."
    assert item.text(QAccessible.Text.Name) == closed
    view._layout.row(1).fold()
    view._layout.row_changed(1)
    opened = "SmolLM2: Thought for 12 s · 340 tokens.\nThat is easy.\nFour."
    assert item.text(QAccessible.Text.Name) == opened
    assert view.transcript().index(1).data(Qt.ItemDataRole.AccessibleTextRole) == opened


def test_what_was_read_once_is_read_in_another_language(monkeypatch: pytest.MonkeyPatch) -> None:
    class German(gettext.NullTranslations):
        def gettext(self, message: str) -> str:
            return {"Heading:": "Überschrift:"}.get(message, message)

    assert spoken_text(reply(1, "# Orbits")) == "SmolLM2: Heading: Orbits"
    monkeypatch.setattr("models.wording._catalogue", lambda _code: German())
    monkeypatch.setenv(LANGUAGE, "xx")
    assert spoken_text(reply(1, "# Orbits")) == "SmolLM2: Überschrift: Orbits"
