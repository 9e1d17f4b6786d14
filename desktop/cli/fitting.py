"""A prompt made to fit in the terminal: counted, asked about, condensed."""

from __future__ import annotations

import sys
from typing import Final

from desktop.cli.session import EngineSession
from desktop.cli.terminal import say, trouble_of
from desktop.domain.context import Overflow
from desktop.domain.context_fit import Choose, Count, Fitted, Frame, Step, fit
from desktop.domain.context_summary import STOP, Write
from desktop.domain.errors import UserError
from desktop.storage.chats import ChatStore
from models.protocol import Cancelled, Failed, TokenCount
from models.records import Sampling

_BYTES_PER_TOKEN: Final = 16
_SAMPLING: Final = Sampling(temperature=0.2, repeat_penalty=1.1)
_ANSWERS: Final = {"d": Overflow.DROP, "c": Overflow.CONDENSE}


def fitted(
    session: EngineSession, store: ChatStore, reply_id: int, last_id: int, frame: Frame
) -> Fitted:
    """Return the turns of a prompt up to the message ``last_id`` that fits, and keep what it lacks.

    Raises UserError where it can't fit or nobody says how it shall, KeyboardInterrupt on Ctrl-C.
    """
    steps = fit(store.material(last_id, _BYTES_PER_TOKEN * frame.context_size), frame)
    answer: object = None
    while True:
        try:
            step = steps.send(answer)
        except StopIteration as ended:
            found: Fitted = ended.value
            break
        answer = _answered(session, step)
    context = store.keep_context(reply_id, found.context, found.summary)
    if context is not None and context.left_out:
        how = "condensed" if context.summary_id else "left out"
        say(f"({context.left_out} older messages are {how}; the model doesn't read them)")
    if context is not None and context.question_cut:
        say(f"({context.question_cut:,} characters within the question are left out)")
    if context is not None and context.reply_cut:
        say(f"(the first {context.reply_cut:,} characters of the reply are left out)")
    return found


def _answered(session: EngineSession, step: Step) -> TokenCount | Overflow | str:
    if isinstance(step, Count):
        return session.count(step.prompt)
    if isinstance(step, Choose):
        return _chosen(session, step)
    return _written(session, step)


def _chosen(session: EngineSession, asked: Choose) -> Overflow:
    told = (
        f"Not all of this chat fits: {asked.tokens:,} tokens, and room for {asked.room:,} beside "
        f"the reply. The {len(asked.out)} oldest messages would go."
    )
    if not sys.stdin.isatty():
        raise UserError(told, "Say --overflow drop or --overflow condense.")
    say(told)
    with session.interrupts.raised():
        answer = input("[d]rop them, [c]ondense them, or anything else to stop: ")
    if (how := _ANSWERS.get(answer.strip().lower()[:1])) is None:
        raise UserError("The message was not sent.", "Write a shorter one, or /new for a new chat.")
    return how


def _written(session: EngineSession, step: Write) -> str:
    say(f"Condensing older messages ({step.part} of {step.parts}) …")
    texts: list[str] = []
    outcome = session.generate(
        step.prompt,
        _SAMPLING,
        step.max_tokens,
        STOP,
        on_tokens=lambda tokens: texts.append(tokens.text),
    )
    if isinstance(outcome, Cancelled):
        raise KeyboardInterrupt
    if isinstance(outcome, Failed):
        raise trouble_of(outcome.problem)
    return "".join(texts)
