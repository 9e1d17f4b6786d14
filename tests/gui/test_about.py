"""The About box: what it tells, and that it asks the network at a click alone."""

from __future__ import annotations

from collections.abc import Iterator

import apsw
import pytest
from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListWidget, QPlainTextEdit, QPushButton

from desktop.controllers.about import AboutController
from desktop.ui.about import AboutBox
from desktop.updates import RELEASES_PAGE
from desktop.version import snug_version
from tests.gui.conftest import App
from tests.gui.test_accessibility import nameless
from tests.release_server import ReleaseServer

# The offscreen platform's, of any window with a least size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


@pytest.fixture
def server(app: App) -> Iterator[ReleaseServer]:
    """Whom the application asks for releases."""
    with ReleaseServer() as running:
        session = app.session
        # In place of the property's own, which asks github.com.
        session.__dict__["about"] = AboutController(
            session.engine, session.settings, running.address
        )
        yield running


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that were opened in the browser."""
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    return opened


@pytest.fixture
def box(app: App, server: ReleaseServer) -> AboutBox:
    button = app.window.chat_panel.findChild(QPushButton, "aboutButton")
    assert isinstance(button, QPushButton)
    button.click()
    return opened(app)


def opened(app: App) -> AboutBox:
    box = app.window.findChild(AboutBox)
    assert isinstance(box, AboutBox)
    assert box.isVisible()
    return box


def list_of(box: AboutBox) -> QListWidget:
    parts = box.findChild(QListWidget)
    assert isinstance(parts, QListWidget)
    return parts


def words(box: AboutBox) -> list[str]:
    return [each.text() for each in box.findChildren(QLabel) if each.text()]


def press(box: AboutBox, text: str) -> None:
    [button] = [each for each in box.findChildren(QPushButton) if each.text() == text]
    assert button.isVisible()
    button.click()


def answer(box: AboutBox) -> str:
    label = box.findChild(QLabel, "updateAnswer")
    assert isinstance(label, QLabel)
    return label.text()


def test_it_tells_the_versions(app: App, box: AboutBox) -> None:
    expected = {f"Version {snug_version()}", qVersion(), apsw.sqlite_lib_version(), "none"}
    app.until(lambda: expected <= set(words(box)))
    assert any("no account and sends no telemetry" in text for text in words(box))


def test_every_part_shows_its_licence(app: App, box: AboutBox) -> None:
    parts, text = list_of(box), box.findChild(QPlainTextEdit)
    assert isinstance(text, QPlainTextEdit)
    app.until(lambda: parts.count() > 40)
    [qt] = parts.findItems("Qt", Qt.MatchFlag.MatchExactly)
    parts.setCurrentItem(qt)
    assert text.toPlainText().startswith(f"Qt {qVersion()}\nLGPL-3.0-only\n")
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text.toPlainText()
    for row in range(parts.count()):
        parts.setCurrentRow(row)
        assert len(text.toPlainText()) > 90, parts.item(row).text()


def test_it_opens_with_its_key_and_closes_with_escape(app: App, server: ReleaseServer) -> None:
    QTest.keyClick(app.window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    box = opened(app)
    assert nameless(box) == []
    QTest.keyClick(box, Qt.Key.Key_Escape)
    app.until(lambda: app.window.findChild(AboutBox) is None)
    assert server.requests == []


def test_a_newer_version_is_shown_and_only_its_page_is_opened(
    app: App, box: AboutBox, server: ReleaseServer, pages: list[str]
) -> None:
    app.until(lambda: list_of(box).count())
    assert server.requests == []
    press(box, "Look for a new version")
    app.until(lambda: "9.9.9 is out" in answer(box))
    assert len(server.requests) == 1
    assert pages == []
    press(box, "Open the releases page")
    assert pages == [RELEASES_PAGE]


@pytest.mark.parametrize(
    ("tag", "says"),
    [(f"v{snug_version()}", "This is the newest version."), ("v0.0.1", "newer than the last")],
)
def test_no_newer_version_is_said(
    app: App, box: AboutBox, server: ReleaseServer, tag: str, says: str
) -> None:
    server.body = server.body.replace(b"v9.9.9", tag.encode())
    press(box, "Look for a new version")
    app.until(lambda: says in answer(box))


def test_trouble_is_said_and_it_can_be_tried_again(
    app: App, box: AboutBox, server: ReleaseServer
) -> None:
    server.status = 500
    press(box, "Look for a new version")
    app.until(lambda: "Check the network" in answer(box))
    server.status = 200
    press(box, "Look for a new version")
    app.until(lambda: "9.9.9 is out" in answer(box))


def test_offline_it_asks_nobody(app: App, box: AboutBox, server: ReleaseServer) -> None:
    app.session.settings.set_app_value("offline", True)
    press(box, "Look for a new version")
    app.until(lambda: "Snug is offline" in answer(box))
    assert server.requests == []
