"""The documents, and the files on their way in, as a list that is searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from desktop.controllers.documents import Intake
from desktop.domain.documents import Document
from desktop.domain.page_words import pages_counted
from desktop.ui.controls import plain_tip
from models.amounts import share_in_words, size_in_words
from models.wording import mark, tr

ENTRY_ROLE: Final = Qt.ItemDataRole.UserRole
"""The ``Document`` or the ``Intake`` of a row."""
TROUBLE_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""In words what is wrong with it, empty where nothing is."""
MARK_ROLE: Final = Qt.ItemDataRole.UserRole + 2
"""In a few words what one must know of it, although it can be read; empty where nothing."""
Entry = Document | Intake
AnyIndex = QModelIndex | QPersistentModelIndex
_NO_PARENT: Final = QModelIndex()
_CUT: Final = mark("Reading it was cut short. Add it again.")


class DocumentListModel(QAbstractListModel):
    """Shows what is being read in first, then the documents with all of the search's words."""

    def __init__(self) -> None:
        super().__init__()
        self._documents: Sequence[Document] = ()
        self._intakes: Sequence[Intake] = ()
        self._marks: Mapping[int, str] = {}
        self._only: frozenset[int] | None = None
        self._words: list[str] = []
        self._rows: list[Entry] = []

    def set_documents(self, documents: Sequence[Document]) -> None:
        """Show these documents."""
        self._documents = documents
        self._rebuild()

    def set_intakes(self, intakes: Sequence[Intake]) -> None:
        """Show these files as being on their way in."""
        self._intakes = intakes
        self._rebuild()

    def set_filter(self, text: str, only: frozenset[int] | None = None) -> None:
        """Show only documents with these words in name or title, and of these ids; None: all."""
        self._words = text.casefold().split()
        self._only = only
        self._rebuild()

    def set_marks(self, marks: Mapping[int, str]) -> None:
        """Take over what one must know of documents, by their ids."""
        self._marks = marks
        self._touch()

    def row_of(self, document_id: int) -> int:
        """Return the row of a document, -1 where it isn't shown."""
        return next(
            (
                row
                for row, each in enumerate(self._rows)
                if isinstance(each, Document) and each.id == document_id
            ),
            -1,
        )

    def entry(self, row: int) -> Entry:
        """Return what stands in a row."""
        return self._rows[row]

    def rowCount(self, parent: AnyIndex = _NO_PARENT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Answer for a row."""
        if not index.isValid():
            return None
        entry = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return ", ".join(filter(None, (entry.name, second_line(entry), self._mark(entry))))
        return {
            Qt.ItemDataRole.ToolTipRole: plain_tip(
                "\n".join(filter(None, (entry.path, entry.problem_hint)))
            ),
            ENTRY_ROLE: entry,
            TROUBLE_ROLE: trouble_of(entry),
            MARK_ROLE: self._mark(entry),
        }.get(role)

    def _mark(self, entry: Entry) -> str:
        return self._marks.get(entry.id, "") if isinstance(entry, Document) else ""

    def _rebuild(self) -> None:
        under_way = {each.path for each in self._intakes if not each.is_over}
        # What is read again stays where it is: the line below the list tells that it is read.
        here = {each.path for each in self._documents if each.state == "ready"}
        here |= {d.path for d in self._documents if d.state == "failed"} - under_way
        rows: list[Entry] = [each for each in self._intakes if each.path not in here]
        rows += [
            each
            for each in self._documents
            if self._matches(each) and (each.path not in under_way or each.path in here)
        ]
        if [_key(each) for each in rows] == [_key(each) for each in self._rows]:
            self._rows = rows
            self._touch()
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _matches(self, document: Document) -> bool:
        if self._only is not None and document.id not in self._only:
            return False
        text = f"{document.name}\n{document.title}".casefold()
        return all(word in text for word in self._words)

    def _touch(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def trouble_of(entry: Entry) -> str:
    """Return why a document can't be used, empty where it can."""
    if entry.state == "failed":
        return without_name(entry.problem_title, entry.name)
    return tr(_CUT) if isinstance(entry, Document) and entry.state == "reading" else ""


def without_name(title: str, name: str) -> str:
    """Return a sentence on a document that stands below its name."""
    rest = title.removeprefix(tr("“{name}” is {trouble}", name=name, trouble=""))
    return rest[:1].upper() + rest[1:]


def second_line(entry: Entry) -> str:
    """Return what stands below a name."""
    trouble = trouble_of(entry)
    if trouble:
        return trouble
    if isinstance(entry, Document):
        return "  ·  ".join(facts(entry))
    if entry.state == "waiting":
        return tr("Waiting")
    if not entry.total:
        return tr("Reading")
    return tr("Reading · {share}", share=share_in_words(entry.done / entry.total))


def facts(document: Document) -> list[str]:
    """Return a document's format, its length and its size, each in a word or two."""
    found = [tr(document.format_name)] if document.format_name else []
    if document.pages and document.page_word:
        found.append(pages_counted(document.page_word, document.pages))
    return [*found, size_in_words(document.size)]


def _key(entry: Entry) -> tuple[str, int]:
    return type(entry).__name__, entry.id
