"""The tab of what was deleted: looked through, read, restored, or deleted for good."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Sequence
from typing import Final

from PySide6.QtGui import QAction, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QLineEdit, QTextEdit, QWidget

from desktop.controllers.trash import TrashController
from desktop.domain.chat import Chat, Deletion, Message
from desktop.storage.trash import KEPT_S
from desktop.ui import tokens
from desktop.ui.chat_list_model import shown_title
from desktop.ui.controls import push_button
from desktop.ui.dates import in_words
from desktop.ui.icons import icon
from desktop.ui.theme import Theme
from desktop.ui.transcript.spoken import speaker
from desktop.ui.trash_rows import ListPane, TwoLines, sure_button
from models.reasoning import answer_in
from models.wording import tr, trn

_DAY_S: Final = 86_400
_MOST_READ: Final = 20_000
"""Characters of what is shown before it is restored."""


class TrashPane(ListPane):
    """What was deleted, and beneath the list what is in the row that is chosen."""

    def __init__(self, theme: Theme, trash: TrashController) -> None:
        super().__init__(theme, tr("Trash"))
        self._theme = theme
        self._trash = trash
        self.search = self._make_search()
        self.preview = Preview()
        place = self.content.indexOf(self.list)
        self.content.insertWidget(place, self.search)
        self.content.insertWidget(place + 2, self.preview, 1)
        QWidget.setTabOrder(self.search, self.list)
        QWidget.setTabOrder(self.list, self.preview)
        self.add_button(push_button(tr("Restore"), "primary", self._restore))
        self.add_button(
            sure_button(tr("Delete for good"), tr("No way back: delete?"), self._delete)
        )
        self.buttons.addStretch(1)
        self._empty = self.add_button(
            sure_button(tr("Empty the trash"), tr("Delete all for good?"), trash.empty),
            for_one=False,
        )
        trash.changed.connect(self._show)
        trash.previewed.connect(self._on_previewed)
        self.search.textChanged.connect(trash.look_for)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self.list.rows.modelReset.connect(self.preview.clear)
        theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()
        # Another window may have looked for something.
        trash.look_for("")
        self._show()

    def _make_search(self) -> QLineEdit:
        search = QLineEdit()
        search.setObjectName("trashSearch")
        search.setPlaceholderText(tr("Search the trash"))
        search.setAccessibleName(tr("Search the trash by titles and messages"))
        self._search_icon = QAction(tr("Search"), search)
        search.addAction(self._search_icon, QLineEdit.ActionPosition.LeadingPosition)
        return search

    def _on_theme_changed(self) -> None:
        self._search_icon.setIcon(icon("search", self._theme.colour("secondary").name(), 16))

    def _show(self) -> None:
        rows = self._rows()
        count = len(self._trash.chats) + len(self._trash.deletions)
        self.search.setVisible(bool(count) or bool(self.search.text()))
        self._empty.setEnabled(count > 0)
        self.words.setText(self._words(count, len(rows)))
        self.show_rows(rows)
        self.preview.setVisible(bool(rows))

    def _rows(self) -> list[TwoLines]:
        now, found = time.time(), self._trash.found
        chats, deletions = self._trash.chats, self._trash.deletions
        if found is not None:
            chats = [each for each in chats if each.id in found[0]]
            deletions = [each for each in deletions if each.id in found[1]]
        of_chats = [(each.deleted_at or 0.0, _of_chat(each, now)) for each in chats]
        gone = [(each.deleted_at, _of_deletion(each, now)) for each in deletions]
        return [row for _, row in sorted([*of_chats, *gone], key=lambda pair: -pair[0])]

    def _words(self, count: int, shown: int) -> str:
        days = round(KEPT_S / _DAY_S)
        if not count:
            return tr(
                "The trash is empty. Deleted chats and messages stay here for {days} days.",
                days=days,
            )
        if self._trash.found is None:
            return tr(
                "What you delete stays here for {days} days, and is then gone for good: from the "
                "search, the caches and the backups too.",
                days=days,
            )
        if not shown:
            return tr("Nothing in the trash has these words.")
        return trn(
            "{count} of {all} entries in the trash has these words.",
            "{count} of {all} entries in the trash have these words.",
            shown,
            all=count,
        )

    # --- what is chosen --------------------------------------------------------------------------

    def _on_current_changed(self) -> None:
        item = self.list.chosen
        if isinstance(item, Chat | Deletion):
            self._trash.preview(item)
        else:
            self.preview.clear()

    def _on_previewed(self, item: Chat | Deletion, messages: Sequence[Message]) -> None:
        # Another row may have been chosen since.
        if item == self.list.chosen:
            self.preview.show_messages(item, messages)

    def _restore(self) -> None:
        match self.list.chosen:
            case Chat() as chat:
                self._trash.restore_chat(chat.id)
            case Deletion() as deletion:
                self._trash.restore_messages(deletion)

    def _delete(self) -> None:
        match self.list.chosen:
            case Chat() as chat:
                self._trash.delete_chat(chat.id)
            case Deletion() as deletion:
                self._trash.delete_messages(deletion)


class Preview(QTextEdit):
    """Messages to be read before they are restored: who, and what, without any dress."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("trashPreview")
        self.setAccessibleName(tr("What is in the chosen row"))
        self.setReadOnly(True)
        self.setTabChangesFocus(True)
        self.setPlaceholderText(tr("Choose a row to read what is in it."))
        self.document().setDocumentMargin(tokens.M)

    def show_messages(self, item: Chat | Deletion, messages: Sequence[Message]) -> None:
        """Show these messages of a chat, its last ones, or of a deletion, its first ones."""
        self.clear()
        cursor = QTextCursor(self.document())
        strong = QTextCharFormat()
        strong.setFontWeight(tokens.WEIGHT_STRONG)
        room = _MOST_READ
        for message in messages:
            text = answer_in(message.text) if message.role == "assistant" else message.text
            cursor.insertText(f"{speaker(message)}\n", strong)
            cursor.insertText(f"{text.strip()[:room]}\n\n", QTextCharFormat())
            room -= len(text)
            if room <= 0:
                break
        cut = room <= 0 or (isinstance(item, Deletion) and item.count > len(messages))
        if cut or (isinstance(item, Chat) and messages and messages[0].parent_id is not None):
            cursor.insertText(tr("There is more of it than is shown here."), QTextCharFormat())
        self.moveCursor(QTextCursor.MoveOperation.Start)


def _of_chat(chat: Chat, now: float) -> TwoLines:
    when = _left(chat.deleted_at or now, now)
    return TwoLines(chat, shown_title(chat), tr("Chat · {when}", when=when))


def _of_deletion(deletion: Deletion, now: float) -> TwoLines:
    begins = " ".join(deletion.text.split()) or tr("An empty message")
    words = trn(
        "{count} message of “{title}” · {when}",
        "{count} messages of “{title}” · {when}",
        deletion.count,
        title=deletion.chat_title,
        when=_left(deletion.deleted_at, now),
    )
    return TwoLines(deletion, begins, words)


def _left(deleted_at: float, now: float) -> str:
    days = max(0, math.ceil((deleted_at + KEPT_S - now) / _DAY_S))
    moment = dt.datetime.fromtimestamp(deleted_at).astimezone()
    when = in_words(moment, tr("dd MMM, HH:mm"))
    return trn(
        "deleted {when} · gone for good in {count} day",
        "deleted {when} · gone for good in {count} days",
        days,
        when=when,
    )
