"""``snug ask``: one question, one reply, streamed or as JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import groupby
from typing import TYPE_CHECKING, Final

import msgspec

from desktop.cli.arguments import Parser, add_common_flags, add_model_flags
from desktop.cli.context import Context, find_model
from desktop.cli.presets import add_preset_flag, named_preset
from desktop.cli.session import EngineSession, Outcome
from desktop.cli.terminal import (
    INTERRUPTED_STATUS,
    ReplyPrinter,
    UsageError,
    print_json,
    trouble_of,
)
from desktop.domain.errors import UserError
from desktop.domain.prompt import Given, chat_prompt
from desktop.domain.speed import decode_tokens_per_s, prefill_tokens_per_s
from desktop.settings.presets import with_preset
from desktop.settings.requests import to_sampling
from desktop.settings.schema import GenerationSettings
from desktop.settings.store import with_overrides
from desktop.storage.database import Database
from models.protocol import Cancelled, Failed, Finished, Tokens
from models.reasoning import answer_in, thought_in
from models.records import ModelInfo, Prompt, RawPrompt, Report

if TYPE_CHECKING:
    from desktop.cli.ask_documents import AskedDocuments

MAX_INPUT_BYTES: Final = 4 * 1024 * 1024
"""Far more than a context window holds; tokenizing more would take long before it is refused."""


def run(argv: Sequence[str]) -> int:
    """Answer one question; return the exit status. Raises UserError."""
    arguments = _parse(argv)
    context = Context.of(arguments)
    question = _question(arguments.question)
    _check_raw(arguments)
    settings = with_overrides(_settings(arguments.preset, context), context.flags)
    path = find_model(arguments.model, context)
    reply = _Reply(printer=None if arguments.json else ReplyPrinter(), is_raw=arguments.raw)
    with EngineSession(context.paths) as session, _documents(arguments, context, session) as asked:
        options = context.load_options(settings, path)
        model = session.load(options, path.stem, anyway=context.anyway)
        given = asked.given(question, model, settings) if asked else None
        outcome = session.generate(
            RawPrompt(text=question) if arguments.raw else _prompt(question, settings, given),
            to_sampling(settings),
            settings.max_tokens,
            settings.stop,
            on_tokens=reply.add,
        )
        if isinstance(outcome, Failed):
            reply.end()
            raise trouble_of(outcome.problem)
        reply.end(asked.listed(reply.answer) if asked else "")
        if arguments.json:
            sources = asked.record(reply.answer) if asked else {}
            print_json(_record(model, reply, outcome) | {"account": session.account} | sources)
    return INTERRUPTED_STATUS if isinstance(outcome, Cancelled) else 0


class _Reply:
    """The reply so far; printed as it comes unless it is wanted as JSON."""

    def __init__(self, printer: ReplyPrinter | None, *, is_raw: bool) -> None:
        self.texts: list[str] = []
        self.token_ids: list[int] = []
        self._printer = printer
        self._is_raw = is_raw

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def answer(self) -> str:
        """Return it without a thought. A text that was completed as it stands has none."""
        return self.text if self._is_raw else answer_in(self.text)

    @property
    def thought(self) -> str:
        return "" if self._is_raw else thought_in(self.text)

    def add(self, tokens: Tokens) -> None:
        self.texts.append(tokens.text)
        self.token_ids += tokens.token_ids
        if self._printer:
            (self._printer.write if self._is_raw else self._printer.add)(tokens.text)

    def end(self, sources: str = "") -> None:
        """End the reply's last line, and print where it is from below it."""
        if self._printer:
            self._printer.end()
            self._printer.write(sources)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser("snug ask", "Ask a model one question. Nothing of it is stored.")
    parser.add_argument(
        "question",
        nargs="+",
        help="the question; a - stands for what standard input gives, such as a document",
    )
    parser.add_argument(
        "--raw", action="store_true", help="complete the text as it is, without the chat template"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")
    group = parser.add_argument_group("documents to ask")
    group.add_argument(
        "--document",
        action="append",
        default=[],
        metavar="FILE",
        help="answer from this document. May be repeated",
    )
    group.add_argument(
        "--collection",
        metavar="NAME",
        help="answer from a collection of documents; with --document, put those into it first",
    )
    group.add_argument(
        "--embedding-model",
        metavar="FILE|none",
        help="search by what the words mean too, with this embedding model; the default is the one "
        "of the settings, else one of the library. 'none' searches by words alone",
    )
    add_preset_flag(parser)
    add_model_flags(parser)
    add_common_flags(parser)
    return parser.parse_args(argv)


def _settings(preset: str | None, context: Context) -> GenerationSettings:
    """Return the settings for all chats, or those of a preset. Raises UsageError."""
    settings = context.settings.generation
    if preset is None:
        return settings
    with Database.open(context.paths.database) as database:
        found = named_preset(preset, database)
    return with_preset(settings, found) if found else settings


def _documents(
    arguments: argparse.Namespace, context: Context, session: EngineSession
) -> AbstractContextManager[AskedDocuments | None]:
    """Return the documents that the command line names, as what gives and closes them."""
    if not arguments.document and arguments.collection is None:
        return nullcontext()
    # A question without documents need not wait for what reads them.
    from desktop.cli.ask_documents import asked_documents  # noqa: PLC0415

    return asked_documents(arguments, context, session)


def _prompt(question: str, settings: GenerationSettings, given: Given | None) -> Prompt:
    return chat_prompt(
        (),
        system_prompt=settings.system_prompt,
        examples=settings.examples,
        draft=question,
        given=given,
    )


def _check_raw(arguments: argparse.Namespace) -> None:
    if not arguments.raw:
        return
    if arguments.system_prompt is not None:
        raise UsageError(
            "A system prompt goes through the chat template, which --raw leaves out.",
            "Leave out --raw or --system, or write the system prompt into the text.",
        )
    if arguments.preset is not None:
        raise UsageError(
            "A preset's system prompt and examples go through the chat template, which --raw "
            "leaves out.",
            "Leave out --raw or --preset.",
        )
    if arguments.document or arguments.collection is not None:
        raise UsageError(
            "Documents go through the chat template, which --raw leaves out.",
            "Leave out --raw, or --document and --collection.",
        )


def _question(words: Sequence[str]) -> str:
    """Return the words as one text; what standard input gives stands in a paragraph of its own."""
    paragraphs = [
        _standard_input() if is_input else " ".join(run)
        for is_input, run in groupby(words, key=lambda word: word == "-")
    ]
    # Bytes of an argument that are no UTF-8 arrive as lone surrogates, which no pipe takes.
    text = "\n\n".join(paragraphs).encode("utf-8", "replace").decode()
    if not text.strip():
        raise UsageError("The question is empty.", 'Ask something: snug ask "What is gravity?"')
    return text


def _standard_input() -> str:
    if sys.stdin is None:
        raise UsageError("There is no standard input to read.", "Give the question as words.")
    content = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
    if len(content) > MAX_INPUT_BYTES:
        raise UserError(
            f"Standard input gives more than {MAX_INPUT_BYTES // 2**20} MiB, "
            "which no context window holds.",
            "Pass a part of it, for example through 'head -c 20000'.",
        )
    return content.decode("utf-8", "replace")


def _record(model: ModelInfo, reply: _Reply, outcome: Outcome) -> dict[str, object]:
    """Return what --json prints. Times are in seconds."""
    report = (
        outcome.report if isinstance(outcome, Finished | Cancelled) and outcome.report else Report()
    )
    return {
        "text": reply.answer,
        "thought": reply.thought,
        "model": model.name,
        "model_path": model.path,
        "device": model.device,
        "layers": model.layers,
        "offloaded_layers": model.offloaded_layers,
        "placement_reason": model.placement_reason,
        "memory": msgspec.to_builtins(model.memory),
        "context_size": model.context_size,
        "cache_type": model.cache_type,
        "seed": report.seed,
        "repeatable": report.repeatable,
        "prompt_tokens": report.prompt_tokens,
        "prefilled_tokens": report.prefilled_tokens,
        "completion_tokens": report.completion_tokens,
        "drafted_tokens": report.drafted_tokens,
        "accepted_tokens": report.accepted_tokens,
        "token_ids": reply.token_ids,
        "finish_reason": outcome.reason if isinstance(outcome, Finished) else "cancelled",
        "load_s": model.load_s,
        "first_token_s": report.first_token_s,
        "prefill_tokens_per_s": prefill_tokens_per_s(report),
        "decode_tokens_per_s": decode_tokens_per_s(report),
    }
