"""The way to draft that a load asks for, where the model allows it."""

from __future__ import annotations

from collections.abc import Callable

from models.cancellation import Cancellation
from models.llama.context import LlamaContext
from models.llama.loading import Weights
from models.llama.speculation.draft_model import DraftModel
from models.llama.speculation.drafting import Speculation
from models.llama.speculation.prompt_lookup import PromptLookup
from models.records import LoadOptions
from models.wording import mark, tr

CANNOT_FORGET = mark(
    "Speculation is off: this model keeps its context in a state that can't take back a token "
    "that was guessed wrong."
)


def choose_speculation(
    options: LoadOptions,
    weights: Weights,
    context: LlamaContext,
    progress: Callable[[float], None],
    cancelled: Cancellation,
) -> tuple[Speculation | None, str]:
    """Return what drafts for the model, or None with the reason why nothing does, if one was asked.

    Empties the context's cache. Raises EngineError for a draft model that can't be used.
    """
    if options.speculation == "off" or weights.encodes:
        return None, ""
    if not context.can_forget_part():
        return None, tr(CANNOT_FORGET)
    if options.speculation == "prompt_lookup":
        return PromptLookup(), ""
    return DraftModel.load(options, weights, progress, cancelled), ""
