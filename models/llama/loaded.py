"""A loaded model with all that lives and dies with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from models.cancellation import Cancellation
from models.catalogue import find_entry
from models.chat_template import ChatTemplate
from models.llama import failures, library, loading
from models.llama.buffers import HOST, read_buffers
from models.llama.context import LlamaContext
from models.llama.counting import TokenCounter
from models.llama.embedding import TextEmbedder
from models.llama.encoder_decoder import EncoderDecoderScheduler, two_prompts
from models.llama.grammar import compile_schema
from models.llama.jobs import Job
from models.llama.library import lib, log
from models.llama.loading import Weights
from models.llama.scheduler import Scheduler
from models.llama.speculation.choosing import choose_speculation
from models.llama.speculation.drafting import Speculation
from models.llama.state import StateKeeper, state_key
from models.llama.threads import Threads
from models.llama.vocabulary import LlamaVocabulary
from models.problems import EngineError
from models.protocol import (
    Embed,
    Embedded,
    Generate,
)
from models.records import (
    ChatPrompt,
    DeviceMemory,
    LoadOptions,
    ModelInfo,
    Problem,
    Prompt,
    RawPrompt,
    TokenPrompt,
)
from models.state_seals import SealsAhead
from models.template_renderer import TemplateRenderer
from models.tokenizing import PromptEncoder
from models.wording import tr

_BYTES_PER_TOKEN: Final = 16
_LEAST_PROMPT_BYTES: Final = 64 * 1024
_GPU_PIECE: Final = 256
"""A GPU can't be interrupted within a batch, so the prompt is fed in smaller ones."""


class LoadedModel:
    """A model with all that lives and dies with it. Loads in the constructor."""

    def __init__(
        self,
        options: LoadOptions,
        renderer: TemplateRenderer,
        seals: SealsAhead,
        progress: Callable[[float], None],
        cancelled: Cancellation,
    ) -> None:
        began = time.monotonic()
        self._context: LlamaContext | None = None
        self._speculation: Speculation | None = None
        with log.overheard() as said:
            self._weights = loading.load_weights(options, progress, cancelled)
            try:
                # A vocabulary is read in Python, while the library works on the context.
                with ThreadPoolExecutor(1) as beside:
                    vocabulary = beside.submit(LlamaVocabulary, self._weights.handle)
                    self._context, flash = loading.open_context(self._weights, options)
                    loading.warm_up(self._weights, self._context, cancelled)
            except EngineError:
                self._free()
                raise
        try:
            self._speculation, self._speculation_note = choose_speculation(
                options, self._weights, self._context, progress, cancelled
            )
        except EngineError:
            self._free()
            raise
        self._memory = self._weights.placement.told(read_buffers("".join(said)))
        self._vocabulary = vocabulary.result()
        self._template, self._template_problem = _chat_template(
            self._weights, self._vocabulary, renderer
        )
        self._bytes_limit = max(_LEAST_PROMPT_BYTES, _BYTES_PER_TOKEN * self._context.context_size)
        self._encoder = self._make_encoder(self._vocabulary)
        self.counter = TokenCounter(options.path, self._vocabulary, self._make_encoder)
        on_gpu = self._weights.offloaded_layers > 0
        threads = Threads(options.threads)
        jobs = EncoderDecoderScheduler if self._weights.kind == "encoder_decoder" else Scheduler
        self.scheduler = jobs(
            self._context,
            self._vocabulary,
            threads,
            flash=flash,
            piece=min(options.batch_size, _GPU_PIECE) if on_gpu else options.batch_size,
            threads_matter=flash or on_gpu,
            speculation=self._speculation,
            draft_tokens=options.draft_tokens,
            keeper=StateKeeper(lambda: self._state_key(options, flash=flash), seals),
        )
        self._embedder = self._open_embedder(threads)
        self.info = self._describe(options, self._reads(), flash=flash, began=began)

    def _open_embedder(self, threads: Threads) -> TextEmbedder | None:
        if self._weights.kind != "embedding" or self._context is None:
            return None
        try:
            return TextEmbedder(
                self._context,
                self._vocabulary.frame,
                lib.llama_model_n_embd_out(self._weights.handle),
                threads.fixed,
                on_gpu=self._weights.offloaded_layers > 0,
            )
        except EngineError:
            self.close()
            raise

    def submit(self, request: Generate, cancelled: Cancellation) -> None:
        """Encode the prompt and queue the job. Raises EngineError."""
        prompt = request.prompt
        if not self._answers(prompt):
            raise failures.not_for_writing(self.info)
        if isinstance(prompt, TokenPrompt):
            self._check_ids(prompt)
        stop = request.stop
        if isinstance(prompt, ChatPrompt):
            stop += self._template.stop
        encoded = self._encoder.encode(prompt)
        ids = encoded.token_ids
        if not ids and isinstance(prompt, RawPrompt) and self._vocabulary.bos_id() >= 0:
            # Nothing to go on: what the model knows as the beginning of a text.
            ids = [self._vocabulary.bos_id()]
        source: Sequence[int] = ()
        if self._weights.kind == "encoder_decoder":
            source, ids = two_prompts(self._weights.handle, self._vocabulary, ids)
        grammar = ""
        if request.schema:
            # Its end is in the grammar; a stop string could also be a part of a value.
            grammar, stop = compile_schema(request.schema, self._vocabulary), ()
        # A reply that must be JSON has no thought.
        opened, count = ("", 0) if grammar else (encoded.opened, encoded.opened_ids)
        job = Job(
            request,
            ids,
            stop,
            cancelled,
            source=source,
            grammar=grammar,
            opened=opened,
            opened_ids=count,
        )
        self.scheduler.submit(job)

    def _state_key(self, options: LoadOptions, *, flash: bool) -> bytes | None:
        if self._context is None or self._weights.encodes:
            return None
        size = self._context.context_size
        return state_key(options, size, flash=flash, versions=library.versions())

    def _reads(self) -> int:
        """Return the tokens of a text and its answer, or of the text alone for an encoder."""
        context = self._context
        if context is None:
            return 0
        encoder = self._weights.kind == "encoder_decoder"
        return context.batch.capacity if encoder else context.context_size

    def _answers(self, prompt: Prompt) -> bool:
        """Return whether the model can do anything with this kind of prompt."""
        kind = self._weights.kind
        is_chat = isinstance(prompt, ChatPrompt)
        return kind != "embedding" and not (kind == "encoder_decoder" and is_chat)

    def embed(self, request: Embed, cancelled: Cancellation) -> Embedded:
        """Return a vector for each text. Raises EngineError."""
        if self._embedder is None:
            raise EngineError(
                "not_an_embedding_model",
                tr("{name} writes texts; it is no embedding model.", name=self.info.name),
                tr("Choose an embedding model."),
            )
        return self._embedder.embed(request, self._encoder, cancelled)

    def close(self) -> None:
        """Free all of it, once a count that is going on is done."""
        self.counter.close()
        self._free()

    def _free(self) -> None:
        if self._speculation is not None:
            self._speculation.close()
        if self._context is not None:
            self._context.close()
        self._weights.close()

    def _make_encoder(self, vocabulary: LlamaVocabulary) -> PromptEncoder:
        return PromptEncoder(vocabulary, self._template, bytes_limit=self._bytes_limit)

    def _check_ids(self, prompt: TokenPrompt) -> None:
        known = range(self._vocabulary.size)
        if any(token not in known for token in prompt.token_ids):
            raise EngineError(
                "bad_request",
                tr("The prompt has token ids that the model's vocabulary doesn't know."),
                tr("Use ids from 0 to {last}.", last=self._vocabulary.size - 1),
            )

    def _describe(
        self, options: LoadOptions, context_size: int, *, flash: bool, began: float
    ) -> ModelInfo:
        weights, header, path = self._weights, self._weights.header, Path(options.path)
        placement = weights.placement
        own_name = header.text("general.name") or path.stem
        known = find_entry(own_name)
        return ModelInfo(
            path=options.path,
            name=known.name if known else own_name,
            architecture=header.text("general.architecture"),
            quantization=library.text(lib.llama_ftype_name(lib.llama_model_ftype(weights.handle))),
            parameters=lib.llama_model_n_params(weights.handle),
            size_bytes=path.stat().st_size,
            vocabulary_size=self._vocabulary.size,
            context_size=context_size,
            trained_context=lib.llama_model_n_ctx_train(weights.handle),
            device=_device_name(weights, self._memory),
            layers=weights.layers,
            offloaded_layers=weights.offloaded_layers,
            batch_size=options.batch_size,
            flash_attention=flash,
            template=self._template.name,
            template_problem=self._template_problem,
            inserted_system_prompt=self._template.inserted_system_prompt,
            load_s=time.monotonic() - began,
            prompt_bytes_limit=self._bytes_limit,
            cache_bytes_per_token=round(
                loading.cache_bytes_per_token(weights, options) * options.sequences
            ),
            largest_context=loading.largest_context(weights, options, context_size),
            memory=self._memory,
            placement_reason=placement.why(weights.offloaded_layers, weights.layers),
            cache_type=options.cache_type,
            speculation=options.speculation if self._speculation is not None else "off",
            speculation_note=self._speculation_note,
            kind=weights.kind,
        )


def _chat_template(
    weights: Weights, vocabulary: LlamaVocabulary, renderer: TemplateRenderer
) -> tuple[ChatTemplate, Problem | None]:
    """Return the model's template, or a fall-back and what is wrong with the model's own."""
    source = library.text(lib.llama_model_chat_template(weights.handle, None))

    def template(source: str | None) -> ChatTemplate:
        return ChatTemplate(
            source,
            renderer,
            bos_token=vocabulary.token_text(vocabulary.bos_id()),
            eos_token=vocabulary.token_text(vocabulary.eos_id()),
            control_tokens=vocabulary.control_tokens,
        )

    own = template(source or None)
    return (own, None) if own.failure is None else (template(None), own.failure)


def _device_name(weights: Weights, memory: tuple[DeviceMemory, ...]) -> str:
    if not weights.offloaded_layers:
        return HOST
    names = [part.description or part.device for part in memory if part.device != HOST]
    return ", ".join(dict.fromkeys(names))
