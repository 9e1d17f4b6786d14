"""The real engine on a model that thinks: whose the thought is, and what the cache keeps."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.library.embedded import embedded_model
from models.reasoning import answer_in, divide
from models.records import ChatPrompt, Turn
from tests.e2e.in_hand import EngineInHand
from tests.gguf_surgery import take_apart

_USER_DEFINED, _CONTROL = 4, 3
_TYPES = "tokenizer.ggml.token_type"
_BODY = """{%% for m in messages %%}{%% set c = m.content %%}
{%%- if m.role == 'assistant' and %s %%}
{%%- set c = c.split('</think>')[-1].lstrip() %%}{%% endif %%}
{{- '<|im_start|>' + m.role + '\\n' + c + '<|im_end|>\\n' }}{%% endfor %%}
{{- '<|im_start|>assistant\\n<think>\\n' }}"""
KEEPS, DROPS = _BODY % "false", _BODY % "true"
HI = Turn(role="user", text="Hi")

Thinks = Callable[[str, tuple[bytes, bytes], int], EngineInHand]


@pytest.fixture
def thinks(tmp_path: Path) -> Iterator[Thinks]:
    """Loads the embedded model with another template, two of its spare tokens marking thoughts."""
    loaded: list[EngineInHand] = []

    def load(template: str, marks: tuple[bytes, bytes], kind: int) -> EngineInHand:
        model = take_apart(embedded_model().read_bytes())
        tokens = model.tokens()
        raw = next(value for key, _, value in model.entries if key == _TYPES.encode())
        kinds = list(struct.unpack_from(f"<{len(tokens)}i", raw, 12))
        for mark, spare in zip(marks, (b"<filename>", b"<gh_stars>"), strict=True):
            place = tokens.index(spare)
            tokens[place], kinds[place] = mark, kind
        model.texts("tokenizer.ggml.tokens", tokens)
        model.numbers(_TYPES, kinds)
        model.text("tokenizer.chat_template", template)
        path = tmp_path / f"thinks{len(loaded)}.gguf"
        path.write_bytes(model.packed())
        loaded.append(EngineInHand(path=str(path)))
        return loaded[-1]

    yield load
    for each in loaded:
        each.engine.close()


def test_the_templates_opening_is_told_and_kept_in_the_cache(thinks: Thinks) -> None:
    engine = thinks(KEEPS, (b"<think>", b"</think>"), _USER_DEFINED)
    first = engine.reply(ChatPrompt(turns=(HI,)), max_tokens=8)
    assert first.text.startswith("<think>\n")
    assert first.report.completion_tokens == len(first.ids) - 2
    said = Turn(role="assistant", text=first.text, token_ids=tuple(first.ids))
    turns = (HI, said)
    following = engine.reply(ChatPrompt(turns=(*turns, HI)), max_tokens=2)
    known = first.report.prompt_tokens + first.report.completion_tokens
    assert following.report.reused_tokens >= known - 1
    going_on = engine.reply(ChatPrompt(turns=turns, continue_reply=True), max_tokens=2)
    assert going_on.report.prompt_tokens == known
    assert not going_on.text.startswith("<think>")


def test_a_thought_that_the_template_drops_is_not_read_again(thinks: Thinks) -> None:
    engine = thinks(DROPS, (b"<think>", b"</think>"), _USER_DEFINED)
    said = Turn(role="assistant", text="<think>\n" + "I think. " * 50 + "</think>\n\nYes.")
    short = Turn(role="assistant", text="Yes.")
    told = [engine.reply(ChatPrompt(turns=(HI, each, HI)), max_tokens=1) for each in (said, short)]
    assert told[0].report.prompt_tokens == told[1].report.prompt_tokens
    assert told[0].text == told[1].text


def test_a_reply_that_is_to_skip_its_thought_has_none(thinks: Thinks) -> None:
    engine = thinks(DROPS, (b"<think>", b"</think>"), _USER_DEFINED)
    reply = engine.reply(ChatPrompt(turns=(HI,), skip_thinking=True), max_tokens=4)
    assert divide(reply.text) is None
    assert answer_in(reply.text) == reply.text


def test_marks_that_are_control_tokens_are_told(thinks: Thinks) -> None:
    template = KEEPS.replace("<think>", "[THINK]")
    engine = thinks(template, (b"[THINK]", b"[/THINK]"), _CONTROL)
    reply = engine.reply(ChatPrompt(turns=(HI,)), max_tokens=4)
    assert reply.text.startswith("[THINK]\n")
    said = Turn(role="assistant", text="[THINK]So.[/THINK]Yes.", token_ids=(1, 2, 3))
    short = Turn(role="assistant", text="Yes.")
    told = [engine.reply(ChatPrompt(turns=(HI, each, HI)), max_tokens=1) for each in (said, short)]
    assert told[0].report.prompt_tokens == told[1].report.prompt_tokens
