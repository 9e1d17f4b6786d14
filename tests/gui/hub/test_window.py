"""Discover and downloads in the whole window, on its own settings and with its own notices."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QPushButton

from desktop.paths import Paths
from desktop.settings.schema import AppSettings
from desktop.settings.store import SettingsStore
from desktop.ui.models.discover import DiscoverView
from desktop.ui.models.downloads import DownloadsView
from desktop.ui.models.tab import DISCOVER, DOWNLOADS
from tests.gui.conftest import App
from tests.gui.hub.conftest import SMALL
from tests.gui.test_accessibility import _CONTROLS as CONTROLS
from tests.gui.test_accessibility import interfaces
from tests.hub_server import HubServer

StartApp = Callable[..., App]


@pytest.fixture
def app(start: StartApp, tmp_path: Path, hub: HubServer) -> App:
    """A window whose settings name the test's hub."""
    paths = Paths(tmp_path)
    paths.create()
    SettingsStore(paths.settings_file).save(AppSettings(hub_endpoint=hub.endpoint))
    app = start("--reply-tokens", "6")
    app.until_ready()
    return app


def discover(app: App) -> DiscoverView:
    app.window.middle.show_models(DISCOVER)
    view = app.window.middle.page.content(DISCOVER)
    assert isinstance(view, DiscoverView)
    return view


def models_button(app: App) -> QPushButton:
    (found,) = app.window.findChildren(QPushButton, "modelsButton")
    assert isinstance(found, QPushButton)
    return found


def test_a_model_is_found_fetched_and_offered(app: App, hub: HubServer) -> None:
    view = discover(app)
    app.session.discover.open(SMALL)
    app.until(lambda: view.page.variants.rows)
    view.page.variants.rows["Q4_K_M"].button.click()
    app.until(lambda: "checked and whole" in app.window.notices.text)
    assert models_button(app).text() == "Models"
    path = app.session.downloads.downloads[0].path
    app.until(lambda: app.session.library.entry(path) is not None)
    queue = app.window.middle.page.show_tab(DOWNLOADS)
    assert isinstance(queue, DownloadsView)
    queue.rows[app.session.downloads.downloads[0].id].buttons["load"].click()
    app.until(lambda: app.session.model.state.path == path)


def test_what_is_under_way_is_counted_wherever_one_is(app: App, hub: HubServer) -> None:
    app.session.settings.set_app_value("offline", False)
    hub.repos[SMALL].files["small-chat-Q4_K_M.gguf"] = b"x" * 2_000_000
    hub.piece_bytes = 1000
    view = discover(app)
    app.session.discover.open(SMALL)
    app.until(lambda: view.page.variants.rows)
    texts: list[tuple[str, str]] = []

    def note() -> None:
        page = app.window.middle.page
        tabs = [page.bar.tabText(index) for index in range(page.bar.count())]
        texts.append((models_button(app).text(), next(t for t in tabs if "Downloads" in t)))

    app.session.downloads.changed.connect(note, Qt.ConnectionType.QueuedConnection)
    view.page.variants.rows["Q4_K_M"].button.click()
    app.until(lambda: ("Models · 1", "Downloads · 1") in texts)
    app.until(lambda: texts[-1] == ("Models", "Downloads"))


def test_escape_goes_back_step_by_step(app: App) -> None:
    view = discover(app)
    app.session.discover.open(SMALL)
    app.until(lambda: view.page.variants.rows)
    app.window.step_back()
    assert app.session.discover.page is None
    assert app.window.middle.shows_models
    app.window.step_back()
    assert not app.window.middle.shows_models


def test_the_hub_s_library_waits_for_the_first_question() -> None:
    late = ("huggingface_hub", "httpx2", "models.downloads.queue", "models.hub.access")
    code = (
        "import sys; import desktop.app, desktop.ui.models.discover, desktop.ui.models.downloads; "
        f"print([name for name in {late} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_every_control_has_a_name(app: App) -> None:
    view = discover(app)
    app.session.discover.find("chat")
    app.until(lambda: app.session.discover.search.found)
    app.session.discover.open(SMALL)
    app.until(lambda: view.page.variants.rows)
    view.page.variants.rows["Q4_K_M"].button.click()
    app.until(lambda: app.session.downloads.downloads)
    queue = app.window.middle.page.show_tab(DOWNLOADS)
    app.until(lambda: queue.findChildren(QPushButton))
    seen = 0
    for root in (view, queue):
        for each in interfaces(QAccessible.queryAccessibleInterface(root)):
            if each.role() in CONTROLS:
                seen += 1
                assert each.text(QAccessible.Text.Name), each.object()
    assert seen > 15
