"""The queue as one sees it: its words, its buttons, cuts, restarts, and what can't be used."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QPushButton

from desktop.ui.models.download_row import DownloadRow
from models.downloads.records import DownloadRequest
from models.hub.records import RemoteFile
from tests.gui.hub.conftest import GB, SMALL, Hands, Open
from tests.hub_server import COMMIT, Answer, HubServer

FILE = "small-chat-Q4_K_M.gguf"


def fetch(hands: Hands, hub: HubServer) -> None:
    """Begin to fetch the small model from its page, and wait for its row."""
    hands.open_judged(SMALL)
    hands.view.page.variants.rows["Q4_K_M"].button.click()
    hands.until(lambda: hands.queue.rows)


def row_of(hands: Hands) -> DownloadRow:
    (row,) = hands.queue.rows.values()
    return row


def offered(hands: Hands) -> list[str]:
    return [each.text() for each in row_of(hands).buttons.values()]


def press(row: DownloadRow, words: str) -> None:
    """Press the row's button with these words."""
    next(each for each in row.buttons.values() if each.text() == words).click()


def until_status(hands: Hands, status: str) -> None:
    hands.until(lambda: [each.status for each in hands.downloads.downloads] == [status])


def held(hub: HubServer) -> threading.Event:
    """Let the next transfer stop in its middle until the event is set."""
    hold = threading.Event()
    hub.answer_next(Answer(hold=hold))
    return hold


def test_a_download_from_press_to_load(hands: Hands, hub: HubServer) -> None:
    hold = held(hub)
    fetch(hands, hub)
    until_status(hands, "running")
    hands.until(lambda: "of 300 kB" in row_of(hands).words)
    assert offered(hands) == ["Pause", "Cancel"]
    assert hands.downloads.under_way == 1
    hold.set()
    until_status(hands, "done")
    assert row_of(hands).words == "Done  ·  300 kB, checked and whole"
    assert offered(hands) == ["Load", "Take off the list"]
    assert hands.downloads.under_way == 0
    (path,) = hands.finished
    assert Path(path).read_bytes() == hub.repos[SMALL].files[FILE]
    loaded: list[str] = []
    hands.queue.load_requested.connect(loaded.append)
    press(row_of(hands), "Load")
    assert loaded == [path]


def test_pausing_keeps_what_has_come(hands: Hands, hub: HubServer) -> None:
    hold = held(hub)
    fetch(hands, hub)
    hands.until(lambda: hands.downloads.downloads[0].done_bytes > 0)
    press(row_of(hands), "Pause")
    until_status(hands, "paused")
    hold.set()
    assert row_of(hands).words.startswith("Paused  ·  ")
    assert offered(hands) == ["Resume", "Cancel"]
    press(row_of(hands), "Resume")
    until_status(hands, "done")
    assert hub.sent_bytes < 1.5 * 300_000


def test_a_cut_is_told_and_mended(hands: Hands, hub: HubServer) -> None:
    said: list[str] = []
    hands.downloads.changed.connect(
        lambda _all: said.extend(row.words for row in hands.queue.rows.values())
    )
    hub.answer_next(Answer(cut_after=100_000), Answer(cut_after=50_000))
    fetch(hands, hub)
    until_status(hands, "done")
    assert any(words.startswith("Interrupted, trying again") for words in said)
    assert Path(hands.finished[0]).read_bytes() == hub.repos[SMALL].files[FILE]


def test_a_file_with_a_wrong_hash_is_never_offered(hands: Hands, hub: HubServer) -> None:
    hub.repos[SMALL].hashes[FILE] = "cd" * 32
    fetch(hands, hub)
    until_status(hands, "failed")
    row = row_of(hands)
    assert "Load" not in offered(hands)
    assert offered(hands) == ["Try again", "Remove"]
    assert row.words
    assert "sha" not in row.words.lower()
    assert hands.finished == []
    assert not list((hands.base / "models").rglob("*.gguf"))
    assert hands.view.page.variants.rows["Q4_K_M"].button.text() == "Failed: see why"
    del hub.repos[SMALL].hashes[FILE]


@pytest.mark.parametrize(
    ("status", "words", "button_text"),
    [
        (401, "who is asking", "See the model's page"),
        (403, "gated", "See the model's page"),
        (404, "no", "See the model's page"),
        (400, "refused", "Try again"),
    ],
)
def test_a_refusal_is_told_with_its_remedy(
    hands: Hands, hub: HubServer, status: int, words: str, button_text: str
) -> None:
    hands.open_judged(SMALL)
    hub.answer_always(Answer(status=status), where="hub")
    hands.view.page.variants.rows["Q4_K_M"].button.click()
    until_status(hands, "failed")
    row = row_of(hands)
    assert words in row.words
    # The server's port may hold any digits.
    assert str(status) not in re.sub(r":\d+", "", row.accessibleName())
    assert button_text in offered(hands)
    wanted: list[str] = []
    hands.queue.model_requested.connect(wanted.append)
    if button_text != "Try again":
        press(row, button_text)
        assert wanted == [SMALL]
    hub.answer_always(None, where="hub")
    press(row, "Try again")
    until_status(hands, "done")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_trouble_that_passes_is_tried_again(hands: Hands, hub: HubServer, status: int) -> None:
    hub.answer_next(Answer(status=status))
    fetch(hands, hub)
    until_status(hands, "done")


def test_trouble_that_stays_ends_with_words(hands: Hands, hub: HubServer) -> None:
    hub.answer_always(Answer(status=500))
    fetch(hands, hub)
    until_status(hands, "failed")
    assert "trouble" in row_of(hands).words
    hub.answer_always(None)
    press(row_of(hands), "Try again")
    until_status(hands, "done")


def test_offline_says_so_and_fetches_nothing(hands: Hands, hub: HubServer) -> None:
    hands.open_judged(SMALL)
    hands.settings.set_app_value("offline", True)
    hands.view.page.variants.rows["Q4_K_M"].button.click()
    until_status(hands, "failed")
    assert "offline" in row_of(hands).words.lower()
    assert offered(hands) == ["Go online", "Remove"]
    assert not any(asked.where == "storage" for asked in hub.asked)
    press(row_of(hands), "Go online")
    until_status(hands, "done")


def test_too_little_room_is_told_before_anything_is_fetched(hands: Hands, hub: HubServer) -> None:
    file = RemoteFile(path="huge.gguf", size_bytes=10**9 * GB, sha256="ab" * 32)
    request = DownloadRequest(repo=SMALL, revision=COMMIT, variant="F64", files=(file,))
    hands.downloads.add(request)
    until_status(hands, "failed")
    assert "free" in row_of(hands).accessibleName()
    assert hub.asked == []


def test_a_name_that_leads_elsewhere_is_refused(hands: Hands) -> None:
    troubles: list[object] = []
    hands.downloads.refused.connect(troubles.append)
    file = RemoteFile(path="../../evil.gguf", size_bytes=10, sha256="ab" * 32)
    request = DownloadRequest(repo=SMALL, revision=COMMIT, variant="Q4", files=(file,))
    hands.downloads.add(request)
    hands.until(lambda: troubles)
    assert hands.downloads.downloads == ()


def test_a_restart_goes_on_where_it_was(begin: Open, hub: HubServer) -> None:
    first = begin()
    hold = held(hub)
    fetch(first, hub)
    first.until(lambda: first.downloads.downloads[0].done_bytes > 0)
    first.close()
    hold.set()
    again = begin()
    again.downloads.start()
    again.until(lambda: len(again.finished) == 1)
    assert Path(again.finished[0]).read_bytes() == hub.repos[SMALL].files[FILE]
    assert hub.sent_bytes < 1.5 * 300_000


def test_a_restart_leaves_a_pause_and_tells_no_old_news(begin: Open, hub: HubServer) -> None:
    first = begin()
    fetch(first, hub)
    until_status(first, "done")
    hold = held(hub)
    first.view.page.variants.rows["Q8_0"].button.click()
    first.until(lambda: len(first.queue.rows) == 2)
    first.until(lambda: first.downloads.downloads[-1].done_bytes > 0)
    first.downloads.pause(first.downloads.downloads[-1].id)
    first.until(lambda: first.downloads.downloads[-1].status == "paused")
    first.close()
    hold.set()
    again = begin()
    again.downloads.start()
    again.until(lambda: len(again.queue.rows) == 2)
    again.bot.wait(300)
    assert [each.status for each in again.downloads.downloads] == ["done", "paused"]
    assert again.downloads.downloads[-1].done_bytes > 0
    assert again.finished == []


def test_a_window_without_a_queue_begins_none(hands: Hands) -> None:
    hands.downloads.start()
    hands.bot.wait(200)
    assert hands.downloads._queue is None
    assert not (hands.base / "models").exists()


def test_cancelling_leaves_nothing_behind(hands: Hands, hub: HubServer) -> None:
    hold = held(hub)
    fetch(hands, hub)
    hands.until(lambda: hands.downloads.downloads[0].done_bytes > 0)
    press(row_of(hands), "Cancel")
    hands.until(lambda: not hands.queue.rows)
    hold.set()
    left = hands.base / "models"
    hands.until(lambda: not [each for each in left.rglob("*") if "small-chat" in each.name])
    assert hands.view.page.variants.rows["Q4_K_M"].button.text().startswith("Download")


def test_a_done_one_leaves_the_list_and_keeps_its_file(hands: Hands, hub: HubServer) -> None:
    fetch(hands, hub)
    until_status(hands, "done")
    press(row_of(hands), "Take off the list")
    hands.until(lambda: not hands.queue.rows)
    assert Path(hands.finished[0]).is_file()


def test_the_free_room_is_shown(hands: Hands) -> None:
    hands.until(lambda: hands.queue.space.text().endswith("free on this disk"))


def test_every_control_of_the_queue_has_a_name_and_takes_the_tab_key(
    hands: Hands, hub: HubServer
) -> None:
    hold = held(hub)
    fetch(hands, hub)
    until_status(hands, "running")
    for each in hands.window.findChildren(QPushButton):
        if each.isVisible():
            name = QAccessible.queryAccessibleInterface(each).text(QAccessible.Text.Name)
            assert name, each
            assert each.focusPolicy(), each
    bar = QAccessible.queryAccessibleInterface(row_of(hands).bar)
    assert SMALL in bar.text(QAccessible.Text.Name)
    hold.set()


def test_files_that_have_gone_are_not_offered(hands: Hands, hub: HubServer) -> None:
    fetch(hands, hub)
    until_status(hands, "done")
    variant = hands.view.page.variants.rows["Q4_K_M"]
    hands.until(lambda: variant.button.text() == "Load")
    Path(hands.finished[0]).unlink()
    for each in (hands.queue, hands.view.page):
        each.hide()
        each.show()
    hands.until(lambda: row_of(hands).words == "Its files are no longer there.")
    assert offered(hands) == ["Fetch again", "Take off the list"]
    hands.until(lambda: variant.button.text().startswith("Download"))
    press(row_of(hands), "Fetch again")
    hands.until(lambda: len(hands.finished) == 2)
    hands.until(lambda: offered(hands) == ["Load", "Take off the list"])


def test_files_that_are_here_are_offered_whatever_the_list_says(
    hands: Hands, hub: HubServer
) -> None:
    fetch(hands, hub)
    until_status(hands, "done")
    press(row_of(hands), "Take off the list")
    hands.until(lambda: not hands.queue.rows)
    hands.discover.leave()
    hands.open(SMALL)
    variant = hands.view.page.variants.rows["Q4_K_M"]
    hands.until(lambda: variant.button.text() == "Load")
    loaded: list[str] = []
    hands.view.load_requested.connect(loaded.append)
    variant.button.click()
    assert loaded == hands.finished
