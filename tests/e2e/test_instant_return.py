"""The KV cache of a chat outlives the engine: kept in a file, checked, and restored to the bit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.llama.engine import LlamaEngine
from models.protocol import ForgetStates, RestoreState, SaveStates, StatesDone
from models.records import ChatPrompt, Sampling, StateHome, TokenPrompt, Turn
from models.state_files import StateFolder, list_states
from tests.e2e.in_hand import EngineInHand, Reply, chat, user

_HISTORY = "The tide turned at noon, and the boats came home with the flood. " * 6
_LIMIT = 1 << 30
Load = Callable[..., EngineInHand]


@pytest.fixture
def home(tmp_path: Path) -> StateHome:
    return StateHome(folder=str(tmp_path / "kv"), chat="7", limit_bytes=_LIMIT)


def _states(engine: LlamaEngine, request: type, **fields: Any) -> StatesDone:
    return engine.keep_states(request(job_id=99, **fields))


def _first_turn(in_hand: EngineInHand, home: StateHome | None) -> tuple[Turn, ...]:
    turns = (user(_HISTORY),)
    reply = in_hand.reply(ChatPrompt(turns=turns), max_tokens=8, home=home)
    return (*turns, Turn(role="assistant", text=reply.text, token_ids=tuple(reply.ids)))


def _next_turn(in_hand: EngineInHand, turns: tuple[Turn, ...], home: StateHome | None) -> Reply:
    return in_hand.reply(ChatPrompt(turns=(*turns, user("And then?"))), max_tokens=12, home=home)


def _logits(in_hand: EngineInHand, ids: list[int]) -> np.ndarray[Any, Any]:
    """Decode ids behind what the first slot holds; return the logits of the last."""
    assert in_hand.engine._model is not None
    scheduler = in_hand.engine._model.scheduler
    context, slot = scheduler._context, scheduler._slots[0]
    context.set_threads(2)
    context.batch.clear()
    index = context.batch.add(ids, len(slot.token_ids), slot.sequence, logits=True)
    context.decode()
    return context.copy_logits(index)


@pytest.mark.parametrize(("flash", "cache_type"), [("off", "f16"), ("on", "f16"), ("on", "q8_0")])
def test_a_restored_chat_gives_the_same_logits_bit_for_bit(
    load_engine: Load, home: StateHome, flash: str, cache_type: str
) -> None:
    options = {"flash_attention": flash, "cache_type": cache_type, "context_size": 1024}
    before = load_engine(**options)
    _first_turn(before, home)
    assert _states(before.engine, SaveStates).chats == ("7",)
    stayed = _logits(before, [1000, 2000, 3000])
    after = load_engine(**options)
    assert _states(after.engine, RestoreState, home=home).tokens > 80
    assert np.array_equal(_logits(after, [1000, 2000, 3000]), stayed)


def test_a_chat_goes_on_after_a_restart_as_if_there_had_been_none(
    load_engine: Load, home: StateHome
) -> None:
    before = load_engine()
    turns = _first_turn(before, home)
    _states(before.engine, SaveStates)
    stayed = _next_turn(before, turns, home)
    after = load_engine()
    _states(after.engine, RestoreState, home=home)
    returned = _next_turn(after, turns, home)
    assert returned.ids == stayed.ids
    assert returned.report.prefilled_tokens == stayed.report.prefilled_tokens < 30


def test_a_message_sent_at_once_fetches_the_state_by_itself(
    load_engine: Load, home: StateHome
) -> None:
    before = load_engine()
    turns = _first_turn(before, home)
    _states(before.engine, SaveStates)
    returned = _next_turn(load_engine(), turns, home)
    assert returned.report.prefilled_tokens < 30
    assert returned.report.reused_tokens > 80


def test_another_chat_takes_the_slot_and_nothing_is_lost(
    load_engine: Load, home: StateHome
) -> None:
    in_hand = load_engine()
    turns = _first_turn(in_hand, home)
    other = StateHome(folder=home.folder, chat="8", limit_bytes=_LIMIT)
    in_hand.reply(chat(user("Name a river. " * 18)), max_tokens=4, home=other)
    assert [each.chat for each in list_states(Path(home.folder))] == ["7"]
    assert _next_turn(in_hand, turns, home).report.prefilled_tokens < 30
    assert {each.chat for each in list_states(Path(home.folder))} == {"7", "8"}


def test_a_model_that_is_freed_leaves_its_chats_in_files(
    load_engine: Load, home: StateHome
) -> None:
    in_hand = load_engine()
    _first_turn(in_hand, home)
    in_hand.engine.unload()
    assert [each.chat for each in list_states(Path(home.folder))] == ["7"]


def test_what_did_not_change_is_not_written_again(load_engine: Load, home: StateHome) -> None:
    in_hand = load_engine()
    turns = _first_turn(in_hand, home)
    assert _states(in_hand.engine, SaveStates).chats == ("7",)
    assert _states(in_hand.engine, SaveStates).chats == ()
    _next_turn(in_hand, turns, home)
    assert _states(in_hand.engine, SaveStates, chats=("8",)).chats == ()
    assert _states(in_hand.engine, SaveStates, chats=("7",)).chats == ("7",)


def test_a_private_chat_leaves_no_file(load_engine: Load, home: StateHome) -> None:
    in_hand = load_engine()
    _first_turn(in_hand, home)
    in_hand.reply(chat(user("A secret. " * 24)), max_tokens=4, home=None)
    _states(in_hand.engine, SaveStates)
    in_hand.engine.unload()
    assert [each.chat for each in list_states(Path(home.folder))] == ["7"]


def test_a_forgotten_chat_is_gone_from_memory_and_not_written_again(
    load_engine: Load, home: StateHome
) -> None:
    in_hand = load_engine()
    turns = _first_turn(in_hand, home)
    _states(in_hand.engine, ForgetStates, chats=("7",))
    assert in_hand.engine.cached_tokens() == 0
    assert _states(in_hand.engine, SaveStates).chats == ()
    assert _next_turn(in_hand, turns, None).report.reused_tokens == 0


def test_a_state_of_other_settings_is_ignored(load_engine: Load, home: StateHome) -> None:
    before = load_engine(context_size=1024)
    _first_turn(before, home)
    _states(before.engine, SaveStates)
    for other in ({"context_size": 512}, {"cache_type": "q8_0"}, {"sequences": 2}):
        after = load_engine(**{"context_size": 1024, **other})
        assert _states(after.engine, RestoreState, home=home).tokens == 0, other
    again = load_engine(context_size=1024)
    assert _states(again.engine, RestoreState, home=home).tokens > 80


def test_a_state_of_another_model_is_ignored(
    load_engine: Load, home: StateHome, tmp_path: Path
) -> None:
    before = load_engine(context_size=1024)
    turns = _first_turn(before, home)
    _states(before.engine, SaveStates)
    copy = tmp_path / "rewritten.gguf"
    shutil.copyfile(before.options.path, copy)
    after = load_engine(context_size=1024, path=str(copy))
    assert _next_turn(after, turns, home).report.reused_tokens == 0


def test_a_state_that_the_library_refuses_is_deleted_and_read_anew(
    load_engine: Load, home: StateHome
) -> None:
    """As after a change of llama.cpp's format that its version doesn't tell."""
    in_hand = load_engine(context_size=1024)
    turns = _first_turn(in_hand, home)
    assert in_hand.engine._model is not None
    keeper = in_hand.engine._model.scheduler.keeper
    assert keeper._key is not None
    folder = StateFolder(Path(home.folder), _LIMIT)
    held = in_hand.engine._model.scheduler._slots[0].token_ids

    def nonsense(target: memoryview) -> int:
        target[:] = bytes(len(target))
        return len(target)

    folder.write("7", keeper._key, held, 50_000, nonsense)
    after = load_engine(context_size=1024)
    assert _states(after.engine, RestoreState, home=home).tokens == 0
    assert not list_states(Path(home.folder))
    assert _next_turn(after, turns, home).report.reused_tokens == 0


def test_a_full_disk_costs_the_file_and_nothing_else(home: StateHome) -> None:
    """In a process of its own: the limit on a file's size is the process's."""
    script = f"""
import resource
from models.protocol import SaveStates
from models.problems import EngineError
from models.records import StateHome
from tests.e2e.in_hand import EngineInHand, chat, user
home = StateHome(folder={home.folder!r}, chat="7", limit_bytes={_LIMIT})
in_hand = EngineInHand(context_size=1024)
first = in_hand.reply(chat(user("Tell me of the sea. " * 40)), max_tokens=4, home=home)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    in_hand.engine.keep_states(SaveStates(job_id=9))
except EngineError as error:
    print(error.problem.code)
other = StateHome(folder={home.folder!r}, chat="8", limit_bytes={_LIMIT})
print(in_hand.reply(chat(user("Say hello. " * 30)), max_tokens=4, home=other).reason)
in_hand.engine.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.stdout.split() == ["state_not_kept", "max_tokens"], done.stderr[-2000:]
    assert [each.name for each in Path(home.folder).iterdir() if each.suffix == ".part"] == []
    assert not list_states(Path(home.folder))


def test_states_side_by_side_each_return_to_a_sequence_of_their_own(
    load_engine: Load, home: StateHome
) -> None:
    before = load_engine(sequences=2, context_size=1024)
    other = StateHome(folder=home.folder, chat="8", limit_bytes=_LIMIT)
    turns = _first_turn(before, home)
    ids = tuple(range(5000, 5120))
    before.reply(TokenPrompt(token_ids=ids), max_tokens=4, home=other)
    assert sorted(_states(before.engine, SaveStates).chats) == ["7", "8"]
    after = load_engine(sequences=2, context_size=1024)
    assert _states(after.engine, RestoreState, home=home).tokens
    assert _states(after.engine, RestoreState, home=other).tokens
    assert _next_turn(after, turns, home).report.prefilled_tokens < 30
    again = after.reply(
        TokenPrompt(token_ids=(*ids, 42)), Sampling(temperature=0), max_tokens=4, home=other
    )
    assert again.report.prefilled_tokens < 10
