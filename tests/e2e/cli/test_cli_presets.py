"""A preset reaches the real engine: its system prompt, its examples, its settings."""

from __future__ import annotations

import json
from typing import Any

from desktop.domain.presets import Example
from desktop.paths import Paths
from desktop.settings.presets import preset_values
from desktop.settings.schema import GenerationSettings
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.storage.presets import PresetStore

_WORDS = (("cat", "CAT!"), ("house", "HOUSE!"), ("river", "RIVER!"), ("stone", "STONE!"))
SHOUTER = GenerationSettings(
    temperature=0,
    repeat_penalty=1,
    max_tokens=6,
    system_prompt="Write the word in capital letters.",
    examples=tuple(Example(user=user, assistant=reply) for user, reply in _WORDS),
)


def asked(snug: Any, *flags: str) -> dict[str, Any]:
    done = snug("ask", "--json", "mouse", "--temperature", "0", "--max-tokens", "6", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def test_the_model_follows_the_examples_in_the_prompt(snug: Any) -> None:
    paths = Paths(snug.basedir)
    paths.create()
    with Database.open(paths.database) as database:
        PresetStore(database).create("Shouter", preset_values(SHOUTER))
    plain = asked(snug, "--system", SHOUTER.system_prompt)
    shown = asked(snug, "--preset", "shouter")
    assert shown["text"].isupper()
    assert "!" in shown["text"]
    assert not plain["text"].isupper()
    assert shown["prompt_tokens"] > plain["prompt_tokens"] + 2 * len(_WORDS)

    talked = snug("chat", "--preset", "Shouter", stdin=b"mouse\nriver bank\n")
    assert talked.returncode == 0, talked.stderr
    assert talked.stdout.startswith(shown["text"])
    with Database.open(paths.database) as database:
        store = ChatStore(database)
        (chat,) = store.chats()
        assert store.overrides(chat.id)["preset"] == "Shouter"
        first, second = [each.report for each in store.path(chat.id) if each.report]
        assert first.prompt_tokens == shown["prompt_tokens"]
        assert second.reused_tokens >= first.prompt_tokens, "examples stay in the KV cache"


def test_a_preset_that_is_not_there_is_named(snug: Any) -> None:
    done = snug("ask", "--preset", "Nobody", "Hello")
    assert done.returncode == 2
    assert "No preset is named “Nobody”" in done.stderr
    done = snug("ask", "--raw", "--preset", "Nobody", "Hello")
    assert done.returncode == 2
    assert "--raw" in done.stderr
