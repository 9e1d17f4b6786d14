from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot

from desktop.domain.chat import MessageState
from desktop.ui.transcript.model import TranscriptModel
from tests.gui.transcript.conftest import reply, user


def test_is_a_model_as_qt_wants_it(qtbot: QtBot) -> None:
    model = TranscriptModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_messages([user(1), reply(2, "a")])
    model.append(user(3))
    model.set_messages([user(1), reply(4, "b"), user(5)])
    model.replace(reply(4, "c"))
    model.put_above([user(-2), reply(-1, "z")])
    model.append(reply(6, "d"))
    assert [model.row_of(each) for each in (-2, -1, 1, 4, 5, 6)] == [0, 1, 2, 3, 4, 5]
    model.set_messages([user(-2), reply(-1, "z"), user(7)])
    assert [model.row_of(each) for each in (-2, -1, 1, 7)] == [0, 1, None, 2]
    model.set_messages([])
    model.set_messages([user(8)])
    assert model.row_of(8) == 0
    model.set_messages([])
    assert model.rowCount() == 0


def test_text_grows_without_item_views_being_told_to_lay_out(qtbot: QtBot) -> None:
    model = TranscriptModel()
    model.set_messages([user(1), reply(2, state=MessageState.STREAMING)])
    changes: list[QModelIndex] = []
    model.dataChanged.connect(lambda first, *_: changes.append(first))
    with qtbot.waitSignal(model.text_appended) as grown:
        model.append_text(2, "Hello")
    model.append_text(2, ", world")
    model.append_text(99, "of another chat")
    assert grown.args == [1]
    assert model.message(1).text == "Hello, world"
    assert changes == []
    model.replace(reply(2, "Hello, world."))
    assert model.message(1).text == "Hello, world."
    assert len(changes) == 1


def test_a_path_with_the_same_beginning_keeps_its_rows(qtbot: QtBot) -> None:
    model = TranscriptModel()
    model.set_messages([user(1), reply(2, "first version"), user(3)])
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    model.set_messages([user(1), reply(4, "second version")])
    assert [message.id for message in model.messages()] == [1, 4]
    assert model.row_of(2) is None
    assert not resets


def test_a_stored_copy_of_a_streaming_reply_does_not_take_text_back(qtbot: QtBot) -> None:
    model = TranscriptModel()
    model.set_messages([user(1), reply(2, state=MessageState.STREAMING)])
    model.append_text(2, "already shown")
    model.set_messages([user(1), reply(2, "alrea", state=MessageState.STREAMING)])
    assert model.message(1).text == "already shown"


def test_screen_readers_hear_who_speaks_what_and_how_it_ended(qtbot: QtBot) -> None:
    model: QAbstractItemModel = TranscriptModel()
    assert isinstance(model, TranscriptModel)
    model.set_messages(
        [
            user(1, "What is gravity?"),
            reply(2, "It pulls.", state=MessageState.STOPPED),
            reply(3, "", state=MessageState.FAILED, problem=("Out of memory.", "Close something.")),
        ]
    )
    spoken = [model.data(model.index(row), Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert spoken == [
        "You: What is gravity?",
        "SmolLM2: It pulls.\nStopped.",
        "SmolLM2:\nFailed. Out of memory. Close something.",
    ]
