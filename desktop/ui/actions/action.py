"""An action of the window, and where actions belong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from desktop.ui.main_window import MainWindow
from models.wording import mark

CHATS: Final = mark("Chats")
THIS_CHAT: Final = mark("This chat")
MODELS: Final = mark("Models")
DOCUMENTS: Final = mark("Documents")
SETTINGS: Final = mark("Settings")
SNUG: Final = "Snug"
"""Where actions belong: the second words of a line in the palette, the headings of the sheet."""


def _always(_window: MainWindow) -> bool:
    return True


@dataclass(frozen=True)
class WindowAction:
    """An action: its lasting id, its marked name, where it belongs, and what does it.

    ``keys`` are its sequences, the first is shown. They are bound for the whole window unless
    ``bound`` is False: then a part of the window heeds them by itself. ``sheet`` is its line on
    the key sheet where the name alone would not do. ``when`` tells whether it can be done now: the
    palette leaves out what can't be, and what is not ``listed``.
    """

    id: str
    name: str
    group: str
    run: Callable[[MainWindow], object]
    keys: tuple[str, ...] = ()
    when: Callable[[MainWindow], bool] = _always
    icon: str = ""
    sheet: str = ""
    bound: bool = True
    listed: bool = True
