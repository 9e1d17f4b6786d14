"""One window for each data folder: a second start raises the first one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT_MS: Final = 2000
_MAX_MESSAGE: Final = 64 * 1024


class SingleInstance(QObject):
    """Holds the lock of a data folder, or talks to the process that does.

    ``raise_requested`` carries the model file that the second start was given, or an empty text.
    """

    raise_requested = Signal(str)

    def __init__(self, lock_path: Path, server_name: str) -> None:
        super().__init__()
        self._lock = QLockFile(str(lock_path))
        # A lock is stale when its process is gone, however old the lock is.
        self._lock.setStaleLockTime(0)
        self._name = server_name
        self._server: QLocalServer | None = None

    def acquire(self) -> bool:
        """Become the one instance; return False where there is one already."""
        if not self._lock.tryLock(0):
            return False
        QLocalServer.removeServer(self._name)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        self._server.listen(self._name)
        return True

    def raise_other(self, model: str) -> bool:
        """Ask the one instance to show itself; return whether it heard."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_WAIT_MS):
            return False
        socket.write(model.encode() + b"\n")
        heard = socket.waitForBytesWritten(_WAIT_MS)
        socket.disconnectFromServer()
        return heard

    def release(self) -> None:
        """Let another process become the one instance."""
        if self._server is not None:
            self._server.close()
        self._lock.unlock()

    def _on_connection(self) -> None:
        if self._server is None:
            return
        socket = self._server.nextPendingConnection()
        socket.readyRead.connect(lambda: self._on_message(socket))
        socket.disconnected.connect(socket.deleteLater)

    def _on_message(self, socket: QLocalSocket) -> None:
        if socket.canReadLine():
            line = bytes(socket.readLine(_MAX_MESSAGE).data())
            self.raise_requested.emit(line.decode(errors="replace").strip())
