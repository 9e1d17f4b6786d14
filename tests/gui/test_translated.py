"""Nothing that a person reads is left out of the catalogues: a language of «marks» shows it."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from desktop.domain.context import Summary
from desktop.domain.presets import Example
from desktop.ui.about import AboutBox
from desktop.ui.crash import CrashDialog
from desktop.ui.export_dialog import ExportDialog
from desktop.ui.find_bar import FindBar
from desktop.ui.import_dialog import ImportDialog
from desktop.ui.keys import KeySheet
from desktop.ui.models.fold import Fold
from desktop.ui.palette import Palette
from desktop.ui.presets_dialog import NameDialog, PresetsDialog
from desktop.ui.presets_examples import ExamplesDialog
from desktop.ui.quick.tray import Tray
from desktop.ui.summary_dialog import SummaryDialog
from models.wording import LANGUAGE
from tests.gui.conftest import App, Start

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support", "No such signal QPlatform")

NAMES = re.compile(
    r"\b(Snug|English|Deutsch|Qt|GGUF|RPC|CSV|JSON|PDF|HTML|Markdown|XLSX|DOCX|Ctrl|Shift|Alt|Esc|"
    r"Enter|Del|Home|End|CPU|GPU|tok|MB|GB|fake\w*|test\w*|python\w*|http\S*|MIT|MXFP4|huggingface\S*|"
    r"Python|SQLite|llama|cpp|SmolLM2\S*|[Aa]pache-2.0|(hello)+|Work|"
    r"Qwen\S*|[Gg]emma|Mistral Small|BGE small|gpt-oss|Instruct|Embedding)\b|\S*/\S+"
)
"""Names of products, formats, keys and units, and what the tests themselves have written."""
OF_QT = {"Scroll Left", "Scroll Right"}
"""On the bar of tabs: Qt's own catalogue has them."""
_ROWS = 200
"""So many rows of a list are read."""
_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)


class Marked(gettext.NullTranslations):
    """Puts every text that goes through it between «marks»."""

    def gettext(self, message: str) -> str:
        # Of this one the separators of numbers are taken.
        return message if message == "1,234.5" else f"«{message}»"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"«{msgid1 if n == 1 else msgid2}»"


@pytest.fixture
def app(start: Start, monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv(LANGUAGE, "")
    monkeypatch.setattr("models.wording._catalogue", lambda _language: Marked())
    app = start("--reply-tokens", "6")
    app.until_ready()
    app.send("hello")
    app.until_ended(2)
    return app


def texts_of(part: QWidget | QAction) -> Iterator[str]:
    yield part.toolTip()
    if isinstance(part, QAction):
        yield part.text()
        return
    yield part.accessibleName()
    yield part.accessibleDescription()
    yield part.windowTitle()
    match part:
        case QLabel() | QAbstractButton():
            yield part.text()
        case QLineEdit() | QPlainTextEdit() | QTextEdit():
            yield part.placeholderText()
        case QTabBar():
            yield from (part.tabText(index) for index in range(part.count()))
        case QComboBox():
            yield from (part.itemText(index) for index in range(part.count()))
        case QMenu():
            yield part.title()
        # The list of licences has names of programs alone.
        case QAbstractItemView() if part.isVisible() and part.objectName() != "licenceList":
            yield from texts_of_rows(part)


def texts_of_rows(view: QAbstractItemView) -> Iterator[str]:
    """Give what the rows of a list say, and the headings of a table: its cells are content."""
    model = view.model()
    if not isinstance(view, QListView):
        for column in range(model.columnCount()):
            yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        return
    for row in range(min(_ROWS, model.rowCount())):
        told = (model.index(row, 0).data(role) for role in _ROLES)
        yield from (text for text in told if isinstance(text, str))


def unmarked(root: QWidget) -> set[str]:
    """Return the texts with a word that no mark is around."""
    parts: list[QWidget | QAction] = [root]
    parts += root.findChildren(QWidget)
    parts += root.findChildren(QAction)
    return {text for part in parts for text in texts_of(part) if not is_marked(text)} - OF_QT


def is_marked(text: str) -> bool:
    bare = re.sub(r"<[^>]*>|&\w+;", " ", text)
    while (inner := re.sub(r"«[^«»]*»", " ", bare)) != bare:
        bare = inner
    return not re.search(r"[^\W\d_]{3,}", NAMES.sub(" ", bare))


def unfold(root: QWidget) -> None:
    """Open everything that is folded away."""
    for button in root.findChildren(QAbstractButton):
        if button.objectName().startswith("more"):
            button.click()
    for fold in root.findChildren(Fold):
        if fold.isVisible() and not fold.is_open:
            fold.toggle()


def test_the_window_is_translated_whole(app: App) -> None:
    app.session.chats.create_folder("Work")
    app.session.chats.new_private()
    app.until(app.window.conversation.private_bar.isVisible)
    unfold(app.window.settings_panel)
    assert unmarked(app.window) == set()


def test_every_tab_of_every_page_is_translated_whole(app: App) -> None:
    window = app.window
    app.session.chats.delete(app.session.chat.chat_id or 0)
    app.session.backups.make()
    app.until(lambda: app.session.backups.backups)
    window.middle.show_page("models")
    app.until(lambda: app.session.loading.machine is not None)
    machine = app.session.loading.machine
    devices = {device.description for device in machine.devices} if machine else set()
    for key in ("models", "documents", "trash"):
        page = window.middle._page(key)
        window.middle.show_page(key)
        bar = next((each for each in page.findChildren(QTabBar) if each.isVisible()), None)
        for at in range(bar.count() if bar else 1):
            if bar is not None:
                bar.setCurrentIndex(at)
            app.bot.wait(100)
            unfold(page)
            app.bot.wait(50)
            assert unmarked(page) <= devices, (key, at)


def test_every_dialog_is_translated_whole(app: App, tmp_path: Path) -> None:
    window, theme = app.window, app.window._theme
    file = tmp_path / "test.json"
    file.write_text("[]")
    made = "hello"
    summary = Summary(id=1, first_id=1, last_id=2, text=made, made=made, model_name="test")
    app.session.presets.save_as("test")
    app.until(lambda: app.session.presets.presets)
    window.preset_wires.show_all()
    window.preset_wires.bar.save_requested.emit()
    dialogs: list[Callable[[], QDialog | None]] = [
        lambda: window.findChild(PresetsDialog),
        lambda: window.findChild(NameDialog),
        lambda: AboutBox(app.session.about, window),
        lambda: CrashDialog("hello", window),
        lambda: ImportDialog(theme, app.session.transfers, file, window),
        lambda: ExportDialog(app.session.transfers, window),
        lambda: SummaryDialog(summary, window),
        lambda: ExamplesDialog(theme, [Example(user="hello", assistant="hello")], window),
        lambda: KeySheet(window),
    ]
    for make in dialogs:
        dialog = make()
        assert dialog is not None
        dialog.show()
        app.bot.wait(100)
        # The fake engine's version.
        assert unmarked(dialog) <= {"none"}, dialog
        dialog.close()


def test_every_menu_is_translated_whole(app: App) -> None:
    window, chats = app.window, app.window.chat_panel
    app.session.chats.create_folder("Work")
    app.until(lambda: chats.model.rowCount() > 2)
    tray = Tray(window, app.session, lambda: None)
    menus: list[QMenu | None] = [
        chats.make_menu(),
        *(chats.list.make_menu(chats.model.index(row)) for row in range(chats.model.rowCount())),
        *(window.conversation.transcript.commands.make_menu(row) for row in range(2)),
        window.preset_wires.bar.menu(),
        window.settings_panel._menu,
        window.models.menu(),
        tray.menu,
    ]
    for menu in menus:
        assert menu is None or unmarked(menu) == set()
    tray.remove()


def test_what_comes_and_goes_is_translated_whole(app: App) -> None:
    window = app.window
    window.find_wires.open()
    window.findChildren(FindBar)[0].field.setText("hello")
    app.bot.wait(50)
    assert unmarked(window) == set()
    window.palette_wires.toggle()
    assert unmarked(window) == set()
    window.findChildren(Palette)[0].field.setText("hello")
    app.bot.wait(300)
    assert unmarked(window) == set()
    window.palette_wires.close()
    window.chat_panel.search.setText("hello")
    app.bot.wait(300)
    assert unmarked(window) == set()
    window.chat_panel.search.clear()
    window.conversation.composer.gauge.open()
    assert unmarked(window) == set()
    window.reach.show_quick()
    assert unmarked(window.reach.quick.window) == set()
    window.reach.quick.window.close()
