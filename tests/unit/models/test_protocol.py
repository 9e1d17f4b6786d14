from __future__ import annotations

import io

import pytest

from models import frames, protocol
from models.frames import FrameError
from models.protocol import Generate, Tokens
from models.records import ChatPrompt, Sampling, Turn


def test_a_request_survives_the_pipe() -> None:
    turns = (Turn(role="user", text="Größe?"), Turn(role="assistant", text="…", token_ids=(1, 2)))
    request = Generate(
        job_id=7,
        prompt=ChatPrompt(turns=turns),
        sampling=Sampling(seed=3),
        max_tokens=5,
        stop=("\n\n",),
    )
    assert protocol.read_request(io.BytesIO(frames.encode(request))) == request


def test_events_follow_each_other_and_end_with_the_stream() -> None:
    events = [Tokens(job_id=1, text=text, token_ids=(index,)) for index, text in enumerate("ab")]
    stream = io.BytesIO(b"".join(map(frames.encode, events)))
    assert [protocol.read_event(stream) for _ in range(3)] == [*events, None]


@pytest.mark.parametrize(
    "frame",
    [
        b"\x04\x00\x00\x00oops",
        (frames.MAX_BYTES + 1).to_bytes(4, "little"),
        frames.encode(Tokens(job_id=1, text="", token_ids=())),  # an event is no request
    ],
)
def test_garbage_is_named_as_such(frame: bytes) -> None:
    with pytest.raises(FrameError):
        protocol.read_request(io.BytesIO(frame))


def test_a_frame_cut_in_half_is_the_end_of_the_stream() -> None:
    frame = frames.encode(Tokens(job_id=1, text="half", token_ids=(1,)))
    assert protocol.read_event(io.BytesIO(frame[:-1])) is None
