"""One llama.cpp context: batches in, logits out, and what its KV cache holds."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.cancellation import Cancellation
from models.llama.failures import why_not_decoded
from models.llama.library import lib, log

Logits = NDArray[np.float32]

_DECODED, _NO_ROOM, _ABORTED = 0, 1, 2

_C: Final = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
# An abort callback in C, since it is called at each of some thousand graph nodes a token.
_IS_SET: Final = ctypes.cast(_C.strlen, lib.ggml_abort_callback)
_NEVER: Final = lib.ggml_abort_callback()
_BYTES: Final = ctypes.POINTER(ctypes.c_uint8)


class Outcome(Enum):
    """How the decoding of a batch ended."""

    DECODED = auto()
    ABORTED = auto()
    """Stopped on request; the cache keeps the micro-batches that were complete."""


class Batch:
    """Tokens of one or several sequences, to be decoded together; reused from step to step."""

    def __init__(self, capacity: int, sequences: int) -> None:
        self.capacity: Final = capacity
        self.size = 0
        # Plain C arrays: numpy's calls cost a tenth of a millisecond for each token, since the
        # decoding of the one before has pushed them out of the processor's caches.
        self._tokens: Any = (ctypes.c_int32 * capacity)()
        self._positions = (ctypes.c_int32 * capacity)()
        self._id_counts = (ctypes.c_int32 * capacity)(*[1] * capacity)
        self._outputs = (ctypes.c_int8 * capacity)()
        # Each token points at the number of its sequence.
        self._numbers = (ctypes.c_int32 * sequences)(*range(sequences))
        first = ctypes.addressof(self._numbers)
        self._addresses = [first + 4 * number for number in range(sequences)]
        self._sequences = (ctypes.c_void_p * capacity)()
        self.handle: Any = lib.llama_batch(
            0,
            ctypes.cast(self._tokens, ctypes.POINTER(ctypes.c_int32)),
            None,
            ctypes.cast(self._positions, ctypes.POINTER(ctypes.c_int32)),
            ctypes.cast(self._id_counts, ctypes.POINTER(ctypes.c_int32)),
            ctypes.cast(self._sequences, ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
            ctypes.cast(self._outputs, ctypes.POINTER(ctypes.c_int8)),
        )

    @property
    def room(self) -> int:
        """Return how many tokens still fit."""
        return self.capacity - self.size

    def clear(self) -> None:
        """Empty the batch."""
        self.size = self.handle.n_tokens = 0

    def add(
        self, token_ids: list[int], position: int, sequence: int, *, logits: bool, last: int = 1
    ) -> int:
        """Append a sequence's next tokens; return the index at which the last one's logits are.

        ``logits`` says whether those of the ``last`` tokens are wanted.
        """
        count, start = len(token_ids), self.size
        end = start + count
        self._tokens[start:end] = token_ids
        self._positions[start:end] = list(range(position, position + count))
        self._sequences[start:end] = [self._addresses[sequence]] * count
        self._outputs[start:end] = [0] * count
        self._outputs[end - last : end] = [logits] * last
        self.size = self.handle.n_tokens = end
        return end - 1


class LlamaContext:
    """Owns a llama.cpp context. Used by one thread at a time; ``close`` frees it.

    ``context_size`` is in tokens per sequence.
    """

    def __init__(self, handle: int, vocabulary_size: int) -> None:
        self.handle = handle
        self._memory = lib.llama_get_memory(handle)
        self._vocabulary_size = vocabulary_size
        self.sequences: Final = int(lib.llama_n_seq_max(handle))
        self.context_size: Final = int(lib.llama_n_ctx(handle)) // self.sequences
        self.batch: Final = Batch(int(lib.llama_n_batch(handle)), self.sequences)
        self._window = int(lib.llama_model_n_swa(lib.llama_get_model(handle)))
        self._threads = (0, 0)
        # The library keeps the address alone: this reference keeps what it points to.
        self._watched: Cancellation | None = None

    def close(self) -> None:
        """Free the context and its KV cache."""
        if self.handle:
            lib.llama_free(self.handle)
            self.handle = 0

    def set_threads(self, threads: int) -> None:
        """Use this many threads from the next batch on."""
        if self._threads != (threads, threads):
            lib.llama_set_n_threads(self.handle, threads, threads)
            self._threads = (threads, threads)

    def decode(self, cancelled: Cancellation | None = None) -> Outcome:
        """Decode the batch, or stop in the middle of it once ``cancelled`` is set.

        Only the CPU back end looks at it. Raises EngineError (``context_failed``).
        """
        return self._run(lib.llama_decode, cancelled)

    def encode(self, cancelled: Cancellation | None = None) -> Outcome:
        """Encode the batch with a model that reads texts whole; otherwise as ``decode``."""
        return self._run(lib.llama_encode, cancelled)

    def _run(self, compute: Callable[[Any, Any], int], cancelled: Cancellation | None) -> Outcome:
        self._watch(cancelled)
        mark = log.mark()
        status = compute(self.handle, self.batch.handle)
        if status == _DECODED:
            return Outcome.DECODED
        if status == _ABORTED:
            return Outcome.ABORTED
        raise why_not_decoded(log.since(mark), has_room=status != _NO_ROOM)

    def synchronize(self) -> None:
        """Wait until what was decoded is really done."""
        lib.llama_synchronize(self.handle)

    def copy_logits(self, index: int) -> Logits:
        """Return a copy of the logits of the batch's token at ``index``, one per token id."""
        return self.view_logits(index).copy()

    def view_logits(self, index: int) -> Logits:
        """Return these logits in the library's own memory: until the next batch is decoded."""
        pointer = lib.llama_get_logits_ith(self.handle, index)
        return np.ctypeslib.as_array(pointer, (self._vocabulary_size,))

    def length(self, sequence: int) -> int:
        """Return how many tokens of a sequence the KV cache holds."""
        return int(lib.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def truncate(self, sequence: int, length: int) -> int:
        """Forget a sequence's tokens from ``length`` on; return how many are left.

        A model with a recurrent state can't forget a part and forgets all. So does one whose
        layers look back over a window: a restored state has no more than the last one of it.
        """
        first = lib.llama_memory_seq_pos_min(self._memory, sequence)
        lacks_some = self._window > 0 and first > max(0, length - self._window)
        if not lacks_some and lib.llama_memory_seq_rm(self._memory, sequence, length, -1):
            return length
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return 0

    def copy(self, source: int, target: int, length: int) -> int:
        """Put a sequence's first ``length`` tokens in place of another's; return how many it got.

        Each sequence has a cache of its own, so that all of it is copied, with the next batch.
        """
        lib.llama_memory_seq_rm(self._memory, target, -1, -1)
        lib.llama_memory_seq_cp(self._memory, source, target, -1, -1)
        return self.truncate(target, length)

    def state_size(self, sequence: int) -> int:
        """Return how many bytes the state of a sequence takes outside the cache."""
        return int(lib.llama_state_seq_get_size(self.handle, sequence))

    def save_state(self, sequence: int, target: memoryview) -> int:
        """Write a sequence's state into memory of ``state_size``; return the bytes written."""
        array = np.frombuffer(target, np.uint8)
        address = array.ctypes.data_as(_BYTES)
        return int(lib.llama_state_seq_get_data(self.handle, address, array.size, sequence))

    def restore_state(self, sequence: int, source: memoryview) -> bool:
        """Put a state in place of a sequence; return whether it was taken, else nothing is held.

        It must be one that ``save_state`` wrote, whole: the library trusts it.
        """
        array = np.frombuffer(source, np.uint8)
        address = array.ctypes.data_as(_BYTES)
        taken = lib.llama_state_seq_set_data(self.handle, address, array.size, sequence)
        if taken != array.size:
            lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return bool(taken == array.size)

    def can_forget_part(self) -> bool:
        """Try whether the last token can be forgotten alone. Forgets everything.

        Attention's cache can; a recurrent state has taken the token in for good.
        """
        self.clear()
        for position in (0, 1):
            self.batch.clear()
            self.batch.add([0], position, 0, logits=True)
            self.decode()
        forgotten = bool(lib.llama_memory_seq_rm(self._memory, 0, 1, -1))
        left = self.length(0)
        self.clear()
        return forgotten and left == 1

    def clear(self) -> None:
        """Forget every sequence."""
        lib.llama_memory_clear(self._memory, False)

    def _watch(self, cancelled: Cancellation | None) -> None:
        if cancelled is None:
            lib.llama_set_abort_callback(self.handle, _NEVER, None)
        elif cancelled is not self._watched:
            lib.llama_set_abort_callback(self.handle, _IS_SET, cancelled.address)
        self._watched = cancelled
