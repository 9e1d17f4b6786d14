"""What a person wants to find: columns, or a JSON schema, checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QMenu, QPlainTextEdit, QWidget

from desktop.domain.errors import UserError
from desktop.domain.row_schema import MOST_COLUMNS, checked_columns, table_of_schema
from desktop.domain.table import TYPE_WORDS, Column, ColumnType, Table
from desktop.ui import tokens
from desktop.ui.controls import IconButton, column, label, push_button
from desktop.ui.segments import Segments
from desktop.ui.theme import Theme
from models.wording import mark, tr, trn

EXAMPLES: Final[tuple[tuple[str, tuple[Column, ...]], ...]] = (
    (mark("People"), (
        Column(name=mark("Name"), description=mark("the person's full name")),
        Column(name=mark("Role"), description=mark("what the person is or does")),
    )),
    (mark("Events"), (
        Column(name=mark("Date"), type="date", description=mark("when it happened")),
        Column(name=mark("Event"), description=mark("what happened, in a few words")),
    )),
    (mark("Amounts"), (
        Column(name=mark("Item"), description=mark("what it is for")),
        Column(name=mark("Amount"), type="number"),
        Column(name=mark("Unit"), description=mark("the currency or unit")),
    )),
)  # fmt: skip
SCHEMA_EXAMPLE: Final = """\
{
  "type": "object",
  "properties": {
    "name": {"type": "string", "maxLength": 80},
    "born": {"type": ["integer", "null"], "description": "the year"}
  },
  "required": ["name"]
}"""
_TYPES: Final[tuple[ColumnType, ...]] = (
    "text", "integer", "number", "date", "boolean", "choice",
)  # fmt: skip
_CODE_HEIGHT: Final = 220
_TYPE_WIDTH: Final = 128


class ExtractForm(QWidget):
    """Asks for the columns. ``wished`` carries a checked ``Table``; what is wrong stands below."""

    wished = Signal(object)
    cancelled = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("extractForm")
        self._theme = theme
        self._is_schema = False
        self.rows: list[ColumnRow] = []
        self.ways = Segments(
            tr("Describe it by"), [(False, tr("Columns")), (True, tr("JSON schema"))]
        )
        self.ways.chosen.connect(self.show_schema)
        self.schema = self._make_schema()
        self._columns = self._make_columns()
        self._trouble = label(tone="danger", wraps=True)
        self._trouble.hide()
        self.button = push_button(tr("Fill the table"), "primary", self._on_pressed)
        self.button.setObjectName("extractButton")
        self.back = push_button(tr("Back to the table"), "outline", self.cancelled.emit)
        layout = column(self, spacing=tokens.M)
        layout.addLayout(self._make_head())
        layout.addWidget(self._columns)
        layout.addWidget(self.schema)
        layout.addWidget(self._trouble)
        layout.addLayout(self._make_foot())
        layout.addStretch(1)
        self.show_table(None)

    @property
    def trouble(self) -> str:
        """Return what is said to be wrong, empty where nothing is."""
        return "" if self._trouble.isHidden() else self._trouble.text()

    def show_table(self, table: Table | None) -> None:
        """Begin from the columns of a table, or anew."""
        self._trouble.hide()
        self.show_schema(is_schema=bool(table and table.source))
        self.schema.setPlainText(table.source if table and table.source else SCHEMA_EXAMPLE)
        simple = () if table is None or table.source else table.columns
        self._set_columns(simple or (Column(name=""),))

    def show_schema(self, is_schema: bool) -> None:  # noqa: FBT001 - a signal's own argument
        """Ask for a JSON schema, or for columns."""
        self._is_schema = is_schema
        self.ways.show_value(is_schema)
        self._columns.setVisible(not is_schema)
        self.schema.setVisible(is_schema)

    def set_documents(self, count: int) -> None:
        """Say how many documents are read."""
        words = tr("Fill the table")
        if count > 1:
            words = trn(
                "Fill the table from {count} document",
                "Fill the table from {count} documents",
                count,
            )
        self.button.setText(words)

    def add_column(self, wanted: Column | None = None) -> ColumnRow:
        """Add a row for another column."""
        row = ColumnRow(self._theme)
        row.remove_requested.connect(partial(self._remove, row))
        row.returned.connect(self._on_pressed)
        if wanted is not None:
            row.show_column(wanted)
        self.rows.append(row)
        self._column_rows.addWidget(row)
        self._count()
        return row

    # --- parts -----------------------------------------------------------------------------------

    def _make_head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(tokens.L)
        words = label(
            tr("The whole document is read for rows of this table. Each value keeps its place."),
            tone="secondary",
            wraps=True,
        )
        head.addWidget(words, 1)
        head.addWidget(self.ways, 0, Qt.AlignmentFlag.AlignTop)
        return head

    def _make_columns(self) -> QWidget:
        content = QWidget()
        layout = column(content, spacing=tokens.S)
        self._column_rows = column(spacing=tokens.XS)
        layout.addLayout(self._column_rows)
        self.add = push_button(tr("Add a column"), "link", self._on_add)
        self.examples = QWidget()
        row = QHBoxLayout(self.examples)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(tokens.M)
        row.addWidget(label(tr("For example"), tone="faint"))
        for name, columns in EXAMPLES:
            example = [_in_language(each) for each in columns]
            row.addWidget(push_button(tr(name), "link", partial(self._set_columns, example)))
        foot = QHBoxLayout()
        foot.setSpacing(tokens.XL)
        foot.addWidget(self.add)
        foot.addStretch(1)
        foot.addWidget(self.examples)
        layout.addLayout(foot)
        return content

    def _make_schema(self) -> QPlainTextEdit:
        edit = QPlainTextEdit()
        edit.setProperty("kind", "code")
        edit.setAccessibleName(tr("JSON schema of a row"))
        edit.setTabChangesFocus(True)
        edit.setFixedHeight(_CODE_HEIGHT)
        return edit

    def _make_foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(tokens.S)
        foot.addWidget(self.button)
        foot.addWidget(self.back)
        foot.addStretch(1)
        self.back.hide()
        return foot

    # --- what is done ----------------------------------------------------------------------------

    def _set_columns(self, columns: Sequence[Column]) -> None:
        for row in self.rows:
            self._column_rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = []
        for each in columns:
            self.add_column(each)

    def _remove(self, row: ColumnRow) -> None:
        at = self.rows.index(row)
        self.rows.remove(row)
        self._column_rows.removeWidget(row)
        row.hide()
        row.deleteLater()
        if not self.rows:
            self.add_column()
        self.rows[min(at, len(self.rows) - 1)].name.setFocus()
        self._count()

    def _on_add(self) -> None:
        self.add_column().name.setFocus()

    def _count(self) -> None:
        self.add.setEnabled(len(self.rows) < MOST_COLUMNS)

    def _on_pressed(self) -> None:
        try:
            table = self._table()
        except UserError as error:
            self._trouble.setText(f"{error.title} {error.hint}".strip())
            self._trouble.show()
            return
        self._trouble.hide()
        self.wished.emit(table)

    def _table(self) -> Table:
        if self._is_schema:
            return table_of_schema(self.schema.toPlainText())
        named = [row.column for row in self.rows if row.column.name or row.column.description]
        return checked_columns(named)


class ColumnRow(QWidget):
    """A column's name, type and description, and a way to take it out again."""

    remove_requested = Signal()
    returned = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.name = _field(tr("Name of a column"), tr("Name"))
        self._kind: ColumnType = "text"
        self.type = push_button("", "outline", self._show_types)
        self.type.setMinimumWidth(_TYPE_WIDTH)
        self.description = _field(tr("What to look for"), tr("What to look for (optional)"))
        self.choices = _field(tr("Choices"), tr("Choices, with commas between"))
        remove = IconButton(theme, "close", tr("Remove the column"), self.remove_requested.emit)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(tokens.S)
        grid.setVerticalSpacing(tokens.XS)
        for place, (part, stretch) in enumerate(
            ((self.name, 2), (self.type, 0), (self.description, 3), (remove, 0))
        ):
            grid.addWidget(part, 0, place)
            grid.setColumnStretch(place, stretch)
        grid.addWidget(self.choices, 1, 0, 1, 3)
        for field in (self.name, self.choices, self.description):
            field.returnPressed.connect(self.returned)
        self.set_type("text")

    @property
    def column(self) -> Column:
        """Return what is asked for, not checked yet."""
        choices = self.choices.text().split(",") if self._kind == "choice" else ()
        return Column(
            name=" ".join(self.name.text().split()),
            type=self._kind,
            description=" ".join(self.description.text().split()),
            choices=tuple(choice.strip() for choice in choices if choice.strip()),
        )

    def show_column(self, wanted: Column) -> None:
        """Begin from a column."""
        self.name.setText(wanted.name)
        self.set_type(wanted.type)
        self.description.setText(wanted.description)
        self.choices.setText(", ".join(wanted.choices))

    def set_type(self, kind: ColumnType) -> None:
        """Take values of this type."""
        self._kind = kind
        word = tr(TYPE_WORDS[kind])
        self.type.setText(word)
        self.type.setAccessibleName(tr("Type of the column: {type}", type=word))
        self.choices.setVisible(kind == "choice")

    def _show_types(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for kind in _TYPES:
            action = menu.addAction(tr(TYPE_WORDS[kind]), partial(self.set_type, kind))
            action.setCheckable(True)
            action.setChecked(kind == self._kind)
        menu.popup(self.type.mapToGlobal(self.type.rect().bottomLeft()))


def _in_language(example: Column) -> Column:
    """Return a column of an example as a person who reads this language would write it."""
    return msgspec.structs.replace(
        example, name=tr(example.name), description=tr(example.description)
    )


def _field(name: str, hint: str) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(name)
    field.setPlaceholderText(hint)
    return field
