"""Questions about ten documents, with the passage that answers each: see ``retrieval_set``."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

FOLDER: Final = Path(__file__).with_name("retrieval_set")


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question; ``holds`` is what only the right passage of ``document`` holds.

    ``kind`` is paraphrase, name or none: then nothing answers it. The held-out half is never
    looked at while tuning.
    """

    text: str
    kind: str
    document: str
    holds: str
    is_held_out: bool


def questions() -> list[Question]:
    """Return the labelled questions; within a kind they belong to either half by turns."""
    found: list[Question] = []
    for line in (FOLDER / "questions.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        kind, document, holds, text = (part.strip() for part in line.split(" | "))
        is_held_out = sum(each.kind == kind for each in found) % 2 == 1
        found.append(
            Question(text=text, kind=kind, document=document, holds=holds, is_held_out=is_held_out)
        )
    return found
