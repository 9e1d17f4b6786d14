"""A model's page: what of it runs here, what must be accepted first, and its card as text."""

from __future__ import annotations

import json

import msgspec
import pytest
from PySide6.QtCore import QUrl

from models.problems import EngineError
from tests.gui.hub.conftest import GB, LARGE, SMALL, Hands, button
from tests.hub_server import Answer, HubServer

GATED = "maker/Gated-GGUF"


def test_every_file_is_judged_and_one_is_recommended(hands: Hands) -> None:
    hands.open_judged(LARGE)
    rows = hands.view.page.variants.rows
    assert list(rows) == ["Q4_K_M", "Q8_0", "F16"]
    assert [row.verdict for row in rows.values()] == ["CPU", "CPU", "Does not fit"]
    assert "about" in rows["Q4_K_M"].facts
    assert "tokens/s" in rows["Q4_K_M"].facts
    assert "more than is free" in rows["F16"].facts
    assert "tokens/s" not in rows["F16"].facts
    assert hands.view.page.advice.startswith("Recommended: Q4_K_M. ")
    assert rows["Q4_K_M"].button.accessibleName() == "Download Q4_K_M, 5.0 GB"
    assert rows["Q4_K_M"].button.property("kind") == "primary"
    assert rows["Q8_0"].button.property("kind") == "outline"


def test_another_context_is_judged_anew(hands: Hands) -> None:
    hands.open_judged(LARGE)
    row = hands.view.page.variants.rows["Q8_0"]
    before = row.facts
    field = hands.view.page.context_field
    field.setText("65536")
    field.editingFinished.emit()
    hands.until(lambda: row.facts not in (before, "Looking whether it runs here…"))
    assert row.verdict == "Does not fit"


def test_a_context_that_is_none_is_refused_in_words(hands: Hands) -> None:
    hands.open_judged(LARGE)
    field = hands.view.page.context_field
    before = hands.view.page.variants.rows["Q8_0"].facts
    field.setText("12")
    field.editingFinished.emit()
    assert field.property("invalid")
    hands.bot.wait(100)
    assert hands.view.page.variants.rows["Q8_0"].facts == before


def test_what_does_not_fit_is_fetched_only_at_a_second_press(hands: Hands) -> None:
    hands.machine = msgspec.structs.replace(hands.machine, memory_available=1000)
    hands.open_judged(SMALL)
    row = hands.view.page.variants.rows["Q4_K_M"]
    assert row.verdict == "Does not fit"
    assert hands.view.page.advice == "None of these files fits this computer at this context."
    row.button.click()
    assert row.button.text() == "Download anyway"
    button(row, "Cancel").click()
    assert row.button.text().startswith("Download  ")
    hands.bot.wait(200)
    assert hands.downloads.downloads == ()
    row.button.click()
    row.button.click()
    hands.until(lambda: len(hands.finished) == 1)


def test_a_file_is_fetched_and_then_loaded_from_its_row(hands: Hands) -> None:
    hands.open_judged(SMALL)
    row = hands.view.page.variants.rows["Q4_K_M"]
    loaded: list[str] = []
    hands.view.load_requested.connect(loaded.append)
    row.button.click()
    hands.until(lambda: row.button.text() == "Load")
    row.button.click()
    assert loaded == hands.finished
    assert hands.view.page.variants.rows["Q8_0"].button.text().startswith("Download")


def test_a_machine_that_cannot_be_measured_is_told(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise EngineError("probe_failed", "The devices can't be listed.", "Look at the driver.")

    monkeypatch.setattr(hands.judging, "_machine", broken)
    hands.open(SMALL)
    hands.until(lambda: "can't be listed" in hands.view.page.advice)
    assert hands.view.page.variants.rows["Q4_K_M"].button.text().startswith("Download")


def test_a_repository_without_models_says_so(hands: Hands, hub: HubServer) -> None:
    hub.add("maker/Empty-GGUF", {"config.json": b"{}"})
    hands.open("maker/Empty-GGUF")
    assert "no model file" in hands.view.page.advice


def test_a_page_that_is_not_there_is_told(hands: Hands) -> None:
    hands.open("maker/Gone-GGUF")
    assert "no repository maker/Gone-GGUF" in hands.view.page.trouble.accessibleName()
    assert not hands.view.page.variants.isVisible()


def test_a_garbled_answer_is_told(hands: Hands, hub: HubServer) -> None:
    hub.answer_next(Answer(body=json.dumps({"id": 5}).encode()), where="hub")
    hands.open(SMALL)
    assert hands.discover.page is not None
    assert hands.discover.page.trouble is not None
    button(hands.view.page.trouble, "Try again").click()
    hands.until(lambda: hands.discover.page and hands.discover.page.status == "shown")


# --- access --------------------------------------------------------------------------------------


def gated(hub: HubServer) -> None:
    files = {"gated-Q4_K_M.gguf": b"GGUF" * 5000}
    hub.add(GATED, files, gated=True, tokens=("hf_a_good_token",), card="# Gated")


def test_gated_models_are_explained_and_opened_by_a_token(hands: Hands, hub: HubServer) -> None:
    gated(hub)
    hands.open_judged(GATED)
    access = hands.view.page.access
    assert access.isVisible()
    assert "asks for access" in access.accessibleName()
    assert any("accept what its makers ask" in step for step in access.words())
    hands.view.page.variants.rows["Q4_K_M"].button.click()
    hands.until(lambda: [each.status for each in hands.downloads.downloads] == ["failed"])
    (row,) = hands.queue.rows.values()
    assert "gated" in row.words
    kept: list[str] = []
    hands.discover.token_kept.connect(kept.append)
    access.token_field.setText("hf_a_good_token")
    button(access, "Keep the token").click()
    assert access.token_field.text() == ""
    hands.until(lambda: kept == ["file"])
    assert (hands.base / "hub-tokens.json").stat().st_mode & 0o077 == 0
    row.buttons["resume"].click()
    hands.until(lambda: len(hands.finished) == 1)


def test_the_token_goes_to_the_hub_and_not_to_its_storage(hands: Hands, hub: HubServer) -> None:
    gated(hub)
    hands.address.keep("hf_a_good_token")
    hands.open_judged(GATED)
    hands.view.page.variants.rows["Q4_K_M"].button.click()
    hands.until(lambda: len(hands.finished) == 1)
    with_token = {asked.where for asked in hub.asked if "authorization" in asked.headers}
    assert with_token == {"hub"}
    assert any(asked.where == "storage" for asked in hub.asked)


def test_what_is_no_token_is_refused_in_words(hands: Hands, hub: HubServer) -> None:
    gated(hub)
    hands.open(GATED)
    access = hands.view.page.access
    access.token_field.setText("my password!\t")
    access.token_field.returnPressed.emit()
    hands.until(lambda: any("not an access token" in word for word in access.words()))


# --- the card ------------------------------------------------------------------------------------


def test_the_card_is_text_and_loads_nothing(hands: Hands, hub: HubServer) -> None:
    hands.open_judged(SMALL)
    text = hands.view.page.card.toPlainText()
    assert "A small model." in text
    assert "**" not in text
    hands.bot.wait(100)
    paths = {asked.path for asked in hub.asked}
    assert all("x.png" not in path for path in paths)
    assert hands.view.page.card.loadResource(2, QUrl("file:///etc/passwd")) is None


def test_links_open_on_a_press_and_only_on_the_web(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        "desktop.ui.models.discover_page.QDesktopServices.openUrl",
        lambda url: opened.append(url.toString()),
    )
    hands.open_judged(SMALL)
    card = hands.view.page.card
    for address in ("file:///etc/passwd", "mailto:a@example.com", "javascript:1", "ftp://x/y"):
        card.anchorClicked.emit(QUrl(address))
    assert opened == []
    card.anchorClicked.emit(QUrl("https://example.com/a"))
    assert opened == ["https://example.com/a"]


def test_the_address_of_a_link_is_shown_before_it_is_opened(hands: Hands) -> None:
    hands.open_judged(SMALL)
    page = hands.view.page
    page.card.highlighted.emit(QUrl("https://example.com/a"))
    assert page.link_line == "https://example.com/a"
    page.card.highlighted.emit(QUrl())
    assert page.link_line == ""


@pytest.mark.parametrize(
    "card",
    [
        "> " * 3000,
        "[" * 20_000,
        "[a](http://x) " * 3000,
        "|a" * 3000 + "\n" + "|-" * 3000,
        "x" * 10**6,
    ],
    ids=["quotes", "brackets", "links", "columns", "long"],
)
def test_a_hostile_card_costs_little(hands: Hands, card: str) -> None:
    hands.view.page.card.show_card(card)
    assert hands.view.page.card.document().characterCount() < 50_000


def test_the_machine_is_measured_when_a_page_is_opened(hands: Hands) -> None:
    hands.open_judged(LARGE)
    assert hands.view.page.variants.rows["Q8_0"].verdict == "CPU"
    hands.machine = msgspec.structs.replace(hands.machine, memory_available=7 * GB)
    hands.open_judged(LARGE)
    assert hands.view.page.variants.rows["Q8_0"].verdict == "Does not fit"
