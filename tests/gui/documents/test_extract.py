"""Tables in the window: what is asked for, how they fill, and what one does with them.

The fake engine answers every section with the same rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMenu

from desktop.domain.documents import Document, SourceRef
from desktop.domain.table import Column
from desktop.ui.documents.extract import ExtractTab
from desktop.ui.documents.page import DocumentsPage
from tests.document_factory import write_pdf
from tests.gui.conftest import App, Start
from tests.gui.test_accessibility import can_be_reached, nameless

Take = Callable[..., tuple[Document, ...]]
PAGES = [
    ["The ship Vega was built in 1891. It was fast."],
    ["The ship Aurora was built in 1880. <b>=1+1</b>"],
    ["It rained for a week."],
]
ROWS = [
    {"Ship": "Vega", "Built": 1891},
    {"Ship": "Aurora", "Built": 1880},
    {"Ship": "Nautilus", "Built": 20000},
    {"Ship": "=1+1", "Built": None},
]
COLUMNS = (Column(name="Ship", description="its name"), Column(name="Built", type="integer"))


@pytest.fixture
def app(start: Start) -> App:
    """An application whose model knows ships, with the page open."""
    app = start("--answer", json.dumps({"rows": ROWS}))
    app.until_ready()
    app.window.document_wires.show_page()
    return app


def opened(page: DocumentsPage, *documents: Document) -> ExtractTab:
    page.shelf.list.choose({each.id for each in documents})
    tab = page.desk.show_tab("extraction")
    assert isinstance(tab, ExtractTab)
    return tab


@pytest.fixture
def document(take: Take, tmp_path: Path) -> Document:
    return take(write_pdf(tmp_path / "log.pdf", PAGES))[0]


@pytest.fixture
def tab(page: DocumentsPage, document: Document) -> ExtractTab:
    """The tab, open on a document of three pages."""
    return opened(page, document)


@pytest.fixture
def filled(app: App, tab: ExtractTab) -> ExtractTab:
    """The tab with a finished table."""
    fill(app, tab)
    return tab


def fill(app: App, tab: ExtractTab) -> None:
    tab.form._set_columns(COLUMNS)
    tab.form.button.click()
    app.until(lambda: tab.known is not None and tab.known.result is not None)


def shown(tab: ExtractTab) -> list[list[str]]:
    model = tab.model
    return [
        [str(model.index(row, column).data()) for column in range(model.columnCount())]
        for row in range(model.rowCount())
    ]


def at(tab: ExtractTab, row: int, column: int) -> QModelIndex:
    return tab.model.index(row, column)


def test_a_table_fills_and_says_what_it_came_from(filled: ExtractTab) -> None:
    assert shown(filled) == [
        ["Vega", "1891", "page 1"],
        ["Aurora", "1880", "page 2"],
        ["=1+1", "", "page 2"],
    ]
    assert filled.account.startswith("3 rows from 1 section")
    assert filled.progress.isHidden()


def test_rows_that_the_text_does_not_bear_out_are_shown_on_request(filled: ExtractTab) -> None:
    assert "1 row that" in filled.doubtful.text()
    filled.doubtful.click()
    assert ["Nautilus", "20000", "page 1"] in shown(filled)
    assert filled.doubtful.text().startswith("Hide")
    filled.doubtful.click()
    assert len(shown(filled)) == 3


def test_a_press_on_a_value_leads_to_its_place(
    app: App, page: DocumentsPage, filled: ExtractTab
) -> None:
    asked: list[SourceRef] = []
    filled.source_requested.connect(asked.append)
    cell = filled.table.visualRect(at(filled, 1, 0)).center()
    QTest.mouseClick(
        filled.table.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, cell
    )
    assert (asked[0].page, asked[0].quote) == (2, "Aurora")
    app.until(lambda: not page.source.isHidden())
    filled.table.setCurrentIndex(at(filled, 0, 1))
    QTest.keyClick(filled.table, Qt.Key.Key_Return)
    assert (asked[1].page, asked[1].quote) == (1, "1891")


def test_a_header_sorts_up_down_and_as_found(filled: ExtractTab) -> None:
    filled.model.sort(1, Qt.SortOrder.AscendingOrder)
    assert [row[0] for row in shown(filled)] == ["Aurora", "Vega", "=1+1"]
    filled.model.sort(1, Qt.SortOrder.DescendingOrder)
    assert [row[0] for row in shown(filled)] == ["Vega", "Aurora", "=1+1"]
    filled.model.sort(-1)
    assert [row[0] for row in shown(filled)] == ["Vega", "Aurora", "=1+1"]


def test_the_menu_of_a_cell_sorts(filled: ExtractTab) -> None:
    menu = filled.table.make_menu(at(filled, 0, 0))
    actions = {action.text(): action for action in menu.actions()}
    actions["Sort up"].trigger()
    assert [row[0] for row in shown(filled)] == ["=1+1", "Aurora", "Vega"]
    actions["As they were found"].trigger()
    assert [row[0] for row in shown(filled)] == ["Vega", "Aurora", "=1+1"]
    menu.deleteLater()


def test_a_value_is_changed_kept_and_taken_back(
    app: App, page: DocumentsPage, filled: ExtractTab, document: Document
) -> None:
    filled.table.setCurrentIndex(at(filled, 0, 1))
    filled.table.edit(at(filled, 0, 1))
    editor = filled.table.viewport().findChild(QLineEdit)
    assert editor is not None
    editor.setText("1892")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    app.until(lambda: shown(filled)[0][1] == "1892")
    job_id = filled.known.job.id if filled.known else 0
    stored: list[str] = []
    app.session.document_rooms.thread.call(
        lambda s: s.jobs.job(job_id), lambda job: stored.append(job.result if job else "")
    )
    app.until(lambda: stored)
    assert '"value":1892,"found":"edited"' in stored[0]
    filled.undo.click()
    assert shown(filled)[0][1] == "1891"


def test_escape_leaves_the_editor_and_not_the_page(page: DocumentsPage, filled: ExtractTab) -> None:
    filled.table.setCurrentIndex(at(filled, 0, 0))
    filled.table.edit(at(filled, 0, 0))
    editor = filled.table.viewport().findChild(QLineEdit)
    assert editor is not None
    editor.setText("Nothing")
    QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert page.isVisible()
    assert shown(filled)[0][0] == "Vega"


def test_what_cannot_stand_in_a_column_is_refused(filled: ExtractTab) -> None:
    assert not filled.model.setData(at(filled, 0, 1), "long ago")
    assert "can't stand in “Built”" in filled.account
    assert shown(filled)[0][1] == "1891"


def test_rows_are_taken_out_and_come_back(filled: ExtractTab) -> None:
    filled.table.setFocus()
    filled.table.setCurrentIndex(at(filled, 0, 0))
    QTest.keyClick(filled.table, Qt.Key.Key_Delete)
    assert [row[0] for row in shown(filled)] == ["Aurora", "=1+1"]
    assert filled.account == "1 row taken out."
    filled.undo.click()
    assert [row[0] for row in shown(filled)] == ["Vega", "Aurora", "=1+1"]


def test_copied_cells_run_nothing(filled: ExtractTab) -> None:
    filled.table.selectAll()
    filled.table.copy()
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Vega\t1891\tpage 1"
    assert lines[2].startswith("'=1+1")


def test_the_rows_that_are_shown_are_written(
    app: App, filled: ExtractTab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = str(tmp_path / "ships.csv")
    monkeypatch.setattr(QFileDialog, "open", lambda dialog: dialog.fileSelected.emit(target))
    filled.model.sort(1, Qt.SortOrder.AscendingOrder)
    filled._choose_file("csv")
    app.until(lambda: filled.account == "Written to ships.csv.")
    lines = (tmp_path / "ships.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines == ["Ship,Built,Source", "Aurora,1880,page 2", "Vega,1891,page 1", "'=1+1,,page 2"]


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ((Column(name=""),), "no columns"),
        ((Column(name="Ship"), Column(name="ship")), "Two columns"),
        ((Column(name="State", type="choice", choices=("one",)),), "needs choices"),
    ],
)
def test_columns_that_cannot_be_are_told_before_anything_runs(
    tab: ExtractTab, columns: tuple[Column, ...], words: str
) -> None:
    tab.form._set_columns(columns)
    tab.form.button.click()
    assert words in tab.form.trouble
    assert tab.known is None


def test_a_bad_schema_is_told_and_a_good_one_fills(app: App, tab: ExtractTab) -> None:
    tab.form.ways.chosen.emit(True)
    tab.form.schema.setPlainText('{"type": "object"}')
    tab.form.button.click()
    assert "names no “properties”" in tab.form.trouble
    properties = {
        "Ship": {"type": "string", "maxLength": 30},
        "Built": {"type": ["integer", "null"]},
    }
    tab.form.schema.setPlainText(json.dumps({"type": "object", "properties": properties}))
    tab.form.button.click()
    app.until(lambda: tab.known is not None and tab.known.result is not None)
    assert shown(tab)[0] == ["Vega", "1891", "page 1"]


def test_tables_come_back_with_their_document(
    app: App, page: DocumentsPage, filled: ExtractTab, take: Take, tmp_path: Path
) -> None:
    document = page.desk.documents[0]
    opened(page, *take(write_pdf(tmp_path / "other.pdf", [["Nothing."]])))
    app.until(lambda: filled.known is None)
    opened(page, document)
    app.until(lambda: filled.known is not None)
    assert shown(filled)[0] == ["Vega", "1891", "page 1"]
    filled.new.click()
    assert filled.form.rows[0].column == COLUMNS[0]
    assert page.go_back()
    assert filled.known is not None


def test_a_deleted_table_is_gone(
    app: App, filled: ExtractTab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QMenu, "popup", lambda *_: None)
    filled.delete.click()
    menu = filled.delete.findChild(QMenu)
    assert menu is not None
    menu.actions()[0].trigger()
    menu.close()
    app.until(lambda: filled.known is None)
    assert not filled.form.back.isVisible()


def test_a_table_pauses_and_goes_on(start: Start, tmp_path: Path) -> None:
    app = start("--answer", json.dumps({"rows": ROWS}), "--tokens-per-second", "40")
    app.until_ready()
    app.window.document_wires.show_page()
    page = app.window.middle.documents
    rooms = app.session.document_rooms
    ended: list[tuple[Document, ...]] = []
    rooms.documents.batch_ended.connect(lambda _batch, found: ended.append(found))
    text = [f"Page {number} of the log. " + "It rained for a week. " * 120 for number in range(8)]
    rooms.documents.add([str(write_pdf(tmp_path / "long.pdf", [[each] for each in text]))])
    app.until(lambda: ended)
    tab = opened(page, *ended[0])
    tab.form._set_columns(COLUMNS)
    tab.form.button.click()
    app.until(lambda: tab.known is not None and tab.known.job.done > 0)
    assert "sections read" in tab.progress.words
    tab.progress.pause.click()
    app.until(lambda: tab.known is not None and tab.known.job.state == "paused")
    assert tab.progress.words.startswith("Paused")
    assert not tab.progress.resume.isHidden()
    tab.progress.resume.click()
    app.until(lambda: tab.known is not None and tab.known.result is not None)
    assert tab.known is not None
    assert tab.known.result is not None
    assert tab.known.result.resumed > 0


def test_everything_has_a_name_and_can_be_reached(filled: ExtractTab) -> None:
    assert nameless(filled) == []
    filled.new.click()
    assert nameless(filled) == []
    assert can_be_reached(filled.form.button)
