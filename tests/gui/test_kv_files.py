"""What is kept of chats on disk: when it is written, fetched and deleted."""

from __future__ import annotations

from pathlib import Path

from desktop.domain.chat import PRIVATE_FROM
from desktop.ui.models.kept_chats import KeptChats
from models.protocol import Event, Finished, StatesDone
from models.state_files import StateEntry, list_states
from tests.gui.conftest import App, Start


def _folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "chats"


def _kept(tmp_path: Path) -> list[StateEntry]:
    return list_states(_folder(tmp_path))


def _names(tmp_path: Path) -> list[str]:
    return sorted(each.chat for each in _kept(tmp_path))


def _chat(app: App, text: str) -> int:
    app.session.chat.open_new()
    app.until(lambda: app.session.chat.chat_id is None)
    app.send(text)
    app.until_ended(2)
    assert app.session.chat.chat_id is not None
    return app.session.chat.chat_id


def _finished(app: App) -> list[Finished]:
    found: list[Finished] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Finished):
            found.append(event)

    app.session.engine.event_received.connect(on_event)
    return found


def test_a_chat_is_written_when_it_is_left_and_not_before(app: App, tmp_path: Path) -> None:
    first = _chat(app, "hello there")
    app.send("and again")
    app.until_ended(4)
    assert not _kept(tmp_path)
    app.session.chat.open_new()
    app.until(lambda: _names(tmp_path) == [str(first)])


def test_a_chat_is_fetched_after_a_restart(start: Start, tmp_path: Path) -> None:
    app = start("--reply-tokens", "6")
    app.until_ready()
    chat_id = _chat(app, "hello there")
    app.close()
    assert _names(tmp_path) == [str(chat_id)]

    again = start("--reply-tokens", "6")
    done: list[StatesDone] = []

    def on_event(event: Event) -> None:
        if isinstance(event, StatesDone):
            done.append(event)

    again.session.engine.event_received.connect(on_event)
    again.session.chat.open(chat_id)
    again.until(lambda: (str(chat_id),) in [event.chats for event in done])
    finished = _finished(again)
    again.send("what then?")
    again.until(lambda: finished)
    report = finished[0].report
    assert report.reused_tokens > report.prefilled_tokens > 0


def test_a_private_chat_leaves_nothing(app: App, tmp_path: Path) -> None:
    kv_files = app.session.kv_files
    assert kv_files.home_of(PRIVATE_FROM + 1) is None
    assert kv_files.home_of(1) is not None
    app.session.settings.set_app_value("kv_files_mb", 0)
    assert kv_files.home_of(1) is None


def test_a_purged_chat_is_gone_from_disk_and_memory(app: App, tmp_path: Path) -> None:
    first = _chat(app, "hello there")
    second = _chat(app, "something else")
    app.until(lambda: str(first) in _names(tmp_path))
    app.session.kv_files.forgotten({first, second})
    app.until(lambda: not _kept(tmp_path))
    app.close()
    assert not _kept(tmp_path), "what memory held of them isn't written at the end"


def test_files_of_chats_that_are_no_more_are_swept(app: App, tmp_path: Path) -> None:
    first = _chat(app, "hello there")
    app.session.chat.open_new()
    app.until(lambda: _names(tmp_path) == [str(first)])
    own = _kept(tmp_path)[0].path
    own.with_name("4711" + own.name[len(str(first)) :]).write_bytes(b"left behind")
    app.session.kv_files._on_sweep()
    app.until(lambda: _names(tmp_path) == [str(first)])


def test_a_lower_limit_and_none_at_all_delete_at_once(app: App, tmp_path: Path) -> None:
    first = _chat(app, "hello there")
    app.session.chat.open_new()
    app.until(lambda: _names(tmp_path) == [str(first)])
    app.session.settings.set_app_value("kv_files_mb", 0)
    app.until(lambda: not _kept(tmp_path))


def test_the_line_tells_what_is_kept_and_its_button_deletes_it(app: App, tmp_path: Path) -> None:
    line = KeptChats(app.session.kv_files)
    app.bot.addWidget(line)
    assert "Nothing" in line._text.text()
    _chat(app, "hello there")
    line.look()
    app.session.chat.open_new()
    app.until(lambda: line._text.text().startswith("1 chat on the disk"))
    line._delete.click()
    app.until(lambda: not line._delete.isEnabled())
    assert not _kept(tmp_path)
