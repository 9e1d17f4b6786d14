"""The tab that fills tables from documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

from desktop.controllers.extractions import ExtractionJob, ExtractionsController
from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.domain.rows import TableRow
from desktop.domain.table import Table
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label, push_button, set_property
from desktop.ui.documents.extract_form import ExtractForm
from desktop.ui.documents.extract_model import ExtractModel
from desktop.ui.documents.extract_progress import ExtractProgress
from desktop.ui.documents.extract_table import ExtractTable
from desktop.ui.documents.tab import DocumentTab
from desktop.ui.elided import ElidedLabel
from desktop.ui.models.columns import bounded, make_scrolling
from desktop.ui.models.fold import Fold
from desktop.ui.theme import Theme
from models.wording import mark, tr, trn

_FORMATS = (("csv", "CSV"), ("xlsx", mark("XLSX, for spreadsheets")), ("json", "JSON"))


class ExtractTab(DocumentTab):
    """Asks for columns, then shows the table as it fills, and the finished one."""

    def __init__(self, theme: Theme, extractions: ExtractionsController) -> None:
        super().__init__()
        self.setObjectName("extractTab")
        self._theme = theme
        self._extractions = extractions
        self._known: ExtractionJob | None = None
        self._said = ""
        self._before: tuple[int, tuple[TableRow, ...]] | None = None
        self.form = ExtractForm(theme)
        self.model = ExtractModel()
        self.table = ExtractTable(theme, self.model)
        self.progress = ExtractProgress()
        self._stack = QStackedWidget()
        self._stack.addWidget(_scrolling(self.form))
        self._stack.addWidget(self._make_table_page())
        column(self).addWidget(self._stack)
        self.setFocusProxy(self._stack)
        self._connect()

    @property
    def known(self) -> ExtractionJob | None:
        """Return the table that is shown, None where columns are asked for."""
        return self._known if self._stack.currentIndex() else None

    @property
    def account(self) -> str:
        """Return what is said below the table."""
        return self._account.text()

    def show_documents(self, documents: tuple[Document, ...]) -> None:
        """Show the newest table of these documents, or ask for its columns."""
        self.form.set_documents(len(documents))
        self.form.button.setEnabled(any(each.state == "ready" for each in documents))
        self._extractions.choose(documents)

    def go_back(self) -> bool:
        """Go from the form back to the table."""
        if self._stack.currentIndex() == 0 and self._known is not None:
            self._show(self._known)
            return True
        return False

    # --- parts -----------------------------------------------------------------------------------

    def _make_table_page(self) -> QWidget:
        page = QWidget()
        layout = column(page, spacing=tokens.S)
        layout.setContentsMargins(0, tokens.S, 0, tokens.M)
        self._nothing = label(
            tr("Nothing in the text fits these columns."), tone="secondary", wraps=True
        )
        self._failures = label(kind="small", tone="secondary", wraps=True)
        self._failures.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._fold = Fold(self._theme, tr("What is missing"), self._failures)
        layout.addLayout(self._make_head())
        layout.addWidget(self.progress)
        layout.addWidget(self._nothing)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._fold)
        layout.addLayout(self._make_foot())
        return page

    def _make_head(self) -> QHBoxLayout:
        self._title = ElidedLabel(kind="strong")
        self.others = push_button(tr("Other tables"), "outline", self._show_others)
        self.new = push_button(tr("New table"), "outline", self._on_new)
        self.delete = IconButton(self._theme, "trash", tr("Delete the table"), self._on_delete)
        return _row(self._title, self.others, self.new, self.delete)

    def _make_foot(self) -> QHBoxLayout:
        self._account = label(kind="small", tone="secondary", wraps=True)
        self.doubtful = push_button("", "link", self._on_doubtful)
        self.doubtful.setCheckable(True)
        self.undo = push_button(tr("Undo"), "link", self._on_undo)
        self.export = push_button(tr("Export…"), "outline", self._show_formats)
        self.export.setObjectName("exportTableButton")
        return _row(self._account, self.doubtful, self.undo, self.export)

    def _connect(self) -> None:
        extractions = self._extractions
        extractions.listed.connect(self._on_listed)
        extractions.begun.connect(self._on_begun)
        extractions.changed.connect(self._on_changed)
        extractions.removed.connect(self._on_removed)
        extractions.exported.connect(self._on_exported)
        self.form.wished.connect(extractions.start)
        self.form.cancelled.connect(self.go_back)
        self.progress.pause_requested.connect(lambda: self._with_job(extractions.pause))
        self.progress.resume_requested.connect(lambda: self._with_job(extractions.resume))
        self.table.source_requested.connect(self.source_requested)
        self.table.removal_requested.connect(self._on_rows_removed)
        self.model.edited.connect(self._on_edited)
        self.model.refused.connect(self._say_trouble)

    # --- what the controller tells ---------------------------------------------------------------

    def _on_listed(self) -> None:
        self._known = None
        jobs = self._extractions.jobs
        if jobs:
            self._show(jobs[0])
        else:
            self._ask(None)

    def _on_begun(self, job_id: int) -> None:
        known = self._extractions.find(job_id)
        if known is not None:
            self._show(known)

    def _on_changed(self, known: ExtractionJob) -> None:
        if known is self.known:
            self._fill(known)

    def _on_exported(self, name: str) -> None:
        self._say(tr("Written to {file}.", file=name))

    def _on_removed(self, job_id: int) -> None:
        if self._known is not None and self._known.job.id == job_id:
            self._on_listed()

    # --- what is shown ---------------------------------------------------------------------------

    def _ask(self, table: Table | None) -> None:
        self.form.show_table(table)
        self.form.back.setVisible(self._known is not None)
        self._stack.setCurrentIndex(0)
        self._stack.setFocusProxy(self.form.rows[0].name)

    def _show(self, known: ExtractionJob) -> None:
        self._known = known
        self._before = None
        self._said = ""
        self.doubtful.setChecked(False)
        self.model.show_doubtful(shown=False)
        self.model.show_columns(known.table.columns, self._extractions.documents)
        self.others.setVisible(len(self._extractions.jobs) > 1)
        self._stack.setCurrentIndex(1)
        self._stack.setFocusProxy(self.table)
        self._fill(known)

    def _fill(self, known: ExtractionJob) -> None:
        result = known.result
        rows = result.rows if result else known.rows
        self._title.set_text(known.job.title)
        self.model.show_rows(rows, is_editable=result is not None)
        self.progress.setVisible(result is None)
        self.progress.show_job(known)
        is_empty = result is not None and not self.model.rowCount()
        self._nothing.setVisible(is_empty)
        self.table.setVisible(not is_empty)
        failures = result.failures if result else ()
        self._failures.setText("\n".join(failures))
        self._fold.setVisible(bool(failures))
        self.export.setVisible(result is not None)
        self.undo.setVisible(self._before is not None)
        doubtful = self.model.doubtful
        self.doubtful.setVisible(bool(doubtful) and result is not None)
        self._name_doubtful(doubtful)
        self._say(self._said or _account(known, self.model.shown_rows), keep=False)

    def _name_doubtful(self, doubtful: int) -> None:
        self.doubtful.setText(
            trn(
                "Hide {count} row that the text doesn’t bear out",
                "Hide {count} rows that the text doesn’t bear out",
                doubtful,
            )
            if self.doubtful.isChecked()
            else trn(
                "Show {count} row that the text doesn’t bear out",
                "Show {count} rows that the text doesn’t bear out",
                doubtful,
            )
        )

    def _say(self, text: str, *, keep: bool = True, tone: str = "secondary") -> None:
        """Say something below the table; what is kept stays until something else is shown."""
        self._said = text if keep else ""
        self._account.setText(text)
        set_property(self._account, "tone", tone)

    def _say_trouble(self, trouble: UserError) -> None:
        self._say(f"{trouble.title} {trouble.hint}".strip(), tone="danger")

    # --- what a person does ----------------------------------------------------------------------

    def _with_job(self, act: Callable[[int], object]) -> None:
        if self._known is not None:
            act(self._known.job.id)

    def _on_new(self) -> None:
        self._ask(self._known.table if self._known else None)
        self.form.rows[0].name.setFocus()

    def _on_delete(self) -> None:
        menu = _menu(self.delete)
        menu.addAction(tr("Delete this table"), lambda: self._with_job(self._extractions.remove))
        menu.popup(self.delete.mapToGlobal(self.delete.rect().bottomLeft()))

    def _on_edited(self, row: int, at: int, value: object) -> None:
        self._keep_undo()
        self._with_job(lambda job_id: self._extractions.set_cell(job_id, row, at, value))

    def _on_rows_removed(self, shown: list[int]) -> None:
        gone = {self.model.place_of(row) for row in shown}
        rows = [row for place, row in enumerate(self.model.rows) if place not in gone]
        self._keep_undo()
        self._said = trn("{count} row taken out.", "{count} rows taken out.", len(gone))
        self._with_job(lambda job_id: self._extractions.set_rows(job_id, rows))

    def _on_undo(self) -> None:
        if self._before is not None:
            job_id, rows = self._before
            self._before, self._said = None, ""
            self._extractions.set_rows(job_id, rows)
            self.table.setFocus()

    def _keep_undo(self) -> None:
        self._said = ""
        if self._known is not None:
            self._before = self._known.job.id, self.model.rows

    def _on_doubtful(self) -> None:
        self.model.show_doubtful(shown=self.doubtful.isChecked())
        if self._known is not None:
            self._fill(self._known)

    def _show_others(self) -> None:
        menu = _menu(self.others)
        for known in self._extractions.jobs:
            action = menu.addAction(known.job.title.replace("&", "&&"), partial(self._show, known))
            action.setCheckable(True)
            action.setChecked(known is self._known)
        menu.popup(self.others.mapToGlobal(self.others.rect().bottomLeft()))

    def _show_formats(self) -> None:
        menu = _menu(self.export)
        for ending, name in _FORMATS:
            menu.addAction(tr(name), partial(self._choose_file, ending))
        menu.addSeparator()
        menu.addAction(tr("Copy all of it"), self._on_copy)
        menu.popup(self.export.mapToGlobal(self.export.rect().topLeft()))

    def _on_copy(self) -> None:
        self.table.selectAll()
        self.table.copy()
        self._say(tr("Copied."))

    def _choose_file(self, ending: str) -> None:
        stem = Path(self._extractions.documents[0].name).stem
        name = tr("{name} – table", name=stem)
        start = str(Path.home() / f"{name}.{ending}")
        dialog = QFileDialog(self, tr("Export the table"), start, f"{ending.upper()} (*.{ending})")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(ending)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_file_chosen)
        dialog.open()

    def _on_file_chosen(self, path: str) -> None:
        rows = self.model.shown_rows
        self._with_job(lambda job_id: self._extractions.export(job_id, Path(path), rows))


def _account(known: ExtractionJob, shown: Sequence[TableRow]) -> str:
    """Return in words what the table came from, and what to look at."""
    result = known.result
    words = trn("{count} row", "{count} rows", len(shown))
    if result is None:
        return words if shown else ""
    parts = [
        trn(
            "{rows} from {count} section",
            "{rows} from {count} sections",
            len(result.sections),
            rows=words,
        )
    ]
    if result.joined:
        parts.append(trn("{count} repetition joined", "{count} repetitions joined", result.joined))
    if doubts := sum(row.doubts for row in shown):
        parts.append(trn("{count} value to check", "{count} values to check", doubts))
    return "  ·  ".join(parts)


def _row(first: QWidget, *buttons: QPushButton | IconButton) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(tokens.S)
    row.addWidget(first, 1)
    for button in buttons:
        row.addWidget(button)
    return row


def _scrolling(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    page = QWidget()
    layout = column(page)
    layout.setContentsMargins(0, tokens.M, tokens.S, tokens.M)
    layout.addWidget(widget)
    make_scrolling(area, bounded(page))
    return area


def _menu(parent: QWidget) -> QMenu:
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return menu
