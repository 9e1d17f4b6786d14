"""The line above a translation: which segments are shown, and what becomes of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from desktop.domain.jobs import Job
from desktop.ui import tokens
from desktop.ui.controls import push_button
from desktop.ui.documents.translate_list import Filter
from desktop.ui.segments import Segments
from desktop.work.translation import wish_of
from models.wording import mark, tr, trn

FORMATS: Final = ((".docx", mark("Word document")), (".md", "Markdown"))
_FILTERS: Final[tuple[tuple[Filter, str], ...]] = (
    ("all", mark("All")),
    ("marked", mark("To check")),
    ("untranslated", mark("Not translated")),
)


class TranslateBar(QWidget):
    """Filters, and what can be done with the translation.

    ``filtered`` carries a filter, ``job_chosen`` the id of another translation, ``save_requested``
    a file's ending. Deleting is asked for twice.
    """

    filtered = Signal(object)
    job_chosen = Signal(int)
    save_requested = Signal(str)
    delete_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("translateBar")
        self._jobs: Sequence[Job] = ()
        self._shown: Job | None = None
        self.filters = Segments(tr("Show"), [(value, tr(name)) for value, name in _FILTERS])
        self.filters.show_value("all")
        self.filters.chosen.connect(self._on_filter)
        self.others = push_button(tr("Earlier"), "outline", self._show_others)
        self.others.setAccessibleName(tr("Other translations of this document"))
        self.save = push_button(tr("Save as…"), "outline", self._show_formats)
        self.delete = push_button(tr("Delete"), "outline", self._on_delete)
        self.confirm = push_button(tr("Delete the translation"), "danger", self._on_confirm)
        self.keep = push_button(tr("Keep it"), "outline", self._on_keep)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.S)
        row.addWidget(self.filters)
        row.addStretch(1)
        for button in (self.others, self.save, self.delete, self.confirm, self.keep):
            row.addWidget(button)
        self.show_jobs((), None)

    def show_jobs(self, jobs: Sequence[Job], shown: Job | None) -> None:
        """Offer the other translations; ``shown`` is the one below, if any."""
        self._jobs, self._shown = jobs, shown
        self.setVisible(shown is not None or bool(jobs))
        self._arrange(asks=False)

    def _arrange(self, *, asks: bool) -> None:
        shown = self._shown.id if self._shown is not None else 0
        others = [each for each in self._jobs if each.id != shown]
        self.others.setVisible(bool(others) and not asks)
        self.filters.setEnabled(self._shown is not None)
        for button in (self.save, self.delete):
            button.setVisible(self._shown is not None and not asks)
        for button in (self.confirm, self.keep):
            button.setVisible(asks)

    def _on_filter(self, chosen: Filter) -> None:
        self.filters.show_value(chosen)
        self.filtered.emit(chosen)

    def _on_delete(self) -> None:
        self._arrange(asks=True)
        self.keep.setFocus()

    def _on_confirm(self) -> None:
        self._arrange(asks=False)
        self.delete_requested.emit()

    def _on_keep(self) -> None:
        self._arrange(asks=False)
        self.delete.setFocus()

    def _show_others(self) -> None:
        menu = QMenu(self)
        for job in self._jobs:
            action = menu.addAction(_name(job), partial(self.job_chosen.emit, job.id))
            action.setCheckable(True)
            action.setChecked(self._shown is not None and job.id == self._shown.id)
        _pop(menu, self.others)

    def _show_formats(self) -> None:
        menu = QMenu(self)
        for suffix, name in FORMATS:
            menu.addAction(tr(name) + f" ({suffix})", partial(self.save_requested.emit, suffix))
        _pop(menu, self.save)


def _pop(menu: QMenu, button: QWidget) -> None:
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(button.mapToGlobal(QPoint(0, button.height() + 2)))


def _name(job: Job) -> str:
    wish = wish_of(job)
    parts = [tr(wish.language_name)]
    if wish.numbers:
        parts.append(trn("{count} segment", "{count} segments", len(wish.numbers)))
    if job.state == "paused":
        parts.append(tr("paused"))
    if job.state == "failed":
        parts.append(tr("failed"))
    return ", ".join(parts).replace("&", "&&")
