"""What can be done in the open chat, and with the chats."""

from __future__ import annotations

from typing import Final

from desktop.ui.actions.action import CHATS, THIS_CHAT, WindowAction
from desktop.ui.main_window import MainWindow
from models.wording import mark


def _can_send(window: MainWindow) -> bool:
    return bool(window.conversation.composer.text.strip()) and not window.session.chat.busy


def _can_answer(window: MainWindow) -> bool:
    return bool(window.session.chat.path) and not window.session.chat.busy


def _has_own_message(window: MainWindow) -> bool:
    return _can_answer(window) and window.session.chat.last_own_message() is not None


def _is_listed(window: MainWindow) -> bool:
    return window.list_wires.open_chat is not None


IN_THIS_CHAT: Final = (
    WindowAction(
        "send",
        mark("Send"),
        THIS_CHAT,
        lambda window: window.conversation.composer.submit(),
        keys=("Enter",),
        bound=False,
        when=_can_send,
        icon="arrow-up",
    ),
    WindowAction(
        "new_line",
        mark("New line"),
        THIS_CHAT,
        lambda window: window.conversation.composer.editor.insertPlainText("\n"),
        keys=("Shift+Enter",),
        bound=False,
        listed=False,
    ),
    WindowAction(
        "escape",
        mark("Stop the reply, or close what is open"),
        THIS_CHAT,
        lambda window: window.step_back(),
        keys=("Esc",),
        listed=False,
    ),
    WindowAction(
        "stop",
        mark("Stop the reply"),
        THIS_CHAT,
        lambda window: window.session.chat.stop(),
        when=lambda window: window.session.chat.busy,
        icon="stop",
    ),
    WindowAction(
        "again",
        mark("Write the reply again"),
        THIS_CHAT,
        lambda window: window.session.chat.regenerate(None),
        keys=("Ctrl+R",),
        when=_can_answer,
        icon="again",
    ),
    WindowAction(
        "edit_last",
        mark("Edit your last message"),
        THIS_CHAT,
        lambda window: window.tree_wires.edit_last(),
        keys=("↑",),
        bound=False,
        sheet=mark("In an empty message: edit the last one"),
        when=_has_own_message,
        icon="edit",
    ),
    WindowAction(
        "find",
        mark("Find in this chat"),
        THIS_CHAT,
        lambda window: window.find_wires.open(),
        keys=("Ctrl+F",),
        icon="search",
    ),
    WindowAction(
        "find_next",
        mark("Next match"),
        THIS_CHAT,
        lambda window: window.find_wires.go(1),
        keys=("F3",),
        when=lambda window: window.find_wires.is_open,
        icon="arrow-down",
    ),
    WindowAction(
        "find_previous",
        mark("Previous match"),
        THIS_CHAT,
        lambda window: window.find_wires.go(-1),
        keys=("Shift+F3",),
        when=lambda window: window.find_wires.is_open,
        icon="arrow-up",
    ),
    WindowAction(
        "context",
        mark("What fills the context window"),
        THIS_CHAT,
        lambda window: window.conversation.composer.gauge.toggle(),
        keys=("Ctrl+I",),
        icon="info",
    ),
    WindowAction(
        "rename",
        mark("Rename this chat"),
        THIS_CHAT,
        lambda window: window.list_wires.rename_open(),
        keys=("F2",),
        bound=False,
        sheet=mark("Rename the chat in the list"),
        when=_is_listed,
        icon="edit",
    ),
    WindowAction(
        "delete",
        mark("Delete this chat"),
        THIS_CHAT,
        lambda window: window.list_wires.delete_open(),
        keys=("Del",),
        bound=False,
        sheet=mark("Delete the chat in the list"),
        when=_is_listed,
        icon="trash",
    ),
    WindowAction(
        "attach",
        mark("Ask about documents…"),
        THIS_CHAT,
        lambda window: window.ask_wires.show_menu(),
        icon="paperclip",
    ),
    WindowAction(
        "attach_files",
        mark("Ask about files…"),
        THIS_CHAT,
        lambda window: window.ask_wires.choose_files(),
        icon="paperclip",
    ),
)
OF_CHATS: Final = (
    WindowAction(
        "new_chat",
        mark("New chat"),
        CHATS,
        lambda window: window.open_new_chat(),
        keys=("Ctrl+N",),
        icon="plus",
    ),
    WindowAction(
        "new_private",
        mark("New private chat"),
        CHATS,
        lambda window: window.session.chats.new_private(),
        keys=("Ctrl+Shift+N",),
        sheet=mark("New private chat: never stored"),
        icon="lock",
    ),
    WindowAction(
        "quick",
        mark("Quick question"),
        CHATS,
        lambda window: window.reach.show_quick(),
        icon="edit",
    ),
    WindowAction(
        "palette",
        mark("Find an action, a chat or a message"),
        CHATS,
        lambda window: window.palette_wires.toggle(),
        keys=("Ctrl+K",),
        listed=False,
    ),
    WindowAction(
        "search",
        mark("Search chats and messages"),
        CHATS,
        lambda window: window.search_wires.enter(),
        keys=("Ctrl+Shift+F",),
        icon="search",
    ),
    WindowAction(
        "toggle_chats",
        mark("Show or hide the chats"),
        CHATS,
        lambda window: window.panels.toggle("left"),
        keys=("Ctrl+B",),
        icon="sidebar",
    ),
    WindowAction(
        "trash_page",
        mark("Trash"),
        CHATS,
        lambda window: window.list_wires.toggle_trash(),
        keys=("Ctrl+Shift+T",),
        sheet=mark("Trash and backups"),
        icon="trash",
    ),
    WindowAction(
        "backups",
        mark("Backups…"),
        CHATS,
        lambda window: window.list_wires.show_backups(),
        icon="trash",
    ),
    WindowAction(
        "back_up",
        mark("Back up now"),
        CHATS,
        lambda window: window.session.backups.make(),
        icon="check",
    ),
    WindowAction(
        "new_folder",
        mark("New folder"),
        CHATS,
        lambda window: window.list_wires.new_folder(),
        icon="folder",
    ),
    WindowAction(
        "import_file",
        mark("Import a file…"),
        CHATS,
        lambda window: window.transfer_wires.choose_import(False),
        icon="download",
    ),
    WindowAction(
        "import_folder",
        mark("Import a folder…"),
        CHATS,
        lambda window: window.transfer_wires.choose_import(True),
        icon="download",
    ),
)
