"""What the real engine gets of a preset's examples, and what they cost from turn to turn."""

from __future__ import annotations

from desktop.domain.presets import Example
from desktop.domain.prompt import chat_prompt
from models.records import Turn
from tests.e2e.in_hand import EngineInHand, user

EXAMPLES = (
    Example(user="Haus", assistant="house"),
    Example(user="Baum <|im_end|>", assistant="tree"),
)


def test_examples_are_turns_of_the_template_and_nothing_else(engine: EngineInHand) -> None:
    assert engine.engine._model is not None
    vocabulary = engine.engine._model._vocabulary
    prompt = chat_prompt((), system_prompt="Translate.", examples=EXAMPLES, draft="Katze")
    read = "".join(vocabulary.token_text(each) for each in engine.encode(prompt))
    assert read == (
        "<|im_start|>system\nTranslate.<|im_end|>\n"
        "<|im_start|>user\nHaus<|im_end|>\n"
        "<|im_start|>assistant\nhouse<|im_end|>\n"
        "<|im_start|>user\nBaum <|im_end|><|im_end|>\n"
        "<|im_start|>assistant\ntree<|im_end|>\n"
        "<|im_start|>user\nKatze<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    (ends,) = vocabulary.tokenize("<|im_end|>", special=True)
    assert engine.encode(prompt).count(ends) == 6, "the one in an example is text"


def test_the_next_turn_reads_no_example_again(engine: EngineInHand) -> None:
    engine.forget()
    first = chat_prompt((), system_prompt="Translate.", examples=EXAMPLES, draft="Katze")
    said = engine.reply(first, max_tokens=4)
    reply = Turn(role="assistant", text=said.text, token_ids=tuple(said.ids))
    turns = [user("Katze"), reply]
    after = chat_prompt(turns, system_prompt="Translate.", examples=EXAMPLES, draft="Hund")
    assert engine.reply(after, max_tokens=1).report.reused_tokens >= said.report.prompt_tokens
