"""The compute buffers: what llama.cpp sets aside for the largest batch it may have to compute.

It reserves the graph of a full micro-batch, whose tensors share one buffer as their lives allow.
So the buffer is as large as the graph's widest place: the attention's scores (without flash
attention), the feed-forward, or the logits. The numbers of tensors alive at each of them were
fitted to what llama.cpp 0c1e57098 logs for generated models of many shapes.
"""

from __future__ import annotations

from typing import Final

from models.estimate.records import ModelShape
from models.records import LoadOptions

CONTEXT_STEP: Final = 256
EMBEDDING_WINDOW: Final = 2048
"""What an embedding model reads at once. The scores of a text grow with the square of its length,
and longer ones are read in parts."""
_FLOAT: Final = 4
_HALF: Final = 2
_TOKEN_BYTES: Final = 300
"""What llama.cpp's tables hold for a token of the vocabulary, and for its merge."""
_LOAD_BYTES: Final = 1 << 20
_LEAST_OUTPUTS: Final = 16
"""With a row of logits or two, prompts are read 5 % slower (measured); more rows gain no more."""
_SCORES_LIMIT: Final = 1 << 30


def context_of(shape: ModelShape, options: LoadOptions) -> int:
    """Return the tokens of context of one sequence, as llama.cpp rounds them."""
    size = options.context_size or shape.trained_context or 4096
    if shape.reads_whole:
        # It has learned no positions beyond.
        size = min(size, shape.trained_context or size)
    if shape.embedding:
        size = min(size, EMBEDDING_WINDOW)
    if shape.encoder_decoder:
        size = max(size, text_window(options, shape.trained_context) // options.sequences)
    return -(-size // CONTEXT_STEP) * CONTEXT_STEP


def text_window(options: LoadOptions, trained: int) -> int:
    """Return how many tokens of a text an encoder-decoder reads at once; its answer has its own.

    Its positions are relative and reach beyond those it was trained on. Twice as many leave room
    for an instruction beside a text, and their scores in memory. All sequences' answers together
    need a context as large: llama.cpp makes its batches no larger than that.
    """
    asked = options.context_size or trained
    size = min(asked, 2 * trained or asked)
    return -(-size // CONTEXT_STEP) * CONTEXT_STEP


def outputs_of(options: LoadOptions) -> int:
    """Return for how many tokens of a micro-batch the engine has llama.cpp keep room for logits.

    Those of the last of each sequence and of the drafts are wanted; without a number it would be a
    row for each token.
    """
    drafted = 0 if options.speculation == "off" else options.draft_tokens
    return max(_LEAST_OUTPUTS, options.sequences * (1 + drafted))


def uses_flash_attention(shape: ModelShape, options: LoadOptions, offloaded: int) -> bool:
    """Return whether a load uses flash attention: what the engine makes of 'auto'."""
    if options.flash_attention != "auto":
        return options.flash_attention == "on"
    if options.cache_type != "f16" or offloaded:
        return True
    cells = _cells(shape, options)
    micro_batch = min(options.batch_size, options.micro_batch_size)
    return 4 * shape.heads * cells * micro_batch > _SCORES_LIMIT


def host_inputs_bytes(shape: ModelShape, options: LoadOptions, *, flash: bool) -> int:
    """Return what the CPU computes where all layers are elsewhere: embeddings and masks."""
    elements = 2.5 * (shape.width + shape.inner) + _mask(shape, options, flash=flash)
    return round(_FLOAT * _tokens(shape, options) * elements)


def graph_bytes(shape: ModelShape, options: LoadOptions, *, flash: bool) -> int:
    """Return the buffer for the layers and the output on one device."""
    mask = _mask(shape, options, flash=flash)
    beside = 0 if shape.encoder else shape.feed_forward + shape.queries + 3 * shape.width
    widest = max(
        _attention(shape, options, mask, flash=flash),
        2 * shape.feed_forward + beside + mask,
        5.6 * shape.inner + 2 * shape.width if shape.inner else 0,
    )
    outputs = _tokens(shape, options) if shape.encoder_decoder else outputs_of(options)
    logits = 0 if shape.encoder else outputs * (shape.vocabulary + 2 * shape.width)
    return round(_FLOAT * max(_tokens(shape, options) * widest, logits))


def output_bytes(shape: ModelShape, options: LoadOptions) -> int:
    """Return the buffer that the logits are copied to, one row for each sequence."""
    return _FLOAT * options.sequences * shape.vocabulary


def engine_bytes(shape: ModelShape, options: LoadOptions, *, on_host: bool, flash: bool) -> int:
    """Return what the process takes beside llama.cpp's buffers.

    The tables of the vocabulary, and with all layers ``on_host`` the CPU's scratch space: there it
    halves the precision of what a matrix of 16-bit numbers is multiplied with, scores among them.
    """
    tables = _LOAD_BYTES + _TOKEN_BYTES * shape.vocabulary
    if not on_host:
        return tables
    scores = 0 if flash else shape.heads * _cells(shape, options)
    widest = max(scores, shape.feed_forward, shape.queries, shape.width)
    return tables + _HALF * _tokens(shape, options) * widest


def _attention(shape: ModelShape, options: LoadOptions, mask: float, *, flash: bool) -> float:
    cells = _cells(shape, options)
    row = max((layer.keys + layer.values for layer in shape.layers), default=0)
    around = 2 * shape.queries + row + 3 * shape.width
    if shape.encoder_decoder:
        # Relative positions are a tensor as large as the scores, and are there at once with them.
        return 3 * shape.heads * cells + 2 * cells + 2 * around
    if any(layer.keys and not layer.values for layer in shape.layers):
        # Latent attention: each head's query is as wide as the latent key.
        around += shape.heads * max(layer.keys for layer in shape.layers)
    scores = 0 if flash else shape.heads * cells
    return scores + mask + around


def _mask(shape: ModelShape, options: LoadOptions, *, flash: bool) -> float:
    """Return the elements of the attention masks for a token, in 32-bit elements."""
    cells = _cells(shape, options)
    if not any(layer.keys for layer in shape.layers) and not shape.encoder:
        return 0
    kinds = len({layer.windowed for layer in shape.layers if layer.keys}) or 1
    return cells * kinds * (0.5 if flash else 1.0)


def _cells(shape: ModelShape, options: LoadOptions) -> int:
    """Return how many tokens one looks at: those of its own sequence, except where all share."""
    if shape.encoder:
        return _tokens(shape, options)
    shared = options.sequences if shape.reads_whole else 1
    return context_of(shape, options) * shared


def _tokens(shape: ModelShape, options: LoadOptions) -> int:
    """Return the tokens of the largest micro-batch."""
    if shape.encoder_decoder:
        return max(options.batch_size, text_window(options, shape.trained_context))
    if shape.reads_whole:
        # Each text is computed whole.
        return max(options.batch_size, context_of(shape, options))
    most = min(options.batch_size, options.micro_batch_size)
    return min(most, context_of(shape, options) * options.sequences)
