"""What other products write of a chat, read by its shape: ChatGPT, Claude, Open WebUI, LM Studio.

Nothing in a file is believed: a shape that isn't the known one is refused with its reason.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from desktop.domain.archive import (
    FORMAT_VERSION,
    ArchivedChat,
    ArchivedMessage,
    ArchivedRun,
    BadArchive,
    in_order,
)
from models.records import Role
from models.wording import mark, tr

Value = Any
"""What JSON may hold."""

_ROLES: Final[dict[object, Role]] = {
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "system": "system",
}

PICTURES: Final = mark("pictures and files")
THOUGHTS: Final = mark("thoughts and memories")
RESULTS: Final = mark("results of tools")
"""What Snug has no place for."""

_THOUGHTS: Final = frozenset(
    {"thoughts", "reasoning_recap", "user_editable_context", "model_editable_context"}
)
_LARGEST: Final = 1e300
_CLAUDE_ROOT: Final = "00000000-0000-4000-8000"


class Draft:
    """A chat being put together from another product's, whose messages have names of any kind.

    ``left_out`` are the parts that Snug has no place for, by what they are.
    """

    def __init__(self, title: object, created: object, updated: object = None) -> None:
        self._title = title if isinstance(title, str) else ""
        self._created = seconds(created)
        self._updated = seconds(updated) or self._created
        self._ids: dict[object, int] = {}
        self._messages: list[ArchivedMessage] = []
        self.leaf: object = None
        self.left_out: dict[str, int] = {}

    def add(
        self,
        name: object,
        parent: object,
        role: object,
        text: str,
        *,
        at: object = None,
        model: object = None,
    ) -> object:
        """Add a message and return its name; one that says nothing is passed over for its parent.

        System messages of other products are theirs: they are no part of the conversation.
        """
        known = _ROLES.get(role) if isinstance(role, str) else None
        if known is None or known == "system" or not text.strip():
            return parent
        number = self._ids[name] = len(self._ids) + 1
        run = (ArchivedRun(model_name=model),) if isinstance(model, str) and model else ()
        self._messages.append(
            ArchivedMessage(
                id=number,
                parent=self._ids.get(parent),
                role=known,
                text=text,
                created_at=seconds(at) or self._created,
                runs=run if known == "assistant" else (),
            )
        )
        return name

    def leave_out(self, what: str) -> None:
        """Note that something has no place here."""
        self.left_out[what] = self.left_out.get(what, 0) + 1

    def chat(self) -> ArchivedChat:
        """Return the chat."""
        created = self._created or min((each.created_at for each in self._messages), default=0.0)
        return ArchivedChat(
            snug_chat=FORMAT_VERSION,
            title=self._title,
            title_by="model" if self._title else "first_words",
            created_at=created,
            updated_at=max(self._updated, created),
            leaf=self._ids.get(self.leaf) if self.leaf is not None else None,
            messages=in_order(self._messages),
        )


def seconds(value: object) -> float:
    """Return a time in seconds since the epoch; 0 where it isn't one. Milliseconds are told."""
    if isinstance(value, bool):
        return 0.0
    if isinstance(value, int | float):
        number = float(value) if abs(value) < _LARGEST else -1.0
        for divisor in (1.0, 1e3, 1e6, 1e9):
            # The year 3000, which no product has reached.
            if 0 <= number / divisor < 32_503_680_000:
                return number / divisor
        return 0.0
    if isinstance(value, str):
        try:
            moment = dt.datetime.fromisoformat(value)
        except ValueError:
            return 0.0
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return max(0.0, aware.timestamp())
    return 0.0


def from_chatgpt(data: Mapping[str, Value]) -> Draft:
    """Return a conversation of ChatGPT's data export: a tree, in ``mapping``."""
    nodes = _mapping(data.get("mapping"), "mapping")
    draft = Draft(data.get("title"), data.get("create_time"), data.get("update_time"))
    names: dict[object, object] = {}
    for name, node in _walk(nodes, "parent", "children"):
        message = node.get("message")
        parent = names.get(_name(node.get("parent")))
        names[name] = parent
        if not isinstance(message, dict) or _is_hidden(message):
            continue
        author = message.get("author")
        role = author.get("role") if isinstance(author, dict) else None
        text = _chatgpt_text(message.get("content"), draft)
        model = _dict(message.get("metadata")).get("model_slug")
        if role == "tool":
            draft.leave_out(RESULTS)
            continue
        names[name] = draft.add(
            name, parent, role, text, at=message.get("create_time"), model=model
        )
    draft.leaf = names.get(_name(data.get("current_node")))
    return draft


def from_claude(data: Mapping[str, Value]) -> Draft:
    """Return a conversation of Claude's data export: ``chat_messages``, with or without a tree."""
    draft = Draft(data.get("name"), data.get("created_at"), data.get("updated_at"))
    last: object = None
    names: dict[object, object] = {}
    for number, message in enumerate(_dicts(data.get("chat_messages"), "chat_messages")):
        name = _name(message.get("uuid")) or number
        parent = _name(message.get("parent_message_uuid"))
        # What Claude's tree hangs on is no message.
        above = None if parent.startswith(_CLAUDE_ROOT) else names.get(parent, last)
        text = _claude_text(message, draft)
        last = names[name] = draft.add(
            name, above, message.get("sender"), text, at=message.get("created_at")
        )
    draft.leaf = names.get(_name(data.get("current_leaf_message_uuid")), last)
    return draft


def from_open_webui(data: Mapping[str, Value]) -> Draft:
    """Return a chat of Open WebUI's export: a tree, in ``chat.history``."""
    chat = _mapping(data.get("chat"), "chat")
    title = data.get("title") or chat.get("title")
    created = data.get("created_at") or chat.get("timestamp")
    draft = Draft(title, created, data.get("updated_at"))
    history = _dict(chat.get("history"))
    if not history.get("messages"):
        last: object = None
        for number, message in enumerate(_dicts(chat.get("messages"), "messages")):
            last = _add_plain(draft, number, last, message)
        return draft
    names: dict[object, object] = {}
    nodes = _mapping(history.get("messages"), "messages")
    for name, message in _walk(nodes, "parentId", "childrenIds"):
        names[name] = _add_plain(draft, name, names.get(_name(message.get("parentId"))), message)
    draft.leaf = names.get(_name(history.get("currentId")))
    return draft


def from_lm_studio(data: Mapping[str, Value]) -> Draft:
    """Return LM Studio's chat: in a row, each message in versions of which one is selected.

    What follows one version follows none of the others, so they stay beside it as leaves.
    """
    draft = Draft(data.get("name"), data.get("createdAt"), data.get("userLastMessagedAt"))
    model = _dict(data.get("lastUsedModel")).get("name") or _dict(data.get("lastUsedModel")).get(
        "identifier"
    )
    above: object = None
    for number, message in enumerate(_dicts(data.get("messages"), "messages")):
        versions = _dicts(message.get("versions"), "versions")
        selected = message.get("currentlySelected", 0)
        follows = above
        for place, version in enumerate(versions):
            text = _lm_studio_text(version, draft)
            by = _dict(version.get("senderInfo")).get("senderName") or model
            name = draft.add((number, place), above, version.get("role"), text, model=by)
            if place == selected:
                follows = name
        above = follows
    draft.leaf = above
    return draft


def from_jan(thread: Mapping[str, Value], messages: Iterable[Mapping[str, Value]]) -> Draft:
    """Return a thread of Jan: its ``thread.json``, and the lines of its ``messages.jsonl``."""
    created = thread.get("created_at") or thread.get("created")
    draft = Draft(
        thread.get("title") or _dict(thread.get("metadata")).get("title"),
        created,
        thread.get("updated_at") or thread.get("updated"),
    )
    assistants = thread.get("assistants")
    first = _dict(next(iter(_list(assistants)), None))
    model = _dict(first.get("model")).get("id")
    last: object = None
    for number, message in enumerate(messages):
        at = message.get("created_at") or message.get("created")
        text = _content_text(message.get("content"), draft)
        last = draft.add(number, last, message.get("role"), text, at=at, model=model)
    draft.leaf = last
    return draft


READERS: Final[tuple[tuple[str, str, Callable[[Mapping[str, Value]], Draft]], ...]] = (
    ("mapping", "ChatGPT", from_chatgpt),
    ("chat_messages", "Claude", from_claude),
    ("chat", "Open WebUI", from_open_webui),
    ("messages", "LM Studio", from_lm_studio),
)
"""The key by which each product's chat is told, the product, and what reads it."""


# --- text ---------------------------------------------------------------------------------------


def _is_hidden(message: Mapping[str, Value]) -> bool:
    metadata = _dict(message.get("metadata"))
    return bool(metadata.get("is_visually_hidden_from_conversation"))


def _chatgpt_text(content: Value, draft: Draft) -> str:
    if not isinstance(content, dict):
        return ""
    kind = _name(content.get("content_type"))
    if kind in _THOUGHTS:
        draft.leave_out(THOUGHTS)
        return ""
    if kind in {"code", "execution_output"}:
        text = content.get("text")
        return f"```\n{text}\n```" if isinstance(text, str) and text.strip() else ""
    parts = content.get("parts")
    texts: list[str] = []
    for part in _list(parts):
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and isinstance(part.get("text"), str):
            texts.append(part["text"])
        else:
            draft.leave_out(PICTURES)
    return "\n\n".join(text for text in texts if text.strip())


def _claude_text(message: Mapping[str, Value], draft: Draft) -> str:
    for key in ("attachments", "files", "files_v2"):
        for _ in _list(message.get(key)):
            draft.leave_out(PICTURES)
    text = _content_text(message.get("content"), draft)
    plain = message.get("text")
    return text or (plain if isinstance(plain, str) else "")


def _lm_studio_text(version: Mapping[str, Value], draft: Draft) -> str:
    steps = version.get("steps")
    if not isinstance(steps, list):
        return _content_text(version.get("content"), draft)
    texts = []
    for step in steps:
        if _dict(step).get("type") == "contentBlock":
            style = _dict(_dict(step).get("style")).get("type")
            if style == "thinking":
                draft.leave_out(THOUGHTS)
                continue
            texts.append(_content_text(step.get("content"), draft))
    return "\n\n".join(text for text in texts if text.strip())


def _content_text(content: Value, draft: Draft) -> str:
    """Return the text of parts, each of which has a ``type``, as several products have them."""
    if isinstance(content, str):
        return content
    texts: list[str] = []
    for part in _list(content):
        kind, text = _name(_dict(part).get("type")), _dict(part).get("text")
        value = text.get("value") if isinstance(text, dict) else text
        if kind == "text" and isinstance(value, str):
            texts.append(value)
        elif kind in {"thinking", "reasoning"}:
            draft.leave_out(THOUGHTS)
        elif kind in {"tool_use", "tool_result", "tool_call"}:
            draft.leave_out(RESULTS)
        elif kind:
            draft.leave_out(PICTURES)
    return "\n\n".join(text for text in texts if text.strip())


def _add_plain(draft: Draft, name: object, parent: object, message: Mapping[str, Value]) -> object:
    for _ in _list(message.get("files")):
        draft.leave_out(PICTURES)
    model = message.get("modelName") or message.get("model")
    text = _content_text(message.get("content"), draft)
    at = message.get("timestamp")
    return draft.add(name, parent, message.get("role"), text, at=at, model=model)


# --- shapes -------------------------------------------------------------------------------------


def _walk(
    nodes: Mapping[str, Value], parent_key: str, children_key: str
) -> Iterator[tuple[str, dict[str, Value]]]:
    """Yield a tree's nodes, each after its parent and siblings in their order.

    Raises BadArchive where a node is reached by no way from the roots.
    """
    children: dict[str | None, list[str]] = {}
    for name, node in nodes.items():
        parent = _mapping(node, "message").get(parent_key)
        above = parent if isinstance(parent, str) and parent in nodes else None
        children.setdefault(above, []).append(name)
    waiting = list(children.pop(None, ()))
    for count, name in enumerate(waiting):
        node = nodes[name]
        yield name, node
        under = children.pop(name, [])
        told = node.get(children_key)
        places = {each: at for at, each in enumerate(told)} if _are_names(told) else {}
        waiting += sorted(under, key=lambda each: places.get(each, len(places)))
        if count > len(nodes):
            break
    if children:
        raise BadArchive(tr("its messages follow each other in a circle"))


def _are_names(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _name(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Value) -> Sequence[Value]:
    return value if isinstance(value, list) else ()


def _dict(value: Value) -> dict[str, Value]:
    return value if isinstance(value, dict) else {}


def _mapping(value: Value, what: str) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise BadArchive(tr("its part “{what}” isn't what it should be", what=what))
    return value


def _dicts(value: Value, what: str) -> Sequence[dict[str, Value]]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise BadArchive(tr("its part “{what}” isn't what it should be", what=what))
    return value
