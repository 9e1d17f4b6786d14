"""Summaries in the window: the wish, the work, the sources. The fake engine writes what it reads.

It stops where the document's text begins, so that a prompt is the answer to itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt, QUrl
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QToolTip

from desktop.domain.documents import Document, SourceRef
from desktop.ui.documents.page import DocumentsPage
from desktop.ui.documents.summary import SummaryTab
from tests.document_factory import write_pdf
from tests.gui.conftest import App, Start
from tests.gui.test_accessibility import can_be_reached, nameless

Take = Callable[..., tuple[Document, ...]]
PAGES = [
    ["The harbour of Vell opened in 1871. It held forty ships at low tide."],
    ["Ada Moor wrote a log for thirty years. She kept the lighthouse."],
    ["On 3 March 1903 the eastern wall broke. Nobody was lost."],
]


def opened(page: DocumentsPage, *documents: Document) -> SummaryTab:
    page.shelf.list.choose({each.id for each in documents})
    tab = page.desk.show_tab("summary")
    assert isinstance(tab, SummaryTab)
    return tab


def say(tab: SummaryTab, notes: str, summary: str = "") -> None:
    """Have the sections answered with these notes, and the summary be this."""
    tab.form.prompts["section"].setPlainText(notes)
    tab.form.prompts["final"].setPlainText(summary or notes)


def is_done(tab: SummaryTab) -> bool:
    return tab.known is not None and tab.known.result is not None


@pytest.fixture
def app(start: Start) -> App:
    """An application whose model answers with its whole prompt, with the page open."""
    app = start()
    app.until_ready()
    app.window.document_wires.show_page()
    return app


@pytest.fixture
def tab(page: DocumentsPage, take: Take, tmp_path: Path) -> SummaryTab:
    """The tab, open on a document of three pages."""
    return opened(page, *take(write_pdf(tmp_path / "town.pdf", PAGES)))


def test_a_press_summarizes_and_each_sentence_leads_to_its_place(
    app: App, page: DocumentsPage, tab: SummaryTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.until(lambda: "tokens" in tab.form.estimate_text)
    say(tab, "- Ada Moor wrote a log for thirty years.\n- The wall broke in 1903.")
    tab.form.button.click()
    app.until(lambda: is_done(tab))
    assert not tab.form.isVisible()
    assert [mark.text for mark in tab.text.marks] == ["p. 2", "p. 3"]
    shown = tab.text.toPlainText()
    assert "Ada Moor wrote a log" in shown
    asked: list[SourceRef] = []
    tab.source_requested.connect(asked.append)
    tab.text.anchorClicked.emit(QUrl("source:0"))
    assert (asked[0].page, asked[0].quote) == (2, "Ada Moor wrote a log for thirty years.")
    tips: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _place, text, _widget: tips.append(text))
    cursor = tab.text.document().find("p. 2")
    place = tab.text.cursorRect(cursor).center() - QPoint(4, 0)
    asks = QHelpEvent(QEvent.Type.ToolTip, place, tab.text.viewport().mapToGlobal(place))
    QApplication.sendEvent(tab.text.viewport(), asks)
    assert tips == ["<qt>Ada Moor wrote a log for thirty years.</qt>"]
    app.until(lambda: not page.source.isHidden())
    assert len(tab.text.extraSelections()) == 1
    assert "Pages that went in: 1–3 of 3." in tab.coverage.words
    assert "Pages that are cited: 2–3." in tab.coverage.words


def test_the_wish_reaches_the_work_and_comes_back_for_the_next(
    app: App, tab: SummaryTab, page: DocumentsPage
) -> None:
    say(tab, "Notes on {length}{focus}{language}", "All of {length}{focus}{language}")
    tab.form.lengths.chosen.emit("outline")
    tab.form.language.setText("Welsh")
    tab.form.focus.setText("Who kept the light?")
    QTest.keyClick(tab.form.focus, Qt.Key.Key_Return)
    app.until(lambda: is_done(tab))
    text = tab.text.toPlainText()
    assert "All of an outline" in text
    assert "Who kept the light?" in text
    assert "Welsh" in text
    tab.new.click()
    assert tab.form.isVisible()
    assert tab.form.wish.wish.focus == "Who kept the light?"
    assert tab.go_back()
    assert not tab.form.isVisible()
    tab.new.click()
    tab.form.reset.click()
    assert "most important" in tab.form.wish.prompts.section
    assert page.desk.current == "summary"


def test_it_goes_on_after_a_restart_where_it_was_paused(
    start: Start, tmp_path: Path, take_into: Callable[[App, Path], Document]
) -> None:
    path = write_pdf(tmp_path / "long.pdf", [[f"Gate {n} of Vell rusts. " * 60] for n in range(24)])
    first = start("--reply-tokens", "8", "--tokens-per-second", "30")
    document = take_into(first, path)
    tab = opened(first.window.middle.documents, document)
    tab.form.button.click()
    first.until(lambda: tab.known is not None and tab.known.job.done >= 2)
    assert tab.text.toPlainText().strip()
    assert tab.text.marks
    tab.progress.pause.click()
    first.until(lambda: tab.progress.words[0] == "Paused")
    finished = tab.known.job.done if tab.known else 0
    first.close()

    second = start("--reply-tokens", "8")
    second.until_ready()
    second.window.document_wires.show_page()
    page = second.window.middle.documents
    second.until(lambda: second.session.document_rooms.documents.documents)
    again = opened(page, document)
    second.until(lambda: again.known is not None)
    assert again.progress.words[0] == "Paused"
    assert again.text.toPlainText().strip()
    again.progress.resume.click()
    second.until(lambda: is_done(again))
    assert again.known is not None
    assert again.known.result is not None
    assert again.known.result.reports[0].resumed >= finished >= 2


def test_cancelling_is_asked_for_twice_and_deletes(
    start: Start, tmp_path: Path, take_into: Callable[[App, Path], Document]
) -> None:
    app = start("--reply-tokens", "8", "--tokens-per-second", "30")
    path = write_pdf(tmp_path / "long.pdf", [[f"Gate {n} of Vell rusts. " * 60] for n in range(24)])
    tab = opened(app.window.middle.documents, take_into(app, path))
    tab.form.button.click()
    app.until(lambda: tab.known is not None and tab.known.job.done >= 1)
    tab.progress.cancel.click()
    assert tab.progress.discard.isVisible()
    assert tab.progress.keep.hasFocus()
    tab.progress.keep.click()
    assert tab.progress.pause.isVisible()
    tab.progress.cancel.click()
    tab.progress.discard.click()
    app.until(lambda: tab.known is None)
    assert tab.form.isVisible()
    left: list[object] = []
    app.session.document_rooms.jobs.list(left.append)
    app.until(lambda: left)
    assert left == [[]]


def test_one_that_waits_for_its_turn_can_be_paused_too(
    start: Start, tmp_path: Path, take_into: Callable[[App, Path], Document]
) -> None:
    app = start("--reply-tokens", "8", "--tokens-per-second", "2")
    long = [[f"Gate {n} of Vell rusts. " * 60] for n in range(24)]
    first = take_into(app, write_pdf(tmp_path / "first.pdf", long))
    second = take_into(app, write_pdf(tmp_path / "second.pdf", PAGES))
    page = app.window.middle.documents
    tab = opened(page, first)
    tab.form.button.click()
    app.until(lambda: tab.known is not None and tab.known.job.state == "running")
    opened(page, second)
    app.until(tab.form.isVisible)
    tab.form.button.click()
    app.until(lambda: tab.progress.words[0] == "Waiting for its turn")
    tab.progress.pause.click()
    app.until(lambda: tab.progress.words[0] == "Paused")
    opened(page, first)
    app.until(lambda: tab.known is not None and tab.known.job.state == "running")


def test_several_documents_get_one_each_and_one_over_all(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    town = write_pdf(tmp_path / "town.pdf", PAGES)
    mill = write_pdf(tmp_path / "mill.pdf", [["The mill of Vell ground corn until 1920."]])
    documents = take(town, mill)
    tab = opened(page, *documents)
    assert tab.form.button.text() == "Summarize 2 documents"
    say(tab, "- The mill of Vell ground corn until 1920.\n- Ada Moor wrote a log.")
    tab.form.button.click()
    app.until(lambda: is_done(tab))
    text = tab.text.toPlainText()
    assert all(name in text for name in ("town.pdf", "mill.pdf", "All 2 documents"))
    assert any(mark.text.startswith("mill.pdf") for mark in tab.text.marks)
    tab.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert copied.count("## Coverage") == 3
    assert "# All 2 documents" in copied


def test_it_is_saved_as_markdown(
    app: App, tab: SummaryTab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(tab, "- Ada Moor wrote a log for thirty years.")
    tab.form.button.click()
    app.until(lambda: is_done(tab))
    target = tmp_path / "summary.md"
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: dialog.fileSelected.emit(str(target)))
    tab.save.click()
    app.until(target.exists)
    app.until(lambda: "(page 2)" in target.read_text(encoding="utf-8"))
    app.until(lambda: tab.about.text() == "Saved as summary.md")


def test_a_sentence_that_nothing_bears_out_is_marked(app: App, tab: SummaryTab) -> None:
    say(tab, "- Ada Moor wrote a log.\n- Elephants sang opera in Zurich yesterday evening.")
    tab.form.button.click()
    app.until(lambda: is_done(tab))
    assert [mark.text for mark in tab.text.marks] == ["p. 2", "no source"]
    asked: list[object] = []
    tab.source_requested.connect(asked.append)
    tab.text.anchorClicked.emit(QUrl("source:1"))
    assert asked == []
    assert any("marked “no source”" in line for line in tab.coverage.words)


def test_a_section_that_ends_the_engine_is_told_and_can_be_tried_again(
    app: App, tab: SummaryTab
) -> None:
    say(tab, "/fake --crash-in decode\n")
    tab.form.button.click()
    app.until(lambda: is_done(tab))
    [failure] = [line for line in tab.coverage.words if "missing" in line]
    assert failure.startswith("Section 1 (pages 1–3) is missing: The engine")
    assert "Pages that went in: none of 3." in tab.coverage.words
    assert tab.again.isVisible()
    tab.again.click()
    app.until(lambda: tab.known is not None and tab.known.is_under_way)
    app.until(lambda: is_done(tab))
    assert tab.again.isVisible()


def test_what_a_model_writes_is_never_markup(app: App, tab: SummaryTab) -> None:
    say(tab, '- <b>Ada</b> <img src="http://evil.test/a.png"> [x](http://evil.test) wrote a log.')
    tab.form.button.click()
    app.until(lambda: is_done(tab))
    assert '<img src="http://evil.test/a.png">' in tab.text.toPlainText()
    assert 'href="http' not in tab.text.document().toHtml()


def test_every_part_can_be_reached_and_has_a_name(app: App, tab: SummaryTab) -> None:
    app.until(tab.form.isVisible)
    tab.form.prompts_fold.toggle()
    assert nameless(tab) == []
    assert can_be_reached(tab.form.button)
    say(tab, "- Ada Moor wrote a log for thirty years.")
    tab.form.button.click()
    app.until(lambda: is_done(tab))
    assert nameless(tab) == []
    assert can_be_reached(tab.text)
