"""One window for each data folder: a second start raises the first one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLockFile, QObject, Signal

from desktop.domain.errors import UserError
from models.wording import tr

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT_MS: Final = 1000
_PATIENCE_S: Final = 10.0
_RETRY_S: Final = 0.05
_MAX_MESSAGE: Final = 64 * 1024
_QUICK: Final = "--quick"
"""Sent in place of a model file, whose path is absolute."""


class SingleInstance(QObject):
    """Holds the lock of a data folder, or talks to the process that does.

    ``raise_requested`` carries the model file that the second start was given, or an empty text;
    ``quick_requested`` tells that it was to show the quick question alone.
    """

    raise_requested = Signal(str)
    quick_requested = Signal()

    def __init__(self, lock_path: Path, server_name: str) -> None:
        super().__init__()
        self._lock = QLockFile(str(lock_path))
        # A lock is stale when its process is gone, however old the lock is.
        self._lock.setStaleLockTime(0)
        self._name = server_name
        self._server: QLocalServer | None = None
        self._peers: list[QLocalSocket] = []

    def claim(self, model: str, *, quick: bool = False) -> bool:
        """Become the one instance and return True, or raise the other's window, with ``model``.

        With ``quick`` the other one shows the quick question instead.
        Waits for a window that is about to close. Raises UserError where the other one neither
        answers nor goes.
        """
        until = time.monotonic() + _PATIENCE_S
        while not self._lock.tryLock(0):
            if self._raise_other(_QUICK if quick else model):
                return False
            if time.monotonic() > until:
                raise UserError(
                    tr("Another Snug runs on these chats and does not answer."),
                    tr("End that process, or start this one with another --basedir."),
                )
            time.sleep(_RETRY_S)
        return True

    def listen(self) -> None:
        """Begin to hear later starts. They wait for it, so it can follow the first paint."""
        from PySide6.QtNetwork import QLocalServer  # noqa: PLC0415 - costs time at the start

        QLocalServer.removeServer(self._name)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        self._server.listen(self._name)

    def _raise_other(self, message: str) -> bool:
        from PySide6.QtNetwork import QLocalSocket  # noqa: PLC0415

        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_WAIT_MS):
            return False
        socket.write(message.encode() + b"\n")
        return socket.waitForBytesWritten(_WAIT_MS)

    def stop_listening(self) -> None:
        """Hear no more starts; they wait for ``release``."""
        if self._server is not None:
            self._server.close()

    def release(self) -> None:
        """Let another process become the one instance."""
        self.stop_listening()
        self._lock.unlock()

    def _on_connection(self) -> None:
        if self._server is not None:
            peer = self._server.nextPendingConnection()
            self._peers.append(peer)
            peer.readyRead.connect(self._on_ready)
            self._on_ready()

    def _on_ready(self) -> None:
        for peer in [each for each in self._peers if each.canReadLine()]:
            self._peers.remove(peer)
            line = bytes(peer.readLine(_MAX_MESSAGE).data())
            peer.close()
            message = line.decode(errors="replace").strip()
            if message == _QUICK:
                self.quick_requested.emit()
            else:
                self.raise_requested.emit(message)
