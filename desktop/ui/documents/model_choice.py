"""Which models work on documents: a button that says so, and a menu to choose others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from desktop.controllers.document_models import DocumentModels
from desktop.ui.controls import plain_tip, push_button
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.amounts import size_in_words
from models.library.entry import LibraryEntry
from models.wording import mark, tr

_LONGEST_NAME: Final = 28
_OFFERED_LIMIT: Final = 12
_BY_MEANING: Final = mark("By words and meaning · {model}")


class ModelChoice(QWidget):
    """Names the model that works on documents and how passages are found.

    ``more_requested`` asks for the place where embedding models can be had.
    """

    more_requested = Signal()

    def __init__(self, theme: Theme, models: DocumentModels) -> None:
        super().__init__()
        self._theme = theme
        self._models = models
        self.button = push_button("", "device", self._show_menu)
        self.button.setObjectName("documentModelsButton")
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.button)
        self.setFocusProxy(self.button)
        models.changed.connect(self._show)
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    def menu(self) -> QMenu:
        """Return the menu, as things are now."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        self._add_writers(menu)
        menu.addSeparator()
        self._add_embedders(menu)
        return menu

    def _add_writers(self, menu: QMenu) -> None:
        models = self._models
        group = _group(menu, tr("Summaries, tables, translations"))
        chat = tr("The chat's model")
        if models.chat_model_name:
            chat = tr("The chat's model · {model}", model=models.chat_model_name)
        choose = models.choose_writer
        _add(menu, group, chat, lambda: choose(""), on=not models.writer)
        for entry in _offered(models.writers, models.writer):
            _add_model(menu, group, entry, choose, on=entry.path == models.writer)
        if models.writer and not _holds(models.writers, models.writer):
            name = models.name_of(models.writer)
            _add(menu, group, name, lambda: None, on=True).setToolTip(plain_tip(models.writer))

    def _add_embedders(self, menu: QMenu) -> None:
        models = self._models
        group = _group(menu, tr("Search in documents"))
        found, now = models.embedders, models.embedder
        for entry in _offered(found, now):
            name = tr(_BY_MEANING, model=entry.name)
            on = entry.path == now
            _add_model(menu, group, entry, models.choose_embedder, on=on, name=name)
        if now and not _holds(found, now):
            name = tr(_BY_MEANING, model=models.name_of(now))
            _add(menu, group, name, lambda: None, on=True).setToolTip(plain_tip(now))
        _add(menu, group, tr("By words alone"), models.search_by_words, on=not now)
        if not found:
            menu.addAction(tr("Find an embedding model…"), self.more_requested.emit)

    def _show_menu(self) -> None:
        self._models.look()
        self.menu().popup(self.button.mapToGlobal(QPoint(0, self.button.height() + 2)))

    def _show(self) -> None:
        models = self._models
        writer = models.name_of(models.writer) if models.writer else models.chat_model_name
        writer = writer or tr("No model")
        short = _shortened(writer)
        if models.embedder:
            text = tr("{model}  ·  search by words and meaning", model=short)
            said = tr(
                "{model} works on documents. They are searched by words and meaning, with "
                "{embedder}.",
                model=writer,
                embedder=models.name_of(models.embedder),
            )
        else:
            text = tr("{model}  ·  search by words", model=short)
            said = tr("{model} works on documents. They are searched by words.", model=writer)
        self.button.setText(text)
        self.button.setToolTip(plain_tip(said))
        self.button.setAccessibleName(tr("Models for documents. {account}", account=said))

    def _dress(self) -> None:
        self.button.setIcon(icon("chevron-down", self._theme.colour("secondary").name(), 16))


def _group(menu: QMenu, title: str) -> QActionGroup:
    """Return a group of which one is chosen, below its title."""
    menu.addAction(title).setEnabled(False)
    return QActionGroup(menu)


def _add(
    menu: QMenu, group: QActionGroup, text: str, choose: Callable[[], object], *, on: bool
) -> QAction:
    action = menu.addAction(text.replace("&", "&&"))
    action.setCheckable(True)
    action.setChecked(on)
    group.addAction(action)
    action.triggered.connect(lambda _checked=False: choose())
    return action


def _add_model(
    menu: QMenu,
    group: QActionGroup,
    entry: LibraryEntry,
    choose: Callable[[str], object],
    *,
    on: bool,
    name: str = "",
) -> None:
    size = size_in_words(entry.size_bytes)
    facts = " · ".join(each for each in (entry.quantization, size) if each)
    action = _add(menu, group, f"{name or entry.name}\t{facts}", lambda: choose(entry.path), on=on)
    action.setToolTip(plain_tip(entry.path))


def _offered(entries: list[LibraryEntry], chosen: str) -> list[LibraryEntry]:
    """Return the first of them, and the chosen one wherever it is."""
    shown = entries[:_OFFERED_LIMIT]
    return shown + [entry for entry in entries[_OFFERED_LIMIT:] if entry.path == chosen]


def _holds(entries: list[LibraryEntry], path: str) -> bool:
    return any(entry.path == path for entry in entries)


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
