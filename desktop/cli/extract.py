"""``snug extract``: a table out of whole documents, each value with the place that it is from."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, get_args

import msgspec

from desktop.cli.arguments import Parser
from desktop.cli.context import Context
from desktop.cli.document_work import (
    DocumentWork,
    add_document_flags,
    checked_output,
    on_documents,
    print_text,
    span,
    work_model,
)
from desktop.cli.terminal import StatusLine, UsageError, say
from desktop.domain.errors import UserError
from desktop.domain.row_schema import checked_columns, table_of_schema
from desktop.domain.table import Column, ColumnType, Table
from desktop.work.extraction import (
    ExtractionResult,
    ExtractionWish,
    ExtractionWorker,
    RowsFound,
    SectionsCut,
)
from desktop.work.jobs import Pace
from desktop.work.prompts import extraction_prompts
from desktop.work.table_export import Format, as_csv, export, exported, format_of

_TYPES: Final = tuple(kind for kind in get_args(ColumnType) if kind != "json")
_COLUMN: Final = re.compile(
    r"(?P<name>[^:]+)(:(?P<type>[a-z]*)(\((?P<choices>[^()]*)\))?)?(:(?P<about>.*))?"
)


def run(argv: Sequence[str]) -> int:
    """Fill a table from the files; return the exit status. A bad schema ends it before anything."""
    arguments = _parse(argv)
    table = _table(arguments)
    output = checked_output(arguments.output)
    if output is not None and arguments.format is None:
        format_of(output)
    context = Context.of(arguments)

    def work(documents: DocumentWork) -> int:
        result = documents.run(
            "extraction",
            ExtractionWorker(),
            ExtractionWish(table=table, prompts=extraction_prompts()),
            documents.take_in(arguments.files),
            model=work_model(arguments, context),
            report=_Progress(documents.status).show,
        )
        found = msgspec.json.decode(result, type=ExtractionResult)
        _print(found, output, arguments)
        return 1 if documents.failed or found.failures else 0

    return on_documents(context, work)


class _Progress:
    """Says on standard error what it is going to take, and how far it is."""

    def __init__(self, status: StatusLine) -> None:
        self._status = status
        self._pace = Pace()

    def show(self, done: int, total: int, news: msgspec.Struct | None) -> None:
        if isinstance(news, SectionsCut):
            self._pace = Pace()
            say(f"{news.sections:,} sections of {news.tokens:,} tokens are read for rows.")
        elif isinstance(news, RowsFound):
            left = self._pace.seconds_left(done, total)
            rest = f", about {span(left)} left" if left is not None else ""
            self._status.show(f"{done:,} of {total:,} sections, {len(news.rows):,} rows{rest}")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "snug extract",
        "Go through whole documents and fill a table, with the place that each value is from.",
        epilog="example:\n  snug extract log.pdf -c Ship -c 'Built:integer:the year' "
        "-c 'State:choice(afloat, sunk)' -o ships.xlsx",
    )
    parser.add_argument(
        "-c",
        "--column",
        action="append",
        default=[],
        metavar="NAME[:TYPE[:WHAT]]",
        help=f"what to look for; a type is one of {', '.join(_TYPES)}, the last as choice(a, b)",
    )
    parser.add_argument(
        "--schema", metavar="FILE", help="a JSON schema of a row, or of a list of rows, instead"
    )
    parser.add_argument(
        "--format", choices=get_args(Format), help="write this instead of what the file's name says"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the account of it all as one JSON object"
    )
    parser.add_argument(
        "--all", action="store_true", help="write the rows of which the text has no word, too"
    )
    add_document_flags(parser, "sections")
    return parser.parse_args(argv)


def _table(arguments: argparse.Namespace) -> Table:
    """Return the checked table. Raises UserError for a bad one."""
    if bool(arguments.column) == bool(arguments.schema):
        raise UsageError(
            "Say what to look for, in one way.", "Name columns with -c, or a file with --schema."
        )
    if not arguments.schema:
        return checked_columns([_column(words) for words in arguments.column])
    path = Path(arguments.schema).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} can't be read: {error.strerror or error}.", "Name a file with a JSON schema."
        ) from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is no text in UTF-8.", "Save it as such.", str(error)) from error
    return table_of_schema(text)


def _column(words: str) -> Column:
    found = _COLUMN.fullmatch(words)
    kind = (found and found["type"]) or "text"
    if found is None or kind not in _TYPES:
        raise UsageError(
            f"“{words}” is no column.", f"Write NAME:TYPE:WHAT, with a type of {', '.join(_TYPES)}."
        )
    return Column(
        name=found["name"].strip(),
        type=msgspec.convert(kind, ColumnType),
        description=(found["about"] or "").strip(),
        choices=tuple(each.strip() for each in (found["choices"] or "").split(",") if each.strip()),
    )


def _print(result: ExtractionResult, output: Path | None, arguments: argparse.Namespace) -> None:
    shown = result if arguments.all else _borne_out(result)
    if output is not None:
        if arguments.format is None:
            export(shown, output)
        else:
            output.write_bytes(exported(shown, arguments.format))
    if arguments.json:
        sys.stdout.write(f"{msgspec.json.encode(result).decode()}\n")
    elif output is None and arguments.format in {None, "csv"}:
        print_text(as_csv(shown), None)
    elif output is None:
        sys.stdout.buffer.write(exported(shown, arguments.format))
    for failure in result.failures:
        say(failure)
    say(_account(result, shown))


def _borne_out(result: ExtractionResult) -> ExtractionResult:
    rows = tuple(row for row in result.rows if row.is_borne_out)
    return msgspec.structs.replace(result, rows=rows)


def _account(result: ExtractionResult, shown: ExtractionResult) -> str:
    twice = f", {result.joined:,} more joined to them" if result.joined else ""
    parts = [f"{_rows(len(shown.rows))} from {len(result.sections):,} sections{twice}."]
    if left := len(result.rows) - len(shown.rows):
        parts.append(f"{_rows(left)} of which the text has no word left out; --all writes them.")
    if doubts := sum(row.doubts for row in shown.rows):
        parts.append(f"Values to check: {doubts:,}.")
    return " ".join(parts)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
