"""The real widgets that stand on the drawn rows: actions, remedies, the way to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from PySide6.QtCore import QObject, QPoint, QRect, Signal
from PySide6.QtWidgets import QWidget

from desktop.domain.chat import Message
from desktop.domain.grounds import Source, SourceNote
from desktop.ui import tokens as design
from desktop.ui.transcript import metrics
from desktop.ui.transcript.actions import Action, ActionBar
from desktop.ui.transcript.buttons import ICON_INSET, JUMP_SIZE, RoundButton, TextButton
from desktop.ui.transcript.endings import TRY_AGAIN
from desktop.ui.transcript.marks import MarkPanel
from desktop.ui.transcript.row import RowLayout
from desktop.ui.transcript.sources import SourcesPanel
from desktop.ui.transcript.style import TranscriptStyle
from models.wording import tr


class Overlays(QObject):
    """Puts buttons where the rows want them; makes only as many as are seen at once."""

    action_triggered = Signal(int, Action)
    more_requested = Signal(int, QPoint)
    remedy_clicked = Signal(int)
    source_clicked = Signal(object)
    summary_clicked = Signal(int)
    jump_clicked = Signal()

    def __init__(self, view: QWidget, viewport: QWidget, style: TranscriptStyle) -> None:
        super().__init__(view)
        self._view = view
        self._viewport = viewport
        self._style = style
        self._bars: dict[int, ActionBar] = {}
        self._spare: list[ActionBar] = []
        self._remedies: dict[int, TextButton] = {}
        self._sources: dict[int, SourcesPanel] = {}
        self._marks: dict[int, MarkPanel] = {}
        self._jump = RoundButton(tr("Jump to the end"), "arrow-down", view)
        self._jump.setObjectName("jump_to_the_end")
        self._jump.hide()
        self._jump.clicked.connect(self.jump_clicked)
        self._jump.apply_style(style)

    def apply_style(self, style: TranscriptStyle) -> None:
        """Take another appearance."""
        self._style = style
        for bar in (*self._bars.values(), *self._spare):
            bar.apply_style(style)
        for button in (*self._remedies.values(), self._jump):
            button.apply_style(style)
        for panel in self._sources.values():
            panel.apply_style(style)
        for mark in self._marks.values():
            mark.apply_style(style)

    def bar(self, message_id: int) -> ActionBar | None:
        """Return the bar of a message if it is shown."""
        return self._bars.get(message_id)

    def place_bars(
        self,
        wanted: Iterable[tuple[Message, RowLayout, QPoint]],
        reachable_id: int | None,
        last_id: int | None,
    ) -> None:
        """Show bars under these messages; the points are their rows' corners."""
        rows = {message.id: (message, row, corner) for message, row, corner in wanted}
        for message_id in [key for key in self._bars if key not in rows]:
            bar = self._bars.pop(message_id)
            bar.hide()
            self._spare.append(bar)
        for message_id, (message, row, corner) in rows.items():
            bar = self._bars.get(message_id) or self._take_bar(message_id)
            bar.show_message(message, is_last=message_id == last_id)
            bar.set_reachable(message_id == reachable_id)
            rect = QRect(
                # The first icon, not the ground of its button, stands on the column's edge.
                corner.x() - ICON_INSET,
                corner.y() + row.actions_top,
                round(row.width) + 2 * ICON_INSET,
                metrics.ACTIONS_HEIGHT,
            )
            bar.setGeometry(rect)
            bar.show()

    def place_remedies(self, failed: Iterable[tuple[int, RowLayout, QPoint]]) -> None:
        """Show the buttons of failed replies' cards."""
        rows = {message_id: (row, corner) for message_id, row, corner in failed}
        for message_id in [key for key in self._remedies if key not in rows]:
            self._remedies.pop(message_id).deleteLater()
        for message_id, (row, corner) in rows.items():
            button = self._remedies.get(message_id)
            if button is None:
                button = self._remedies[message_id] = self._make_remedy(message_id)
            button.setGeometry(row.card.button_rect(row.card_top).toRect().translated(corner))
            button.show()

    def place_sources(
        self,
        wanted: Iterable[tuple[Message, RowLayout, QPoint]],
        notes: Mapping[Source, SourceNote],
        reachable_id: int | None,
    ) -> None:
        """Show the lists of what replies stand on."""
        rows = {message.id: (message, row, corner) for message, row, corner in wanted}
        for message_id in [key for key in self._sources if key not in rows]:
            self._sources.pop(message_id).deleteLater()
        for message_id, (message, row, corner) in rows.items():
            panel = self._sources.get(message_id)
            if panel is None:
                panel = self._sources[message_id] = SourcesPanel(self._style, self._viewport)
                panel.source_clicked.connect(self.source_clicked)
            listed = list(panel.buttons)
            panel.show_message(message, notes)
            if panel.buttons != listed:
                self._follow_view(panel.buttons)
            panel.set_reachable(message_id == reachable_id)
            left, top = corner.x(), corner.y() + row.sources_top
            panel.setGeometry(left, top, round(row.width), row.sources_height)
            panel.show()

    def place_marks(self, wanted: Iterable[tuple[int, RowLayout, QPoint]]) -> None:
        """Show what is said of messages that were left out."""
        rows = {message_id: (row, corner) for message_id, row, corner in wanted}
        for key in [key for key in self._marks if key not in rows]:
            self._marks.pop(key).deleteLater()
        for key, (row, corner) in rows.items():
            panel = self._marks.get(key)
            if row.mark is None:
                continue
            if panel is None or panel.mark != row.mark:
                if panel is not None:
                    panel.deleteLater()
                panel = self._marks[key] = MarkPanel(row.mark, self._style, self._viewport)
                panel.summary_clicked.connect(self.summary_clicked)
                self._follow_view((panel.button,))
            height, top = row.mark_height - design.M, corner.y() + row.mark_top + design.M
            panel.setGeometry(corner.x(), top, round(row.width), height)
            panel.show()

    def place_jump(self, view: QRect, *, shown: bool) -> None:
        """Show or hide the button above the lower edge of the view."""
        left = view.center().x() - JUMP_SIZE // 2
        self._jump.move(left, view.bottom() - JUMP_SIZE - design.M)
        if shown != self._jump.isVisible():
            self._jump.setVisible(shown)
            self._jump.raise_()

    def _take_bar(self, message_id: int) -> ActionBar:
        if self._spare:
            bar = self._spare.pop()
        else:
            bar = ActionBar(self._style, self._viewport)
            bar.triggered.connect(self.action_triggered)
            bar.more_requested.connect(self.more_requested)
            self._follow_view(bar.buttons)
        self._bars[message_id] = bar
        return bar

    def _make_remedy(self, message_id: int) -> TextButton:
        button = TextButton(tr(TRY_AGAIN), self._viewport)
        button.setObjectName("try_again")
        button.apply_style(self._style)
        button.clicked.connect(_emitter(self.remedy_clicked.emit, message_id))
        self._follow_view((button,))
        return button

    def _follow_view(self, buttons: Sequence[QWidget]) -> None:
        """Let Tab come by these after the view, and not where it comes by what was made last."""
        for before, button in pairwise((self._view, *buttons)):
            QWidget.setTabOrder(before, button)


def _emitter(emit: Callable[[int], None], message_id: int) -> Callable[[], None]:
    return lambda: emit(message_id)
