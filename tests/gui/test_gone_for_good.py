"""A chat that is deleted for good is gone everywhere: no file that Snug keeps tells of it."""

from __future__ import annotations

from pathlib import Path

from models.state_files import list_states
from tests.gui.conftest import App

SECRET = "xylophagous"


def files_with(folder: Path, word: str) -> list[str]:
    """Return the names of the files under a folder that hold a word."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in found if word.encode() in path.read_bytes().lower()]


def test_emptying_the_trash_leaves_nothing_of_a_chat(app: App, tmp_path: Path) -> None:
    session, kept = app.session, tmp_path / "cache" / "chats"
    app.send(f"a {SECRET} beetle")
    app.until_ended(2)
    gone = session.chat.chat_id
    assert gone is not None
    session.chat.open_new()
    # Leaving a chat keeps what the model has read of it.
    app.until(lambda: [each.chat for each in list_states(kept)] == [str(gone)])
    app.send("something else")
    app.until_ended(2)
    session.backups.make()
    app.until(lambda: session.backups.backups)
    assert session.backups.backups[0].chats == 2
    assert len(files_with(tmp_path, SECRET)) >= 2, "the chats and their backup hold it"

    session.chats.delete(gone)
    session.trash.refresh()
    app.until(lambda: session.trash.chats)
    session.trash.empty()
    app.until(lambda: not session.trash.chats and not list_states(kept))
    found: list[bool] = []
    session.store.call(
        lambda store: bool(store.search(SECRET).messages or store.search(SECRET[2:6]).messages),
        found.append,
    )
    app.until(lambda: found)
    assert found == [False]
    app.until(lambda: not files_with(tmp_path, SECRET))
    app.close()
    assert files_with(tmp_path, SECRET) == []
    assert str(gone) not in {each.chat for each in list_states(kept)}
