"""The real engine's process, killed at any moment, and fed a hostile template."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.account import account
from models.client import EngineClient
from models.library.embedded import embedded_model
from models.protocol import (
    Event,
    Failed,
    Finished,
    JobId,
    Loaded,
    LoadProgress,
    PrefillProgress,
    Tokens,
)
from models.records import ChatPrompt, LoadOptions, Sampling, Turn

WAIT_S = 60
MODEL = LoadOptions(path=str(embedded_model()), context_size=1024)
ENDLESS = b"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[EngineClient]:
    client = EngineClient(log_path=tmp_path / "engine.log")
    yield client
    client.close()


def ask(client: EngineClient, text: str, max_tokens: int = 400) -> JobId:
    prompt = ChatPrompt(turns=(Turn(role="user", text=text),))
    return client.generate(prompt, Sampling(temperature=0), max_tokens)


def last_of(client: EngineClient, job_id: JobId) -> Event:
    return list(client.events(job_id, WAIT_S))[-1]


@pytest.mark.parametrize(
    ("text", "moment"),
    [("", LoadProgress), ("word " * 800, PrefillProgress), ("Count to ninety.", Tokens)],
    ids=["load", "prefill", "decode"],
)
def test_a_kill_is_told_and_the_next_prompt_works(
    client: EngineClient, text: str, moment: type[Event]
) -> None:
    loading = client.load(MODEL)
    if text:
        assert isinstance(last_of(client, loading), Loaded)
    job = ask(client, text) if text else loading
    events = client.events(job, WAIT_S)
    next(event for event in events if isinstance(event, moment))
    assert client.pid is not None
    os.kill(client.pid, signal.SIGKILL)
    end = list(events)[-1]
    assert isinstance(end, Failed)
    assert end.problem.code == "engine_died"
    assert "SIGKILL" in end.problem.title
    assert end.problem.hint

    if not text:
        assert isinstance(last_of(client, client.load(MODEL)), Loaded)
    assert isinstance(last_of(client, ask(client, "Hello", 4)), Finished)


def test_a_template_that_loops_is_replaced_and_told(client: EngineClient, tmp_path: Path) -> None:
    path = tmp_path / "hostile.gguf"
    path.write_bytes(_with_template(embedded_model().read_bytes(), ENDLESS))
    loaded = last_of(client, client.load(LoadOptions(path=str(path), context_size=256)))
    assert isinstance(loaded, Loaded)
    assert loaded.model.template == "ChatML"
    problem = loaded.model.template_problem
    assert problem is not None
    assert problem.code == "template_failed"
    assert "fall-back “ChatML”" in account(loaded.model)[-1]
    assert isinstance(last_of(client, ask(client, "Hello", 4)), Finished)


def _with_template(model: bytes, template: bytes) -> bytes:
    """Return the model with another chat template in place of its own, padded to its length."""
    key = b"tokenizer.chat_template"
    length_at = model.index(key) + len(key) + 4
    start = length_at + 8
    length = int.from_bytes(model[length_at:start], "little")
    return model[:start] + template.ljust(length) + model[start + length :]
