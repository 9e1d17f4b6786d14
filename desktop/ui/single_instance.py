"""One window for each data folder: a second start raises the first one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLockFile, QObject, Signal

if TYPE_CHECKING:
    from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT_MS: Final = 3000
_RETRY_S: Final = 0.05
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
        self._peers: list[QLocalSocket] = []

    def acquire(self) -> bool:
        """Become the one instance; return False where there is one already."""
        return self._lock.tryLock(0)

    def listen(self) -> None:
        """Begin to hear later starts. They wait for it, so it can follow the first paint."""
        from PySide6.QtNetwork import QLocalServer  # noqa: PLC0415 - costs time at the start

        QLocalServer.removeServer(self._name)
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)
        self._server.listen(self._name)

    def raise_other(self, model: str) -> bool:
        """Ask the one instance to show itself; return whether it heard."""
        from PySide6.QtNetwork import QLocalSocket  # noqa: PLC0415

        socket = QLocalSocket()
        until = time.monotonic() + _WAIT_MS / 1000
        socket.connectToServer(self._name)
        while not socket.waitForConnected(_WAIT_MS):
            # The first start may not have come so far.
            if time.monotonic() > until:
                return False
            time.sleep(_RETRY_S)
            socket.connectToServer(self._name)
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
            self.raise_requested.emit(line.decode(errors="replace").strip())
