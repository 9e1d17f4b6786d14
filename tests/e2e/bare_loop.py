"""A loop on the bare library, to hold the engine against."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from models.library.embedded import embedded_model
from models.llama.library import lib
from models.records import Report


class BareLoop:
    """llama.cpp's calls and nothing else, as its own examples write them."""

    def __init__(self, *, context_size: int = 2048, flash: bool = False) -> None:
        self.model = lib.llama_model_load_from_file(
            str(embedded_model()).encode(), lib.llama_model_default_params()
        )
        self.vocab = lib.llama_model_get_vocab(self.model)
        parameters = lib.llama_context_default_params()
        parameters.n_ctx = context_size
        parameters.n_batch = 512
        parameters.flash_attn_type = int(flash)
        self.context = lib.llama_init_from_model(self.model, parameters)
        self.memory = lib.llama_get_memory(self.context)
        self.held = 0

    def close(self) -> None:
        lib.llama_free(self.context)
        lib.llama_model_free(self.model)

    def decode(self, ids: Sequence[int], threads: int) -> None:
        lib.llama_set_n_threads(self.context, threads, threads)
        array = (ctypes.c_int32 * len(ids))(*ids)
        assert lib.llama_decode(self.context, lib.llama_batch_get_one(array, len(ids))) == 0
        self.held += len(ids)

    def keep(self, length: int) -> None:
        lib.llama_memory_seq_rm(self.memory, 0, length, -1)
        self.held = length

    def logits(self) -> list[float]:
        size = lib.llama_vocab_n_tokens(self.vocab)
        return list(lib.llama_get_logits_ith(self.context, -1)[:size])

    def replay(self, prompt: Sequence[int], report: Report, most: int) -> list[int]:
        """Decode greedily what the report says, in its batches and with its threads."""
        self.keep(report.reused_tokens)
        for size in report.batches:
            self.decode(prompt[self.held : self.held + size], report.prefill_threads)
        greedy = lib.llama_sampler_init_greedy()
        changes = {change.at: change.threads for change in report.thread_changes}
        reply: list[int] = []
        threads = report.prefill_threads
        while len(reply) < most:
            token = lib.llama_sampler_sample(greedy, self.context, -1)
            if lib.llama_vocab_is_eog(self.vocab, token):
                break
            reply.append(token)
            threads = changes.get(len(reply) - 1, threads)
            if len(reply) < most:
                self.decode([token], threads)
        lib.llama_sampler_free(greedy)
        return reply
