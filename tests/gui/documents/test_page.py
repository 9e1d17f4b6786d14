"""The documents page: its doors, the list, and what is read in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton

from desktop.domain.documents import Document
from desktop.domain.summary import Wish
from desktop.ui.documents.page import DocumentsPage
from desktop.ui.documents.read import ReadTab
from desktop.work.prompts import summary_prompts
from desktop.work.summary_records import SummaryWish
from tests.document_factory import write_docx, write_pdf
from tests.gui.conftest import App, Start
from tests.gui.test_accessibility import can_be_reached, nameless

Take = Callable[..., tuple[Document, ...]]


def names(page: DocumentsPage) -> list[str]:
    model = page.shelf.model
    return [model.entry(row).name for row in range(model.rowCount())]


def test_the_side_panel_and_the_key_open_and_close_the_page(start: Start) -> None:
    app = start("--reply-tokens", "6")
    app.until_ready()
    assert not app.session.has_document_rooms
    button = app.window.chat_panel.findChild(QPushButton, "documentsButton")
    assert button is not None
    button.click()
    assert app.window.middle.shows_documents
    assert button.isChecked()
    assert not app.window.panels.is_open("right")
    app.window.wires.show_page()
    assert app.window.middle.shows_models
    assert not button.isChecked()
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(app.window, Qt.Key.Key_D, keys)
    app.until(lambda: app.window.middle.shows_documents)
    QTest.keyClick(app.window, Qt.Key.Key_Escape)
    app.until(lambda: app.window.middle.shown is None)
    assert app.window.panels.is_open("right")


def test_a_batch_goes_on_past_a_broken_file(
    page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.docx"
    broken.write_bytes(b"PK\x03\x04 not an archive")
    locked = write_pdf(tmp_path / "locked.pdf", [["secret"]], password="x")
    good = write_docx(tmp_path / "good.docx")
    found = take(broken, tmp_path / "missing.pdf", locked, good)
    assert [each.name for each in found] == ["good.docx"]
    assert sorted(names(page)) == ["broken.docx", "good.docx", "locked.pdf", "missing.pdf"]
    told = [
        page.shelf.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(4)
    ]
    assert any("password" in words for words in told)
    assert any("no file" in words for words in told)


def test_a_folder_is_read_with_all_below_it(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    folder = tmp_path / "reports"
    (folder / "older" / ".hidden").mkdir(parents=True)
    write_pdf(folder / "b.pdf", [["two"]])
    (folder / "older" / "a.md").write_text("# One\n\nText.")
    (folder / "older" / "main.py").write_text("print('code')\n")
    (folder / "older" / "picture.png").write_bytes(b"\x89PNG")
    (folder / "older" / ".hidden" / "c.md").write_text("No.")
    assert sorted(each.name for each in take(folder)) == ["a.md", "b.pdf", "main.py"]
    assert app.window.notices.text == "1 file of another kind in it was left out."


def test_files_that_are_dropped_on_the_window_are_read(app: App, tmp_path: Path) -> None:
    app.window.middle.show_conversation()
    files = [write_pdf(tmp_path / f"{name}.pdf", [["Words."]]) for name in ("a", "b")]
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in files])
    place, none = QPointF(600, 300), Qt.KeyboardModifier.NoModifier
    left, copy = Qt.MouseButton.LeftButton, Qt.DropAction.CopyAction
    QApplication.sendEvent(app.window, QDragEnterEvent(place.toPoint(), copy, data, left, none))
    QApplication.sendEvent(app.window, QDropEvent(place, copy, data, left, none))
    documents = app.session.document_rooms.documents
    app.until(lambda: len(documents.documents) == 2)


def test_copied_text_and_copied_files_are_pasted(
    app: App, page: DocumentsPage, tmp_path: Path
) -> None:
    documents = app.session.document_rooms.documents
    QGuiApplication.clipboard().setText("The harbour opened in 1871.\n\nIt held forty ships.")
    QTest.keyClick(page.shelf.list, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    app.until(lambda: any(each.state == "ready" for each in documents.documents))
    assert documents.documents[0].name.startswith("The harbour opened")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(write_docx(tmp_path / "log.docx")))])
    QGuiApplication.clipboard().setMimeData(data)
    QTest.keyClick(page.shelf.list, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    app.until(lambda: "log.docx" in [each.name for each in documents.documents])


def test_reading_is_shown_and_can_be_stopped(app: App, page: DocumentsPage, tmp_path: Path) -> None:
    documents = app.session.document_rooms.documents
    states: list[str] = []
    documents.intake_changed.connect(lambda intake: states.append(intake.state))
    lines = "\n".join(f"Line {number} of a long log." for number in range(400_000))
    (tmp_path / "long.txt").write_text(lines)
    (tmp_path / "next.txt").write_text("Short.")
    documents.add([str(tmp_path / "long.txt"), str(tmp_path / "next.txt")])
    app.until(lambda: "reading" in states)
    assert "long.txt" in names(page)
    documents.cancel_all()
    app.until(lambda: states.count("cancelled") == 2)
    app.until(lambda: names(page) == [])
    assert app.session.document_rooms.thread.stores().documents.documents() == []


def test_a_deleted_document_comes_back_or_is_gone_with_its_text(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    documents = app.session.document_rooms.documents
    (document,) = take(write_docx(tmp_path / "log.docx"))
    page.shelf.list.choose({document.id})
    QTest.keyClick(page.shelf.list, Qt.Key.Key_Delete)
    assert documents.documents == ()
    assert "deleted" in app.window.notices.text
    documents.restore([document.id])
    app.until(lambda: documents.documents)
    gone: list[tuple[int, ...]] = []
    documents.removed.connect(gone.append)
    documents.delete([document.id])
    documents.delete_for_good()
    app.until(lambda: gone)
    store = app.session.document_rooms.thread.stores().documents
    assert store.passages(document.id) == []
    assert (tmp_path / "log.docx").exists()


def test_work_on_a_deleted_document_stops_and_goes_with_it(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    path = tmp_path / "long.md"
    path.write_text("\n\n".join(f"Paragraph {number}. " + "Word " * 400 for number in range(60)))
    (document,) = take(path)
    rooms = app.session.document_rooms
    states: list[str] = []
    rooms.jobs.changed.connect(lambda job: states.append(job.state))
    wish = SummaryWish(wish=Wish(), prompts=summary_prompts())
    rooms.jobs.start("summary", "long", wish, [document.id])
    app.until(lambda: "running" in states)
    rooms.documents.delete([document.id])
    app.until(lambda: states[-1] in {"paused", "done"})
    gone: list[object] = []
    rooms.documents.removed.connect(gone.append)
    rooms.documents.delete_for_good()
    app.until(lambda: gone)
    assert rooms.thread.stores().jobs.jobs() == []


def test_several_documents_are_chosen_together(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    found = take(*(write_docx(tmp_path / f"{name}.docx") for name in "abc"))
    page.shelf.list.choose({each.id for each in found[:2]})
    assert {each.name for each in page.desk.documents} == {"a.docx", "b.docx"}
    asked: list[tuple[Document, ...]] = []
    app.window.document_wires.ask_requested.connect(asked.append)
    button = page.desk.findChild(QPushButton, "askDocumentsButton")
    assert button is not None
    button.click()
    assert len(asked[0]) == 2


def test_the_read_tab_is_made_for_the_chosen_document(
    page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_docx(tmp_path / "log.docx"))
    page.shelf.list.choose({document.id})
    assert page.desk.isVisible()
    assert isinstance(page.desk.tab("read"), ReadTab)


def test_every_control_of_the_documents_page_has_a_name(
    page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_docx(tmp_path / "log.docx"))
    page.shelf.list.choose({document.id})
    assert nameless(page) == []
    assert len([each for each in page.findChildren(QPushButton) if can_be_reached(each)]) >= 2


def test_a_collection_is_made_of_the_chosen_shown_alone_and_dissolved(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    found = take(*(write_docx(tmp_path / f"{name}.docx") for name in "abc"))
    page.shelf.list.choose({found[0].id, found[2].id})
    bar, collections = page.shelf.collections, app.session.document_rooms.collections
    action(bar.menu(), "New collection of the 2 chosen…")
    bar.name.setText("Harbour")
    QTest.keyClick(bar.name, Qt.Key.Key_Return)
    app.until(lambda: bar.button.text() == "Harbour")
    assert sorted(names(page)) == ["a.docx", "c.docx"]
    asked: list[tuple[Document, ...]] = []
    app.window.document_wires.ask_requested.connect(asked.append)
    action(bar.menu(), "Ask the collection in a chat")
    assert {each.name for each in asked[0]} == {"a.docx", "c.docx"}
    app.window.document_wires.show_page()
    (harbour,) = collections.collections
    collections.take_out(harbour.id, [found[0].id])
    app.until(lambda: names(page) == ["c.docx"])
    action(bar.menu(), "Dissolve; its documents stay")
    app.until(lambda: not collections.collections)
    assert len(names(page)) == 3


def test_the_tabs_hear_of_a_choice_once(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_docx(tmp_path / "a.docx"))
    told: list[object] = []
    page.shelf.list.chosen.connect(told.append)
    page.shelf.list.choose({document.id})
    page.shelf.model.set_documents(app.session.document_rooms.documents.documents)
    page.shelf.model.set_intakes([])
    assert len(told) <= 1
    assert page.desk.documents == (document,)


def test_a_name_that_is_taken_is_refused_in_words(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    take(write_docx(tmp_path / "a.docx"))
    bar = page.shelf.collections
    for name in ("Harbour", "harbour"):
        action(bar.menu(), "New collection…")
        bar.name.setText(name)
        QTest.keyClick(bar.name, Qt.Key.Key_Return)
        app.until(lambda: bar.button.text() == "Harbour")
    app.until(lambda: "already" in app.window.notices.text)


def test_a_changed_file_is_marked_and_read_anew_on_a_click(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    path = tmp_path / "notes.md"
    path.write_text("Forty ships.")
    (document,) = take(path)
    path.write_text("Forty-one ships.")
    rooms = app.session.document_rooms
    page.shelf.list.choose({document.id})
    rooms.documents.refresh()
    app.until(lambda: document.id in rooms.marks.marks)
    assert "changed" in rooms.marks.marks[document.id].words
    button = page.desk.findChild(QPushButton, "catchUpButton")
    assert button is not None
    assert button.isVisible()
    button.click()
    app.until(
        lambda: len([each for each in rooms.documents.documents if each.state == "ready"]) == 2
    )
    newer = next(each for each in rooms.documents.documents if each.id != document.id)
    store = rooms.thread.stores().documents
    assert [each.text for each in store.passages(newer.id)] == ["Forty-one ships."]
    assert [each.text for each in store.passages(document.id)] == ["Forty ships."]


def test_a_scan_is_recognized_and_said_so(
    app: App, page: DocumentsPage, take: Take, tmp_path: Path
) -> None:
    (document,) = take(write_pdf(tmp_path / "scan.pdf", [[], []], scanned=(0, 1)))
    marks = app.session.document_rooms.marks
    app.until(lambda: document.id in marks.marks)
    assert marks.marks[document.id].words == "No page of it has text that Snug can read."
    row = page.shelf.model.row_of(document.id)
    spoken = page.shelf.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "No page" in spoken


def action(menu: QMenu, words: str) -> None:
    """Press an entry of a menu."""
    next(each for each in menu.actions() if each.text() == words).trigger()
    menu.close()
