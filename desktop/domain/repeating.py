"""Whether a reply that was written again is promised to be the one before."""

from __future__ import annotations

from desktop.domain.chat import Message


def may_differ(message: Message) -> bool:
    """Return whether a seeded reply, written again, had no way to be sure of the same words.

    It is sure of them when it went on from the logits that the engine keeps at the prompt's end:
    then nothing of the prompt is decoded again, in whatever batches, and nothing rounds otherwise.
    """
    report = message.report
    if report is None or not report.seeded:
        return False
    if message.sibling_index == 0:
        # The first of its kind; but the next one has no way to be the same.
        return report.beside_others
    return not report.repeatable or report.prefilled_tokens > 0
