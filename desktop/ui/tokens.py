"""The design's numbers and colours, in one place. Widgets name roles, never literals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Palette:
    """Colours by role, as ``#RRGGBB``."""

    page: str
    panel: str
    raised: str
    line: str
    text: str
    secondary: str
    faint: str
    accent: str
    on_accent: str
    own_message: str
    good: str
    warning: str
    danger: str
    selection: str
    code_keyword: str
    code_string: str
    code_comment: str
    code_number: str
    code_name: str


LIGHT: Final = Palette(
    page="#FBFAF8",
    panel="#F4F2EE",
    raised="#FFFFFF",
    line="#E4E0D9",
    text="#1F1D1A",
    secondary="#6B665E",
    faint="#6E685F",
    accent="#A84B25",
    on_accent="#FFFFFF",
    own_message="#F3ECE4",
    good="#2A7347",
    warning="#8A5C00",
    danger="#B3261E",
    selection="#EFD3C4",
    code_keyword="#8A3A6B",
    code_string="#3A6A25",
    code_comment="#6E685F",
    code_number="#8A4B08",
    code_name="#22608F",
)
DARK: Final = Palette(
    page="#1B1A18",
    panel="#211F1D",
    raised="#282623",
    line="#38352F",
    text="#ECE8E1",
    secondary="#A8A198",
    faint="#9A9389",
    accent="#E08A5B",
    on_accent="#1B1A18",
    own_message="#2C2824",
    good="#6CC08B",
    warning="#E0B040",
    danger="#F2877D",
    selection="#5E3F2D",
    code_keyword="#DBA3D3",
    code_string="#A9C97F",
    code_comment="#9A9389",
    code_number="#E2AC72",
    code_name="#8FBDE2",
)

XS: Final = 4
S: Final = 8
M: Final = 12
L: Final = 16
XL: Final = 24
XXL: Final = 32
"""Spacing, in device-independent pixels."""

RADIUS_SMALL: Final = 6
RADIUS_LARGE: Final = 12

BODY_PX: Final = 14
CODE_PX: Final = 13
LINE_HEIGHT_PERCENT: Final = 155
WEIGHT_REGULAR: Final = 400
WEIGHT_STRONG: Final = 600
COLUMN_MIN: Final = 680
COLUMN_MAX: Final = 760
"""The reading column's width, in device-independent pixels."""
