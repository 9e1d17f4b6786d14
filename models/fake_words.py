"""The fake engine's language: words are its tokens, and what it was told is what it answers."""

from __future__ import annotations

import itertools
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

from models.fake_model import VOCABULARY_SIZE
from models.fake_script import Script
from models.json_schema.instances import smallest
from models.json_schema.reading import read_schema
from models.protocol import Generate
from models.records import ChatPrompt, Prompt, RawPrompt

TURN_OPENING: Final = (1, 2, 3)
TURN_CLOSING: Final = (4,)
REPLY_OPENING: Final = (1, 2, 5)
_WORD: Final = re.compile(r"\s*\S+|\s+")
_FIRST_WORD_ID: Final = 10
_MARKDOWN: Final = """\
## A heading

Some *plain* words with `code` in them, and a [link](https://example.org/).

- first of a list
- second, with **bold** words

| name | value |
|------|-------|
| one  | 1     |

```python
def add(a: int, b: int) -> int:
    return a + b
```

> A quoted line, then $a^2 + b^2 = c^2$ in the text.

"""


def reply_to(request: Generate, script: Script, text: str) -> Iterator[str]:
    """Return the words of the reply: the smallest valid one where there is a schema."""
    if script.answer:
        return iter(words_of(script.answer))
    if request.schema:
        return iter(words_of(smallest(read_schema(request.schema))))
    return _reply(script, text)


def _reply(script: Script, text: str) -> Iterator[str]:
    words: Sequence[str] = words_of(text if script.reply == "echo" else _MARKDOWN) or ["(nothing)"]
    if script.reply_tokens is None:
        return iter(words)
    return itertools.islice(itertools.cycle(words), script.reply_tokens)


def last_text(prompt: Prompt) -> str:
    """Return what was said to the fake model last."""
    if isinstance(prompt, RawPrompt):
        return prompt.text
    if isinstance(prompt, ChatPrompt):
        texts = [turn.text for turn in prompt.turns if turn.role == "user"]
        return texts[-1] if texts else ""
    return "".join(f" {token_id}" for token_id in prompt.token_ids)


def ids_of(prompt: Prompt) -> list[int]:
    """Return the tokens of a prompt, those of its template among them."""
    if isinstance(prompt, RawPrompt):
        return [word_id(word) for word in words_of(prompt.text)]
    if not isinstance(prompt, ChatPrompt):
        return list(prompt.token_ids)
    ids: list[int] = []
    for turn in prompt.turns:
        opening = REPLY_OPENING if turn.role == "assistant" else TURN_OPENING
        ids += (*opening, *(turn.token_ids or map(word_id, words_of(turn.text))), *TURN_CLOSING)
    return ids[:-1] if prompt.continue_reply else [*ids, *REPLY_OPENING]


def words_of(text: str) -> list[str]:
    """Return the words of a text, each with the white space before it."""
    return _WORD.findall(text)


def word_id(word: str) -> int:
    """Return the token that stands for a word, the same each time."""
    return _FIRST_WORD_ID + zlib.crc32(word.encode()) % (VOCABULARY_SIZE - _FIRST_WORD_ID)


def common_prefix(ids: Sequence[int], cached: Sequence[int]) -> int:
    """Return how many tokens two sequences begin with in common."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(ids, cached, strict=False))
    return sum(1 for _ in pairs)
