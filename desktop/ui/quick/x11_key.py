"""A key that is taken from the X server."""

from __future__ import annotations

from itertools import combinations
from typing import Final

from PySide6.QtCore import QSocketNotifier, Qt
from PySide6.QtWidgets import QWidget

from desktop.domain.errors import UserError
from desktop.ui.controls import native_key
from desktop.ui.quick.global_key import GlobalKey, already_taken, keys_of
from desktop.ui.quick.xcb import BAD_ACCESS, KEY_PRESS, MAPPING_NOTIFY, Xcb
from models.wording import tr

_SHIFT: Final = 1
_CAPS_LOCK: Final = 2
_CONTROL: Final = 4
_ALT: Final = (0xFFE9, 0xFFEA)
_META: Final = (0xFFEB, 0xFFEC)
_NUM_LOCK: Final = (0xFF7F,)
_SCROLL_LOCK: Final = (0xFF14,)
_F1: Final = 0xFFBE
_SYMBOLS: Final = {
    Qt.Key.Key_Backspace: 0xFF08,
    Qt.Key.Key_Tab: 0xFF09,
    Qt.Key.Key_Return: 0xFF0D,
    Qt.Key.Key_Pause: 0xFF13,
    Qt.Key.Key_Escape: 0xFF1B,
    Qt.Key.Key_Home: 0xFF50,
    Qt.Key.Key_Left: 0xFF51,
    Qt.Key.Key_Up: 0xFF52,
    Qt.Key.Key_Right: 0xFF53,
    Qt.Key.Key_Down: 0xFF54,
    Qt.Key.Key_PageUp: 0xFF55,
    Qt.Key.Key_PageDown: 0xFF56,
    Qt.Key.Key_End: 0xFF57,
    Qt.Key.Key_Print: 0xFF61,
    Qt.Key.Key_Insert: 0xFF63,
    Qt.Key.Key_Menu: 0xFF67,
    Qt.Key.Key_Enter: 0xFF8D,
    Qt.Key.Key_Delete: 0xFFFF,
}
"""Keysyms of keys that bear no letter."""


class X11Key(GlobalKey):
    """Takes a key whatever Caps Lock and its like are at. Raises OSError without an X server."""

    def __init__(self) -> None:
        super().__init__()
        self._xcb = Xcb()
        self._sequence = ""
        self._held: list[tuple[int, int]] = []
        self._time = 0
        self._arrivals = QSocketNotifier(self._xcb.descriptor, QSocketNotifier.Type.Read, self)
        self._arrivals.activated.connect(self._on_arrival)
        self.destroyed.connect(self._xcb.close)

    def take(self, sequence: str) -> None:
        """Take a key, or say why it can't be had; the one before is given back."""
        self.let_go()
        trouble = self._grab(sequence)
        if trouble is None:
            self._sequence = sequence
            self.taken.emit(sequence)
        else:
            self.let_go()
            self.refused.emit(sequence, trouble)
        # What came while the server was asked waits in no file descriptor.
        self._on_arrival()

    def let_go(self) -> None:
        """Give the key back."""
        for keycode, modifiers in self._held:
            self._xcb.ungrab(keycode, modifiers)
        self._held, self._sequence = [], ""

    def bring_forward(self, window: QWidget) -> None:
        """Give a window the keyboard: Qt knows nothing of the key, and would be refused."""
        super().bring_forward(window)
        self._xcb.activate(int(window.winId()), self._time)

    def _grab(self, sequence: str) -> UserError | None:
        keys = keys_of(sequence)
        keycodes, modifiers = self._xcb.keycodes(), self._xcb.modifiers()

        def mask(symbols: tuple[int, ...]) -> int:
            codes = {code for each in symbols for code in keycodes.get(each, [])}
            return sum(1 << row for row, held in enumerate(modifiers) if held & codes)

        codes = keycodes.get(_symbol(keys.key()), []) if keys else []
        wanted = _held_down(keys.keyboardModifiers(), mask(_ALT), mask(_META)) if keys else None
        if not codes or wanted is None:
            said = tr("This keyboard has no {keys}.", keys=native_key(sequence))
            return UserError(said, tr("Press another one."))
        locks = {_CAPS_LOCK, mask(_NUM_LOCK), mask(_SCROLL_LOCK)} - {0}
        for some in range(len(locks) + 1):
            for chosen in combinations(sorted(locks), some):
                error = self._xcb.grab(codes[0], wanted | sum(chosen))
                if error:
                    return _refusal(sequence, error)
                self._held.append((codes[0], wanted | sum(chosen)))
        return None

    def _on_arrival(self) -> None:
        kinds = []
        for kind, time in self._xcb.events():
            kinds.append(kind)
            if kind == KEY_PRESS:
                self._time = time
        if self._xcb.is_broken:
            self._arrivals.setEnabled(False)
        if MAPPING_NOTIFY in kinds and self._sequence:
            # Another layout: the same letter may lie on another key.
            sequence = self._sequence
            self.let_go()
            if self._grab(sequence) is None:
                self._sequence = sequence
        if KEY_PRESS in kinds:
            self.pressed.emit()


def _symbol(key: Qt.Key) -> int:
    if key in _SYMBOLS:
        return _SYMBOLS[key]
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35:
        return _F1 + int(key) - int(Qt.Key.Key_F1)
    # Letters bear the keysym of the small one.
    return ord(chr(key).lower()) if int(key) <= 0xFF else 0


def _held_down(modifiers: Qt.KeyboardModifier, alt: int, meta: int) -> int | None:
    """Return the mask of what is held down with the key, None where the keyboard lacks it."""
    held = Qt.KeyboardModifier
    found = 0
    for each, mask in (
        (held.ShiftModifier, _SHIFT),
        (held.ControlModifier, _CONTROL),
        (held.AltModifier, alt),
        (held.MetaModifier, meta),
    ):
        if modifiers & each:
            if not mask:
                return None
            found |= mask
    return found


def _refusal(sequence: str, error: int) -> UserError:
    if error == BAD_ACCESS:
        return already_taken(sequence)
    return UserError(
        tr("{keys} can't be taken.", keys=native_key(sequence)),
        tr("Press another one."),
        f"X error {error}",
    )
