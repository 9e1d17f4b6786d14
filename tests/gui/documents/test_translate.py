"""The tab that translates: the work on it, its marks, and what a person does about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit

from desktop.domain.documents import Document, SourceRef
from desktop.domain.translation import Translated
from desktop.ui.documents.page import DocumentsPage
from desktop.ui.documents.translate import TranslateTab
from tests.gui.conftest import App, Start
from tests.gui.test_accessibility import nameless

Take = Callable[..., tuple[Document, ...]]
TEXT = """# The harbour

The harbour of Vell opened in 1871.

- Bring a lamp.

```
x = 1
```

Nobody was lost.
"""


@pytest.fixture
def app(start: Start) -> App:
    """An application that answers with the first words of its prompt, which are English."""
    app = start("--reply-tokens", "16")
    app.until_ready()
    app.window.document_wires.show_page()
    return app


@pytest.fixture
def document(take: Take, tmp_path: Path) -> Document:
    path = tmp_path / "town.md"
    path.write_text(TEXT)
    [document] = take(path)
    return document


@pytest.fixture
def tab(app: App, page: DocumentsPage, document: Document) -> TranslateTab:
    return open_tab(app, page, document)


def open_tab(app: App, page: DocumentsPage, document: Document) -> TranslateTab:
    page.shelf.list.choose({document.id})
    tab = page.desk.show_tab("translation")
    assert isinstance(tab, TranslateTab)
    app.until(lambda: tab.model.rowCount() == 5)
    return tab


def begin(tab: TranslateTab, language: str = "German") -> None:
    tab.form.language.setText(language)
    tab.form.button.click()


def job_state(tab: TranslateTab) -> str:
    job = tab._translations.job
    return job.state if job is not None else ""


def translate(app: App, tab: TranslateTab) -> None:
    begin(tab)
    app.until(lambda: job_state(tab) == "done")


def at(tab: TranslateTab, row: int) -> Translated:
    each = tab.model.translated(row)
    assert each is not None
    return each


def choose(tab: TranslateTab, *rows: int) -> None:
    flag = QItemSelectionModel.SelectionFlag
    for place, row in enumerate(rows):
        mode = flag.Select if place else flag.ClearAndSelect
        tab.list.selectionModel().setCurrentIndex(tab.model.index(row), mode)


def test_every_segment_gets_a_translation_and_what_is_none_is_marked(
    app: App, tab: TranslateTab
) -> None:
    assert not tab.form.button.isEnabled()
    assert tab.form.about_text.startswith("4 segments")
    assert [at(tab, row).text for row in range(5)] == ["", "", "", "", ""]
    translate(app, tab)
    states = [at(tab, row).state for row in range(5)]
    assert states == ["done", "done", "done", "kept", "done"]
    assert at(tab, 0).text.startswith("Translate the text below")
    assert any(mark.text == "It does not read as German." for mark in at(tab, 0).marks)
    assert at(tab, 3).text == "x = 1"
    app.until(lambda: "4 of 4 segments translated" in tab.progress.words.text())
    assert "seems not to know German" in tab.progress.warning.text()
    assert nameless(tab) == []


def test_a_person_s_words_stay_and_are_there_after_a_restart(
    app: App, tab: TranslateTab, document: Document, start: Start
) -> None:
    translate(app, tab)
    choose(tab, 1)
    tab.foot.edit.click()
    editor = tab.list.viewport().findChild(QPlainTextEdit)
    assert editor is not None
    editor.selectAll()
    editor.insertPlainText("Der Hafen von Vell öffnete 1871.")
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    app.until(lambda: at(tab, 1).state == "edited")
    assert at(tab, 1).marks == ()
    app.close()
    later = start("--reply-tokens", "16")
    later.window.document_wires.show_page()
    page = later.window.middle.documents
    later.until(lambda: later.session.document_rooms.documents.documents)
    again = open_tab(later, page, document)
    later.until(lambda: again.model.can_edit)
    assert at(again, 1).text == "Der Hafen von Vell öffnete 1871."
    assert at(again, 0).text.startswith("Translate the text below")
    choose(again, 1)
    again.foot.revert.click()
    later.until(lambda: at(again, 1).state == "done")


def test_a_mark_goes_when_a_person_finds_the_segment_right(app: App, tab: TranslateTab) -> None:
    translate(app, tab)
    tab.bar.filters._buttons["marked"].click()
    assert tab.model.rowCount() == 4
    choose(tab, 0)
    tab.foot.accept.click()
    app.until(lambda: at(tab, 0).marks == ())
    tab.bar.filters._buttons["marked"].click()
    assert tab.model.rowCount() == 3


def test_one_segment_is_translated_again(app: App, tab: TranslateTab) -> None:
    translate(app, tab)
    choose(tab, 4)
    tab.foot.again.click()
    number = at(tab, 4).segment.number
    translation = tab._translations.translation
    assert translation is not None
    app.until(lambda: 2 in translation._replies[number])
    app.until(lambda: job_state(tab) == "done")
    assert at(tab, 4).text.startswith("Translate the text below")
    assert set(translation._replies[0]) == {0}


def test_only_what_is_selected_is_translated(app: App, tab: TranslateTab) -> None:
    choose(tab, 1, 4)
    assert tab.form.button.text() == "Translate 2 selected" or not tab.form.language.text()
    begin(tab)
    app.until(lambda: job_state(tab) == "done")
    assert tab.model.rowCount() == 2
    assert [at(tab, row).segment.text for row in range(2)] == [
        "The harbour of Vell opened in 1871.",
        "Nobody was lost.",
    ]


def test_one_segment_may_be_all_that_is_translated(app: App, tab: TranslateTab) -> None:
    choose(tab, 4)
    tab.foot.only.click()
    assert tab._translations.job is None
    assert tab.form.language.hasFocus()
    tab.form.language.setText("Klingon")
    assert "can't be checked" in tab.form.about_text
    tab.foot.only.click()
    app.until(lambda: job_state(tab) == "done")
    assert tab.model.rowCount() == 1
    assert at(tab, 0).text.startswith("Translate the text below into Klingon")


def long_work(start: Start, folder: Path) -> tuple[App, TranslateTab]:
    """Begin a translation of twelve segments, and wait for the first."""
    app = start("--reply-tokens", "6", "--tokens-per-second", "12")
    app.until_ready()
    app.window.document_wires.show_page()
    page = app.window.middle.documents
    documents = app.session.document_rooms.documents
    path = folder / "long.md"
    path.write_text("\n\n".join(f"The ship number {n} was in the harbour." for n in range(12)))
    documents.add([str(path)])
    app.until(lambda: [each for each in documents.documents if each.state == "ready"])
    page.shelf.list.choose({documents.documents[0].id})
    tab = page.desk.show_tab("translation")
    assert isinstance(tab, TranslateTab)
    app.until(lambda: tab.model.rowCount() == 12)
    begin(tab)
    app.until(lambda: any(at(tab, row).state == "done" for row in range(12)))
    return app, tab


def test_a_translation_may_be_deleted_while_it_runs(start: Start, tmp_path: Path) -> None:
    app, tab = long_work(start, tmp_path)
    jobs = app.session.document_rooms.jobs
    tab.bar.delete.click()
    tab.bar.confirm.click()
    app.until(lambda: tab._translations.job is None)
    begin(tab, "French")
    app.until(lambda: job_state(tab) == "running")
    found: list[object] = []
    jobs.list(found.extend)
    app.until(lambda: found)
    assert len(found) == 1


def test_it_pauses_and_goes_on_where_it_was(start: Start, tmp_path: Path) -> None:
    app, tab = long_work(start, tmp_path)
    assert not tab.form.button.isEnabled()
    tab.progress.pause.click()
    app.until(lambda: job_state(tab) == "paused")
    done = {row for row in range(12) if at(tab, row).state == "done"}
    assert 0 < len(done) < 12
    assert "finished and kept" in tab.progress.words.text()
    tab.progress.resume.click()
    app.until(lambda: job_state(tab) == "done")
    job = tab._translations.job
    assert job is not None
    assert f'"resumed":{len(done)}' in job.result


def test_it_is_saved_as_word_and_a_source_is_never_written_over(
    app: App, tab: TranslateTab, document: Document, tmp_path: Path
) -> None:
    translate(app, tab)
    tab._translations.save(str(tmp_path / "town.de.docx"))
    app.until(lambda: tab.told.text().startswith("Saved as"))
    saved = docx.Document(str(tmp_path / "town.de.docx"))
    assert saved.paragraphs[0].style.name == "Heading 1"
    assert saved.paragraphs[0].text.startswith("[not translated] Translate the text")
    told: list[object] = []
    tab._translations.failed.connect(told.append)
    tab._translations.save(document.path)
    app.until(lambda: told)
    assert Path(document.path).read_text() == TEXT


def test_a_segment_leads_to_its_source(app: App, page: DocumentsPage, tab: TranslateTab) -> None:
    asked: list[SourceRef] = []
    tab.source_requested.connect(asked.append)
    choose(tab, 4)
    tab.foot.source.click()
    assert asked[0].quote == "Nobody was lost."
    app.until(page.source.isVisible)


def test_a_glossary_that_can_not_be_read_is_named_before_anything_runs(
    app: App, tab: TranslateTab
) -> None:
    tab.form.glossary.setPlainText("harbour = Hafen\nnonsense")
    begin(tab)
    assert "Line 2" in tab.form._trouble.text()
    assert tab.form._trouble.isVisibleTo(tab)
    assert tab._translations.job is None
    tab.form.glossary.setPlainText("harbour = Hafen")
    translate(app, tab)
    assert any(mark.kind == "glossary" for mark in at(tab, 1).marks)


def test_a_translation_is_deleted_when_asked_for_twice(app: App, tab: TranslateTab) -> None:
    translate(app, tab)
    tab.bar.delete.click()
    tab.bar.keep.click()
    assert job_state(tab) == "done"
    tab.bar.delete.click()
    tab.bar.confirm.click()
    app.until(lambda: tab._translations.job is None)
    assert at(tab, 0).text == ""


def test_another_language_is_another_translation(app: App, tab: TranslateTab) -> None:
    translate(app, tab)
    first = tab._translations.job
    begin(tab, "French")
    app.until(lambda: job_state(tab) == "done" and tab._translations.job is not first)
    assert len(tab._translations.jobs) == 2
    assert tab.bar.others.isVisibleTo(tab)
    assert first is not None
    tab.bar.job_chosen.emit(first.id)
    app.until(lambda: tab.form.language.text() == "German")
    assert at(tab, 0).marks
