"""What the palette offers now: the actions that can be done, and one for each thing there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, Final

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from desktop.domain.chat import Message, is_private
from desktop.settings.schema import APP_OPTIONS, OPTIONS, OptionInfo, choice_name
from desktop.ui import language
from desktop.ui.actions.action import CHATS, MODELS, SETTINGS, THIS_CHAT
from desktop.ui.actions.table import ACTIONS
from desktop.ui.chat_list_view import FORMS
from desktop.ui.keys import shown_keys
from desktop.ui.main_window import MainWindow
from desktop.ui.transcript.actions import Action
from models.wording import mark, tr

_LAST_REPLY: Final = mark("Last reply")
_YOUR_LAST: Final = mark("Your last message")
_COPY_SELECTED: Final = mark("Copy")
"""In the menu of a message; it copies what is selected, wherever that is."""


@dataclass(frozen=True)
class Entry:
    """A line of the palette: its lasting id, its name, where it belongs, what runs it.

    What is ``in_chat`` is done where it can be seen: in the conversation.
    """

    id: str
    name: str
    where: str
    run: Callable[[], object]
    keys: str = ""
    icon: str = "sliders"
    in_chat: bool = False


def entries_of(window: MainWindow) -> list[Entry]:
    """Return everything that can be done in a window now; what can't is left out."""
    return [
        *_of_table(window, THIS_CHAT),
        *_of_open_chat(window),
        *_of_messages(window),
        *_of_table(window, CHATS),
        *_of_all_chats(window),
        *_of_presets(window),
        *_of_models(window),
        *_of_table(window, ""),
        *_of_options(window),
    ]


def _of_table(window: MainWindow, group: str) -> Iterator[Entry]:
    """Give the table's actions of a group; with no group, those of all but the chats'."""
    for action in ACTIONS:
        is_wanted = action.group == group if group else action.group not in {THIS_CHAT, CHATS}
        if is_wanted and action.listed and action.when(window):
            yield Entry(
                action.id,
                tr(action.name),
                tr(action.group),
                partial(action.run, window),
                shown_keys(action),
                action.icon,
                in_chat=action.group == THIS_CHAT,
            )


# --- chats ---------------------------------------------------------------------------------------


def _of_open_chat(window: MainWindow) -> Iterator[Entry]:
    chat, chats = window.list_wires.open_chat, window.session.chats
    transfers, where = window.transfer_wires, tr(THIS_CHAT)
    if chat is None:
        return
    for form, name in FORMS.items():
        run = partial(transfers.export_chat, chat.id, form)
        words = tr("Export this chat as {form}", form=tr(name))
        yield Entry(f"export/{form}", words, where, run, icon="download")
    if is_private(chat.id):
        return
    is_pinned = chat.pinned_at is not None
    words = tr("Unpin this chat") if is_pinned else tr("Pin this chat")
    yield Entry(
        "pin", words, where, partial(chats.pin, chat.id, pinned=not is_pinned), icon="arrow-up"
    )
    for folder in chats.folders:
        if folder.id != chat.folder_id:
            words = tr("Move to the folder {name}", name=folder.name)
            run = partial(chats.move, chat.id, folder.id)
            yield Entry(f"move/{folder.id}", words, where, run, icon="folder")
    run = partial(window.list_wires.new_folder, chat.id)
    yield Entry("move/new", tr("Move to a new folder"), where, run, icon="folder")
    if chat.folder_id is not None:
        run = partial(chats.move, chat.id, None)
        yield Entry("move/none", tr("Take out of its folder"), where, run, icon="folder")


def _of_all_chats(window: MainWindow) -> Iterator[Entry]:
    for form, name in FORMS.items():
        run = partial(window.transfer_wires.export_all, form)
        words = tr("Export all chats as {form}", form=tr(name))
        yield Entry(f"export_all/{form}", words, tr(CHATS), run, icon="download")


def _of_messages(window: MainWindow) -> Iterator[Entry]:
    """Give what the menus of the last reply and of the person's last message offer."""
    path = window.session.chat.path
    own = window.session.chat.last_own_message()
    last = path[-1] if path else None
    if last is not None and last is not own:
        # To write it again is in the table, as is to edit one's own.
        yield from _of_menu(window, "reply", tr(_LAST_REPLY), last, Action.AGAIN.label)
    if own is not None:
        yield from _of_menu(window, "own", tr(_YOUR_LAST), own, Action.EDIT.label)


def _of_menu(
    window: MainWindow, key: str, where: str, message: Message, told: str
) -> Iterator[Entry]:
    menu = _menu_of(window, message.id)
    icons = {action.label: action.icon_name for action in Action}
    for words, _ in _leaves(menu) if menu is not None else ():
        if words not in {told, tr(_COPY_SELECTED)}:
            run = partial(_run_of_menu, window, message.id, words)
            drawn = icons.get(words, "document")
            yield Entry(f"{key}/{words}", words, where, run, icon=drawn, in_chat=True)
    if menu is not None:
        menu.deleteLater()


def _menu_of(window: MainWindow, message_id: int) -> QMenu | None:
    talk = window.conversation
    row = talk.transcript_model.row_of(message_id)
    return None if row is None else talk.transcript.commands.make_menu(row)


def _leaves(menu: QMenu) -> Iterator[tuple[str, QAction]]:
    """Give the names and actions of what can be chosen in a menu and in the menus in it."""
    for action in menu.actions():
        inner = action.menu()
        if isinstance(inner, QMenu):
            yield from _leaves(inner)
        elif not action.isSeparator() and action.isEnabled():
            yield action.text().partition("\t")[0].replace("&&", "&"), action


def _run_of_menu(window: MainWindow, message_id: int, words: str) -> None:
    """Choose an entry of a message's menu, made anew: rows may have moved since it was listed."""
    menu = _menu_of(window, message_id)
    if menu is not None:
        action = next((each for name, each in _leaves(menu) if name == words), None)
        if action is not None:
            action.trigger()
        menu.deleteLater()


# --- presets, models, options --------------------------------------------------------------------


def _of_presets(window: MainWindow) -> Iterator[Entry]:
    presets, bar, where = window.session.presets, window.preset_wires.bar, tr(SETTINGS)
    current = presets.current
    for preset in presets.presets:
        if preset != current or presets.is_altered:
            words = tr("Use preset: {name}", name=preset.name)
            run = partial(bar.chosen.emit, preset)
            yield Entry(f"preset/{preset.id}", words, where, run, icon="sliders")
    if current is None:
        return
    yield Entry("preset/none", tr("Use no preset"), where, partial(bar.chosen.emit, None))
    if presets.is_altered:
        words = tr("Update the preset {name}", name=current.name)
        yield Entry("preset/update", words, where, partial(presets.update, current))
    if presets.model_name:
        yield _default_preset(window)


def _default_preset(window: MainWindow) -> Entry:
    presets = window.session.presets
    current, model = presets.current, presets.model_name
    if current is None or presets.is_default(current):
        words = tr("Begin new chats with {model} without a preset", model=model)
        return Entry("preset/default", words, tr(SETTINGS), partial(presets.set_default, None))
    words = tr("Begin new chats with {model} with this preset", model=model)
    return Entry("preset/default", words, tr(SETTINGS), partial(presets.set_default, current))


def _of_models(window: MainWindow) -> Iterator[Entry]:
    for path, row in window.models.choices().items():
        if window.models.is_chosen(path):
            continue
        name, _, facts = row.partition("\t")
        yield Entry(
            f"model/{path}",
            tr("Use the model {name}", name=name),
            facts or (Path(path).name if path else tr(MODELS)),
            partial(window.session.model.open, path),
            icon="cube",
        )


def _of_options(window: MainWindow) -> Iterator[Entry]:
    """Give a line for each other value of the options that are switches or choices."""
    settings = window.session.settings
    for infos, values, take in (
        (APP_OPTIONS, settings.app, settings.set_app_value),
        (OPTIONS, settings.generation, settings.set_value),
    ):
        for info in infos:
            for value, words in _other_values(info, getattr(values, info.name)):
                run = partial(take, info.name, value)
                yield Entry(f"option/{info.name}/{value}", words, tr(SETTINGS), run)


def _other_values(info: OptionInfo, now: object) -> Iterator[tuple[Any, str]]:
    option = tr(info.option.label)
    if info.kind is bool:
        pattern = mark("Switch off: {option}") if now else mark("Switch on: {option}")
        yield not now, tr(pattern, option=option)
    choices: list[tuple[Any, str]] = []
    if issubclass(info.kind, Enum):
        choices = [(each, choice_name(str(each))) for each in info.kind]
    elif info.name == "language":
        choices = [("", tr("System")), *language.names()]
    for value, name in choices:
        if value != now:
            yield value, tr("{option}: {choice}", option=option, choice=name)
