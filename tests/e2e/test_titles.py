"""A title costs a chat nothing of its KV cache."""

from __future__ import annotations

import pytest

from desktop.domain.titles import TITLE_TOKENS, title_prompt
from models.records import Turn
from tests.e2e.in_hand import EngineInHand, chat, user

pytestmark = pytest.mark.slow

QUESTION = "Why does the Moon always show us the same side? " * 12


def test_the_next_turn_finds_the_chat_in_the_cache(engine: EngineInHand) -> None:
    engine.forget()
    asked = chat(Turn(role="system", text="You are an astronomer."), user(QUESTION))
    first = engine.reply(asked, max_tokens=40)
    reply = Turn(role="assistant", text=first.text, token_ids=tuple(first.ids))
    held = first.report.prompt_tokens + first.report.completion_tokens

    title = engine.reply(title_prompt(asked, reply), max_tokens=TITLE_TOKENS, stop=("\n\n",))
    assert title.report.reused_tokens >= held - 1
    assert title.report.prefilled_tokens < 60

    again = engine.reply(chat(*asked.turns, reply, user("And the far side?")), max_tokens=4)
    assert again.report.reused_tokens >= held - 1
    assert engine.reply(asked, max_tokens=40).report.prefilled_tokens == 0, "its checkpoint is kept"
