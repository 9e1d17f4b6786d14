"""The settings of the open chat, built from the options' declarations."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from desktop.controllers.model import ModelController, ModelState
from desktop.controllers.settings import SettingsController
from desktop.settings.schema import OPTIONS, GenerationSettings, OptionInfo
from desktop.settings.store import in_figures
from desktop.ui import tokens
from desktop.ui.appearance import AppearanceGroup
from desktop.ui.chat_options import ChatOptions
from desktop.ui.controls import IconButton, column, label, more_group, push_button
from desktop.ui.option_row import NumberRow, OptionRow, TextRow, option_row
from desktop.ui.theme import Theme
from models.wording import number, tr

_CONTEXT: Final = "context_size"


def context_note(state: ModelState, size: int) -> str:
    """Return what a context window of ``size`` tokens means for the model and for the memory."""
    info = state.info
    if info is None:
        return ""
    parts = []
    if info.trained_context:
        trained = (
            tr("{name} was trained on {tokens} tokens, and may write nonsense beyond.")
            if size > info.trained_context
            else tr("{name} was trained on {tokens} tokens.")
        )
        parts.append(trained.format(name=state.name, tokens=number(info.trained_context)))
    if info.cache_bytes_per_token:
        megabytes = size * info.cache_bytes_per_token / 1e6
        parts.append(
            tr(
                "{tokens} tokens take {size} MB of memory.",
                tokens=number(size),
                size=number(megabytes),
            )
        )
    if info.largest_context and size > info.largest_context:
        parts.append(tr("There is memory for {tokens}.", tokens=number(info.largest_context)))
    return " ".join(parts)


class SettingsPanel(QWidget):
    """Shows every option of ``OPTIONS`` with the open chat's value, and hands changes on."""

    close_requested = Signal()

    def __init__(self, theme: Theme, settings: SettingsController, model: ModelController) -> None:
        super().__init__()
        self.setObjectName("settingsPanel")
        self.setAccessibleName(tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._settings = settings
        self._model = model
        self._rows: dict[str, OptionRow] = {}
        self._apply = push_button(tr("Apply · reloads the model"), "outline", self._on_apply)
        self._apply.setObjectName("applyButton")
        layout = column(self)
        layout.addLayout(self._make_head())
        self._scroll = self._make_scroll()
        layout.addWidget(self._scroll, 1)
        self._apply.hide()
        settings.generation_changed.connect(self._show)
        settings.app_changed.connect(self._on_app_changed)
        model.state_changed.connect(self._on_model_changed)
        self._on_model_changed(model.state)
        self._show(settings.generation)

    def flush(self) -> None:
        """Take what is still being typed."""
        for row in self._rows.values():
            if isinstance(row, TextRow):
                row.flush()

    @property
    def scrolled(self) -> int:
        """Return how far the options are scrolled down, in pixels."""
        return self._scroll.verticalScrollBar().value()

    def scroll_to(self, pixels: int) -> None:
        """Scroll the options, once they have their places."""
        QTimer.singleShot(0, self, lambda: self._scroll.verticalScrollBar().setValue(pixels))

    def place(self, widget: QWidget, after: str = "") -> None:
        """Put in what belongs to the settings: below an option's row, or above them all."""
        above = self._rows[after] if after else None
        self._column.insertWidget(0 if above is None else self._column.indexOf(above) + 1, widget)
        # Tab goes by the order in which widgets were made.
        self.setTabOrder(self._close if above is None else _stops(above)[-1], _stops(widget)[0])

    def append(self, widget: QWidget) -> None:
        """Put in what belongs to the application, below all else."""
        stops = [*_stops(self._scroll)[-1:], *_stops(widget)]
        self._column.insertWidget(self._column.count() - 1, widget)
        for before, after in pairwise(stops):
            self.setTabOrder(before, after)

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(tokens.L, tokens.M, tokens.S, tokens.S)
        head.setSpacing(2)
        head.addWidget(label(tr("Settings"), kind="heading"))
        head.addSpacing(tokens.XS)
        head.addWidget(label(tr("of this chat"), kind="small", tone="secondary"))
        head.addStretch(1)
        self._menu = QMenu(self)
        self._reset_all = self._menu.addAction(tr("Reset all"), self._settings.reset_all)
        self._make_default = self._menu.addAction(
            tr("Make these the default for every chat"), self._settings.make_default
        )
        self._factory = self._menu.addAction(
            tr("Restore Snug's own defaults"), self._settings.restore_factory
        )
        more = IconButton(self._theme, "more", tr("Reset and defaults"))
        more.setMenu(self._menu)
        more.setPopupMode(IconButton.ToolButtonPopupMode.InstantPopup)
        head.addWidget(more)
        self._close = IconButton(
            self._theme, "close", tr("Close settings"), self.close_requested.emit
        )
        head.addWidget(self._close)
        return head

    def _make_scroll(self) -> QScrollArea:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        layout = self._column = column(inner, spacing=tokens.L)
        layout.setContentsMargins(tokens.L, tokens.XS, tokens.L, tokens.L)
        for info in OPTIONS:
            if not info.option.more:
                self._add_row(layout, info)
        layout.addWidget(self._make_more())
        layout.addWidget(AppearanceGroup(self._theme, self._settings))
        layout.addWidget(ChatOptions(self._theme, self._settings))
        layout.addStretch(1)
        scroll.setWidget(inner)
        return scroll

    def _make_more(self) -> QWidget:
        folded = QWidget()
        inner = column(folded, spacing=tokens.L)
        for info in OPTIONS:
            if info.option.more:
                self._add_row(inner, info)
        return more_group(folded, tr("More settings"), tr("Fewer settings"), "moreButton")

    def _add_row(self, layout: QVBoxLayout, info: OptionInfo) -> None:
        maximum = float(os.cpu_count() or 1) if info.name == "threads" else None
        row = option_row(self._theme, info, maximum)
        row.value_changed.connect(self._settings.set_value)
        row.reset_requested.connect(self._settings.reset)
        self._rows[info.name] = row
        layout.addWidget(row)
        if info.name == _CONTEXT:
            layout.addWidget(self._apply)

    def _show(self, settings: GenerationSettings) -> None:
        defaults = self._settings.defaults
        for name, row in self._rows.items():
            row.show_value(getattr(settings, name), getattr(defaults, name))
        self._apply.setVisible(self._model.needs_reload(settings))
        self._rows[_CONTEXT].set_note(context_note(self._model.state, settings.context_size))
        self._reset_all.setEnabled(settings != defaults)
        self._make_default.setEnabled(settings != defaults)
        self._factory.setEnabled(defaults != GenerationSettings())

    def _on_app_changed(self) -> None:
        self._show(self._settings.generation)

    def _on_apply(self) -> None:
        self._model.reload(self._settings.generation)

    def _on_model_changed(self, state: ModelState) -> None:
        self._apply.setVisible(self._model.needs_reload(self._settings.generation))
        info = state.info
        if info is None:
            return
        context = self._rows[_CONTEXT]
        if isinstance(context, NumberRow) and info.trained_context:
            context.set_maximum(info.trained_context)
        for name, row in self._rows.items():
            if name in state.recommended:
                value = in_figures(float(state.recommended[name]))
                row.set_note(tr("{name}'s makers recommend {value}.", name=state.name, value=value))
            elif isinstance(row, NumberRow) and row is not context:
                row.set_note("")
        system = self._rows["system_prompt"]
        if isinstance(system, TextRow):
            inserted = info.inserted_system_prompt
            system.set_placeholder(inserted)
            system.set_note(
                tr("While it is empty, this model's template puts in the one shown.")
                if inserted
                else ""
            )
        self._show(self._settings.generation)


def _stops(widget: QWidget) -> list[QWidget]:
    """Return where Tab stops within a widget."""
    wanted = Qt.FocusPolicy.TabFocus
    return [each for each in widget.findChildren(QWidget) if each.focusPolicy() & wanted]
