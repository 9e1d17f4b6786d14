"""Grammars without a list of unknown length are regular expressions in another spelling."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest

from models.json_schema.grammar import grammar_of
from models.json_schema.reading import read_schema
from models.problems import EngineError

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^]\\]*(?:\\.[^]\\]*)*\]|[a-z][\w-]*|\S|\{[^}]*\}')
_ESCAPE = re.compile(r"\\(?:U([0-9A-F]{8})|(.))")


def expression(schema: object) -> re.Pattern[str]:
    """Return a schema's grammar as a regular expression, every rule in its place."""
    text = grammar_of(read_schema(json.dumps(schema)))
    rules = dict(line.split(" ::= ") for line in text.splitlines())

    def spell(part: str) -> str:
        if part.startswith('"'):
            plain = _ESCAPE.sub(lambda at: at[2] or chr(int(at[1], 16)), part[1:-1])
            return f"(?:{re.escape(plain)})"
        return f"(?:{unfold(part)})" if part in rules else part

    def unfold(name: str) -> str:
        return "".join(map(spell, _TOKEN.findall(rules[name])))

    return re.compile(unfold("root"))


def allows(schema: object, value: object) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return expression(schema).fullmatch(text) is not None


@pytest.mark.parametrize("least", [-1203, -100, -99, -7, -1, 0, 1, 5, 10, 99, 100, 987])
@pytest.mark.parametrize("span", [0, 1, 8, 90, 100, 1500])
def test_whole_numbers_are_just_those_in_bounds(least: int, span: int) -> None:
    schema = {"type": "integer", "minimum": least, "maximum": least + span}
    pattern = expression(schema)
    for number in range(least - 120, least + span + 120):
        fits = least <= number <= least + span
        assert bool(pattern.fullmatch(str(number))) == fits, number
    for odd in ("", "-", "-0", "00", "01", "1.0", "1e3", "+1", " 1"):
        assert not pattern.fullmatch(odd)


def test_numbers_stay_in_bounds_with_their_fraction() -> None:
    pattern = expression({"type": "number", "minimum": -2, "maximum": 10})
    fine = ("-2", "-1.999", "-0.5", "0", "0.25", "9.999999", "10")
    for text in fine:
        assert pattern.fullmatch(text), text
    for text in ("-2.1", "10.1", "11", "-3", ".5", "1.", "1.1234567", "1e2"):
        assert not pattern.fullmatch(text), text


def test_dates_are_days_of_the_calendar() -> None:
    pattern = expression({"type": "string", "format": "date"})
    for year in (1600, 1900, 1904, 1999, 2000, 2023, 2024, 2100):
        for month in range(14):
            for day in range(33):
                text = f"{year}-{month:02}-{day:02}"
                try:
                    dt.date.fromisoformat(text)
                except ValueError:
                    assert not pattern.fullmatch(f'"{text}"'), text
                else:
                    assert pattern.fullmatch(f'"{text}"'), text


def test_strings_hold_no_character_that_json_forbids() -> None:
    schema = {"type": "string", "minLength": 1, "maxLength": 3}
    for text in ("a", "äb😀", 'a"\\', "\n", "\x7f"):
        assert allows(schema, text), text
    for text in ("", "abcd", "\x01", "\x1b"):
        assert not allows(schema, text), text
    assert not expression(schema).fullmatch('"a\nb"')
    assert not expression(schema).fullmatch(r'"\ud83d"')


def test_a_choice_allows_its_values_alone() -> None:
    values = ["alpha", "alps", "al", "", 1, 12, 123, None, True, {"a": ['"b"']}, "ä\\n"]
    schema = {"enum": values}
    pattern = expression(schema)
    for value in values:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        assert pattern.fullmatch(text), text
    for text in ('"alp"', '"alphas"', "2", "13", "11", "false", "[]"):
        assert not pattern.fullmatch(text), text


def test_members_keep_their_order_and_only_optional_ones_are_left_out() -> None:
    names = {"a": False, "b": True, "c": False}
    schema = {
        "properties": {name: {"type": "null"} for name in names},
        "required": [name for name, required in names.items() if required],
    }
    fine = ({"b"}, {"a", "b"}, {"b", "c"}, {"a", "b", "c"})
    for members in fine:
        assert allows(schema, dict.fromkeys(sorted(members)))
    for wrong in ({}, {"a": None}, {"c": None}, {"b": None, "a": None}, {"b": None, "d": None}):
        assert not allows(schema, wrong)


def test_names_are_never_grammar() -> None:
    name = 'x" ] root ::= [^"] \\ \n\x00'
    schema = {"properties": {name: {"type": "null"}}, "required": [name]}
    text = grammar_of(read_schema(json.dumps(schema)))
    assert "\x00" not in text
    assert text.count("::=") == len(text.splitlines())
    assert allows(schema, {name: None})


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"properties": {f"m{n}": {"type": "null"} for n in range(65)}}, "may be left out"),
        (
            {"properties": {f"m{n}": {"type": "string", "maxLength": 999 + n} for n in range(30)}},
            "and more",
        ),
    ],
)
def test_refuses_what_would_be_too_large(schema: object, why: str) -> None:
    with pytest.raises(EngineError, match=why):
        grammar_of(read_schema(json.dumps(schema)))
