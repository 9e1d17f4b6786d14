"""``snug chats``: chats into files, and out of files of Snug and of other products."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from desktop.cli.arguments import Parser, add_common_flags
from desktop.cli.interrupts import Interrupts
from desktop.cli.models.tables import print_table
from desktop.cli.terminal import INTERRUPTED_STATUS, StatusLine, UsageError, harmless, say
from desktop.domain.archive import ArchivedChat
from desktop.domain.errors import UserError
from desktop.paths import Paths
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.work.chat_files.exporting import (
    Fetch,
    Form,
    export_as_json,
    export_one,
    export_to_folder,
    written,
)
from desktop.work.chat_files.importing import Outcome, Preview, look_through, take_in
from desktop.work.chat_files.reading import Step, Unread

_FORMS: tuple[Form, ...] = ("json", "markdown", "html")
_MOST_UNREAD = 20


def run(argv: Sequence[str]) -> int:
    """Do what the subcommand says; return the exit status. Raises UserError."""
    arguments = _parser().parse_args(argv)
    if arguments.verb is None:
        raise UsageError("'snug chats' needs to be told what to do.", "Say list, export or import.")
    paths = Paths(getattr(arguments, "basedir", None))
    paths.create()
    with Database.open(paths.database) as database, Interrupts() as interrupts:
        if database.notice:
            say(database.notice)
        store = ChatStore(database)
        if arguments.verb == "list":
            return _list(store)
        if arguments.verb == "export":
            return _export(store, arguments, interrupts)
        return _import(store, arguments, interrupts)


def _parser() -> Parser:
    parser = Parser("snug chats", "Chats into files, and out of files.")
    add_common_flags(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="list|export|import", parser_class=_Verb)
    verbs.add_parser("list", help="list the chats with their numbers")
    export = verbs.add_parser("export", help="write a chat, or all of them, into files")
    export.add_argument("target", type=Path, metavar="FILE|FOLDER", help="where to write")
    export.add_argument(
        "--chat", type=int, metavar="N", help="the chat of this number; without it all of them"
    )
    export.add_argument(
        "--format",
        choices=_FORMS,
        default="json",
        help="json holds everything and can be imported again; the default",
    )
    taken = verbs.add_parser(
        "import",
        help="add the chats of Snug, ChatGPT, Claude, Open WebUI, LM Studio, GPT4All or Jan",
    )
    taken.add_argument("source", type=Path, metavar="FILE|FOLDER", help="an export, or a folder")
    taken.add_argument("--preview", action="store_true", help="only list what would come")
    return parser


class _Verb(Parser):
    """A subcommand's parser, as argparse makes them."""

    def __init__(self, prog: str, **_: object) -> None:
        super().__init__(prog, "")
        add_common_flags(self)


def _list(store: ChatStore) -> int:
    rows = [
        (str(chat.id), f"{_day(chat.updated_at)}", chat.title or "Untitled chat")
        for chat in store.chats()
    ]
    print_table(("number", "last used", "title"), rows, right=(0,))
    return 0


def _export(store: ChatStore, arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    form: Form = arguments.format
    target: Path = arguments.target.expanduser()
    write = partial(written, form=form)
    if arguments.chat is not None:
        chat = _fetched(store, arguments.chat)
        if chat is None:
            raise UserError(
                f"There is no chat {arguments.chat}.", "'snug chats list' shows which there are."
            )
        export_one(chat, target, write)
        print(f"The chat is in {harmless(str(target))}.")
        return 0
    fetches: Iterator[Fetch] = (partial(_fetched, store, chat.id) for chat in store.chats())
    if form == "json":
        steps = export_as_json(fetches, target)
    else:
        _make_folder(target)
        steps = export_to_folder(fetches, target, form, write)
    count = 0
    for count in steps:
        if interrupts.count:
            say(f"Stopped after {_chats(count)}." if form != "json" else "Nothing was written.")
            return INTERRUPTED_STATUS
    print(f"{_chats(count)} written to {harmless(str(target))}.")
    return 0


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"{folder} can't be made: {error.strerror or error}.",
            "Name a folder that you may write to.",
        ) from error


def _fetched(store: ChatStore, chat_id: int) -> ArchivedChat | None:
    try:
        return store.archived_chat(chat_id)
    except LookupError:
        return None


def _import(store: ChatStore, arguments: argparse.Namespace, interrupts: Interrupts) -> int:
    source: Path = arguments.source.expanduser()
    status = StatusLine()
    work = look_through if arguments.preview else take_in
    for step in work(source, store, lambda: interrupts.count > 0):
        match step:
            case Step(done, total):
                status.show(f"Reading: {100 * done // max(1, total)} %")
            case Preview():
                status.clear()
                _show_preview(step)
            case Outcome():
                status.clear()
                _show_outcome(step)
                return INTERRUPTED_STATUS if step.was_stopped else int(not step.added > 0)
    return INTERRUPTED_STATUS if interrupts.count else 0


def _show_preview(preview: Preview) -> None:
    rows = [
        (
            line.product,
            _day(line.created_at),
            f"{line.messages:,}",
            line.title,
            "here already" if line.is_here else f"without {line.left_out}" if line.left_out else "",
        )
        for line in preview.lines
    ]
    print_table(("from", "begun", "messages", "title", ""), rows, right=(2,))
    _show_unread(preview.unread)
    print(f"{_chats(preview.coming)} would be added.")


def _show_outcome(outcome: Outcome) -> None:
    _show_unread(outcome.unread)
    here = f" {_chats(outcome.already_here)} here already." if outcome.already_here else ""
    stopped = " Stopped before the end." if outcome.was_stopped else ""
    print(f"{_chats(outcome.added)} added.{here}{stopped}")


def _show_unread(unread: Sequence[Unread]) -> None:
    for each in unread[:_MOST_UNREAD]:
        say(f"Not read: {each.name}: {each.why}.")
    if len(unread) > _MOST_UNREAD:
        say(f"Not read: {len(unread) - _MOST_UNREAD:,} more.")


def _chats(count: int) -> str:
    return f"{count:,} chat{'' if count == 1 else 's'}"


def _day(at: float) -> str:
    return f"{dt.datetime.fromtimestamp(at, dt.UTC).astimezone():%Y-%m-%d}"
