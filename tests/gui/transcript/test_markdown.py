from __future__ import annotations

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextCursor, QTextDocument
from pytestqt.qtbot import QtBot

from desktop.ui import tokens as design
from desktop.ui.tokens import LIGHT
from desktop.ui.transcript.builder import DocumentBuilder
from desktop.ui.transcript.document import SealedDocument
from desktop.ui.transcript.markdown import find_references, parse, split_addresses
from desktop.ui.transcript.style import TranscriptStyle


def build(source: str, references: dict[str, object] | None = None) -> SealedDocument:
    style = TranscriptStyle(LIGHT)
    document = SealedDocument(style)
    DocumentBuilder(document, style, lambda _source, _display: None).build(
        parse(source, references)
    )
    return document


def links_of(document: SealedDocument) -> dict[str, str]:
    """The text of each link, and where it leads."""
    found: dict[str, str] = {}
    cursor = QTextCursor(document)
    text = document.toPlainText()
    for position in range(len(text)):
        cursor.setPosition(position + 1)
        address = cursor.charFormat().anchorHref()
        if address:
            found[address] = found.get(address, "") + text[position]
    return {words: address for address, words in found.items()}


@pytest.mark.parametrize(
    "source",
    [
        "![x](file:///etc/passwd)",
        "![x](http://tracker.example/x.png)",
        "![x](\\\\server\\share\\x.png)",
        "![x](//server/share/x.png)",
        "<img src='file:///etc/passwd'>",
        "<script>alert(1)</script>",
        "<iframe src='http://tracker.example'></iframe>",
    ],
)
def test_nothing_is_loaded_and_the_source_can_be_read(qtbot: QtBot, source: str) -> None:
    document = build(f"before {source} after")
    text = document.plain_text()
    assert text.startswith("before ")
    assert text.endswith(" after")
    for word in ("passwd", "tracker.example", "server", "alert(1)"):
        assert (word in text) == (word in source)
    assert "<img" not in document.toHtml()
    assert "\ufffc" not in document.toPlainText()


def test_a_document_answers_every_resource_with_nothing(qtbot: QtBot) -> None:
    document = SealedDocument(TranscriptStyle(LIGHT))
    for kind in QTextDocument.ResourceType:
        assert document.resource(kind.value, QUrl("file:///etc/passwd")) is None


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "vbscript:x",
        "//server/share",
        "\\\\server\\share",
        "smb://server/share",
        "relative/path",
    ],
)
def test_only_web_and_mail_become_links(qtbot: QtBot, address: str) -> None:
    assert links_of(build(f"[text]({address}) and <{address}>")) == {}
    assert links_of(build("[text][a]", find_references([f"[a]: {address}"]))) == {}


def test_links_keep_their_whole_address(qtbot: QtBot) -> None:
    document = build(
        "[Go](https://a.example/x?y=1#z), <mailto:me@a.example>, see http://b.example."
    )
    assert links_of(document) == {
        "Go": "https://a.example/x?y=1#z",
        "mailto:me@a.example": "mailto:me@a.example",
        "http://b.example": "http://b.example",
    }


def test_bare_addresses_end_before_the_sentences_punctuation() -> None:
    parts = split_addresses("(see https://a.example/b_(c)), or https://d.example/?")
    assert [address for _, address in parts if address] == [
        "https://a.example/b_(c)",
        "https://d.example/",
    ]
    assert (
        "".join(text for text, _ in parts)
        == "(see https://a.example/b_(c)), or https://d.example/?"
    )


def test_reference_links_are_resolved_with_definitions_from_other_blocks(qtbot: QtBot) -> None:
    references = find_references(["text", "[docs]: https://docs.example 'Title'"])
    assert links_of(build("[the docs][docs]", references)) == {"the docs": "https://docs.example"}


def test_math_keeps_its_source_where_it_is_not_drawn(qtbot: QtBot) -> None:
    text = build(r"$a_b*c*$ and \(x_1\) cost $5 and $10").plain_text()
    assert text == r"$a_b*c*$ and \(x_1\) cost $5 and $10"
    assert "\\frac{a}{b}" in build("$$\n\\frac{a}{b}\n$$").plain_text()
    assert "a - b" in build("\\[\na - b\n\\]").plain_text()


def test_lists_are_copied_with_their_marks(qtbot: QtBot) -> None:
    document = build("3. three\n4. four\n   - nested\n\n- [x] done\n- [ ] open")
    assert document.plain_text() == "3. three\n4. four\n  - nested\n- [x] done\n- [ ] open"


def test_headings_are_modest_and_strong(qtbot: QtBot) -> None:
    style = TranscriptStyle(LIGHT)
    document = build("# Title")
    cursor = QTextCursor(document)
    cursor.setPosition(1)
    font = cursor.charFormat().font()
    assert font.weight() == design.WEIGHT_STRONG
    assert style.body_px < font.pixelSize() <= 1.5 * style.body_px
