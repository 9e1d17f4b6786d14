"""A key that is registered with Windows. Unproven: it has been run on no Windows machine yet."""

from __future__ import annotations

import ctypes
from ctypes import wintypes
from typing import Any, Final

from PySide6.QtCore import QAbstractNativeEventFilter, QCoreApplication, Qt

from desktop.domain.errors import UserError
from desktop.ui.controls import native_key
from desktop.ui.quick.global_key import GlobalKey, already_taken, keys_of
from models.wording import tr

_WM_HOTKEY: Final = 0x0312
_ID: Final = 1
_NO_REPEAT: Final = 0x4000
_MODIFIERS: Final = (
    (Qt.KeyboardModifier.AltModifier, 1),
    (Qt.KeyboardModifier.ControlModifier, 2),
    (Qt.KeyboardModifier.ShiftModifier, 4),
    (Qt.KeyboardModifier.MetaModifier, 8),
)
_F1: Final = 0x70
_LAST_FUNCTION_KEY: Final = Qt.Key.Key_F24
_CODES: Final = {
    Qt.Key.Key_Backspace: 0x08,
    Qt.Key.Key_Tab: 0x09,
    Qt.Key.Key_Return: 0x0D,
    Qt.Key.Key_Pause: 0x13,
    Qt.Key.Key_Escape: 0x1B,
    Qt.Key.Key_Space: 0x20,
    Qt.Key.Key_PageUp: 0x21,
    Qt.Key.Key_PageDown: 0x22,
    Qt.Key.Key_End: 0x23,
    Qt.Key.Key_Home: 0x24,
    Qt.Key.Key_Left: 0x25,
    Qt.Key.Key_Up: 0x26,
    Qt.Key.Key_Right: 0x27,
    Qt.Key.Key_Down: 0x28,
    Qt.Key.Key_Print: 0x2C,
    Qt.Key.Key_Insert: 0x2D,
    Qt.Key.Key_Delete: 0x2E,
}
"""Virtual-key codes of keys that bear neither a letter nor a digit."""


class WindowsKey(GlobalKey):
    """Registers a key for the thread of the window. Raises OSError elsewhere than on Windows."""

    def __init__(self) -> None:
        super().__init__()
        libraries: Any = getattr(ctypes, "windll", None)
        if libraries is None:
            raise OSError("There is no user32 here.")
        self._user32 = libraries.user32
        self._filter = _HotkeyFilter(self)
        application = QCoreApplication.instance()
        if application is not None:
            application.installNativeEventFilter(self._filter)
        self.destroyed.connect(self.let_go)

    def take(self, sequence: str) -> None:
        """Register a key, or say why it can't be had; the one before is given back."""
        self.let_go()
        keys = keys_of(sequence)
        code = virtual_key(keys.key()) if keys else 0
        held = keys.keyboardModifiers() if keys else Qt.KeyboardModifier.NoModifier
        modifiers = sum(bit for each, bit in _MODIFIERS if held & each)
        if not code:
            said = tr("Windows lends no {keys}.", keys=native_key(sequence))
            self.refused.emit(sequence, UserError(said, tr("Press another one.")))
        elif self._user32.RegisterHotKey(None, _ID, modifiers | _NO_REPEAT, code):
            self.taken.emit(sequence)
        else:
            self.refused.emit(sequence, already_taken(sequence))

    def let_go(self) -> None:
        """Give the key back."""
        self._user32.UnregisterHotKey(None, _ID)


class _HotkeyFilter(QAbstractNativeEventFilter):
    """Hears the one message that stands for the key."""

    def __init__(self, key: GlobalKey) -> None:
        super().__init__()
        self._key = key

    def nativeEventFilter(self, kind: Any, message: int) -> tuple[bool, int]:  # noqa: N802, ANN401
        """Tell of the key, and leave every message to Qt."""
        if bytes(kind) == b"windows_generic_MSG":
            told = wintypes.MSG.from_address(int(message))
            if told.message == _WM_HOTKEY and told.wParam == _ID:
                self._key.pressed.emit()
        return False, 0


def virtual_key(key: Qt.Key) -> int:
    """Return the virtual-key code of a key, 0 for one that is not among those known here."""
    if key in _CODES:
        return _CODES[key]
    if Qt.Key.Key_F1 <= key <= _LAST_FUNCTION_KEY:
        return _F1 + int(key) - int(Qt.Key.Key_F1)
    is_plain = Qt.Key.Key_A <= key <= Qt.Key.Key_Z or Qt.Key.Key_0 <= key <= Qt.Key.Key_9
    return int(key) if is_plain else 0
