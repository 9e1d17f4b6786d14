"""The real embedding model that tests use where there is one; it is no part of the checkout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

_CHECKOUT: Final = Path(__file__).resolve().parents[1]
_BESIDE: Final = _CHECKOUT.parent / "shared/models/all-minilm-l6-v2-q8_0.gguf"


def embedding_model() -> Path:
    """Return the file of the embedding model; skips the test that asks where there is none."""
    path = Path(os.environ.get("SNUG_TEST_EMBEDDING_MODEL") or _BESIDE)
    if not path.is_file():
        pytest.skip("no embedding model: name one in SNUG_TEST_EMBEDDING_MODEL")
    return path
