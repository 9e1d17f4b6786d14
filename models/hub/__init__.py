"""The Hugging Face hub: what it has, what of that fits this machine, and who may have it."""

from __future__ import annotations

import os

# huggingface_hub reads these once, when it is imported, which only this room does: no transfer of
# its own, no telemetry, no token from other programs' files, no progress bars, no look for updates.
for _name in (
    "HF_HUB_DISABLE_XET",
    "HF_HUB_DISABLE_TELEMETRY",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN",
    "HF_HUB_DISABLE_PROGRESS_BARS",
    "HF_HUB_DISABLE_UPDATE_CHECK",
):
    os.environ[_name] = "1"
