"""A font of our own for a system that has none, where a window would have no letters."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics

_PACKAGE: Final = "ziafont"
_FONT: Final = "fonts/DejaVuSans.ttf"


def ensure_font() -> bool:
    """Load the font that comes along for formulas if the system has none; return whether it did.

    The package is looked up and not imported. Nothing happens where the font is missing too.
    """
    metrics = QFontMetrics(QFont())
    # Families are listed even without a font. But the boxes that stand for letters then have one
    # width; so have a typewriter's letters, beside which one more font does no harm.
    if metrics.horizontalAdvance("i") != metrics.horizontalAdvance("m"):
        return False
    spec = find_spec(_PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if QFontDatabase.addApplicationFont(str(Path(folder) / _FONT)) >= 0:
            return True
    return False
