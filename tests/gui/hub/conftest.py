"""Discover and downloads on a hub of this machine: their real parts, without a whole window."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QMainWindow, QPushButton, QSplitter, QWidget
from pytestqt.qtbot import QtBot

from desktop.controllers.discover import DiscoverController
from desktop.controllers.downloads import DownloadsController
from desktop.controllers.hub_thread import HubAddress, HubThread
from desktop.controllers.judging import JudgingController
from desktop.controllers.settings import SettingsController
from desktop.controllers.store import StoreThread
from desktop.engine.tasks import TaskThread
from desktop.settings.requests import to_load_options
from desktop.settings.schema import AppSettings
from desktop.settings.schema import Theme as Choice
from desktop.settings.store import SettingsStore
from desktop.ui.models.discover import DiscoverView
from desktop.ui.models.downloads import DownloadsView
from desktop.ui.theme import Theme
from models.downloads.pacing import Retry
from models.estimate.records import Machine
from models.records import Device
from tests.hub_server import HubServer, leave_out_the_real_hub

PATIENCE_MS = 20_000
GB = 1_000_000_000
SMALL = "maker/Small-Chat-GGUF"
"""A repository with files that are really there."""
LARGE = "maker/Large-Chat-GGUF"
"""One whose files only claim their sizes: for looking at, not for fetching."""


class ClaimedBytes(bytes):
    """A file that says it is larger than it is."""

    size: int

    def __new__(cls, size: int) -> Self:
        made = super().__new__(cls, b"GGUF")
        made.size = size
        return made

    def __len__(self) -> int:
        return self.size


class Hands:
    """The parts of one window, and what a person does with them."""

    def __init__(self, qapp: QApplication, bot: QtBot, base: Path, app: AppSettings) -> None:
        self.bot = bot
        self.base = base
        self.machine = Machine(
            memory_total=16 * GB,
            memory_available=12 * GB,
            devices=(
                Device(
                    name="CPU",
                    description="CPU",
                    kind="cpu",
                    memory_free=12 * GB,
                    memory_total=16 * GB,
                ),
            ),
            bandwidth={"CPU": 20e9},
        )
        self.theme = Theme(qapp)
        self.theme.wear(Choice.LIGHT, 100)
        self.files = TaskThread("files")
        self.store = StoreThread(base / "chats.db")
        file = SettingsStore(base / "settings.json")
        self.settings = SettingsController(app, file, self.files, self.store)
        self.address = HubAddress(self.settings, base / "hub-tokens.json")
        self.discover = DiscoverController(HubThread(self.address), self.settings)
        self.judging = JudgingController(
            lambda: self.machine,
            lambda: to_load_options(self.settings.generation, self.settings.app, ""),
        )
        quick = Retry(attempts=3, first_s=0.3, longest_s=0.5)
        self.downloads = DownloadsController(base / "models", self.address, quick)
        self.finished: list[str] = []
        self.downloads.download_finished.connect(self.finished.append)
        self.view = DiscoverView(self.theme, self.discover, self.judging, self.downloads)
        self.queue = DownloadsView(self.downloads)
        self.window = QMainWindow()
        both = QSplitter()
        both.addWidget(self.view)
        both.addWidget(self.queue)
        self.window.setCentralWidget(both)
        # As the real one has it: its least size is its own, and not that of its parts.
        self.window.setMinimumSize(720, 560)
        self.window.resize(1600, 800)
        bot.addWidget(self.window)
        self.window.show()

    def until(self, condition: Callable[[], object]) -> None:
        self.bot.waitUntil(lambda: bool(condition()), timeout=PATIENCE_MS)

    @property
    def shown_repo(self) -> str:
        """The repository whose page is shown, empty while none is."""
        page = self.discover.page
        return page.repo if page is not None and page.status == "shown" else ""

    def search(self, words: str) -> None:
        self.view.query.setText(words)
        self.view.search_button.click()
        self.until(lambda: self.discover.search.status != "searching")

    def open(self, repo: str) -> None:
        self.discover.open(repo)
        self.until(lambda: self.discover.page is not None and self.discover.page.status != "asking")

    def open_judged(self, repo: str) -> None:
        self.open(repo)
        rows = self.view.page.variants.rows
        self.until(lambda: rows and all("Looking" not in row.facts for row in rows.values()))

    def close(self) -> None:
        self.settings.flush()
        self.discover.close()
        self.judging.close()
        self.downloads.close()
        self.store.close()
        self.files.close()


def button(parent: QWidget, words: str) -> QPushButton:
    """Return the visible button that begins with these words."""
    found = visible(parent, words)
    assert found, f"no button {words!r}"
    return found[0]


def visible(parent: QWidget, words: str) -> list[QPushButton]:
    """Return the visible buttons that begin with these words."""
    every = parent.findChildren(QPushButton)
    return [each for each in every if each.isVisibleTo(parent) and each.text().startswith(words)]


@pytest.fixture(autouse=True)
def _own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies, the hub and the keyring of whoever runs the tests out of them."""
    leave_out_the_real_hub(monkeypatch)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        small = os.urandom(300_000)
        server.add(
            SMALL,
            {"small-chat-Q4_K_M.gguf": small, "small-chat-Q8_0.gguf": small * 2},
            card="# Small\n\nA **small** model. [Site](https://example.com/a) ![x](http://e/x.png)",
            gguf={"architecture": "llama", "total": 500_000, "context_length": 4096},
        )
        sizes = {"Q4_K_M": 5, "Q8_0": 9, "F16": 17}
        large = {f"large-{name}.gguf": ClaimedBytes(size * GB) for name, size in sizes.items()}
        server.add(
            LARGE,
            large,
            gguf={"architecture": "llama", "total": 8_000_000_000, "context_length": 131_072},
            hashes=dict.fromkeys(large, "ab" * 32),
            downloads=1000,
        )
        yield server


Open = Callable[..., Hands]


@pytest.fixture
def begin(qapp: QApplication, qtbot: QtBot, tmp_path: Path, hub: HubServer) -> Iterator[Open]:
    """Make the parts; further arguments are application settings. What is open is closed after."""
    made: list[Hands] = []

    def make(**app: object) -> Hands:
        settings = msgspec.structs.replace(AppSettings(hub_endpoint=hub.endpoint), **app)
        made.append(Hands(qapp, qtbot, tmp_path, settings))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def hands(begin: Open) -> Hands:
    """The parts as one has them after a start."""
    return begin()
