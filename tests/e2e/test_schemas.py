"""Replies held to a schema: valid whatever the model would write, and the worker lives on."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import msgspec
import pytest

from desktop.work.text_model import TextModel
from models.json_schema.instances import problem_of
from models.json_schema.reading import read_schema
from models.records import ChatPrompt, LoadOptions, Sampling
from tests.e2e.in_hand import EngineInHand, chat, user
from tests.model_factory import SMALL, write_model
from tests.random_schemas import HOSTILE, random_schema

ROWS = {
    "type": "object",
    "properties": {
        "rows": {
            "type": "array",
            "maxItems": 4,
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 30},
                    "age": {"type": ["integer", "null"], "minimum": 0, "maximum": 120},
                    "born": {"type": "string", "format": "date"},
                    "sure": {"type": "boolean"},
                },
                "required": ["name", "age"],
            },
        }
    },
    "required": ["rows"],
}
QUESTION = (
    "List the people of this text as JSON rows with name, age and born.\n\n"
    "Anna Berg, born on 3 May 1990, is 34. Tom Hill is 51; he was born on 2 April 1973."
)
WILD = Sampling(temperature=1.5, top_k=0, top_p=1, min_p=0, seed=11)


def problem_in(schema: str, text: str) -> str:
    return problem_of(read_schema(schema), msgspec.json.decode(text))


@pytest.fixture(scope="module")
def gibberish(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextModel]:
    """A model of random weights, which agrees with no grammar by itself."""
    folder = tmp_path_factory.mktemp("gibberish")
    path = write_model(folder / "random.gguf", SMALL["llama"])
    options = LoadOptions(path=str(path), context_size=2048, threads=1, sequences=4)
    with TextModel(options, folder / "engine.log") as model:
        model.load()
        yield model


def prompts(count: int) -> list[ChatPrompt]:
    return [chat(user(f"number {number}")) for number in range(count)]


def test_two_hundred_random_schemas_are_followed_to_the_letter(gibberish: TextModel) -> None:
    draw = random.Random(4)
    schemas = [json.dumps(random_schema(draw)) for _ in range(200)]
    ended = dict(
        gibberish.complete(prompts(200), [1900] * 200, WILD, stop=["a", "{"], schemas=schemas)
    )
    assert len(ended) == 200
    for number, completion in ended.items():
        assert completion.finish_reason == "end_of_turn", (schemas[number], completion)
        assert problem_in(schemas[number], completion.text) == "", schemas[number]


def test_a_hostile_schema_is_refused_and_the_worker_lives_on(gibberish: TextModel) -> None:
    good = json.dumps({"type": "boolean"})
    schemas = [schema or " " for hostile in HOSTILE for schema in (hostile, good)]
    count = len(schemas)
    ended = dict(gibberish.complete(prompts(count), [50] * count, WILD, schemas=schemas))
    for number, completion in ended.items():
        if schemas[number] == good:
            assert completion.text in {"true", "false"}
        else:
            assert completion.failure.startswith("The schema can't be used."), schemas[number]


@pytest.mark.parametrize(
    "sampling",
    [Sampling(temperature=0, repeat_penalty=1.1), Sampling(temperature=1.2, seed=3), WILD],
)
def test_the_rows_of_a_real_model_are_valid(engine: EngineInHand, sampling: Sampling) -> None:
    schema = json.dumps(ROWS)
    reply = engine.reply(chat(user(QUESTION)), sampling, max_tokens=400, schema=schema)
    assert reply.reason == "end_of_turn"
    assert problem_in(schema, reply.text) == ""


def test_a_schema_that_the_model_follows_by_itself_changes_nothing(engine: EngineInHand) -> None:
    prompt = chat(user("What is the capital of France?"))
    engine.forget()
    free = engine.reply(prompt, max_tokens=20)
    options = ["Rome", free.text.strip(), "I do not know"]
    engine.forget()
    held = engine.reply(prompt, max_tokens=60, schema=json.dumps({"enum": options}))
    assert json.loads(held.text) in options


def test_a_seed_repeats_a_reply_that_is_held_to_a_schema(engine: EngineInHand) -> None:
    prompt, schema = chat(user(QUESTION)), json.dumps(ROWS)
    sampling = Sampling(temperature=1.0, seed=21)
    engine.forget()
    first = engine.reply(prompt, sampling, max_tokens=40, schema=schema)
    again = engine.reply(prompt, sampling, max_tokens=40, schema=schema)
    assert first.report.repeatable
    assert again.report.repeatable
    assert first.ids == again.ids


def test_what_max_tokens_cuts_is_the_beginning_of_a_value(engine: EngineInHand) -> None:
    reply = engine.reply(chat(user(QUESTION)), max_tokens=9, schema=json.dumps(ROWS))
    assert reply.reason == "max_tokens"
    assert reply.text.startswith('{"rows"')
