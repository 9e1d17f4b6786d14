"""Questions to the hub, asked on a thread of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from desktop.engine.tasks import Failure, TaskThread

if TYPE_CHECKING:
    from models.hub.access import HubAccess
    from models.hub.client import Hub

T = TypeVar("T")


class HubAddress:
    """Which hub the settings name, and who asks there. For any thread."""

    def __init__(self, settings: SettingsController, token_file: Path) -> None:
        self._settings = settings
        self._token_file = token_file

    @property
    def offline(self) -> bool:
        """Return whether the person told Snug to leave the network alone."""
        return self._settings.app.offline

    @property
    def named(self) -> tuple[str, bool]:
        """Return what the settings say of it: the address, and whether Snug is offline."""
        return self._settings.app.hub_endpoint, self._settings.app.offline

    def watch(self, slot: Callable[[], object]) -> None:
        """Call the slot, on the window's thread, when the settings have changed."""
        self._settings.app_changed.connect(lambda _: slot())

    def go_online(self) -> None:
        """Switch offline off, at the person's word. For the window's thread."""
        self._settings.set_app_value("offline", False)

    def access(self) -> HubAccess:
        """Return how the hub is reached as of now; may read the keyring. Raises EngineError."""
        from models.hub.access import access_from

        app = self._settings.app
        return access_from(app.hub_endpoint, offline=app.offline, token_file=self._token_file)

    def keep(self, token: str) -> str:
        """Keep an access token for this hub; return where. Raises EngineError."""
        from models.hub.access import save_token

        return save_token(token, self._settings.app.hub_endpoint, self._token_file)


class HubThread:
    """Asks one question at a time; only the newest has an answer.

    The hub is opened at the first question, and again when the access to it has changed.
    """

    def __init__(self, address: HubAddress) -> None:
        self._address = address
        self._tasks = TaskThread("hub")
        self._newest = 0
        self._hub: Hub | None = None
        self._hub_access: HubAccess | None = None

    def ask(
        self, question: Callable[[Hub], T], answered: Callable[[T], None], failed: Failure
    ) -> None:
        """Ask, in place of whatever was asked before; one of the two gets the answer."""
        self._newest += 1
        number = self._newest

        def work() -> T | None:
            # Nobody waits for it any more: the hub need not hear of it.
            return question(self._opened()) if number == self._newest else None

        def done(answer: T | None) -> None:
            if number == self._newest and answer is not None:
                answered(answer)

        def troubled(trouble: UserError) -> None:
            if number == self._newest:
                failed(trouble)

        self._tasks.run(work, done, troubled)

    def keep_token(self, token: str, kept: Callable[[str], None], failed: Failure) -> None:
        """Keep the person's access token; ``kept`` is told where."""
        self._tasks.run(lambda: self._address.keep(token), kept, failed)

    def drop(self) -> None:
        """Forget the question that is under way: its answer goes nowhere."""
        self._newest += 1

    def close(self) -> None:
        """End; nobody waits for a question that is under way."""
        self._newest += 1
        hub = self._hub
        if hub is not None:
            hub.close()
        self._tasks.leave()

    def _opened(self) -> Hub:
        # On this thread: the hub's library is slow to import.
        from models.hub.client import Hub

        access = self._address.access()
        if self._hub is None or access != self._hub_access:
            if self._hub is not None:
                self._hub.close()
            self._hub, self._hub_access = Hub(access), access
        return self._hub
