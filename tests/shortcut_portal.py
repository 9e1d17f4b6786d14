"""A desktop portal that hands out shortcuts, for tests: ``python shortcut_portal.py OUTCOME``.

It prints each call with its signature, answers both requests of a key with the outcome (0 is yes),
and presses the key at once. Python can't read the maps that Qt's D-Bus brings, so it counts the
tokens of requests as Snug does.
"""

from __future__ import annotations

import sys
from typing import Final

from PySide6.QtCore import QCoreApplication
from PySide6.QtDBus import (
    QDBusConnection,
    QDBusMessage,
    QDBusObjectPath,
    QDBusVirtualObject,
)

_DESKTOP: Final = "/org/freedesktop/portal/desktop"
_SHORTCUTS: Final = "org.freedesktop.portal.GlobalShortcuts"


class Portal(QDBusVirtualObject):
    """Agrees or declines, without asking anybody."""

    def __init__(self, outcome: int) -> None:
        super().__init__()
        self._outcome = outcome
        self._number = 1
        self._session = ""

    def introspect(self, _path: str, /) -> str:
        """Describe nothing."""
        return ""

    def handleMessage(self, message: QDBusMessage, bus: QDBusConnection, /) -> bool:  # noqa: N802
        """Answer a call."""
        print(message.member(), message.signature(), flush=True)  # noqa: T201
        if message.member() == "Register":
            bus.send(message.createReply())
            return True
        sender = message.service().removeprefix(":").replace(".", "_")
        request = f"{_DESKTOP}/request/{sender}/snug{self._number}"
        bus.send(message.createReply([QDBusObjectPath(request)]))
        response = QDBusMessage.createSignal(request, "org.freedesktop.portal.Request", "Response")
        if message.member() == "CreateSession":
            self._session = f"{_DESKTOP}/session/{sender}/snug{self._number + 1}"
            self._number += 2
            response.setArguments([self._outcome, {"session_handle": self._session}])
            bus.send(response)
        elif message.member() == "BindShortcuts":
            self._number += 1
            response.setArguments([self._outcome, {"nothing": "more"}])
            bus.send(response)
            for name in ("another", "quick-question"):
                pressed = QDBusMessage.createSignal(_DESKTOP, _SHORTCUTS, "Activated")
                told = {"activation_token": "lent"}
                pressed.setArguments([QDBusObjectPath(self._session), name, 1, told])
                bus.send(pressed)
        return True


def main() -> None:
    """Serve until the bus or the test ends this."""
    app = QCoreApplication(sys.argv)
    bus = QDBusConnection.sessionBus()
    portal = Portal(int(sys.argv[1]))
    option = QDBusConnection.VirtualObjectRegisterOption.SubPath
    bus.registerVirtualObject(_DESKTOP, portal, option)
    bus.registerService("org.freedesktop.portal.Desktop")
    print("ready", flush=True)  # noqa: T201
    app.exec()


if __name__ == "__main__":
    main()
