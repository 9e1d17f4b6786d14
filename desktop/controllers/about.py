"""What the About box tells: read on a thread; the network is asked only at a person's word."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.engine.tasks import TaskThread
from desktop.licences import Component, components
from desktop.updates import LATEST_RELEASE, Latest, look
from desktop.version import snug_version


class AboutController(QObject):
    """``listed`` carries the components, ``looked`` a ``Latest``, ``failed`` why there is none."""

    listed = Signal(object)
    looked = Signal(object)
    failed = Signal(object)

    def __init__(self, address: str = LATEST_RELEASE) -> None:
        super().__init__()
        self._address = address
        self._tasks = TaskThread("about")

    def list(self) -> None:
        """Find out what Snug is made of."""
        self._tasks.run(components, self._on_listed, self.failed.emit)

    def look(self) -> None:
        """Ask whether there is a newer version."""
        version, address = snug_version(), self._address
        self._tasks.run(lambda: look(version, address), self._on_looked, self.failed.emit)

    def close(self) -> None:
        """End; nobody waits for an answer that is under way."""
        self._tasks.leave()

    def _on_listed(self, found: tuple[Component, ...]) -> None:
        self.listed.emit(found)

    def _on_looked(self, latest: Latest) -> None:
        self.looked.emit(latest)
