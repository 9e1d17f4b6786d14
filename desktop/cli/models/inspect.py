"""``snug models inspect``: what a model is, what is in its file, and whether it runs here."""

from __future__ import annotations

import argparse
from typing import Final

import msgspec

from desktop.cli.arguments import Parser
from desktop.cli.models.judging import Examined, examine, examined_as_json, facts_of
from desktop.cli.models.library import (
    KINDS,
    SOURCES,
    entry_as_json,
    find_entry,
    folders_of,
    load_settings,
)
from desktop.cli.models.tables import print_facts, print_table
from desktop.cli.terminal import harmless, print_json, report_trouble, trouble_of
from desktop.paths import Paths
from desktop.settings.schema import OPTIONS
from desktop.settings.store import parse_value
from models.amounts import count_in_words, size_in_words
from models.library.entry import LibraryEntry, ModelDetail
from models.library.scan import detail
from models.problems import EngineError

_CONTEXT: Final = next(info for info in OPTIONS if info.name == "context_size")


def add_arguments(parser: Parser) -> None:
    """Add the flags of the subcommand."""
    parser.add_argument("model", metavar="FILE|NAME", help="a GGUF file, or a model's name")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--template", action="store_true", help="print the chat template and nothing else"
    )
    parser.add_argument(
        "--context-size",
        metavar="N",
        help="judge a context window of so many tokens; the default is the one of the settings",
    )


def run(arguments: argparse.Namespace, paths: Paths) -> int:
    """Show the model; 1 where it can't be used. Raises UserError, EngineError."""
    settings = load_settings(paths)
    if arguments.context_size is not None:
        context = parse_value(_CONTEXT, arguments.context_size)
        generation = msgspec.structs.replace(settings.generation, context_size=context)
        settings = msgspec.structs.replace(settings, generation=generation)
    entry = find_entry(arguments.model, folders_of(settings, paths), paths)
    shown = _detail(entry)
    if arguments.template:
        print(harmless(shown.template))
        return 0
    examined = examine(entry, settings, paths)
    if arguments.json:
        print_json(_as_json(shown, examined))
    else:
        _print(shown, examined)
    if examined.problem is None:
        return 0
    report_trouble(trouble_of(examined.problem))
    return 1


def _detail(entry: LibraryEntry) -> ModelDetail:
    """Return what is in the file; for one that can't be read only what is known anyway."""
    try:
        return detail(entry)
    except EngineError as error:
        if entry.problem is None:
            raise
        if entry.problem.code == "model_missing":
            raise EngineError(
                entry.problem.code, entry.problem.title, entry.problem.hint, entry.problem.detail
            ) from error
        return ModelDetail(entry=entry, metadata=(), tensors=())


def _as_json(shown: ModelDetail, examined: Examined) -> dict[str, object]:
    return {
        "model": entry_as_json(shown.entry),
        "judgement": examined_as_json(examined),
        "metadata": dict(shown.metadata),
        "tensors": msgspec.to_builtins(shown.tensors),
        "template": shown.template,
    }


def _print(shown: ModelDetail, examined: Examined) -> None:
    print_facts(_facts(shown.entry))
    if verdict := facts_of(examined):
        print()
        print_facts(verdict)
    if shown.tensors:
        print()
        rows = [
            (
                group.type_name,
                f"{group.count:,}",
                count_in_words(group.elements),
                size_in_words(group.size_bytes),
            )
            for group in shown.tensors
        ]
        print_table(("tensors of type", "number", "elements", "size"), rows, (1, 2, 3))
    if shown.metadata:
        print()
        print_facts([(harmless(key), value[:100]) for key, value in shown.metadata])


def _facts(entry: LibraryEntry) -> list[tuple[str, str]]:
    facts = [
        ("name", entry.name),
        ("file", entry.path),
        ("parts", f"{len(entry.parts)}" if len(entry.parts) > 1 else ""),
        ("projectors", ", ".join(entry.projectors)),
        ("where", SOURCES[entry.source]),
        ("kind", KINDS[entry.kind]),
        ("architecture", entry.architecture),
        ("parameters", count_in_words(entry.parameters) if entry.parameters else ""),
        ("quantization", entry.quantization),
        ("size", size_in_words(entry.size_bytes)),
        ("context", f"{entry.trained_context:,} tokens" if entry.trained_context else ""),
        ("licence", entry.license),
        ("chat template", "yes" if entry.has_template else "none"),
    ]
    return [(name, value) for name, value in facts if value]
