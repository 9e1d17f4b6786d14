"""What a reply stands on: numbers in its text, and the list below it."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from desktop.domain.chat import Message, MessageState
from desktop.domain.grounds import Grounds, Source, SourceNote, Support
from desktop.ui.transcript.sources import SourcesPanel
from desktop.ui.transcript.view import TranscriptView
from tests.gui.transcript.conftest import Show, place_of, reply, user
from tests.gui.transcript.test_markdown import links_of
from tests.gui.transcript.test_reading import clipboard, point_in, tab_into

SOURCES = tuple(
    Source(
        number=number,
        document_id=7,
        name="report.pdf",
        first=number,
        last=number,
        page=number,
        found=True,
    )
    for number in (1, 2, 3)
)
FOUND = Grounds(searched=("report.pdf",), sources=SOURCES, by="words")
WHOLE = Grounds(
    whole=("report.pdf",),
    sources=tuple(msgspec.structs.replace(each, found=False) for each in SOURCES),
)
NOTHING = Grounds(searched=("report.pdf", "plan.txt", "notes.md"))


def panel_of(view: TranscriptView) -> SourcesPanel:
    panel = view.findChild(SourcesPanel, "replySources")
    assert isinstance(panel, SourcesPanel)
    return panel


def grounded(text: str, grounds: Grounds = FOUND, **fields: object) -> Message:
    return reply(2, text, grounds=grounds, **fields)


def links_in(view: TranscriptView) -> dict[str, str]:
    return links_of(view._layout.row(1).rendered(0).document)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("It pulls [1].", {"1": "source:1"}),
        ("It pulls [1, 3][2].", {"1": "source:1", "3": "source:3", "2": "source:2"}),
        ("It pulls [2; 9].", {"2": "source:2"}),
        ("It pulls [9].", {}),
        ("It `[1]` is code, and \\[1] is not meant.", {}),
        ("[1](source:2) and <source:3>", {}),
        ("A [link](https://example.org)[1]", {"link": "https://example.org", "1": "source:1"}),
        ("[x]: source:2\n\nsee [x]", {}),
    ],
)
def test_numbers_of_sources_lead_to_them_and_nothing_else_can(
    show: Show, text: str, links: dict[str, str]
) -> None:
    assert links_in(show(user(1), grounded(text))) == links


def test_numbers_are_only_numbers_where_a_reply_stands_on_nothing(show: Show) -> None:
    assert links_in(show(user(1), reply(2, "It pulls [1]."))) == {}


def test_a_click_on_a_number_names_its_source(show: Show) -> None:
    view = show(user(1), grounded("It pulls [2]."))
    pressed: list[Source] = []
    view.source_activated.connect(pressed.append)
    middle = (point_in(view, 1, 0, 10) + point_in(view, 1, 0, 11)) / 2
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert pressed == [SOURCES[1]]


def test_passages_are_listed_with_their_pages_and_first_words(show: Show) -> None:
    view = show(user(1), grounded("It pulls [2]."))
    panel = panel_of(view)
    assert panel.heading == "Found for this question: 3 passages of report.pdf."
    assert [button.source for button in panel.buttons] == list(SOURCES)
    assert [button.is_cited for button in panel.buttons] == [False, True, False]
    view.show_source_notes({SOURCES[0]: SourceNote(text="Apples fall.", mark="Changed since")})
    assert panel.buttons[0].accessibleName() == (
        "Source 1: report.pdf · page 1. Changed since. Apples fall."
    )
    pressed: list[Source] = []
    view.source_activated.connect(pressed.append)
    panel.buttons[2].click()
    assert pressed == [SOURCES[2]]


def test_sources_in_sight_are_asked_about_once(show: Show) -> None:
    view = show(user(1), reply(2))
    asked: list[list[Source]] = []
    view.source_notes_wanted.connect(asked.append)
    view.source_notes_wanted.connect(
        lambda wanted: view.show_source_notes(dict.fromkeys(wanted, SourceNote(text="Words")))
    )
    view.transcript().replace(grounded("It pulls."))
    view.scroll(0, 1)
    assert asked == [list(SOURCES)]


def test_of_whole_documents_only_what_is_cited_is_listed(show: Show) -> None:
    view = show(user(1), grounded("It pulls [3].", WHOLE))
    panel = panel_of(view)
    assert panel.heading == "Read whole: report.pdf."
    assert [button.source for button in panel.buttons] == [WHOLE.sources[2]]


def test_sentences_wear_the_numbers_of_what_bears_them_out(show: Show) -> None:
    text = "It pulls.\n\n- Apples *fall*.\n- Moons too.\n\n```\nIt pulls.\n```"
    ends = (len("It pulls"), text.index("fall*") + 5, text.rindex("pulls") + 5)
    support = tuple(Support(end=end, numbers=(2, 3)) for end in ends)
    message = grounded(text, msgspec.structs.replace(WHOLE, support=support))
    view = show(user(1), message)
    row = view._layout.row(1)
    shown = [row.rendered(index).document.toPlainText() for index in range(len(row.blocks))]
    assert shown == ["It pulls [2, 3].", "Apples fall [2, 3].\nMoons too.", "It pulls."]
    assert links_in(view) == {"2": "source:2", "3": "source:3"}
    assert [button.source.number for button in panel_of(view).buttons] == [2, 3]
    view.commands._copy_message(2)
    assert clipboard() == text


def test_it_is_said_that_nothing_fits(show: Show) -> None:
    view = show(user(1), grounded("I do not know.", NOTHING))
    heading = panel_of(view).heading
    assert heading.startswith("Nothing in report.pdf, plan.txt and 1 more fits this question.")
    spoken = view.transcript().data(view.transcript().index(1))
    assert heading in str(spoken)


def test_the_list_stands_between_text_and_actions_and_moves_with_them(show: Show) -> None:
    view = show(user(1), grounded("Gravity pulls [1].", WHOLE, state=MessageState.STREAMING))
    row = view._layout.row(1)
    before = row.height
    view.transcript().append_text(2, " On [2] and [3].")
    assert row.sources_height == panel_of(view).height() > 0
    view.transcript().replace(grounded("Gravity pulls [1]. On [2] and [3].", WHOLE))
    ended = view._layout.row(1)
    assert len(panel_of(view).buttons) == 3
    assert ended.height > before
    assert ended.blocks_bottom < ended.sources_top < ended.actions_top
    assert panel_of(view).y() == place_of(view, 2) + ended.sources_top
    view.transcript().replace(reply(2, "Gravity pulls."))
    assert view._layout.row(1).sources_height == 0


def test_tab_comes_by_the_sources_of_the_current_reply(show: Show) -> None:
    view = show(user(1), grounded("It pulls [1]."))
    tab_into(view)
    assert {button.focusPolicy() for button in panel_of(view).buttons} == {Qt.FocusPolicy.TabFocus}
