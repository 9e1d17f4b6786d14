"""A message as a screen reader says it: who, in plain words what, and how it ended.

Marks of Markdown are not read out: code and tables say where they begin, a table's cells come with
the names of their columns, a formula is read as its LaTeX.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from desktop.domain.chat import Message, MessageState
from desktop.ui.transcript import markdown
from desktop.ui.transcript.blocks import Block, BlockKind
from desktop.ui.transcript.endings import note_of, problem_of
from desktop.ui.transcript.looks import Looks, thought_of, thought_words
from desktop.ui.transcript.splitter import BlockSplitter
from desktop.ui.transcript.table_text import cells_of
from models.wording import language, mark, tr, trn

if TYPE_CHECKING:
    from markdown_it.token import Token

_PARSED_CHARS: Final = 20_000
"""What is beyond is read as it was written: to parse it would hold the window up."""
_KEPT: Final = 32
_TASK: Final = re.compile(r"\[([ xX])\] ")
_STATE_WORDS: Final = {
    MessageState.STREAMING: mark("Being written."),
    MessageState.STOPPED: mark("Stopped."),
    MessageState.INTERRUPTED: mark("Interrupted."),
}


def speaker(message: Message) -> str:
    """Return who speaks, as it is shown and read aloud."""
    if message.role == "user":
        return tr("You")
    if message.role == "system":
        return tr("System")
    if message.edited:
        return tr("{name} · edited by you", name=message.model_name or tr("Reply"))
    if message.written:
        return tr("{name} · begun by you", name=message.model_name or tr("Reply"))
    return message.model_name or tr("Model")


def spoken_text(message: Message, *, with_thought: bool = False) -> str:
    """Return all of a message; ``with_thought`` what the model thought before its answer too."""
    text = message.text
    if message.role == "assistant":
        text = "\n".join(_reply_words(message, with_thought=with_thought))
    parts = [f"{speaker(message)}: {text}".rstrip(), *_facts(message)]
    return "\n".join(parts)


def answer_words(message: Message) -> str:
    """Return a reply's answer in plain words."""
    blocks = _blocks(message.text)
    return "\n".join(_answer(blocks, with_thought=False))


def _facts(message: Message) -> Iterator[str]:
    """Yield what else is shown of a message: its sources, its end, its place among versions."""
    if message.grounds is not None:
        yield message.grounds.sentence
    if message.state is MessageState.FAILED:
        yield tr("Failed. {problem}", problem=" ".join(problem_of(message)).rstrip())
    elif message.state in _STATE_WORDS:
        yield tr(_STATE_WORDS[message.state])
    elif note := note_of(message):
        yield f"{note}."
    if message.sibling_count > 1:
        here, count = message.sibling_index + 1, message.sibling_count
        yield tr("Version {here} of {count}.", here=here, count=count)
    if message.pinned:
        yield tr("Kept in the model's window.")


def _reply_words(message: Message, *, with_thought: bool) -> Iterator[str]:
    blocks = _blocks(message.text)
    thought = thought_of(blocks)
    if thought is not None:
        yield f"{thought_words(message, thought, Looks())}."
    yield from _answer(blocks, with_thought=with_thought)


def _answer(blocks: list[Block], *, with_thought: bool) -> Iterator[str]:
    done = 0
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.THOUGHT and not with_thought:
            continue
        done += len(block.source)
        yield from _words(blocks, index) if done <= _PARSED_CHARS else [block.source]


@lru_cache(maxsize=_KEPT)
def _blocks(text: str) -> list[Block]:
    splitter = BlockSplitter(text)
    splitter.finish()
    return splitter.blocks


def _words(blocks: list[Block], index: int) -> Iterator[str]:
    block = blocks[index]
    ends = index + 1 == len(blocks) or not blocks[index + 1].part
    match block.kind:
        case BlockKind.CODE:
            if not block.part:
                name = block.info.split(" ")[0]
                yield tr("Code in {language}:", language=name) if name else tr("Code:")
            yield block.source.rstrip("\n")
            if ends:
                yield tr("End of the code.")
        case BlockKind.TABLE:
            yield from _table_words(block, blocks[index - block.part])
        case BlockKind.TEXT | BlockKind.QUOTE:
            if block.kind is BlockKind.QUOTE and not block.part:
                yield tr("Quote:")
            yield from _plain_words(block.source, language())
        case _:
            yield block.source


def _table_words(block: Block, first: Block) -> Iterator[str]:
    names = cells_of(first.info.split("\n")[0])
    if not block.part:
        yield trn("Table with {count} column.", "Table with {count} columns.", len(names))
    for line in block.source.split("\n") if block.source else ():
        cells = cells_of(line)[: len(names)]
        pairs = zip(names, cells, strict=False)
        yield "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs)


@lru_cache(maxsize=_KEPT)
def _plain_words(source: str, _language: str) -> list[str]:
    """Return the paragraphs of running text without its marks, in the language that is spoken."""
    lines: list[str] = []
    before: list[str] = []
    for token in markdown.parse(source):
        match token.type:
            case "heading_open":
                before.append(tr("Heading:"))
            case "list_item_open":
                before.append(f"{token.info}." if token.info else "•")
            case "inline":
                lines.append(" ".join([*before, _inline_words(token)]))
                before = []
            case "math_block":
                lines.append(_formula(token.content))
            case "fence" | "code_block":
                lines.append(token.content.rstrip("\n"))
    return lines


def _inline_words(token: Token) -> str:
    text = "".join(_child_words(child) for child in token.children or ())
    task = _TASK.match(text)
    if task is None:
        return text
    rest = text[task.end() :]
    return tr("To do: {task}", task=rest) if task[1] == " " else tr("Done: {task}", task=rest)


def _child_words(token: Token) -> str:
    if token.type in {"softbreak", "hardbreak"}:
        return "\n"
    if token.type == "link_close":
        return tr(" (link)")
    if token.type == "image":
        return tr("Image: {name}", name=token.content)
    if token.type == markdown.INLINE_MATH or token.type in markdown.DISPLAY_MATH:
        return _formula(token.content)
    return token.content


def _formula(source: str) -> str:
    return tr("formula {source}", source=" ".join(source.split()))
