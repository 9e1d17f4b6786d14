"""What a chat is asked about, above the text that one writes: a chip for each document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QWidget

from desktop.controllers.attachments import Attachment
from desktop.domain.context_usage import Usage
from desktop.domain.page_words import pages_counted
from desktop.ui import tokens
from desktop.ui.controls import ICON_PX, IconButton, Tone, column, label, plain_tip, push_button
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from models.wording import number, tr

_FOLDED: Final = 6
"""From how many chips on the rest is folded away."""
_NAME_PX: Final = 180


class AttachmentStrip(QWidget):
    """Shows attachments, and how they go to the model. ``removed`` carries one to take away."""

    removed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("attachmentStrip")
        self.setAccessibleName(tr("Documents that are asked about"))
        self._theme = theme
        self._items: tuple[Attachment, ...] = ()
        self._unfolded = False
        self.chips: list[Chip] = []
        self._more = push_button("", "link", self._unfold)
        self._more.setObjectName("moreAttachments")
        self._flow = _Flow()
        self.plan = label(kind="small", tone="secondary", wraps=True)
        layout = column(self, spacing=tokens.XS)
        layout.setContentsMargins(0, 0, tokens.S, tokens.XS)
        layout.addWidget(self._flow)
        layout.addWidget(self.plan)
        self.hide()

    def show_items(self, items: Sequence[Attachment]) -> None:
        """Show these attachments."""
        if not items:
            self._unfolded = False
        self._items = tuple(items)
        self._rebuild()
        self.setVisible(bool(items))

    def show_usage(self, usage: Usage) -> None:
        """Say how the documents go to the model."""
        text = usage.documents_plan
        self.plan.setText(text)
        self.plan.setVisible(bool(text))

    def _rebuild(self) -> None:
        folds = len(self._items) > _FOLDED and not self._unfolded
        shown = self._items[: _FOLDED - 1] if folds else self._items
        focused = QApplication.focusWidget()
        while len(self.chips) < len(shown):
            self.chips.append(Chip(self._theme, self.removed.emit))
        for chip in self.chips[len(shown) :]:
            if focused is not None and chip.isAncestorOf(focused) and shown:
                self.chips[len(shown) - 1].remove.setFocus()
            chip.hide()
            chip.deleteLater()
        del self.chips[len(shown) :]
        for chip, item in zip(self.chips, shown, strict=True):
            chip.show_item(item)
        self._more.setText(tr("{count} more", count=number(len(self._items) - len(shown))))
        self._more.setVisible(folds)
        self._flow.show_parts([*self.chips, *([self._more] if folds else [])])

    def _unfold(self) -> None:
        self._unfolded = True
        self._rebuild()


class Chip(QFrame):
    """A document or a collection: its name, what is to be known of it, and a way to remove it."""

    def __init__(self, theme: Theme, on_remove: Callable[[Attachment], object]) -> None:
        super().__init__()
        self.setProperty("kind", "chip")
        self._theme = theme
        self._item = Attachment(name="")
        self._icon = QLabel()
        self._name = label(kind="small")
        self._state = label(kind="small", tone="secondary")
        self.remove = IconButton(
            theme, "close", tr("Remove"), lambda: on_remove(self._item), size=12
        )
        self.remove.setProperty("kind", "tiny")
        row = QHBoxLayout(self)
        row.setContentsMargins(tokens.S, 2, 2, 2)
        row.setSpacing(tokens.XS + 2)
        for part in (self._icon, self._name, self._state, self.remove):
            row.addWidget(part)
        theme.changed.connect(self._on_theme_changed)

    @property
    def text(self) -> str:
        """Return what the chip says."""
        return self.accessibleName()

    def show_item(self, item: Attachment) -> None:
        """Show an attachment as it stands."""
        self._item = item
        name = item.name or tr("Files")
        words, tone, tip = state_of(item)
        metrics = self._name.fontMetrics()
        self._name.setText(metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, _NAME_PX))
        self._state.setText(words)
        self._state.setVisible(bool(words))
        if self._state.property("tone") != tone:
            self._state.setProperty("tone", tone)
            self._state.style().polish(self._state)
        spoken = ", ".join(part for part in (name, words) if part)
        self.setAccessibleName(spoken)
        self.setToolTip(plain_tip("\n".join(part for part in (spoken, tip) if part)))
        remove = tr("Remove {name}", name=name)
        if item.state == "reading":
            remove = tr("Stop reading {name}", name=name)
        self.remove.set_name(remove)
        self._on_theme_changed()

    def _on_theme_changed(self) -> None:
        of_many = self._item.attached is not None and self._item.attached.kind == "collection"
        name = "folder" if of_many else "document"
        colour = self._theme.colour("secondary").name()
        self._icon.setPixmap(icon(name, colour, ICON_PX).pixmap(QSize(ICON_PX, ICON_PX)))


class _Flow(QWidget):
    """Lays its parts out in rows, as words in a text, and is as high as they need."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[QWidget] = []

    def show_parts(self, parts: Sequence[QWidget]) -> None:
        """Lay out these."""
        self._parts = list(parts)
        for part in self._parts:
            if part.parent() is not self:
                part.setParent(self)
            part.show()
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out for the width."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        x = y = height = 0
        for part in self._parts:
            size = part.sizeHint()
            if x and x + size.width() > self.width():
                x, y = 0, y + height + tokens.XS
                height = 0
            part.setGeometry(x, y, min(size.width(), max(self.width(), 1)), size.height())
            x += size.width() + tokens.S
            height = max(height, size.height())
        if self.height() != y + height:
            self.setFixedHeight(y + height)


def state_of(item: Attachment) -> tuple[str, Tone, str]:
    """Return what is said of an attachment: in a word, its tone, and in a sentence."""
    title, hint = item.problem
    match item.state:
        case "reading":
            words = tr("reading")
            if item.total:
                words = tr("{percent} %", percent=number(100 * item.done // item.total))
            return words, "secondary", ""
        case "failed":
            return tr("not read"), "danger", f"{title} {hint}".strip()
        case "gone":
            return tr("deleted"), "danger", tr("It is not among the documents any more.")
    if item.mark:
        return tr(item.mark), "danger", tr("What is asked about is the text as it was read.")
    if item.attached is not None and item.attached.kind == "collection":
        return pages_counted("document", len(item.documents)), "secondary", ""
    return "", "secondary", ""
