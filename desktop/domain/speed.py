"""How fast a reply was written, from its report. Tokens per second; 0 where nothing was timed."""

from __future__ import annotations

from models.amounts import share_in_words
from models.records import Report
from models.wording import tr


def prefill_tokens_per_s(report: Report) -> float:
    """Return how fast the part of the prompt was read that the KV cache did not hold."""
    return report.prefilled_tokens / report.prefill_s if report.prefill_s > 0 else 0.0


def decode_tokens_per_s(report: Report) -> float:
    """Return how fast the reply was written; its first token comes of the prefill, untimed."""
    timed = report.completion_tokens - 1
    return timed / report.decode_s if timed > 0 and report.decode_s > 0 else 0.0


def acceptance_in_words(report: Report) -> str:
    """Return how many of the guessed tokens were right; empty where none was guessed."""
    if not report.drafted_tokens:
        return ""
    share = share_in_words(report.accepted_tokens / report.drafted_tokens)
    return tr("{share} of guesses right", share=share)
