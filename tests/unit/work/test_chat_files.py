"""Files of chats: each product's sample, broken and huge files, and what people read."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from desktop.domain.archive import ArchivedChat, ArchivedMessage, checked, shown_path
from desktop.domain.chat import MessageState, Run
from desktop.domain.errors import UserError
from desktop.storage.chats import ChatStore
from desktop.storage.database import Database
from desktop.work.chat_files import elements as streaming
from desktop.work.chat_files.elements import TooLarge, elements
from desktop.work.chat_files.exporting import export_as_json, export_to_folder, written
from desktop.work.chat_files.importing import Outcome, Preview, look_through, take_in
from desktop.work.chat_files.reading import Read, Step, Unread, read_chats
from desktop.work.chat_files.writing import as_html, as_markdown, file_name, html_parts

SAMPLES = Path(__file__).parents[2] / "chat_samples"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ChatStore]:
    with Database.open(tmp_path / "data" / "chats.db") as database:
        yield ChatStore(database)


def told(path: Path) -> list[Read | Unread]:
    return [each for each in read_chats(path) if not isinstance(each, Step)]


def only(path: Path) -> Read:
    found = told(path)
    assert len(found) == 1
    assert isinstance(found[0], Read), found
    return found[0]


def shown(chat: ArchivedChat) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in shown_path(chat)]


# --- each product's sample ------------------------------------------------------------------------


def test_chatgpt() -> None:
    read, circle, empty = told(SAMPLES / "chatgpt.json")
    assert isinstance(read, Read)
    assert read.product == "ChatGPT"
    assert read.chat.title == "Moons of Jupiter"
    assert read.chat.created_at == 1712000000.25
    assert shown(read.chat) == [
        ("user", "Which moon is the largest?"),
        ("assistant", "**Ganymede**, by far."),
    ]
    # The version that isn't shown is there as well, before the other one.
    assert [each.text for each in read.chat.messages if each.parent] == [
        "Titan.",
        "**Ganymede**, by far.",
    ]
    assert shown_path(read.chat)[-1].runs[0].model_name == "o3"
    assert "pictures and files (1)" in read.left_out
    assert "results of tools (1)" in read.left_out
    assert "thoughts and memories (1)" in read.left_out
    assert circle == Unread("“Broken”", "its messages follow each other in a circle")
    assert empty == Unread("“Empty”", "it holds no messages")


def test_claude() -> None:
    read = only(SAMPLES / "claude.json")
    assert (read.product, read.chat.title) == ("Claude", "Sourdough")
    assert shown(read.chat) == [
        ("user", "Why is my bread flat?"),
        ("assistant", "Too little time."),
        ("user", "How long then?"),
    ]
    assert read.chat.created_at == pytest.approx(1740931163.123456)
    assert read.left_out == "pictures and files (1), thoughts and memories (1)"


def test_open_webui() -> None:
    read = only(SAMPLES / "open_webui.json")
    assert (read.product, read.chat.title) == ("Open WebUI", "Regular expressions")
    assert shown(read.chat)[-1] == ("assistant", "It anchors.")
    assert [each.text for each in read.chat.messages][1:] == ["Start of line.", "It anchors."]
    assert shown_path(read.chat)[-1].runs[0].model_name == "qwen2.5"


def test_lm_studio() -> None:
    read = only(SAMPLES / "lm_studio")
    assert (read.product, read.chat.title) == ("LM Studio", "Haiku")
    assert read.chat.created_at == 1730000000.0
    assert shown(read.chat) == [
        ("user", "A haiku, please"),
        ("assistant", "Autumn leaves fall"),
        ("user", "Thanks"),
    ]
    assert "First try" in {each.text for each in read.chat.messages}


@pytest.mark.parametrize("part", ["", "thread.json", "messages.jsonl"])
def test_jan(part: str) -> None:
    read = only(SAMPLES / "jan" / part)
    assert (read.product, read.chat.title) == ("Jan", "Tides")
    assert shown(read.chat) == [("user", "Why are there tides?"), ("assistant", "The Moon pulls.")]
    assert shown_path(read.chat)[1].runs[0].model_name == "llama3.2-3b-instruct"
    assert shown_path(read.chat)[1].created_at == 1730000005.0


def gpt4all_file(version: int, *, state: bool = False) -> bytes:
    """Return a chat as GPT4All lays it out: two turns, the reply with a thought from 12 on."""

    def text(value: str) -> bytes:
        data = value.encode("utf-16-be")
        return struct.pack(">I", len(data)) + data

    def item(kind: str, value: str, parts: bytes) -> bytes:
        head = b"" if version >= 12 else struct.pack(">i", 0)
        flags = b"\0" * 4 + (b"\0" if version >= 11 and kind == "Response: " else b"")
        source = b"".join(map(text, ("c", "/p", "f", "t", "a", "d", "x"))) + bytes(12)
        sources = struct.pack(">q", 1) + source
        attached = struct.pack(">q", 0)
        return head + text(kind) + text(value) + text("") + flags + sources + attached + parts

    none = struct.pack(">q", 0) if version >= 12 else b""
    thought = text("Think: ") + text("<think>hm</think>") + struct.pack(">iq", 900, 0)
    part = text("Response: ") + text("") + struct.pack(">q", 1) + thought
    parts = struct.pack(">q", 1) + part if version >= 12 else b""
    model = struct.pack(">?ii", state, 1, 0) + text("") + text("") + bytes(4)
    return b"".join(
        (
            b"\xf5\xd5\x53\xcc",
            struct.pack(">iq", version, 1730000000),
            text("an-id") + text("Rivers") + text("") + text("mistral.gguf"),
            struct.pack(">I", 1) + text("a collection"),
            model if version < 11 else b"",
            struct.pack(">i", 2),
            item("Prompt: ", "The longest river?", none),
            item("Response: ", "The Nile.", parts),
        )
    )


@pytest.mark.parametrize("version", [10, 11, 12, 13])
def test_gpt4all(tmp_path: Path, version: int) -> None:
    path = tmp_path / "gpt4all-x.chat"
    path.write_bytes(gpt4all_file(version))
    read = only(path)
    assert (read.product, read.chat.title) == ("GPT4All", "Rivers")
    assert shown(read.chat) == [("user", "The longest river?"), ("assistant", "The Nile.")]
    assert shown_path(read.chat)[1].runs[0].model_name == "mistral.gguf"
    assert read.chat.created_at == 1730000000.0


def test_gpt4all_with_a_models_state_cut_or_of_another_version_says_so(tmp_path: Path) -> None:
    path = tmp_path / "gpt4all-x.chat"
    whole = gpt4all_file(12)
    for data, why in (
        (gpt4all_file(10, state=True), "state of a model"),
        (gpt4all_file(9), "version 9"),
        *((whole[:size], "") for size in range(4, len(whole), 7)),
    ):
        path.write_bytes(data)
        (found,) = told(path)
        assert isinstance(found, Unread)
        assert why in found.why


def test_an_archive_and_a_folder_hold_several(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(SAMPLES / "chatgpt.json", "conversations.json")
        archive.write(SAMPLES / "jan" / "thread.json", "threads/1/thread.json")
        archive.write(SAMPLES / "jan" / "messages.jsonl", "threads/1/messages.jsonl")
        archive.writestr("user.json", "{}")
        archive.writestr("broken.json", "[{")
    for where in (path, _unpacked(path, tmp_path / "folder")):
        found = told(where)
        assert sorted(each.product for each in found if isinstance(each, Read)) == [
            "ChatGPT",
            "Jan",
        ]
        assert any(isinstance(each, Unread) and "broken.json" in each.name for each in found)


def _unpacked(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    return folder


# --- broken, foreign and huge files ---------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n", b"[1, 2]", b'"text"', b"PK\x03\x04 no archive"]
)
def test_another_products_file_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(UserError) as trouble:
        told(path)
    assert "notes.txt" in trouble.value.title
    assert trouble.value.hint


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"a": 1}', "no chat of a product"),
        (b'[{"mapping": []}]', "isn't what it should be"),
        (b'[{"mapping": {"a": 5}}]', "isn't what it should be"),
        (b'[{"chat_messages": [{"sender": ["human"], "uuid": [], "text": 5}]}]', "no messages"),
        (
            b'[{"chat": {"history": {"messages": {"a": {"role": {}}}, "currentId": []}}}]',
            "no messa",
        ),
        (b'[{"messages": [{"versions": [{"role": 1}], "currentlySelected": {}}]}]', "no messages"),
        (b'[{"snug_chat": 99}]', "newer version"),
        (b'[{"snug_chat": 1, "messages": [{"id": 1, "role": "robot", "text": ""}]}]', "isn't as"),
        (b'[{"snug_chat": 1, "messages": [{"id": 1, "role": "user", "text": "\\ud800"}]}]', ""),
        (b"[" + b'{"mapping":' * 3000 + b"1" + b"}" * 3000 + b"]", ""),
        (b'[{"title": "x" "mapping": 1}]', "no valid JSON"),
    ],
)
def test_what_is_no_chat_is_listed_with_its_reason(
    tmp_path: Path, store: ChatStore, content: bytes, why: str
) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(content)
    *_, outcome = take_in(path, store, lambda: False)
    assert isinstance(outcome, Outcome)
    assert outcome.added == 0
    assert why in outcome.unread[0].why
    assert not store.chats()


def test_a_file_cut_in_the_middle_brings_what_is_whole(tmp_path: Path, store: ChatStore) -> None:
    path = tmp_path / "cut.json"
    whole = (SAMPLES / "chatgpt.json").read_bytes()
    path.write_bytes(whole[: whole.index(b'"Broken"')])
    with pytest.raises(UserError, match="ends in the middle"):
        list(take_in(path, store, lambda: False))
    assert [chat.title for chat in store.chats()] == ["Moons of Jupiter"]


def test_elements_come_whole_however_the_file_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    chats = [{"a": 'x"]}\\', "b": [1, [2, {"c": "\\\\"}]]}, {"d": "é" * 50}, [], {}]
    for data in (json.dumps(chats), json.dumps(chats, indent=1), "\ufeff" + json.dumps(chats)):
        for size in (1, 2, 3, 7, 1000):
            monkeypatch.setattr(streaming, "_FIRST_READ", size)
            found = list(elements(io.BytesIO(data.encode()), "x"))
            assert [json.loads(each) for each in found if isinstance(each, bytes)] == chats


def test_what_is_too_large_is_read_over_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_FIRST_READ", 64)
    monkeypatch.setattr(streaming, "MOST_BYTES", 1000)
    large = {"text": ["x" * 300] * 20, "end": {"a": "\\"}}
    one = {"text": 'y"' * 5000}
    data = json.dumps([{"a": 1}, large, {"b": 2}, one, {"c": 3}]).encode()
    found = list(elements(io.BytesIO(data), "x"))
    assert found == [b'{"a": 1}', TooLarge(), b'{"b": 2}', TooLarge(), b'{"c": 3}']


# --- in and out -----------------------------------------------------------------------------------


def test_a_preview_says_what_comes_and_an_import_is_not_done_twice(store: ChatStore) -> None:
    path = SAMPLES / "chatgpt.json"
    *_, preview = look_through(path, store, lambda: False)
    assert isinstance(preview, Preview)
    assert preview.coming == 1
    assert [line.title for line in preview.lines] == ["Moons of Jupiter"]
    assert len(preview.unread) == 2
    assert not store.chats()
    *_, outcome = take_in(path, store, lambda: False)
    assert isinstance(outcome, Outcome)
    assert outcome.added == 1
    chat = store.chats()[0]
    assert [each.text for each in store.path(chat.id)][-1] == "**Ganymede**, by far."
    assert store.path(chat.id)[-1].sibling_count == 2
    assert store.search("Ganymede").messages
    *_, again = take_in(path, store, lambda: False)
    assert isinstance(again, Outcome)
    assert (again.added, again.already_here) == (0, 1)


def test_an_import_stops_between_chats(tmp_path: Path, store: ChatStore) -> None:
    chat = json.loads((SAMPLES / "claude.json").read_text())[0]
    path = tmp_path / "many.json"
    path.write_text(json.dumps([chat | {"created_at": 1e9 + n} for n in range(50)]))
    *_, outcome = take_in(path, store, lambda: len(store.chats()) >= 3)
    assert isinstance(outcome, Outcome)
    assert outcome.was_stopped
    assert len(store.chats()) == outcome.added == 3


def test_all_chats_go_out_and_come_in_again(tmp_path: Path, store: ChatStore) -> None:
    run = Run(model_path="/m.gguf", model_name="Tiny")
    for name in ("One", "Two", "a/b: c?"):
        chat = store.create_chat(name)
        _, reply = store.begin_exchange(chat.id, None, f"Hello {name}", run)
        store.finish(reply.id, MessageState.COMPLETE, name.upper(), [1, 2])
    fetches = [lambda chat=chat: store.archived_chat(chat.id) for chat in store.chats()]
    path = tmp_path / "all.json"
    assert list(export_as_json(iter(fetches), path))[-1] == 3
    with Database.open(tmp_path / "other" / "chats.db") as database:
        other = ChatStore(database)
        list(take_in(path, other, lambda: False))
        assert sorted(chat.title for chat in other.chats()) == ["One", "Two", "a/b: c?"]
        assert [chat.updated_at for chat in other.chats()] == [
            chat.updated_at for chat in store.chats()
        ]
    folder = tmp_path / "pages"
    folder.mkdir()
    for _ in range(2):
        list(export_to_folder(iter(fetches), folder, "markdown", lambda c: written(c, "markdown")))
    assert sorted(each.name for each in folder.iterdir()) == [
        "One 2.md",
        "One.md",
        "Two 2.md",
        "Two.md",
        "a b c 2.md",
        "a b c.md",
    ]


def test_an_export_that_is_broken_off_leaves_no_file(tmp_path: Path, store: ChatStore) -> None:
    path = tmp_path / "all.json"
    steps = export_as_json(iter([lambda: None, lambda: None]), path)
    next(steps)
    steps.close()
    assert list(tmp_path.glob("*.json*")) == []
    with pytest.raises(UserError, match="can't be written"):
        list(export_as_json(iter([]), tmp_path / "nowhere" / "all.json"))


def hostile_chat() -> ArchivedChat:
    text = (
        "<script>alert(1)</script> <img src=x onerror=alert(1)> ![a](https://evil.example/p.png)\n\n"
        "[click](javascript:alert(1)) [ok](https://example.org)\n\n```html\n</pre><script>\n```"
    )
    message = ArchivedMessage(id=1, role="user", text=text)
    title = "</title><script>alert(2)</script>"
    return checked(ArchivedChat(snug_chat=1, title=title, messages=(message,)))


def test_a_page_runs_nothing_and_fetches_nothing() -> None:
    page = as_html(hostile_chat())
    assert "<script" not in page
    assert "<img" not in page
    assert 'href="javascript' not in page
    assert 'href="https://example.org"' in page
    assert "default-src 'none'" in page
    assert "src=" not in page.replace("src=x onerror", "")


def test_a_messages_headings_stay_below_the_pages_own() -> None:
    message = ArchivedMessage(id=1, role="user", text="# Big\n\n##### Small")
    page = as_html(checked(ArchivedChat(snug_chat=1, title="T", messages=(message,))))
    assert "<h3>Big</h3>" in page
    assert "<h6>Small</h6>" in page


def test_markdown_says_who_spoke() -> None:
    page = as_markdown(only(SAMPLES / "open_webui.json").chat)
    assert page.startswith("# Regular expressions\n")
    assert "## You\n\nWhat does a caret mean?\n\n## qwen2.5\n\nIt anchors.\n" in page


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("", "Untitled chat"),
        ("../../etc/passwd", "etc passwd"),
        ("con", "con chat"),
        ("a\nb", "a b"),
    ],
)
def test_names_of_files_are_harmless(title: str, name: str) -> None:
    assert file_name(ArchivedChat(snug_chat=1, title=title)) == name


JUNK: Final[tuple[object, ...]] = (
    None,
    True,
    -1,
    5,
    10**40,
    1e308,
    "",
    "x",
    "2025-13-45",
    [],
    {},
    [None],
    [[]],
    {"type": []},
)


def spoil(value: object, chance: random.Random, where: int) -> object:
    """Return the value with something in it replaced by junk."""
    if not where or not isinstance(value, dict | list) or not value:
        return chance.choice(JUNK)
    if isinstance(value, dict):
        key = chance.choice(list(value))
        return value | {key: spoil(value[key], chance, where - 1)}
    at = chance.randrange(len(value))
    return [*value[:at], spoil(value[at], chance, where - 1), *value[at + 1 :]]


@pytest.mark.parametrize("name", ["chatgpt.json", "claude.json", "open_webui.json", "lm", "snug"])
def test_a_spoilt_file_is_taken_whole_or_told(tmp_path: Path, store: ChatStore, name: str) -> None:
    path = tmp_path / "spoilt.json"
    if name == "snug":
        chat = only(SAMPLES / "open_webui.json").chat
        data = json.loads(written(chat, "json"))
    else:
        file = next((SAMPLES / "lm_studio").iterdir()) if name == "lm" else SAMPLES / name
        data = json.loads(file.read_text())
    chance = random.Random(name)
    for _ in range(60):
        path.write_text(json.dumps(spoil(data, chance, chance.randrange(1, 9))))
        # Nothing but this, whatever the junk is.
        with suppress(UserError):
            for each in told(path):
                if isinstance(each, Read):
                    before = len(store.chats())
                    chat_id = store.add_archived(each.chat)
                    assert len(store.chats()) == before + 1
                    assert store.path(chat_id)
                    assert as_markdown(store.archived_chat(chat_id))


def test_thoughts_are_folded_on_pages_and_left_out_where_nothing_folds() -> None:
    text = "<think>\nWell, **well** <b>.\n</think>\n\nThe answer."
    asked = ArchivedMessage(id=1, role="user", text="<think> is a mark")
    reply = ArchivedMessage(id=2, parent=1, role="assistant", text=text)
    chat = checked(ArchivedChat(snug_chat=1, title="T", messages=(asked, reply), leaf=2))
    page = as_html(chat)
    folded = page[page.index("<details") : page.index("</details>")]
    assert "Well, <strong>well</strong> &lt;b&gt;." in folded
    assert "The answer." not in folded
    assert "&lt;think&gt; is a mark" in page
    assert "Well" not in "".join(html_parts(chat, can_fold=False))
    markdown = as_markdown(chat)
    thought = "<details><summary>Thought</summary>\n\nWell, **well** <b>.\n\n</details>"
    assert f"{thought}\n\nThe answer." in markdown
