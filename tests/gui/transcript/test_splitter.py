from __future__ import annotations

import random

import pytest

from desktop.ui.transcript.blocks import PART_CHARS, Block, BlockKind, split_plain
from desktop.ui.transcript.splitter import (
    PART_CODE_LINES,
    PART_TABLE_ROWS,
    BlockSplitter,
)

SAMPLE = """Intro with a
second line.

# Heading
text right after
1. First:

   ```python
   def f():

       return 1
   ```

   Continued.

   - nested
2. Second
| a | b |
|---|:-:|
| 1 | 2 |

> quote
lazy
> more

$$
x^2

y
$$

\\[
a
\\]
~~~
open | fence

"""


def split(text: str) -> list[Block]:
    return BlockSplitter(text).blocks


def shapes(text: str) -> list[tuple[str, str]]:
    return [(block.kind.name, block.source) for block in split(text)]


def test_splits_a_message_into_its_blocks() -> None:
    assert shapes(SAMPLE) == [
        ("TEXT", "Intro with a\nsecond line."),
        ("TEXT", "# Heading"),
        ("TEXT", "text right after\n1. First:"),
        ("CODE", "def f():\n\n    return 1\n"),
        ("TEXT", "Continued."),
        ("TEXT", "- nested"),
        ("TEXT", "2. Second"),
        ("TABLE", "| 1 | 2 |"),
        ("QUOTE", "quote\nlazy\nmore"),
        ("TEXT", "$$\nx^2\n\ny\n$$"),
        ("TEXT", "\\[\na\n\\]"),
        ("CODE", "open | fence\n\n"),
    ]


def test_keeps_what_stands_in_a_list_at_its_level() -> None:
    levels = {block.source: block.level for block in split(SAMPLE)}
    assert levels["def f():\n\n    return 1\n"] == 1
    assert levels["Continued."] == levels["- nested"] == 1
    assert levels["2. Second"] == 0


@pytest.mark.parametrize("seed", range(40))
def test_growing_text_gives_the_blocks_of_the_whole(seed: int) -> None:
    chance = random.Random(seed)
    text = SAMPLE * 2 + "word " * 900
    splitter = BlockSplitter()
    done = 0
    while done < len(text):
        size = chance.choice([1, 2, 3, 7, 40])
        before = splitter.blocks.copy()
        first_changed = splitter.append(text[done : done + size])
        assert splitter.blocks[:first_changed] == before[:first_changed]
        done += size
    assert splitter.blocks == split(text)


def test_an_open_fence_stays_open_until_it_is_finished() -> None:
    splitter = BlockSplitter("```\n" + "line\n" * (PART_CODE_LINES + 1))
    assert [block.closed for block in splitter.blocks] == [False, False]
    splitter.append("```\nafter")
    assert [block.closed for block in splitter.blocks] == [True, True, True]
    cut_short = BlockSplitter("```\nx")
    cut_short.finish()
    assert cut_short.blocks[0].closed


@pytest.mark.parametrize(
    ("text", "kind", "unit"),
    [
        ("```py\n" + "x = 1\n" * 5000 + "```", BlockKind.CODE, "\n"),
        ("```json\n" + "[1, 2]," * 20_000 + "\n```", BlockKind.CODE, ""),
        ("|a|b|\n|-|-|\n" + "| 1 | 2 |\n" * 2000, BlockKind.TABLE, "\n"),
        ("A sentence of a paragraph. " * 4000, BlockKind.TEXT, ""),
        ("- item of a long list\n" * 3000, BlockKind.TEXT, "\n"),
        ("> quoted text\n" * 3000, BlockKind.QUOTE, "\n"),
        ("$$\n" + "x + y\n" * 3000, BlockKind.TEXT, "\n"),
    ],
)
def test_no_block_grows_without_bound(text: str, kind: BlockKind, unit: str) -> None:
    blocks = split(text)
    assert {block.kind for block in blocks} == {kind}
    assert all(len(block.source) <= 2 * PART_CHARS for block in blocks)
    limit = {BlockKind.CODE: PART_CODE_LINES, BlockKind.TABLE: PART_TABLE_ROWS}.get(kind)
    if limit and unit:
        assert max(block.source.rstrip("\n").count("\n") + 1 for block in blocks) == limit
    assert [block.part for block in blocks] == list(range(len(blocks)))


def test_a_cut_fence_gives_its_code_back_whole() -> None:
    code = "".join(f"value_{number} = {'x' * (number % 90)}\n" for number in range(400))
    assert "".join(block.source for block in split(f"```\n{code}```")) == code
    minified = "a" * 9000
    assert "".join(block.source for block in split(f"```\n{minified}\n```")) == minified + "\n"


def test_plain_text_is_cut_at_line_ends_and_loses_nothing_else() -> None:
    text = "".join(f"line {number}\n" for number in range(2000))
    blocks = split_plain(text)
    assert "\n".join(block.source for block in blocks) + "\n" == text
    assert all(len(block.source) <= PART_CHARS for block in blocks)
    assert split_plain("") == []
