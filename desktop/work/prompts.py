"""The prompts of the work on documents: instruction first, the document's text as data below."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from desktop.domain import fencing
from desktop.domain.extraction import ExtractionPrompts
from desktop.domain.summary import Prompts
from models.records import ChatPrompt, ModelKind, RawPrompt, Turn

_OWN_FENCE: Final = re.compile(r"^</?document>$", re.MULTILINE)
"""Lines that only ``data_prompt`` writes: data can't hold them."""

STOP: Final = ("<document>", "</document>")
"""Where a small model begins to copy the frame of its prompt."""


@cache
def summary_prompts() -> Prompts:
    """Return the prompts that Snug comes with."""
    text = resources.files("resources").joinpath("prompts/summary.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Prompts)


@cache
def extraction_prompts() -> ExtractionPrompts:
    """Return the prompts that Snug comes with to fill tables."""
    file = resources.files("resources").joinpath("prompts/extraction.toml")
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), ExtractionPrompts)


def fenced(data: str) -> str:
    """Return data between the marks that tell it from instructions; it can't close them itself."""
    return fencing.fenced(data, "document")


def data_prompt(system: str, instruction: str, data: str) -> ChatPrompt:
    """Return a prompt that tells data from instruction.

    What comes before the data is the same for every call of a level, so that the KV cache keeps it.
    A model that thinks first is to answer at once: nobody reads its thoughts.
    """
    text = f"{instruction.strip()}\n\n{fenced(data)}"
    return ChatPrompt(
        turns=(Turn(role="system", text=system.strip()), Turn(role="user", text=text)),
        skip_thinking=True,
    )


def prompt_for(kind: ModelKind, prompt: ChatPrompt) -> ChatPrompt | RawPrompt:
    """Return the prompt as a model of this kind takes it.

    One that reads a text and answers it knows no turns: it gets what the person's turns say, as one
    text, without the fence, which it was never taught and may have no letters for. There is no
    system either: its window is small, and it follows what stands at its head alone.
    """
    if kind != "encoder_decoder":
        return prompt
    text = "\n".join(turn.text for turn in prompt.turns if turn.role == "user")
    return RawPrompt(text=_OWN_FENCE.sub("", text).strip())
