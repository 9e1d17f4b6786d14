"""A chat as a file for people: Markdown, or one HTML page that asks nothing of the network."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from typing import Final

import msgspec
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore

from desktop.domain.archive import ArchivedChat, ArchivedMessage, shown_path
from models.reasoning import answer_in, thought_in
from models.wording import mark, tr, trn

UNTITLED: Final = mark("Untitled chat")
_MONTHS: Final = (
    mark("January"), mark("February"), mark("March"), mark("April"), mark("May"), mark("June"),
    mark("July"), mark("August"), mark("September"), mark("October"), mark("November"),
    mark("December"),
)  # fmt: skip
_LINKS: Final = ("http://", "https://", "mailto:")
_UNFIT: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*\x7f]+')
_LONGEST_NAME: Final = 80
_RESERVED: Final = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)$")
_STYLE: Final = """
body { font-family: system-ui, sans-serif; line-height: 1.55; color: #1f1d1a;
  background: #fbfaf8; max-width: 760px; margin: 32px auto; padding: 0 16px; }
h1 { font-size: 24px; } .facts, .by { color: #6b665e; font-size: 13px; }
.by { font-weight: 600; margin: 24px 0 4px; }
.user { background: #f3ece4; border-radius: 12px; padding: 4px 16px; }
pre { background: #f4f2ee; border: 1px solid #e4e0d9; border-radius: 6px; padding: 12px;
  overflow-x: auto; } code { font-family: ui-monospace, monospace; font-size: 13px; }
table { border-collapse: collapse; } th, td { border: 1px solid #e4e0d9; padding: 4px 8px; }
a { color: #a84b25; } blockquote { border-left: 3px solid #e4e0d9; margin-left: 0;
  padding-left: 12px; color: #6b665e; }
@media (prefers-color-scheme: dark) {
  body { color: #ece8e1; background: #1b1a18; } .user { background: #2c2824; }
  .facts, .by, blockquote { color: #a8a198; } pre { background: #211f1d; border-color: #38352f; }
  th, td, blockquote { border-color: #38352f; } a { color: #e08a5b; } }
"""
_PAGE: Final = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def as_json(chat: ArchivedChat) -> bytes:
    """Return all of the chat, as an import reads it again."""
    return msgspec.json.encode(chat)


def as_markdown(chat: ArchivedChat) -> str:
    """Return the conversation that is shown, as it was written, with who says what."""
    parts = [f"# {_title(chat)}", f"*{_facts(chat)}*"]
    for message in shown_path(chat):
        note = _note(message)
        thought, answer = _divided(message)
        parts.append(f"## {_speaker(message)}")
        if thought:
            title = tr("Thought")
            parts += [f"<details><summary>{title}</summary>", thought, "</details>"]
        parts.append(answer.strip("\n"))
        if note:
            parts.append(f"*{note}*")
    return "\n\n".join(parts) + "\n"


def as_html(chat: ArchivedChat) -> str:
    """Return the conversation that is shown as one page, without scripts, pictures and frames."""
    title = escape(_title(chat))
    return _PAGE.format(title=title, style=_STYLE, body="\n".join(html_parts(chat)))


def html_parts(chat: ArchivedChat, *, can_fold: bool = True) -> Iterator[str]:
    """Yield what the page shows: its head, and each message.

    All that anybody wrote is text; its Markdown is dressed. Thoughts are folded, and left out where
    nothing can be folded.
    """
    yield f'<h1>{escape(_title(chat))}</h1>\n<p class="facts">{escape(_facts(chat))}</p>'
    for message in shown_path(chat):
        note = _note(message)
        told = f'<p class="facts">{escape(note)}</p>' if note else ""
        thought, answer = _divided(message)
        folded = _folded(thought) if thought and can_fold else ""
        yield (
            f'<p class="by">{escape(_speaker(message))}</p>\n{folded}'
            f'<div class="{message.role}">{_parser().render(answer)}</div>{told}'
        )


def file_name(chat: ArchivedChat) -> str:
    """Return a name for the chat's file, without a suffix."""
    return safe_name(chat.title)


def safe_name(title: str) -> str:
    """Return a title as the name of a file, without a suffix, that every system takes."""
    name = " ".join(_UNFIT.sub(" ", title).split())[:_LONGEST_NAME].strip(" .")
    return f"{name} chat" if _RESERVED.match(name) else name or tr(UNTITLED)


def _title(chat: ArchivedChat) -> str:
    return " ".join(chat.title.split()) or tr(UNTITLED)


def _facts(chat: ArchivedChat) -> str:
    count = len(shown_path(chat))
    said = trn("{count} message", "{count} messages", count)
    # Not every product tells when a chat was begun.
    begun = dt.datetime.fromtimestamp(chat.created_at, dt.UTC).astimezone()
    return f"{_day(begun)}, {said}" if chat.created_at else said


def _day(day: dt.date) -> str:
    month = tr(_MONTHS[day.month - 1])
    return tr("{day} {month} {year}", day=f"{day:%d}", month=month, year=day.year)


def _speaker(message: ArchivedMessage) -> str:
    if message.role != "assistant":
        return tr("You") if message.role == "user" else tr("System")
    names = [run.model_name for run in message.runs if run.model_name]
    return " ".join(names[-1].split()) if names else tr("Assistant")


def _divided(message: ArchivedMessage) -> tuple[str, str]:
    """Return what was thought before a reply, and the reply; a person's words are all theirs."""
    if message.role != "assistant":
        return "", message.text
    return thought_in(message.text).strip("\n"), answer_in(message.text)


def _folded(thought: str) -> str:
    title = escape(tr("Thought"))
    text = _parser().render(thought)
    return f'<details class="facts"><summary>{title}</summary>{text}</details>\n'


def _note(message: ArchivedMessage) -> str:
    """Return what must be said of a reply that isn't what a model wrote to its end."""
    if message.problem is not None:
        return tr("Not finished: {why}", why=" ".join(message.problem[0].split()))
    if message.role == "assistant" and message.state != "complete":
        return tr("Not finished.")
    return tr("Edited.") if message.edited else ""


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True})
    # Pictures would be fetched from wherever a text says.
    parser.enable(["table", "strikethrough"]).disable("image")
    parser.validateLink = lambda url: url.strip().lower().startswith(_LINKS)  # type: ignore[method-assign]
    parser.core.ruler.push("lower_headings", _lower_headings)
    return parser


def _lower_headings(state: StateCore) -> None:
    """Put a message's headings below the page's own."""
    for token in state.tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + 2)}"
