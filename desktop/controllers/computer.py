"""What the models page sets up for this computer: other machines' workers, and the hub's token."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from PySide6.QtCore import QObject, Signal

from desktop.controllers.settings import SettingsController
from desktop.domain.errors import UserError
from desktop.engine.tasks import TaskThread
from desktop.settings.schema import AppSettings
from models.amounts import size_in_words
from models.wording import tr

TokenPlace = Literal["unknown", "none", "saved", "environment"]
_UNKNOWN: Final[TokenPlace] = "unknown"


@dataclass(frozen=True)
class WorkerState:
    """What is known of another machine's worker: nothing yet, what it lends, or what is wrong."""

    lends: str = ""
    trouble: UserError | None = None

    @property
    def text(self) -> str:
        """Return it in a sentence."""
        if self.trouble is not None:
            return f"{self.trouble.title} {self.trouble.hint}".strip()
        return self.lends or tr("Asking…")


@dataclass(frozen=True)
class ComputerState:
    """The workers by address, whether an access token is kept, and what puts Snug offline."""

    workers: dict[str, WorkerState] = field(default_factory=dict)
    token: TokenPlace = _UNKNOWN
    offline_by: str = ""

    @property
    def keeps_token(self) -> bool:
        """Return whether there is a token that can be forgotten."""
        return self.token == "saved"  # noqa: S105 - a place


class ComputerController(QObject):
    """Greets workers and keeps the token, on a thread. The token itself never comes back."""

    state_changed = Signal(object)
    refused = Signal(str, object)
    said = Signal(str)

    def __init__(self, settings: SettingsController, token_file: Path | None = None) -> None:
        super().__init__()
        self.state = ComputerState()
        self._settings = settings
        self._token_file = token_file
        self._tasks = TaskThread("computer")
        # A worker that doesn't answer takes its seconds; nobody else waits for them.
        self._greetings = TaskThread("workers")

    def look(self) -> None:
        """Greet every worker, and see whether a token is kept."""
        for address in self._settings.app.rpc_servers:
            self._greet(address)
        self._look_for_token()

    def add_worker(self, text: str) -> None:
        """Take on a worker that answers; ``refused`` tells of one that doesn't."""

        def known(address: str) -> None:
            servers = self._settings.app.rpc_servers
            if address not in servers:
                self._settings.set_app_value("rpc_servers", (*servers, address))
            self._greet(address)

        self._tasks.run(
            lambda: _read_address(text), known, lambda trouble: self.refused.emit("worker", trouble)
        )

    def remove_worker(self, address: str) -> None:
        """Use a worker no longer."""
        left = tuple(each for each in self._settings.app.rpc_servers if each != address)
        workers = {key: each for key, each in self.state.workers.items() if key != address}
        self._set(workers=workers)
        self._settings.set_app_value("rpc_servers", left)

    def save_token(self, token: str) -> None:
        """Keep an access token for the hub's address."""
        endpoint = self._settings.app.hub_endpoint

        def saved(place: str) -> None:
            if place == "file":
                self.said.emit(
                    tr("There is no keyring here: the token lies in a file of your own.")
                )
            self._look_for_token()

        self._tasks.run(lambda: _save(token, endpoint, self._token_file), saved, self._refuse_token)

    def forget_token(self) -> None:
        """Take the kept token away."""
        endpoint = self._settings.app.hub_endpoint
        self._tasks.run(
            lambda: _forget(endpoint, self._token_file),
            lambda _none: self._look_for_token(),
            self._refuse_token,
        )

    def close(self) -> None:
        """End the threads."""
        self._tasks.close()
        self._greetings.close()

    def _greet(self, address: str) -> None:
        self._set_worker(address, WorkerState())
        self._greetings.run(
            lambda: _greeted(address),
            lambda lends: self._set_worker(address, WorkerState(lends)),
            lambda trouble: self._set_worker(address, WorkerState(trouble=trouble)),
        )

    def _look_for_token(self) -> None:
        app = self._settings.app
        self._tasks.run(
            lambda: _access(app, self._token_file),
            lambda found: self._set(token=found[0], offline_by=found[1]),
            self._refuse_token,
        )

    def _refuse_token(self, trouble: UserError) -> None:
        self.refused.emit("token", trouble)

    def _set_worker(self, address: str, state: WorkerState) -> None:
        self._set(workers={**self.state.workers, address: state})

    def _set(
        self,
        workers: dict[str, WorkerState] | None = None,
        token: TokenPlace | None = None,
        offline_by: str | None = None,
    ) -> None:
        old = self.state
        self.state = ComputerState(
            old.workers if workers is None else workers,
            token or old.token,
            old.offline_by if offline_by is None else offline_by,
        )
        self.state_changed.emit(self.state)


def _read_address(text: str) -> str:
    from models.rpc import parse_address

    return str(parse_address(text))


def _greeted(address: str) -> str:
    from models.rpc import probe_server

    worker = probe_server(address)
    lent = ", ".join(
        tr("{free} free of {total}", free=size_in_words(free), total=size_in_words(total))
        for free, total in worker.memory
    )
    return tr("Ready · {memory}", memory=lent) if lent else tr("Ready")


def _access(app: AppSettings, token_file: Path | None) -> tuple[TokenPlace, str]:
    """Return where a token comes from, and what puts Snug offline."""
    from models.hub.access import access_from

    bare = access_from(app.hub_endpoint, token_file=token_file, environment={})
    full = access_from(app.hub_endpoint, offline=app.offline, token_file=token_file)
    place: TokenPlace = "saved" if bare.token else "environment" if full.token else "none"
    return place, full.offline_by if full.offline else ""


def _save(token: str, endpoint: str, token_file: Path | None) -> str:
    from models.hub.access import save_token

    return save_token(token, endpoint, token_file)


def _forget(endpoint: str, token_file: Path | None) -> None:
    from models.hub.access import forget_token

    forget_token(endpoint, token_file)
