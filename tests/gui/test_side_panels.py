"""Panels dock in a wide window and slide over in a narrow one."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from desktop.ui.side_panels import SidePanels


@pytest.fixture
def panels(qtbot: QtBot) -> SidePanels:
    panels = SidePanels(QWidget(), QWidget(), QWidget())
    qtbot.addWidget(panels)
    panels.resize(1280, 800)
    panels.show()
    return panels


def test_docked_panels_leave_room_for_the_middle(panels: SidePanels) -> None:
    left, right = panels.sizes()
    assert panels._middle.width() == 1280 - left - right
    panels.toggle("left")
    assert panels._middle.width() == 1280 - right


def test_in_a_narrow_window_a_panel_lies_over(panels: SidePanels) -> None:
    panels.resize(720, 560)
    assert not panels.is_open("left")
    assert panels._middle.width() == 720
    panels.toggle("left")
    assert panels.is_open("left")
    assert panels._middle.width() == 720
    assert panels.close_over()
    assert not panels.is_open("left")


def test_the_choice_for_a_wide_window_is_kept(panels: SidePanels) -> None:
    panels.toggle("right")
    panels.resize(720, 560)
    panels.toggle("right")
    panels.resize(1280, 800)
    assert panels.is_open("left")
    assert not panels.is_open("right")


def test_widths_stay_within_their_bounds(panels: SidePanels) -> None:
    panels.set_sizes(10, 5000)
    left, right = panels.sizes()
    assert left >= 200
    assert right <= 440
