"""The words and colours of a verdict, of a model's kind and of where it came from."""

from __future__ import annotations

from typing import Final

from PySide6.QtWidgets import QLabel

from desktop.ui.controls import label, set_property
from models.estimate.records import Judgement, Verdict
from models.library.entry import ModelKind, Source
from models.wording import mark, number, tr

VERDICT_WORDS: Final[dict[Verdict, str]] = {
    "gpu": "GPU",
    "partly": mark("Partly on the GPU"),
    "cpu": "CPU",
    "no_fit": mark("Does not fit"),
}
VERDICT_ROLES: Final[dict[Verdict, str]] = {
    "gpu": "good",
    "partly": "warning",
    "cpu": "secondary",
    "no_fit": "danger",
}
KIND_WORDS: Final[dict[ModelKind, str]] = {
    "chat": mark("Chat"),
    "base": mark("Base"),
    "embedding": mark("Embedding"),
    "encoder_decoder": mark("Encoder-decoder"),
}
SOURCE_WORDS: Final[dict[Source, str]] = {
    "embedded": mark("Came with Snug"),
    "snug": mark("Snug's folder"),
    "folder": mark("Your folders"),
    "huggingface": mark("Hugging Face cache"),
    "lmstudio": "LM Studio",
    "jan": "Jan",
    "gpt4all": "GPT4All",
    "ollama": "Ollama",
}


def verdict_text(judgement: Judgement, kind: ModelKind = "chat") -> str:
    """Return the badge's words: the verdict, and the speed of writing where it is known."""
    words = tr(VERDICT_WORDS[judgement.verdict])
    speed = judgement.tokens_per_second
    if judgement.verdict == "no_fit" or not speed or kind == "embedding":
        return words
    rate = f"~{number(speed)} tok/s" if speed >= 1 else tr("under 1 tok/s")
    return f"{words} · {rate}"


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
