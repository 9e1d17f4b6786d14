"""The chips of what a chat is asked about."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from desktop.controllers.attachments import Attachment
from desktop.domain.context_usage import Usage
from desktop.domain.grounds import Attached
from desktop.ui.attachments import AttachmentStrip
from desktop.ui.theme import Theme

READING = Attachment(name="a.pdf", state="reading", intake_id=1, done=3, total=12)
COLLECTION = Attachment(
    name="Papers", attached=Attached(kind="collection", source_id=1, name="Papers")
)


@pytest.fixture
def strip(qapp: QApplication, qtbot: QtBot) -> Iterator[AttachmentStrip]:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 300)
    window.show()
    strip = AttachmentStrip(Theme(qapp))
    strip.setParent(window)
    strip.resize(400, 200)
    yield strip
    window.close()


def document(number: int) -> Attachment:
    name = f"document {number}.pdf"
    return Attachment(name=name, attached=Attached(kind="document", source_id=number, name=name))


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (READING, "a.pdf, 25 %"),
        (msgspec.structs.replace(READING, total=0), "a.pdf, reading"),
        (Attachment(name="", state="reading", batch=1), "Files, reading"),
        (
            Attachment(name="b.pdf", state="failed", problem=("Broken.", "Mend it.")),
            "b.pdf, not read",
        ),
        (msgspec.structs.replace(document(1), state="gone"), "document 1.pdf, deleted"),
        (msgspec.structs.replace(document(1), mark="moved"), "document 1.pdf, moved"),
        (document(1), "document 1.pdf"),
        (COLLECTION, "Papers, 0 documents"),
    ],
)
def test_a_chip_says_how_its_document_stands(
    strip: AttachmentStrip, item: Attachment, words: str
) -> None:
    strip.show_items([item])
    assert [chip.text for chip in strip.chips] == [words]
    assert strip.chips[0].remove.accessibleName().endswith(item.name or "Files")


def test_many_are_folded_until_they_are_asked_for(strip: AttachmentStrip) -> None:
    strip.show_items([document(number) for number in range(20)])
    assert (len(strip.chips), strip._more.text()) == (5, "15 more")
    strip._more.click()
    assert len(strip.chips) == 20
    assert not strip._more.isVisible()
    places = [chip.geometry() for chip in strip.chips]
    assert all(place.right() <= strip.width() for place in places)
    assert not any(a.intersects(b) for a in places for b in places if a is not b)
    strip.show_items([])
    assert not strip.isVisible()


def test_a_name_of_any_length_leaves_room_to_remove_it(strip: AttachmentStrip) -> None:
    strip.show_items([msgspec.structs.replace(document(1), name="very long " * 40)])
    assert strip.chips[0].sizeHint().width() < 300


def test_it_says_how_the_documents_go_to_the_model(strip: AttachmentStrip) -> None:
    plans = {
        Usage(): "",
        Usage(documents=1200, whole=1): "All of it goes into the window: 1,200 tokens.",
        Usage(documents=1200, whole=3): "All 3 documents go whole into the window: 1,200 tokens.",
        Usage(documents=900, searched=2): (
            "Longer than the window: what fits each question is looked up."
        ),
        Usage(documents=900, whole=1, searched=2): (
            "1 of 3 goes in whole; what fits is looked up in the rest."
        ),
    }
    for usage, words in plans.items():
        strip.show_usage(usage)
        assert strip.plan.text() == words
