from __future__ import annotations

import pytest

from desktop.domain.chat import Message
from desktop.domain.repeating import may_differ
from models.records import Report

RESUMED = Report(seeded=True, repeatable=True, prompt_tokens=40, reused_tokens=40)
ANEW = Report(seeded=True, repeatable=True, prompt_tokens=40, prefilled_tokens=40)


@pytest.mark.parametrize(
    ("report", "version", "expected"),
    [
        (RESUMED, 1, False),
        (ANEW, 1, True),  # after a restart the prompt may be cut into other batches
        (ANEW, 0, False),  # the first version has nothing to differ from
        (Report(seeded=False, prefilled_tokens=40), 1, False),  # nobody asked for the same
        (Report(seeded=True, repeatable=False, reused_tokens=40), 1, True),
        (None, 1, False),
    ],
)
def test_a_reply_written_again_is_only_sure_when_resumed(
    report: Report | None, version: int, expected: bool
) -> None:
    reply = Message(
        id=2,
        chat_id=1,
        parent_id=1,
        role="assistant",
        text="…",
        sibling_index=version,
        sibling_count=2,
        report=report,
    )
    assert may_differ(reply) is expected
