"""``snug translate``: documents segment by segment, with a mark on what is no translation."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

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
from desktop.domain.documents import Document
from desktop.domain.errors import UserError
from desktop.domain.glossary import Term, parse_glossary
from desktop.domain.jobs import Job
from desktop.domain.languages import LANGUAGES
from desktop.domain.translation import Translation, Wish
from desktop.settings.files import write_atomically
from desktop.work.jobs import JobTools, Pace
from desktop.work.translation import (
    Account,
    TranslationWish,
    TranslationWorker,
    open_translation,
    translation_prompts,
)
from desktop.work.translation_report import (
    DOCX_SUFFIX,
    MARKDOWN_SUFFIXES,
    SegmentReport,
    TranslationReport,
    as_file,
    report_of,
)

_MOST_GLOSSARY_BYTES: Final = 1 << 20
_MOST_TOLD: Final = 20
_MOST_PAGES: Final = 100_000
_RANGE: Final = re.compile(r"(\d{1,6})(?:[-–](\d{1,6}))?")
_SHOWN_CHARS: Final = 60


def run(argv: Sequence[str]) -> int:
    """Translate each file; return the exit status: 1 where a segment has no translation."""
    arguments = _parse(argv)
    wish = Wish(
        language=arguments.to,
        glossary=_glossary(arguments.glossary),
        pages=_pages(arguments.pages),
    )
    output = _checked_output(arguments)
    context = Context.of(arguments)

    def translate(work: DocumentWork) -> int:
        failed = 0
        for document in work.take_in(arguments.files):
            worker = _Worker(document, work.status)
            told = TranslationWish(wish=wish, prompts=translation_prompts())
            work.run(
                "translation",
                worker,
                told,
                [document],
                model=work_model(arguments, context),
                report=worker.show,
            )
            _write(worker, output, as_json=arguments.json)
            failed += worker.report.verdict.failed
        return 1 if work.failed or failed else 0

    return on_documents(context, translate)


class _Worker:
    """Does the job, says on standard error how far it is, and keeps what came of it."""

    translation: Translation
    report: TranslationReport

    def __init__(self, document: Document, status: StatusLine) -> None:
        self.document = document
        self._status = status
        self._pace = Pace()

    def run(self, job: Job, tools: JobTools) -> str:
        segments = open_translation(job, tools.documents, tools.jobs).segments
        if not segments:
            raise UserError("There is no text on these pages.", "Choose other pages.")
        word = "segment" if len(segments) == 1 else "segments"
        say(f"{self.document.name}: {len(segments):,} {word}.")
        result = TranslationWorker().run(job, tools)
        account = msgspec.json.decode(result, type=Account)
        self.translation = open_translation(job, tools.documents, tools.jobs)
        report = report_of(self.document, self.translation)
        self.report = msgspec.structs.replace(report, **msgspec.structs.asdict(account))
        return result

    def file(self, suffix: str) -> bytes:
        title = self.document.title or self.document.name
        return as_file(self.translation.all(), self.report.language, title, suffix)

    def show(self, done: int, total: int, _news: msgspec.Struct | None) -> None:
        left = self._pace.seconds_left(done, total)
        rest = f", about {span(left)} left" if left is not None else ""
        self._status.show(f"{self.document.name}: {done:,} of {total:,} segments{rest}")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = Parser(
        "snug translate",
        "Translate whole documents, segment by segment. What the model left untranslated or cut "
        "off is marked, in the file and on standard error.",
        epilog=f"Checked languages: {', '.join(language.name for language in LANGUAGES)}. "
        "Others work too, without the check.",
    )
    add_document_flags(parser, "segments")
    parser.add_argument(
        "--to", required=True, metavar="LANGUAGE", help="such as German, de or Deutsch"
    )
    parser.add_argument(
        "--glossary", metavar="FILE", help="settled words, one 'term = translation' a line"
    )
    parser.add_argument("--pages", default="", metavar="N-N,N", help="only these pages")
    parser.add_argument("--json", action="store_true", help="print one JSON object a document")
    return parser.parse_args(argv)


def _glossary(name: str | None) -> tuple[Term, ...]:
    if name is None:
        return ()
    path = Path(name).expanduser()
    try:
        if path.stat().st_size > _MOST_GLOSSARY_BYTES:
            raise UsageError(f"{path} is too large for a glossary.", "Give one of up to 1 MB.")
        return parse_glossary(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"The glossary {path} can't be read.", "Give a text file in UTF-8.", str(error)
        ) from error


def _pages(given: str) -> tuple[int, ...]:
    pages: set[int] = set()
    for part in filter(None, given.replace(" ", "").split(",")):
        found = _RANGE.fullmatch(part)
        low = int(found[1]) if found else 0
        high = int(found[2] or low) if found else 0
        if not 1 <= low <= high <= _MOST_PAGES:
            raise UsageError(f"“{part}” is no page.", "Write pages as 3 or 3-7, with commas.")
        pages.update(range(low, high + 1))
    return tuple(sorted(pages))


def _checked_output(arguments: argparse.Namespace) -> Path | None:
    path = checked_output(arguments.output)
    if path is None:
        return None
    if len(arguments.files) > 1:
        raise UsageError("One file can't hold several translations.", "Translate one at a time.")
    if path.absolute() == Path(arguments.files[0]).expanduser().absolute():
        raise UsageError("That would write over the document.", "Name another file.")
    suffixes = {".json", ""} if arguments.json else {*MARKDOWN_SUFFIXES, DOCX_SUFFIX}
    if path.suffix.lower() not in suffixes:
        names = ", ".join(sorted(filter(None, suffixes)))
        raise UsageError(f"“{path.suffix}” is not written here.", f"Choose one of {names}.")
    return path


def _write(worker: _Worker, output: Path | None, *, as_json: bool) -> None:
    if as_json:
        print_text(f"{msgspec.json.encode(worker.report).decode()}\n", output)
    elif output is not None:
        write_atomically(output.absolute(), worker.file(output.suffix))
    else:
        print_text(worker.file("").decode(), None)
    _tell(worker.report)


def _tell(report: TranslationReport) -> None:
    """Say which segments somebody should look at."""
    marked = [each for each in report.segments if each.marks]
    for each in marked[:_MOST_TOLD]:
        say(f"{_place(each)}: {' '.join(mark.text for mark in each.marks)}")
    if len(marked) > _MOST_TOLD:
        say(f"… and {len(marked) - _MOST_TOLD:,} segments more; --json names them all.")
    if report.verdict.warning:
        say(report.verdict.warning)


def _place(segment: SegmentReport) -> str:
    text = " ".join(segment.source.split())
    shown = text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
    page = f"page {segment.page}, " if segment.page else ""
    return f"{page}“{shown}”"
