"""This computer: its devices, other machines' workers, the hub's address and token."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton

from desktop.controllers.computer import ComputerController
from desktop.ui.models.computer import ComputerTab
from desktop.ui.models.hub_token import HubToken
from desktop.ui.models.tab import COMPUTER
from desktop.ui.models.workers import WorkerList
from desktop.ui.option_row import OptionRow
from desktop.ui.switch import Switch
from models.hub import tokens
from tests.gui.conftest import App


@pytest.fixture
def tab(app: App) -> ComputerTab:
    app.window.wires.show_page(COMPUTER)
    tab = app.window.middle.page.content(COMPUTER)
    assert isinstance(tab, ComputerTab)
    return tab


def words(tab: ComputerTab) -> str:
    return "\n".join(each.text() for each in tab.findChildren(QLabel) if each.isVisible())


def test_devices_and_memory_are_shown_with_the_reason_for_no_gpu(
    app: App, tab: ComputerTab
) -> None:
    app.until(lambda: app.session.loading.machine is not None)
    app.until(lambda: "free of" in words(tab))
    machine = app.session.loading.machine
    assert machine is not None
    assert all(device.name in words(tab) for device in machine.devices)
    why = app.session.loading.why_no_gpu
    assert why is None or why.title in words(tab)


def test_a_worker_is_entered_greeted_and_taken_off(app: App, tab: ComputerTab) -> None:
    workers = tab.findChild(WorkerList)
    assert isinstance(workers, WorkerList)
    field = workers.findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setText("not an address!")
    QTest.keyClick(field, Qt.Key.Key_Return)
    app.until(lambda: "is no address of an RPC worker" in words(tab))
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    field.setText(address)
    QTest.keyClick(field, Qt.Key.Key_Return)
    app.until(lambda: app.session.settings.app.rpc_servers == (address,))
    app.until(lambda: app.session.computer.state.workers[address].trouble is not None)
    trouble = app.session.computer.state.workers[address].trouble
    assert trouble is not None
    app.until(lambda: trouble.title in words(tab))
    assert field.text() == ""
    app.session.computer.remove_worker(address)
    assert app.session.settings.app.rpc_servers == ()


def test_a_token_is_kept_and_forgotten_and_never_shown(
    app: App, tab: ComputerTab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[tuple[str, str], str] = {}

    def keyring(action: str, *arguments: str) -> object:
        if action == "set_password":
            kept[tokens.SERVICE, arguments[0]] = arguments[1]
        elif action == "delete_password":
            kept.pop((tokens.SERVICE, arguments[0]), None)
        return kept.get((tokens.SERVICE, arguments[0]))

    monkeypatch.setattr(tokens, "_keyring", keyring)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    widget = tab.findChild(HubToken)
    assert isinstance(widget, HubToken)
    app.session.computer.look()
    app.until(lambda: "Not set." in words(tab))
    secret = "hf_" + "a" * 20
    widget._field.setText(secret)
    QTest.keyClick(widget._field, Qt.Key.Key_Return)
    app.until(lambda: "Set, and kept" in words(tab))
    assert list(kept.values()) == [secret]
    assert widget._field.text() == ""
    assert secret not in repr(app.session.computer.state)
    forget = next(b for b in widget.findChildren(QPushButton) if b.text() == "Forget it")
    forget.click()
    app.until(lambda: "Not set." in words(tab))
    assert kept == {}


def test_options_of_the_application_are_switched_here(app: App, tab: ComputerTab) -> None:
    row = tab.findChild(OptionRow, "option_offline")
    assert isinstance(row, OptionRow)
    switch = row.findChild(Switch)
    assert isinstance(switch, Switch)
    switch.click()
    assert is_offline(app)
    row.reset_requested.emit("offline")
    assert not is_offline(app)
    assert not switch.isChecked()


def is_offline(app: App) -> bool:
    return app.session.settings.app.offline


def test_the_state_holds_no_token(app: App) -> None:
    assert isinstance(app.session.computer, ComputerController)
    assert app.session.computer.state.token in ("unknown", "none", "saved", "environment")
