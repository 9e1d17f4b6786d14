"""The one table of actions, in the order of the palette and of the key sheet.

From it the window's keys are bound, and both are made. Actions of which there are as many as there
are things, such as one for each preset, are in ``palette_entries``.
"""

from __future__ import annotations

from typing import Final

from desktop.ui.actions.chats import IN_THIS_CHAT, OF_CHATS
from desktop.ui.actions.rooms import OF_DOCUMENTS, OF_MODELS
from desktop.ui.actions.settings import OF_SETTINGS, OF_SNUG

ACTIONS: Final = (
    *IN_THIS_CHAT,
    *OF_CHATS,
    *OF_MODELS,
    *OF_DOCUMENTS,
    *OF_SETTINGS,
    *OF_SNUG,
)
