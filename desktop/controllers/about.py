"""What the About box tells: read on a thread; the network is asked only at a person's word."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from desktop.controllers.settings import SettingsController
from desktop.engine.client import EngineClient
from desktop.engine.tasks import TaskThread
from desktop.licences import Component, components
from desktop.updates import LATEST_RELEASE, Latest, look
from desktop.version import snug_version
from models.protocol import Event, Ready


class AboutController(QObject):
    """Says what Snug is made of, and looks for a newer version at a person's word.

    ``listed`` carries the components, ``versions_known`` the engine's ``Versions``, ``looked`` a
    ``Latest``, ``failed`` the ``UserError`` of why there is none.
    """

    listed = Signal(object)
    versions_known = Signal(object)
    looked = Signal(object)
    failed = Signal(object)

    def __init__(
        self, engine: EngineClient, settings: SettingsController, address: str = LATEST_RELEASE
    ) -> None:
        super().__init__()
        self._engine = engine
        self._settings = settings
        self._address = address
        self._tasks = TaskThread("about")
        engine.event_received.connect(self._on_event)

    def open(self) -> None:
        """Find out what Snug is made of; an engine that has not started yet is started for it."""
        self._tasks.run(components, self._on_listed, self.failed.emit)
        if self._engine.versions is None:
            self._engine.start()
        else:
            self.versions_known.emit(self._engine.versions)

    def look(self) -> None:
        """Ask whether there is a newer version."""
        version, address, offline = snug_version(), self._address, self._settings.app.offline

        def ask() -> Latest:
            from models.hub.access import DEFAULT_ENDPOINT, access_from
            from models.hub.troubles import offline_error

            # What keeps Snug from the hub keeps it from here too.
            access = access_from(DEFAULT_ENDPOINT, offline=offline)
            if access.offline:
                raise offline_error(access)
            return look(version, address)

        self._tasks.run(ask, self._on_looked, self.failed.emit)

    def close(self) -> None:
        """End; nobody waits for an answer that is under way."""
        self._tasks.leave()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, Ready):
            self.versions_known.emit(event.versions)

    def _on_listed(self, found: tuple[Component, ...]) -> None:
        self.listed.emit(found)

    def _on_looked(self, latest: Latest) -> None:
        self.looked.emit(latest)
