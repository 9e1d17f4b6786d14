"""Finding models: who is asked and when, what is shown, and what is said when the hub fails."""

from __future__ import annotations

import threading
import time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.ui.models.starting_words import GOOD_FOR
from models.catalogue import starting_embedders, starting_models
from tests.gui.hub.conftest import LARGE, SMALL, Hands, Open, button, visible
from tests.hub_server import Answer, HubServer


def names(hands: Hands) -> list[str]:
    results = hands.view.results.results
    return [str(results.index(row).data()) for row in range(results.rowCount())]


def test_nobody_is_asked_before_a_press(hands: Hands, hub: HubServer) -> None:
    QTest.keyClicks(hands.view.query, "chat")
    hands.bot.wait(300)
    assert hub.asked == []
    assert "Nothing is sent before you search" in hands.view.status.text()
    assert hands.discover.host in hands.view.status.text()
    QTest.keyClick(hands.view.query, Qt.Key.Key_Return)
    hands.until(lambda: hands.discover.search.status == "found")
    assert names(hands) == ["Large-Chat-GGUF", "Small-Chat-GGUF"]
    assert [asked.query["search"] for asked in hub.asked] == [["chat"]]


def test_models_to_start_with_are_judged_without_the_hub(hands: Hands, hub: HubServer) -> None:
    words = hands.view.starting.words
    hands.until(lambda: any("For this computer" in word for word in words()))
    titles = [word for word in words() if word.startswith(("A good one", "For "))]
    assert titles[0] == "A good one to start with on this computer"
    assert titles[1] == "For this computer, with 15 GB of memory"
    assert titles[2:4] == ["For 8 GB of memory", "For 4 GB of memory"]
    assert any(word.startswith("CPU") for word in words())
    assert hub.asked == []


def test_each_model_to_start_with_is_told_what_it_is_good_for() -> None:
    assert {model.name for model in (*starting_models(), *starting_embedders())} == set(GOOD_FOR)


def test_a_model_to_start_with_opens_its_page(hands: Hands, hub: HubServer) -> None:
    hands.until(lambda: any("For this computer" in word for word in hands.view.starting.words()))
    model = starting_models()[0]
    hub.add(model.repo, {model.file: b"GGUF" * 1000})
    # A widget in a window that is shown already becomes visible a moment later.
    hands.until(lambda: bool(visible(hands.view.starting, "See its files")))
    hands.view.starting.opened.emit(model.repo)
    hands.until(lambda: hands.shown_repo == model.repo)
    assert hands.view.page.isVisible()


def test_a_result_is_read_aloud_with_its_facts(hands: Hands) -> None:
    hands.search("small")
    index = hands.view.results.results.index(0)
    spoken = str(index.data(Qt.ItemDataRole.AccessibleTextRole))
    assert spoken.startswith("Small-Chat-GGUF by maker, 100 downloads")


def test_another_order_asks_again(hands: Hands, hub: HubServer) -> None:
    hands.search("chat")
    hands.discover.set_sort("likes")
    hands.until(lambda: hands.discover.search.status == "found")
    assert [asked.query["sort"] for asked in hub.asked] == [["trendingScore"], ["likes"]]


def test_more_results_come_on_request(hands: Hands, hub: HubServer) -> None:
    for number in range(45):
        hub.add(f"many/Model-{number:02}-GGUF", {"model.gguf": b"GGUF"}, downloads=900 - number)
    hands.search("model")
    assert len(names(hands)) == 30
    first = names(hands)
    button(hands.view, "Show more").click()
    hands.until(lambda: len(names(hands)) == 45)
    assert names(hands)[:30] == first
    assert not hands.view.more.isVisible()


def test_nothing_found_is_said(hands: Hands) -> None:
    hands.search("nosuchthing")
    assert "knows no GGUF model for “nosuchthing”" in hands.view.status.text()


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "who is asking"), (429, "too often"), (500, "trouble of its own"), (503, "trouble")],
)
def test_a_failing_hub_is_told_and_asked_again(
    hands: Hands, hub: HubServer, status: int, words: str
) -> None:
    hub.answer_always(Answer(status=status), where="hub")
    hands.search("chat")
    trouble = hands.view.trouble
    assert trouble.isVisible()
    assert words in trouble.accessibleName()
    hands.until(lambda: 0 < trouble.height() < 200)
    assert str(status) not in trouble.accessibleName()
    hub.answer_always(None, where="hub")
    if status == 401:
        assert hands.view.access.isVisible()
        return
    button(trouble, "Try again").click()
    hands.until(lambda: hands.discover.search.status == "found")
    assert not trouble.isVisible()
    assert len(names(hands)) == 2


def test_a_hub_that_is_gone_is_told(hands: Hands) -> None:
    hands.settings.set_app_value("hub_endpoint", "http://127.0.0.1:9")
    hands.search("chat")
    assert "can't be reached" in hands.view.trouble.accessibleName()


def test_an_address_that_is_none_is_told(hands: Hands) -> None:
    hands.settings.set_app_value("hub_endpoint", "ftp://nowhere")
    hands.search("chat")
    assert "not the address of a hub" in hands.view.trouble.accessibleName()


def test_offline_asks_nobody_until_one_goes_online(begin: Open, hub: HubServer) -> None:
    hands = begin(offline=True)
    assert "Snug is offline" in hands.view.status.text()
    hands.search("chat")
    assert hands.discover.search.status == "failed"
    assert "offline" in hands.view.trouble.accessibleName().lower()
    assert hub.asked == []
    button(hands.view.trouble, "Go online").click()
    hands.until(lambda: hands.discover.search.status == "found")
    assert not hands.settings.app.offline


def test_a_variable_that_puts_snug_offline_has_no_button(
    begin: Open, hub: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    hands = begin()
    hands.search("chat")
    assert "HF_HUB_OFFLINE" in hands.view.trouble.accessibleName()
    with pytest.raises(AssertionError, match="no button"):
        button(hands.view.trouble, "Go online")
    assert hub.asked == []


def test_who_is_asked_follows_the_settings(hands: Hands) -> None:
    hands.settings.set_app_value("hub_endpoint", "https://mirror.example")
    assert "A search asks mirror.example" in hands.view.status.text()
    assert "mirror.example" in hands.view.query.placeholderText()
    hands.settings.set_app_value("offline", True)
    assert "Snug is offline" in hands.view.status.text()


def test_a_search_that_takes_long_can_be_left(hands: Hands, hub: HubServer) -> None:
    hands.search("small")
    hold = threading.Event()
    hub.piece_bytes = 64
    hub.answer_next(Answer(body=b"[" + b" " * 500 + b"]", hold=hold), where="hub")
    hands.view.query.setText("large")
    hands.view.search_button.click()
    assert hands.view.search_button.text() == "Stop"
    hands.view.search_button.click()
    assert hands.discover.search.status == "found"
    assert names(hands) == ["Small-Chat-GGUF"]
    hold.set()
    hands.bot.wait(200)
    assert names(hands) == ["Small-Chat-GGUF"]


def test_only_the_newest_search_is_shown(hands: Hands, hub: HubServer) -> None:
    hands.discover.find("small")
    hands.discover.find("large")
    hands.until(lambda: hands.discover.search.status == "found")
    hands.bot.wait(200)
    assert names(hands) == ["Large-Chat-GGUF"]


def test_the_window_closes_while_the_hub_is_silent(hands: Hands, hub: HubServer) -> None:
    hold = threading.Event()
    hub.piece_bytes = 64
    hub.answer_next(Answer(body=b"[" + b" " * 500 + b"]", hold=hold), where="hub")
    hands.discover.find("chat")
    hands.until(lambda: hub.asked)
    begun = time.monotonic()
    hands.discover.close()
    assert time.monotonic() - begun < 1
    hold.set()


def test_enter_opens_and_going_back_returns_to_the_results(hands: Hands) -> None:
    hands.search("chat")
    results = hands.view.results
    hands.window.activateWindow()
    hands.view.query.setFocus()
    QTest.keyClick(hands.view.query, Qt.Key.Key_Down)
    hands.until(results.hasFocus)
    QTest.keyClick(results, Qt.Key.Key_Down)
    QTest.keyClick(results, Qt.Key.Key_Return)
    hands.until(lambda: hands.shown_repo == SMALL)
    assert hands.view.go_back()
    assert hands.shown_repo == ""
    assert names(hands) == ["Large-Chat-GGUF", "Small-Chat-GGUF"]
    assert hands.view.go_back()
    assert hands.discover.search.status == "start"
    assert not hands.view.go_back()


def test_a_page_that_is_left_is_not_shown_later(hands: Hands) -> None:
    hands.discover.open(LARGE)
    hands.discover.leave()
    hands.bot.wait(300)
    assert hands.discover.page is None
