"""A key that the desktop hands out through the XDG portal of global shortcuts, as on Wayland.

::

    take ──▶ CREATING ──session──▶ BINDING ──bound──▶ held ──▶ pressed, pressed …
                 └────────── refused, or no such portal ─────▶ refused

The desktop may ask the person first, and may bind another key than the one that was wished for.
"""

from __future__ import annotations

import os
import re
from itertools import count
from typing import Final

from jeepney import HeaderFields, Message, MessageType
from PySide6.QtCore import QSocketNotifier, Qt, QTimer
from PySide6.QtWidgets import QWidget

from desktop.domain.errors import UserError
from desktop.ui.controls import native_key
from desktop.ui.quick.dbus import Options, SessionBus, header_of, value_of
from desktop.ui.quick.global_key import BIND_IT, GlobalKey, keys_of
from models.wording import tr

PORTAL: Final = "org.freedesktop.portal.Desktop"
DESKTOP: Final = "/org/freedesktop/portal/desktop"
SHORTCUTS: Final = "org.freedesktop.portal.GlobalShortcuts"
REQUEST: Final = "org.freedesktop.portal.Request"
_HANDLE: Final = re.compile(r"(/[A-Za-z0-9_]+)+")
"""What D-Bus takes for the path of an object."""
_SESSION: Final = "org.freedesktop.portal.Session"
_REGISTER: Final = "org.freedesktop.host.portal.Registry.Register"
_APP: Final = "chat.snug.Snug"
_NAME: Final = "quick-question"
_TOKEN: Final = "XDG_ACTIVATION_TOKEN"  # noqa: S105 - the name of a variable
_MODIFIERS: Final = (
    (Qt.KeyboardModifier.ControlModifier, "CTRL"),
    (Qt.KeyboardModifier.AltModifier, "ALT"),
    (Qt.KeyboardModifier.ShiftModifier, "SHIFT"),
    (Qt.KeyboardModifier.MetaModifier, "LOGO"),
)
_NAMES: Final = {
    Qt.Key.Key_Space: "space",
    Qt.Key.Key_Backspace: "BackSpace",
    Qt.Key.Key_Tab: "Tab",
    Qt.Key.Key_Return: "Return",
    Qt.Key.Key_Escape: "Escape",
    Qt.Key.Key_Pause: "Pause",
    Qt.Key.Key_Print: "Print",
    Qt.Key.Key_Insert: "Insert",
    Qt.Key.Key_Delete: "Delete",
    Qt.Key.Key_Home: "Home",
    Qt.Key.Key_End: "End",
    Qt.Key.Key_PageUp: "Page_Up",
    Qt.Key.Key_PageDown: "Page_Down",
    Qt.Key.Key_Left: "Left",
    Qt.Key.Key_Right: "Right",
    Qt.Key.Key_Up: "Up",
    Qt.Key.Key_Down: "Down",
}


class PortalKey(GlobalKey):
    """Asks the portal for a key. Raises OSError where there is no session bus."""

    def __init__(self) -> None:
        super().__init__()
        self._bus = SessionBus()
        self._sequence = ""
        self._session = ""
        self._token = ""
        self._request = ""
        self._call = 0
        self._numbers = count(1)
        self._arrivals = QSocketNotifier(self._bus.descriptor, QSocketNotifier.Type.Read, self)
        self._arrivals.activated.connect(self._on_arrival)
        self.destroyed.connect(self._bus.close)
        self._bus.listen(sender=PORTAL, interface=SHORTCUTS, member="Activated")
        self._bus.listen(sender=PORTAL, interface=REQUEST, member="Response")
        # So that the desktop knows who asks; older ones have no such thing, and that is well.
        self._bus.call(PORTAL, DESKTOP, _REGISTER, "sa{sv}", _APP, {})

    def take(self, sequence: str) -> None:
        """Ask for a key, in place of the one before; the answer may wait for the person."""
        self.let_go()
        self._sequence = sequence
        options = self._begin_request()
        options["session_handle_token"] = ("s", f"snug{next(self._numbers)}")
        self._call = self._bus.call(PORTAL, DESKTOP, f"{SHORTCUTS}.CreateSession", "a{sv}", options)
        # What came while the bus was greeted shows at no descriptor any more.
        QTimer.singleShot(0, self, self._on_arrival)

    def let_go(self) -> None:
        """End the session with the portal, and with it the key, or what is asked for one."""
        if self._session:
            self._bus.call(PORTAL, self._session, f"{_SESSION}.Close")
        self._session = self._request = self._sequence = self.called = ""
        self._call = 0

    def bring_forward(self, window: QWidget) -> None:
        """Give a window the keyboard, with what the desktop lent for that."""
        if self._token:
            os.environ[_TOKEN], self._token = self._token, ""
        super().bring_forward(window)

    def _begin_request(self) -> Options:
        token = f"snug{next(self._numbers)}"
        sender = self._bus.name.removeprefix(":").replace(".", "_")
        self._request = f"{DESKTOP}/request/{sender}/{token}"
        return {"handle_token": ("s", token)}

    def _on_arrival(self) -> None:
        for message in self._bus.messages():
            self._hear(message)
        if not self._bus.is_open:
            self._arrivals.setEnabled(False)

    def _hear(self, message: Message) -> None:
        kind, body = message.header.message_type, message.body
        member = header_of(message, HeaderFields.member)
        path = header_of(message, HeaderFields.path)
        if kind is MessageType.error:
            if header_of(message, HeaderFields.reply_serial) == self._call:
                title = tr("This desktop hands out no keys to programs.")
                self._refuse(UserError(title, tr(BIND_IT), str(body[0]) if body else ""))
        elif kind is not MessageType.signal:
            return
        elif member == "Response" and path == self._request and len(body) == 2:
            self._request = ""
            self._on_response(*body)
        elif member == "Activated" and body[:2] == (self._session, _NAME):
            self._token = str(value_of(body[-1], "activation_token") or "")
            self.pressed.emit()

    def _on_response(self, outcome: object, results: object) -> None:
        if outcome != 0:
            title = tr("The desktop did not hand out {keys}.", keys=native_key(self._sequence))
            self._refuse(UserError(title, tr(BIND_IT)))
        elif self._session:
            self.called = _called(results)
            self.taken.emit(self._sequence)
        else:
            handle = str(value_of(results, "session_handle") or "")
            if _HANDLE.fullmatch(handle):
                self._session = handle
                self._bind()
            else:
                title = tr("This desktop hands out no keys to programs.")
                self._refuse(UserError(title, tr(BIND_IT), handle))

    def _bind(self) -> None:
        wish: Options = {"description": ("s", tr("Ask Snug a quick question"))}
        if trigger := trigger_of(self._sequence):
            wish["preferred_trigger"] = ("s", trigger)
        self._call = self._bus.call(
            PORTAL,
            DESKTOP,
            f"{SHORTCUTS}.BindShortcuts",
            "oa(sa{sv})sa{sv}",
            self._session,
            [(_NAME, wish)],
            "",
            self._begin_request(),
        )

    def _refuse(self, trouble: UserError) -> None:
        sequence = self._sequence
        self.let_go()
        self.refused.emit(sequence, trouble)


def trigger_of(sequence: str) -> str:
    """Return a key as the specification of shortcuts writes it, empty where it has no word."""
    keys = keys_of(sequence)
    if keys is None:
        return ""
    key = keys.key()
    name = _NAMES.get(key, "")
    if Qt.Key.Key_F1 <= key <= Qt.Key.Key_F35:
        name = f"F{int(key) - int(Qt.Key.Key_F1) + 1}"
    elif not name and int(key) <= 0x7F and chr(key).isalnum():
        name = chr(key).lower()
    held = [word for each, word in _MODIFIERS if keys.keyboardModifiers() & each]
    return "+".join((*held, name)) if name else ""


def _called(results: object) -> str:
    """Return in the desktop's words which key it has bound."""
    shortcuts = value_of(results, "shortcuts")
    for name, told in shortcuts if isinstance(shortcuts, list) else []:
        if name == _NAME:
            return str(value_of(told, "trigger_description") or "")
    return ""
