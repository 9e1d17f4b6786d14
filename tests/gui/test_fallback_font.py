"""A system without any font still gets letters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NO_FONTS = '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig/>'
MEASURE = """
from PySide6.QtGui import QFont, QFontMetrics
from desktop.ui.application import Application
app = Application([])
print(*(QFontMetrics(QFont()).horizontalAdvance(letter) for letter in "im"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems can't be without a font")
def test_letters_have_widths_of_their_own_without_any_font(tmp_path: Path) -> None:
    (tmp_path / "fonts.conf").write_text(NO_FONTS)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        env=os.environ
        | {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf"), "QT_QPA_PLATFORM": "offscreen"},
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    # Boxes in place of letters all have one width.
    narrow, wide = map(int, done.stdout.split())
    assert 0 < narrow < wide
