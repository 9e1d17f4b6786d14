from __future__ import annotations

import random

import pytest

from models.text_stream import TextStream


def stream(parts: list[bytes], stop: tuple[str, ...] = ()) -> tuple[list[str], TextStream]:
    text = TextStream(stop)
    return [*(text.push(part) for part in parts), text.flush()], text


def test_a_character_that_spans_tokens_comes_whole() -> None:
    texts, _ = stream([b"a\xf0\x9f", b"\x98", b"\x80b"])
    assert texts == ["a", "", "😀b", ""]


def test_bytes_that_are_no_text_show_as_such_and_the_rest_goes_on() -> None:
    texts, _ = stream([b"a\xff", b"b"])
    assert "".join(texts) == "a\N{REPLACEMENT CHARACTER}b"


def test_half_a_character_at_the_end_is_dropped() -> None:
    texts, _ = stream([b"ok", b"\xe2\x82"])
    assert "".join(texts) == "ok"


def test_the_beginning_of_a_stop_string_is_held_until_it_is_certain() -> None:
    texts, text = stream([b"one \n", b"\nUs", b"eful"], ("\n\nUser:",))
    assert texts == ["one ", "", "\n\nUseful", ""]
    assert not text.stopped


def test_a_stop_string_ends_the_text_before_it() -> None:
    texts, text = stream([b"one", b" tw", b"o th", b"ree"], ("two",))
    assert texts == ["one", " ", "", "", ""]
    assert text.stopped


def test_a_held_beginning_is_given_back_at_the_end() -> None:
    texts, _ = stream([b"one <", b"/"], ("</s>",))
    assert "".join(texts) == "one </"


def test_an_empty_stop_string_stops_nothing() -> None:
    texts, text = stream([b"one"], ("",))
    assert ("".join(texts), text.stopped) == ("one", False)


@pytest.mark.parametrize("seed", range(50))
def test_the_text_does_not_depend_on_how_the_bytes_are_cut(seed: int) -> None:
    pick = random.Random(seed)
    data = "".join(pick.choices("ab€😀\n", k=40)).encode()
    stop = tuple("".join(pick.choices("ab€", k=pick.randint(1, 4))) for _ in range(3))
    whole, _ = stream([bytes([byte]) for byte in data], stop)
    cuts = sorted(pick.sample(range(len(data)), 8))
    parts = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    cut, _ = stream(parts, stop)
    assert "".join(cut) == "".join(whole)
