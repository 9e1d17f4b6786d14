"""The words and colours of a verdict, of a model's kind and of where it came from."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QLabel

from desktop.ui.controls import label, set_property
from models.estimate.records import Judgement, Verdict
from models.library.entry import ModelKind, Source

VERDICT_WORDS: Final[dict[Verdict, str]] = {
    "gpu": "GPU",
    "partly": "Partly on the GPU",
    "cpu": "CPU",
    "no_fit": "Does not fit",
}
VERDICT_ROLES: Final[dict[Verdict, str]] = {
    "gpu": "good",
    "partly": "warning",
    "cpu": "secondary",
    "no_fit": "danger",
}
KIND_WORDS: Final[dict[ModelKind, str]] = {
    "chat": "Chat",
    "base": "Base",
    "embedding": "Embedding",
    "encoder_decoder": "Encoder-decoder",
}
SOURCE_WORDS: Final[dict[Source, str]] = {
    "embedded": "Came with Snug",
    "snug": "Snug's folder",
    "folder": "Your folders",
    "huggingface": "Hugging Face cache",
    "lmstudio": "LM Studio",
    "jan": "Jan",
    "gpt4all": "GPT4All",
    "ollama": "Ollama",
}


def verdict_text(judgement: Judgement, kind: ModelKind = "chat") -> str:
    """Return the badge's words: the verdict, and the speed of writing where it is known."""
    words = VERDICT_WORDS[judgement.verdict]
    speed = judgement.tokens_per_second
    if judgement.verdict == "no_fit" or not speed or kind == "embedding":
        return words
    return f"{words} · ~{speed:,.0f} tok/s" if speed >= 1 else f"{words} · under 1 tok/s"


class Badge(QLabel):
    """A verdict as a small pill."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "badge")
        self.hide()

    def show_judgement(self, judgement: Judgement | None, kind: ModelKind = "chat") -> None:
        """Show a verdict; hide while there is none."""
        self.setVisible(judgement is not None)
        if judgement is not None:
            self.setText(verdict_text(judgement, kind))
            self.setToolTip(judgement.reason)
            set_property(self, "tone", VERDICT_ROLES[judgement.verdict])


def small_print(text: str = "") -> QLabel:
    """Return a label for a sentence below what it explains."""
    return label(text, kind="small", tone="secondary", wraps=True)
