"""One model of this machine: what it is, what it takes, and what can be done with it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from desktop.controllers.library import LibraryController
from desktop.controllers.loading import LoadingController, Verdict
from desktop.controllers.model import ModelController, ModelState
from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from desktop.ui import tokens
from desktop.ui.controls import Card, IconButton, column, label, plain_tip, push_button
from desktop.ui.models.detail_facts import FileFacts
from desktop.ui.models.fold import Fold
from desktop.ui.models.library_model import facts
from desktop.ui.models.loading_panel import LoadingPanel
from desktop.ui.models.memory_bar import MemoryAccount
from desktop.ui.models.verdicts import SOURCE_WORDS, Badge, small_print
from desktop.ui.problem_card import ProblemCard
from desktop.ui.theme import Theme
from models.amounts import size_in_words
from models.estimate.records import Machine
from models.library.entry import LibraryEntry, ModelDetail
from models.records import Problem
from models.wording import number, tr, trn


class DetailPanel(QWidget):
    """Shows an entry of the library; what it takes follows while one changes how it is loaded."""

    back_requested = Signal()

    def __init__(
        self,
        theme: Theme,
        library: LibraryController,
        loading: LoadingController,
        model: ModelController,
        settings: SettingsController,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._library = library
        self._loading = loading
        self._model = model
        self._entry: LibraryEntry | None = None
        self._usable = True
        self._panel = LoadingPanel(theme, loading, model, settings)
        self._facts = FileFacts()
        self.setAccessibleName(tr("Chosen model"))
        self._inner = self._make_inner()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(self._inner)
        layout = column(self)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self._panel.apply_bar)
        loading.estimated.connect(self._on_estimated)
        loading.machine_changed.connect(self._on_machine)
        model.state_changed.connect(self._on_model)
        self.show_entry(None)

    @property
    def loaded_path(self) -> str:
        """Return the path of the model that the window talks to."""
        return self._model.state.path

    def show_alone(self, *, alone: bool) -> None:
        """Fill the tab, with a way back to the list; or stand beside the list."""
        self._back.setVisible(alone)
        left = tokens.XL if alone else tokens.L
        self._column.setContentsMargins(left, tokens.XS, tokens.XL, tokens.XL)

    def unfold_loading(self) -> None:
        """Show how the model loads."""
        if not self._how.is_open:
            self._how.toggle()

    def focus_first(self) -> None:
        """Put the focus on what one most likely wants to do with the model."""
        (self._unload if self._load.isHidden() else self._load).setFocus()

    def show_entry(self, entry: LibraryEntry | None) -> None:
        """Show a model; None shows that none is chosen."""
        is_new = entry is None or self._entry is None or entry.path != self._entry.path
        if not is_new and entry == self._entry:
            return
        self._entry = entry
        self._inner.setVisible(entry is not None)
        if entry is None:
            return
        self._title.setText(entry.name)
        self._facts_line.setText("  ·  ".join(_all_facts(entry)))
        self._path_line.setText(entry.path)
        self._show_problem(entry.problem)
        if is_new:
            self._forget()
        self._panel.show_model(entry.path)
        self._library.detail(entry, self._on_detail, self._on_no_detail)
        self._on_model(self._model.state)

    # --- parts -----------------------------------------------------------------------------------

    def _make_inner(self) -> QWidget:
        inner = QWidget()
        layout = self._column = column(inner, spacing=tokens.M)
        layout.addLayout(self._make_head())
        self._facts_line = label(tone="secondary", wraps=True)
        self._path_line = label(kind="small", tone="secondary", wraps=True)
        self._path_line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self._facts_line)
        layout.addWidget(self._path_line)
        layout.addWidget(self._make_problem())
        self._refusal = ProblemCard()
        self._refusal.connect_to(self._model)
        self._refusal.choose_requested.connect(self.back_requested)
        layout.addWidget(self._refusal)
        layout.addLayout(self._make_buttons())
        layout.addWidget(self._make_confirmation())
        layout.addSpacing(tokens.XS)
        self._verdict = label(wraps=True)
        self._memory = MemoryAccount(self._theme)
        layout.addWidget(self._verdict)
        layout.addWidget(self._memory)
        self._context = small_print()
        layout.addWidget(self._context)
        self._how = Fold(self._theme, tr("How it loads"), self._panel, is_open=False)
        layout.addWidget(self._how)
        layout.addWidget(Fold(self._theme, tr("Template"), self._facts.template))
        layout.addWidget(Fold(self._theme, tr("Tensors by type"), self._facts.tensors))
        layout.addWidget(Fold(self._theme, tr("Metadata"), self._facts.metadata))
        layout.addStretch(1)
        return inner

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(tokens.S)
        self._back = IconButton(
            self._theme, "chevron-left", tr("Back to the list"), self.back_requested.emit
        )
        self._title = label(kind="title", wraps=True)
        self._badge = Badge()
        head.addWidget(self._back, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._title, 1)
        head.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _make_problem(self) -> QWidget:
        self._problem = Card("problem")
        layout = column(self._problem, spacing=tokens.XS)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        self._problem_title = label(kind="strong", wraps=True)
        self._problem_hint = label(tone="secondary", wraps=True)
        layout.addWidget(self._problem_title)
        layout.addWidget(self._problem_hint)
        self._release = push_button(tr("Trust the file again"), "outline", self._on_release)
        layout.addWidget(self._release, 0, Qt.AlignmentFlag.AlignLeft)
        return self._problem

    def _make_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        self._load = push_button(tr("Load"), "primary", self._on_load)
        self._load.setObjectName("loadButton")
        self._unload = push_button(tr("Unload"), "outline", self._model.unload)
        self._unload.setObjectName("unloadButton")
        row.addWidget(self._load)
        row.addWidget(self._unload)
        row.addSpacing(tokens.S)
        for name, text, action in (
            ("folder", tr("Show in folder"), self._on_show),
            ("copy", tr("Copy path"), self._on_copy),
        ):
            row.addWidget(IconButton(self._theme, name, text, action))
        self._delete = IconButton(self._theme, "trash", tr("Delete…"), self._on_delete)
        self._delete.setObjectName("deleteButton")
        row.addWidget(self._delete)
        row.addStretch(1)
        return row

    def _make_confirmation(self) -> QWidget:
        self._confirmation = Card()
        layout = column(self._confirmation, spacing=tokens.S)
        layout.setContentsMargins(tokens.L, tokens.M, tokens.L, tokens.M)
        self._question = label(wraps=True)
        layout.addWidget(self._question)
        row = QHBoxLayout()
        row.setSpacing(tokens.S)
        self._confirm = push_button(tr("Move to the trash"), "danger", self._on_confirmed)
        self._confirm.setObjectName("confirmDeleteButton")
        row.addWidget(self._confirm)
        row.addWidget(push_button(tr("Keep it"), "outline", self._confirmation.hide))
        row.addStretch(1)
        layout.addLayout(row)
        self._confirmation.hide()
        return self._confirmation

    # --- what is shown ---------------------------------------------------------------------------

    def _forget(self) -> None:
        """Take away what was known of the model before."""
        self._usable = True
        self._confirmation.hide()
        self._badge.show_judgement(None)
        self._verdict.setText("")
        self._context.setText("")
        self._memory.show_estimate(None, None)
        self._facts.clear()
        self._scroll.verticalScrollBar().setValue(0)

    def _show_problem(self, problem: Problem | UserError | None) -> None:
        """Say what is wrong with the file, in place of what it would take."""
        self._problem.setVisible(problem is not None)
        for part in (self._verdict, self._memory, self._context, self._how):
            part.setVisible(problem is None)
        if problem is not None:
            self._badge.show_judgement(None)
            self._problem_title.setText(problem.title)
            self._problem_hint.setText(problem.hint)
            self._problem.setToolTip(plain_tip(problem.detail))
            self._release.setVisible(problem.code == "quarantined")

    def _on_detail(self, detail: ModelDetail) -> None:
        if self._entry is not None and detail.entry.path == self._entry.path:
            self._facts.show_detail(detail)

    def _on_no_detail(self, trouble: UserError) -> None:
        self._facts.show_trouble(f"{trouble.title} {trouble.hint}".strip())

    def _on_estimated(self, path: str, found: Verdict) -> None:
        if self._entry is None or path != self._entry.path or self._entry.problem is not None:
            return
        trouble = found if isinstance(found, UserError) else None
        self._show_problem(trouble)
        self._usable = trouble is None
        self._on_model(self._model.state)
        if isinstance(found, UserError):
            return
        self._badge.show_judgement(found, self._entry.kind)
        self._verdict.setText(found.reason)
        context = number(found.estimate.context_size)
        self._context.setText(tr("At a context window of {context} tokens.", context=context))
        self._memory.show_estimate(found.estimate, self._loading.room)
        self._panel.show_judgement(found)

    def _on_machine(self, _machine: Machine | None) -> None:
        why = self._loading.why_no_gpu
        if isinstance(why, UserError):
            self._verdict.setText(f"{why.title} {why.hint}".strip())
        elif self._entry is not None:
            self._panel.show_model(self._entry.path)

    def _on_model(self, state: ModelState) -> None:
        entry = self._entry
        if entry is None:
            return
        is_it = state.path == entry.path
        self._refusal.show_model(state if is_it else ModelState())
        is_ready = is_it and state.status == "ready"
        is_loading = is_it and state.status == "loading"
        self._load.setVisible(not is_ready)
        self._load.setText(tr("Loading…") if is_loading else tr("Load"))
        self._load.setEnabled(not is_loading and entry.problem is None and self._usable)
        self._unload.setVisible(is_ready)
        can_delete = entry.owned and not is_it
        self._delete.setEnabled(can_delete)
        self._delete.set_name(tr("Delete…") if can_delete else _why_not(entry, is_it=is_it))

    # --- what is pressed -------------------------------------------------------------------------

    def _on_load(self) -> None:
        if self._entry is not None:
            self._panel.flush()
            self._model.open("" if self._entry.source == "embedded" else self._entry.path)

    def _on_release(self) -> None:
        if self._entry is not None:
            self._loading.release(self._entry.path)
            self._panel.show_model(self._entry.path)

    def _on_show(self) -> None:
        if self._entry is not None:
            folder = Path(self._entry.path).parent
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _on_copy(self) -> None:
        if self._entry is not None:
            QGuiApplication.clipboard().setText(self._entry.path)

    def _on_delete(self) -> None:
        if self._entry is None:
            return
        freed = size_in_words(self._entry.size_bytes)
        count = len(self._entry.parts) + len(self._entry.projectors)
        self._question.setText(
            trn(
                "The file goes to the trash; emptying that frees {freed}. Chats stay as they are.",
                "Its {count} files go to the trash; emptying that frees {freed}. "
                "Chats stay as they are.",
                max(1, count),
                freed=freed,
            )
        )
        self._confirmation.show()
        self._confirm.setFocus()

    def _on_confirmed(self) -> None:
        self._confirmation.hide()
        if self._entry is not None:
            self._library.remove(self._entry)


def _all_facts(entry: LibraryEntry) -> list[str]:
    found = [entry.architecture] if entry.architecture else []
    found += facts(entry)
    if entry.license:
        found.append(tr("Licence {licence}", licence=entry.license))
    if len(entry.parts) > 1:
        found.append(trn("{count} file", "{count} files", len(entry.parts)))
    if entry.projectors:
        found.append(tr("with a projector for images"))
    return found


def _why_not(entry: LibraryEntry, *, is_it: bool) -> str:
    if not entry.owned:
        source = tr(SOURCE_WORDS[entry.source])
        return tr("Not Snug's to delete: it belongs to {source}", source=source)
    return tr("Unload it, or load another model, to delete it") if is_it else tr("Delete…")
