"""How a model is loaded for work on documents."""

from __future__ import annotations

import pytest

from desktop.work.text_model import CONTEXT_SIZE, SEQUENCES, document_load_options
from models.records import LoadOptions


@pytest.mark.parametrize(
    ("chat", "given", "expected"),
    [
        (8192, 0, CONTEXT_SIZE),
        (2048, 0, 2048),
        (0, 0, CONTEXT_SIZE),
        (8192, 1024, 1024),
        (2048, 16384, 16384),
    ],
)
def test_sections_have_the_window_that_was_asked_for_or_else_no_more_than_the_chat(
    chat: int, given: int, expected: int
) -> None:
    options = LoadOptions(path="a.gguf", context_size=chat, gpu_layers=7)
    made = document_load_options(options, context_size=given)
    assert made.context_size == expected
    assert made.sequences == SEQUENCES
    assert made.gpu_layers == 7
