"""Texts of people and files between marks that tell them from instructions."""

from __future__ import annotations

import re


def fenced(data: str, name: str) -> str:
    """Return data between ``<name>`` and ``</name>``; it can't close them itself."""
    open_text = re.sub(rf"<(\s*/?\s*{name})", r"< \1", data, flags=re.IGNORECASE)
    return f"<{name}>\n{open_text}\n</{name}>"
