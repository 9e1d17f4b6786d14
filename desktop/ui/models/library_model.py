"""The models on this machine as a list that is searched and filtered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop.controllers.loading import Verdict
from desktop.domain.errors import UserError
from desktop.ui.models.verdicts import KIND_WORDS, SOURCE_WORDS, verdict_text
from models.amounts import count_in_words, size_in_words
from models.estimate.records import Judgement
from models.library.entry import LibraryEntry, ModelKind, Source
from models.wording import number, tr

ENTRY_ROLE: Final = Qt.ItemDataRole.UserRole
"""The ``LibraryEntry`` of a row."""
JUDGEMENT_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""Its ``Judgement``, None while it isn't known or where there is none."""
TROUBLE_ROLE: Final = Qt.ItemDataRole.UserRole + 3
"""In words why it can't be used, empty where it can."""
LOADED_ROLE: Final = Qt.ItemDataRole.UserRole + 2
"""Whether it is the loaded model."""
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()


class LibraryModel(QAbstractListModel):
    """Shows the entries with all of the search's words, of the chosen kind and source.

    New entries at the end are inserted, so that a scan never moves what one is reading.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: Sequence[LibraryEntry] = ()
        self._rows: list[LibraryEntry] = []
        self._verdicts: Mapping[str, Verdict] = {}
        self._loaded = ""
        self._words: list[str] = []
        self._kind: ModelKind | None = None
        self._source: Source | None = None

    @property
    def entries(self) -> Sequence[LibraryEntry]:
        """Return all entries, filtered or not."""
        return self._entries

    def set_entries(self, entries: Sequence[LibraryEntry]) -> None:
        """Show these entries."""
        self._entries = entries
        self._rebuild()

    def set_filter(self, text: str, kind: ModelKind | None, source: Source | None) -> None:
        """Show only entries that match; None takes every kind or source."""
        self._words = text.casefold().split()
        self._kind = kind
        self._source = source
        self._rebuild()

    def set_verdicts(self, verdicts: Mapping[str, Verdict]) -> None:
        """Take over verdicts by the models' paths."""
        self._verdicts = verdicts
        self._touch([JUDGEMENT_ROLE, TROUBLE_ROLE])

    def set_loaded(self, path: str) -> None:
        """Mark the loaded model; an empty path marks none."""
        if path != self._loaded:
            self._loaded = path
            self._touch([LOADED_ROLE])

    def row_of(self, path: str) -> int:
        """Return the row of a model, -1 where it isn't shown."""
        return next((row for row, each in enumerate(self._rows) if each.path == path), -1)

    def paths(self, first: int, last: int) -> list[str]:
        """Return the paths of the rows from ``first`` to ``last``."""
        return [entry.path for entry in self._rows[max(0, first) : last + 1]]

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return the number of entries that match."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Answer for an entry."""
        if not index.isValid():
            return None
        entry = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return self._spoken(entry)
        return {
            Qt.ItemDataRole.ToolTipRole: entry.path,
            ENTRY_ROLE: entry,
            JUDGEMENT_ROLE: self._judgement(entry),
            TROUBLE_ROLE: self._trouble(entry),
            LOADED_ROLE: entry.path == self._loaded,
        }.get(role)

    def _spoken(self, entry: LibraryEntry) -> str:
        judgement, trouble = self._judgement(entry), self._trouble(entry)
        parts = [entry.name, *facts(entry)]
        if entry.path == self._loaded:
            parts.append(tr("loaded"))
        if trouble:
            parts.append(trouble)
        elif judgement is not None:
            parts.append(verdict_text(judgement, entry.kind))
        return ", ".join(parts)

    def _judgement(self, entry: LibraryEntry) -> Judgement | None:
        verdict = self._verdicts.get(entry.path)
        return verdict if isinstance(verdict, Judgement) else None

    def _trouble(self, entry: LibraryEntry) -> str:
        verdict = self._verdicts.get(entry.path)
        if entry.problem is not None:
            return entry.problem.title
        return verdict.title if isinstance(verdict, UserError) else ""

    def _rebuild(self) -> None:
        rows = [entry for entry in self._entries if self._matches(entry)]
        shown = len(self._rows)
        if rows == self._rows:
            return
        if rows[:shown] == self._rows:
            self.beginInsertRows(_NO_PARENT, shown, len(rows) - 1)
            self._rows = rows
            self.endInsertRows()
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _matches(self, entry: LibraryEntry) -> bool:
        if self._kind is not None and entry.kind != self._kind:
            return False
        if self._source is not None and entry.source != self._source:
            return False
        if not self._words:
            return True
        texts = (entry.name, entry.path, entry.architecture, entry.quantization, entry.license)
        text = "\n".join(texts).casefold()
        return all(word in text for word in self._words)

    def _touch(self, roles: list[int]) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), roles)


def context_in_words(tokens: int) -> str:
    """Return ``8K``, ``128K``: contexts are counted in powers of two."""
    return f"{tokens // 1024}K" if tokens >= 1024 and tokens % 1024 == 0 else number(tokens)


def facts(entry: LibraryEntry) -> list[str]:
    """Return what one compares models by, each in a word or two."""
    found = []
    if entry.parameters:
        found.append(count_in_words(entry.parameters))
    if entry.quantization:
        found.append(entry.quantization)
    found.append(size_in_words(entry.size_bytes))
    if entry.trained_context:
        found.append(tr("{tokens} context", tokens=context_in_words(entry.trained_context)))
    if entry.kind != "chat":
        found.append(tr(KIND_WORDS[entry.kind]))
    found.append(tr(SOURCE_WORDS[entry.source]))
    return found
