from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from typing import BinaryIO

import pytest

from models import protocol
from models.outbox import Outbox, join_tokens
from models.protocol import Event, Finished, PrefillProgress, Tokens
from models.records import Report


def tokens(job_id: int, text: str) -> Tokens:
    return Tokens(job_id=job_id, text=text, token_ids=(ord(text[0]),))


def finished(job_id: int) -> Finished:
    return Finished(job_id=job_id, reason="end_of_turn", report=Report())


def test_tokens_of_a_job_are_joined_but_not_across_its_other_events() -> None:
    progress = PrefillProgress(job_id=1, done=1, total=1)
    events: list[Event] = [
        tokens(1, "a"),
        tokens(2, "x"),
        tokens(1, "b"),
        finished(2),
        tokens(1, "c"),
        progress,
        tokens(1, "d"),
    ]
    assert join_tokens(events) == [
        Tokens(job_id=1, text="abc", token_ids=(97, 98, 99)),
        tokens(2, "x"),
        finished(2),
        progress,
        tokens(1, "d"),
    ]


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as out, os.fdopen(writing, "wb") as into:
        yield out, into


def read_all(stream: BinaryIO, last: type[Event]) -> list[Event]:
    events: list[Event] = []
    while not events or not isinstance(events[-1], last):
        event = protocol.read_event(stream)
        assert event is not None
        events.append(event)
    return events


def test_all_text_arrives_in_its_order(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    outbox = Outbox(pipe[1], on_broken=lambda: None)
    for number in range(2000):
        outbox.emit(tokens(1, f"{number} "))
    outbox.emit(finished(1))
    events = read_all(pipe[0], Finished)
    outbox.close()
    texts = [event.text for event in events if isinstance(event, Tokens)]
    assert "".join(texts) == "".join(f"{number} " for number in range(2000))
    assert len(texts) < 1000


def test_the_first_tokens_of_a_job_do_not_wait(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    outbox = Outbox(pipe[1], on_broken=lambda: None)
    for job_id in (1, 2, 3):
        outbox.emit(tokens(job_id, "first"))
        assert protocol.read_event(pipe[0]) == tokens(job_id, "first")
    outbox.close()


def test_emit_never_waits_for_a_full_pipe(pipe: tuple[BinaryIO, BinaryIO]) -> None:
    outbox = Outbox(pipe[1], on_broken=lambda: None)
    text = "x" * 200_000  # more than a pipe holds
    for _ in range(10):
        outbox.emit(tokens(1, text))
    outbox.emit(finished(1))
    events = read_all(pipe[0], Finished)
    outbox.close()
    assert sum(len(event.text) for event in events if isinstance(event, Tokens)) == 10 * len(text)


def test_a_reader_that_has_gone_is_noticed() -> None:
    class Broken(io.BytesIO):
        def flush(self) -> None:
            raise BrokenPipeError

    broken = threading.Event()
    outbox = Outbox(Broken(), on_broken=broken.set)
    outbox.emit(finished(1))
    assert broken.wait(10)
    outbox.close()
