"""What each model to start with is good for, in a sentence.

Here and not in ``resources/catalogue.toml``, where the rest of it stands: people read these in
their own language.
"""

from __future__ import annotations

from typing import Final

from models.wording import mark

GOOD_FOR: Final = {
    "Gemma 3 1B": mark("Short answers and rewording on almost any machine."),
    "SmolLM2 1.7B": mark("English chat, openly made: its training data is public."),
    "Gemma 3 4B": mark("Good prose in many languages for its size."),
    "Qwen3.5 4B": mark("Long documents on little memory: its cache grows slowly."),
    "Qwen3 8B": mark("Thinks before it answers; strong at reasoning and code."),
    "Qwen3.5 9B": mark("A good first choice for 8 GB: chat, code and long documents."),
    "Gemma 3 12B": mark("Writing and translation in many languages."),
    "gpt-oss 20B": mark(
        "Reasoning at the speed of a small model: few of its experts work at a time."
    ),
    "Mistral Small 24B": mark("Exact and brief; follows instructions closely."),
    "Qwen3 30B A3B Instruct": mark(
        "The knowledge of a large model, quick even on a CPU: a tenth of it works at a time."
    ),
    "gpt-oss 120B": mark("For workstations: reasoning near the best that can be run at home."),
    "BGE small": mark("Finds passages of English documents by their meaning, on any machine."),
    "Qwen3 Embedding 0.6B": mark(
        "Finds passages by their meaning in more than a hundred languages; slow without a GPU."
    ),
}
"""By the model's name in the catalogue."""
