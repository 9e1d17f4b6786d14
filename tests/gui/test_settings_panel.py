"""The settings panel: one row for each option, kept in step with the chat's settings."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QPlainTextEdit, QPushButton

from desktop.settings.schema import OPTIONS, OptionInfo
from desktop.ui.controls import IconButton
from desktop.ui.option_row import OptionRow
from desktop.ui.settings_panel import context_note
from desktop.ui.slider import Slider
from desktop.ui.stops import nearest_stop, slider_stops
from tests.gui.conftest import App

INFO = {info.name: info for info in OPTIONS}


def row_of(app: App, name: str) -> OptionRow:
    row = app.window.settings_panel.findChild(OptionRow, f"option_{name}")
    assert isinstance(row, OptionRow)
    return row


def enter(app: App, name: str, text: str) -> QLineEdit:
    field = row_of(app, name).findChild(QLineEdit)
    assert isinstance(field, QLineEdit)
    field.setText(text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    return field


def test_every_option_has_its_row(app: App) -> None:
    rows = app.window.settings_panel.findChildren(OptionRow)
    assert {row.info.name for row in rows} >= set(INFO)


def test_field_and_slider_follow_each_other(app: App) -> None:
    field = enter(app, "temperature", "1.2")
    slider = row_of(app, "temperature").findChild(Slider)
    assert isinstance(slider, Slider)
    assert app.session.settings.generation.temperature == 1.2
    assert slider.value() == 24
    slider.setValue(10)
    assert field.text() == "0.5"
    assert app.session.settings.generation.temperature == 0.5


@pytest.mark.parametrize("text", ["-1", "5", "warm"])
def test_a_value_out_of_range_is_refused_and_explained(app: App, text: str) -> None:
    before = app.session.settings.generation
    field = enter(app, "temperature", text)
    assert app.session.settings.generation == before
    assert field.property("invalid") is True
    explained = [
        each
        for each in row_of(app, "temperature").findChildren(QLabel)
        if "can't be" in each.text()
    ]
    assert explained[0].isVisible()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.property("invalid") is False
    assert not explained[0].isVisible()


def test_the_dot_shows_a_difference_and_takes_it_back(app: App) -> None:
    dot = row_of(app, "top_k").findChild(IconButton)
    assert isinstance(dot, IconButton)
    assert dot.isHidden()
    enter(app, "top_k", "7")
    assert not dot.isHidden()
    dot.click()
    assert app.session.settings.generation.top_k == INFO["top_k"].default
    assert dot.isHidden()


def test_a_chats_settings_can_become_the_default(app: App) -> None:
    enter(app, "max_tokens", "55")
    app.session.settings.make_default()
    assert app.session.settings.defaults.max_tokens == 55
    assert app.session.settings.overrides == {}
    app.session.settings.restore_factory()
    assert app.session.settings.generation.max_tokens == INFO["max_tokens"].default


def test_a_new_context_size_waits_for_apply_and_reloads(app: App) -> None:
    apply = app.window.settings_panel.findChild(QPushButton, "applyButton")
    assert isinstance(apply, QPushButton)
    assert apply.isHidden()
    enter(app, "context_size", "2048")
    assert not apply.isHidden()
    apply.click()
    app.until_ready()
    assert apply.isHidden()
    info = app.session.model.state.info
    assert info is not None
    assert info.context_size == 2048


def test_the_context_window_says_what_it_takes_and_what_fits(app: App) -> None:
    def note() -> str:
        labels = row_of(app, "context_size").findChildren(QLabel)
        return next(each.text() for each in labels if "was trained on" in each.text())

    enter(app, "context_size", "4096")
    assert "4,096 tokens take 4 MB of memory." in note()
    assert "nonsense" not in note()
    state = app.session.model.state
    assert state.info is not None
    scarce = msgspec.structs.replace(state.info, largest_context=8192)
    said = context_note(replace(state, info=scarce), 16_384)
    assert "may write nonsense beyond" in said
    assert "There is memory for 8,192." in said


def test_a_system_prompt_is_taken_when_the_message_is_sent(app: App) -> None:
    editor = row_of(app, "system_prompt").findChild(QPlainTextEdit)
    assert isinstance(editor, QPlainTextEdit)
    editor.setPlainText("Be brief.")
    app.send("hello")
    app.until_ended(2)
    assert app.session.settings.generation.system_prompt == "Be brief."


@pytest.mark.parametrize("info", [i for i in OPTIONS if i.minimum is not None])
def test_slider_stops_cover_the_range_and_the_default(info: OptionInfo) -> None:
    stops = slider_stops(info)
    assert stops[0] == info.minimum
    assert stops[-1] == info.maximum
    assert stops == sorted(set(stops))
    assert len(stops) < 500
    if info.multiple:
        assert all(stop % info.multiple == 0 for stop in stops)
    if info.default is not None:
        nearest = stops[nearest_stop(stops, info.default)]
        assert abs(nearest - info.default) <= 0.125 * info.default
