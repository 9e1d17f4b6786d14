"""How the window was left: its place, its panels and the chat that was open."""

from __future__ import annotations

from pathlib import Path

import msgspec

from desktop.domain.grounds import Attached
from desktop.settings.files import write_atomically


class WindowState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the window restores. Sizes are in device-independent pixels.

    ``geometry`` is the toolkit's own record of place and size, as base64 text; ``panel_sizes``
    are the widths from left to right, empty for the design's own. ``draft`` is what was typed
    where no chat had been made yet, ``attached`` what was to be asked about there.
    ``closed_folders`` are folders of chats that are folded. ``recent_models`` are files that were
    opened, the last first; ``recent_actions`` are the ids of what was chosen in the palette.
    """

    geometry: str = ""
    panel_sizes: tuple[int, ...] = ()
    chats_open: bool = True
    settings_open: bool = True
    chat_id: int | None = None
    draft: str = ""
    attached: tuple[Attached, ...] = ()
    closed_folders: tuple[int, ...] = ()
    recent_models: tuple[str, ...] = ()
    recent_actions: tuple[str, ...] = ()


def load_window_state(path: Path) -> WindowState:
    """Return the state; a fresh one where the file is missing or broken, as nothing is lost."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=WindowState)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return WindowState()


def save_window_state(path: Path, state: WindowState) -> None:
    """Write the state, whole or not at all. Raises UserError."""
    write_atomically(path, msgspec.json.encode(state))
