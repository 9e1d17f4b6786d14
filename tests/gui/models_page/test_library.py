"""The models on this machine: found as they are on the disk, judged, shown, loaded, thrown away."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QPushButton, QTableWidget

from desktop.domain.errors import UserError
from desktop.ui.models.fold import Fold
from desktop.ui.models.library import LibraryTab
from desktop.ui.models.library_model import JUDGEMENT_ROLE, TROUBLE_ROLE, LibraryModel
from models.library.entry import LibraryEntry
from models.records import Problem
from tests.gui.conftest import App, Start
from tests.gui.models_page.conftest import choose, texts
from tests.model_factory import Design, write_model

Opened = tuple[App, LibraryTab]
Names = Callable[[LibraryTab], list[str]]


def button(tab: LibraryTab, name: str) -> QPushButton:
    found = tab.detail.findChild(QAbstractButton, name)
    assert isinstance(found, QAbstractButton)
    return found  # type: ignore[return-value]


def test_what_is_on_this_machine_is_listed_and_judged(opened: Opened, names: Names) -> None:
    app, tab = opened
    assert set(names(tab)) == {"SmolLM2 135M", "Alpha", "Beta"}
    row = tab.model.row_of(choose(tab, "Alpha").path)
    app.until(lambda: tab.model.index(row).data(JUDGEMENT_ROLE) is not None)
    app.until(lambda: "At a context window of 8,192 tokens." in texts(tab.detail))
    assert "KV cache" in texts(tab.detail)
    spoken = tab.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Alpha" in spoken
    assert "CPU" in spoken


def test_search_and_kind_narrow_the_list(opened: Opened, names: Names) -> None:
    _, tab = opened
    tab.search.setText("alp")
    assert names(tab) == ["Alpha"]
    tab.search.clear()
    tab._choose_kind("embedding")
    assert names(tab) == ["Beta"]
    tab.search.setText("nothing like it")
    assert "No model on this machine matches." in tab._nothing.text()


def test_a_file_that_comes_and_goes_is_seen(opened: Opened, names: Names, folder: Path) -> None:
    app, tab = opened
    path = write_model(folder / "gamma-F16.gguf", Design(name="Gamma"))
    app.session.library.scan()
    app.until(lambda: "Gamma" in names(tab))
    path.unlink()
    app.session.library.scan()
    app.until(lambda: "Gamma" not in names(tab))


def test_a_folder_is_added_and_taken_off(opened: Opened, names: Names, tmp_path: Path) -> None:
    app, tab = opened
    (tmp_path / "mine").mkdir()
    write_model(tmp_path / "mine" / "delta.gguf", Design(name="Delta"))
    app.session.library.add_folder(str(tmp_path / "mine"))
    app.until(lambda: "Delta" in names(tab))
    app.session.library.remove_folder(str(tmp_path / "mine"))
    app.until(lambda: "Delta" not in names(tab))
    assert (tmp_path / "mine" / "delta.gguf").exists()


def test_a_folder_that_is_gone_is_named_with_the_remedy(opened: Opened, tmp_path: Path) -> None:
    app, tab = opened
    app.session.library.add_folder(str(tmp_path / "unplugged"))
    app.until(lambda: "unplugged" in tab._unread.text())
    assert tab._unread.isVisible()
    app.session.library.remove_folder(str(tmp_path / "unplugged"))
    app.until(lambda: not tab._unread.isVisible())


def test_a_damaged_file_says_so_and_can_not_be_loaded(opened: Opened, folder: Path) -> None:
    app, tab = opened
    whole = (folder / "alpha-F16.gguf").read_bytes()
    (folder / "cut.gguf").write_bytes(whole[: len(whole) // 2])
    app.session.library.scan()
    app.until(lambda: len(app.session.library.entries) == 4)
    broken = next(each for each in tab.model.entries if each.problem is not None)
    tab.open_path(broken.path)
    assert broken.problem is not None
    assert broken.problem.title in texts(tab.detail)
    assert not button(tab, "loadButton").isEnabled()
    assert tab.model.index(tab.model.row_of(broken.path)).data(TROUBLE_ROLE)


def test_loading_and_unloading_from_the_page(opened: Opened) -> None:
    app, tab = opened
    entry = choose(tab, "Alpha")
    QTest.mouseClick(button(tab, "loadButton"), Qt.MouseButton.LeftButton)
    app.until(lambda: app.session.model.state.path == entry.path)
    app.until_ready()
    app.until(lambda: button(tab, "unloadButton").isVisible())
    button(tab, "unloadButton").click()
    app.until(lambda: app.session.model.state.status == "unloaded")
    assert button(tab, "loadButton").isVisible()


def test_deleting_asks_first_and_frees_the_space(
    opened: Opened, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, tab = opened
    thrown: list[str] = []

    def trash(path: object) -> None:
        thrown.append(str(path))
        Path(str(path)).unlink()

    monkeypatch.setattr("send2trash.send2trash", trash)
    entry = choose(tab, "Alpha")
    button(tab, "deleteButton").click()
    assert thrown == []
    assert "frees" in texts(tab.detail)
    button(tab, "confirmDeleteButton").click()
    app.until(lambda: "Alpha" not in names(tab))
    assert thrown == [entry.path]
    app.until(lambda: "is in the trash" in app.window.notices.text)


def test_what_belongs_to_others_can_not_be_deleted(opened: Opened) -> None:
    _, tab = opened
    choose(tab, "SmolLM2 135M")
    assert not button(tab, "deleteButton").isEnabled()
    assert "Not Snug's to delete" in button(tab, "deleteButton").toolTip()


def test_the_file_tells_its_metadata_and_tensors(opened: Opened) -> None:
    app, tab = opened
    entry = choose(tab, "Alpha")
    for fold in tab.detail.findChildren(Fold):
        if not fold.is_open:
            fold.toggle()
    tables = {each.accessibleName(): each for each in tab.detail.findChildren(QTableWidget)}
    app.until(lambda: tables["Metadata"].rowCount() > 5)
    keys = {tables["Metadata"].item(row, 0).text() for row in range(5)}  # type: ignore[union-attr]
    assert "general.architecture" in keys
    assert tables["Tensors by type"].rowCount() >= 1
    tab.detail._on_copy()
    assert QGuiApplication.clipboard().text() == entry.path


def test_a_quarantined_file_is_marked_and_let_out(opened: Opened) -> None:
    app, tab = opened
    entry = choose(tab, "Alpha")
    quarantine = app.session.loading._watch._probe.quarantine
    assert quarantine is not None
    quarantine.note_death(entry.path)
    quarantine.note_death(entry.path)
    app.session.loading.look()
    row = tab.model.row_of(entry.path)
    app.until(lambda: tab.model.index(row).data(TROUBLE_ROLE))
    app.until(tab.detail._release.isVisible)
    assert not button(tab, "loadButton").isEnabled()
    tab.detail._release.click()
    app.until(lambda: not tab.detail._problem.isVisible())
    assert button(tab, "loadButton").isEnabled()
    app.until(lambda: not tab.model.index(row).data(TROUBLE_ROLE))


def test_a_narrow_window_shows_the_list_or_the_model(opened: Opened) -> None:
    app, tab = opened
    app.window.resize(720, 560)
    app.until(lambda: tab.width() <= 720)
    tab.go_back()
    assert tab.list.isVisible()
    assert not tab.detail.isVisible()
    tab.list.setCurrentIndex(tab.model.index(0))
    QTest.keyClick(tab.list, Qt.Key.Key_Return)
    assert tab.detail.isVisible()
    assert not tab.list.isVisible()
    app.window.step_back()
    assert tab.list.isVisible()
    app.window.step_back()
    assert not app.window.middle.shows_models


def test_the_page_is_made_when_it_is_opened_and_leaves_for_a_chat(start: Start) -> None:
    app = start()
    app.until_ready()
    app.window.activateWindow()
    app.until(app.window.isActiveWindow)
    assert app.window.middle._pages == {}
    QTest.keyClick(
        app.window,
        Qt.Key.Key_M,
        Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    assert where(app) == (True, False)
    app.window.open_new_chat()
    assert where(app) == (False, True)


def where(app: App) -> tuple[bool, bool]:
    """Return whether the models page, and whether the settings of the chat are shown."""
    return app.window.middle.shows_models, app.window.panels.is_open("right")


def entries(count: int) -> list[LibraryEntry]:
    return [
        LibraryEntry(
            path=f"/models/{number}.gguf",
            name=f"Model {number}",
            source="folder",
            owned=True,
            size_bytes=number,
            parts=(f"/models/{number}.gguf",),
            problem=Problem(code="x", title="Damaged") if number % 7 == 0 else None,
        )
        for number in range(count)
    ]


def test_thousands_of_entries_stay_quick(qapp: object) -> None:
    model = LibraryModel()
    many = entries(5000)
    started = time.perf_counter()
    for count in range(500, 5001, 500):
        model.set_entries(many[:count])
    model.set_filter("model 4999", None, None)
    model.set_verdicts({many[1].path: UserError("No.")})
    took = time.perf_counter() - started
    assert model.rowCount() == 1
    assert took < 0.5


def test_entries_that_arrive_later_are_inserted_and_move_nothing(qapp: object) -> None:
    model = LibraryModel()
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    many = entries(20)
    model.set_entries(many[:5])
    model.set_entries(many[:12])
    model.set_entries(many)
    assert resets == []
    assert model.rowCount() == 20
