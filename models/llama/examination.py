"""A trial load of a stranger's file: what the engine does with one, up to the first token.

What would kill the engine kills the process that does this, so it is not done in any other. Of a
large file the weights are laid out and not read: reading them takes as long as the load itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from models.cancellation import Cancellation
from models.chat_template import ChatTemplate
from models.gguf import read_header
from models.llama import loading
from models.llama.library import lib, text
from models.llama.vocabulary import LlamaVocabulary
from models.records import LoadOptions, Problem
from models.template_renderer import TemplateRenderer

_SAMPLE: Final = "Hello, wörld! 你好 1234 <|im_end|>\n\t</s> 🙂"
_CONTEXT_SIZE: Final = 512
_LARGE_FILE: Final = 128 << 20


def examine(path: Path) -> Problem | None:
    """Load a file's vocabulary, then its tensors, open a context and decode a token.

    Returns the trouble that the chat template has, without which the model can still be used.
    Raises EngineError for a file that can't be loaded.
    """
    header = read_header(path)
    handle = loading.load_vocabulary(str(path))
    try:
        failure = _try_words(handle)
    finally:
        lib.llama_model_free(handle)
    # The other parts of a split model are large wherever the first one is small.
    whole = path.stat().st_size <= _LARGE_FILE and header.integer("split.count") <= 1
    _try_weights(path, dry=not whole)
    return failure


def _try_weights(path: Path, *, dry: bool) -> None:
    options = LoadOptions(path=str(path), context_size=_CONTEXT_SIZE, gpu_layers=0)
    weights = loading.load_weights(options, lambda _fraction: None, Cancellation(), dry=dry)
    try:
        context, _ = loading.open_context(weights, options)
        try:
            if not dry:
                context.set_threads(1)
                loading.warm_up(weights, context, Cancellation())
        finally:
            context.close()
    finally:
        weights.close()


def _try_words(handle: int) -> Problem | None:
    """Tokenize a few words and back, and render the chat template as the engine would."""
    vocabulary = LlamaVocabulary(handle)
    for special in (False, True):
        for token in vocabulary.tokenize(_SAMPLE, special=special):
            vocabulary.token_bytes(token)
            vocabulary.ends_turn(token)
    source = text(lib.llama_model_chat_template(handle, None))
    if not source:
        return None
    renderer = TemplateRenderer()
    try:
        return ChatTemplate(
            source,
            renderer,
            bos_token=vocabulary.token_text(vocabulary.bos_id()),
            eos_token=vocabulary.token_text(vocabulary.eos_id()),
            control_tokens=vocabulary.control_tokens,
        ).failure
    finally:
        renderer.close()
