"""Offline is heeded at once, also by a transfer that runs."""

from __future__ import annotations

import threading

from tests.gui.hub.conftest import SMALL, Hands
from tests.hub_server import Answer, HubServer


def test_going_offline_ends_a_transfer_that_runs(hands: Hands, hub: HubServer) -> None:
    never = threading.Event()
    hub.piece_bytes = 100
    hub.answer_next(Answer(hold=never))
    hands.open_judged(SMALL)
    hands.view.page.variants.rows["Q4_K_M"].button.click()
    hands.until(lambda: any(one.done_bytes for one in hands.downloads.downloads))
    asked = len(hub.asked)
    hands.settings.set_app_value("offline", True)
    hands.until(lambda: hands.downloads.downloads[0].status == "failed")
    never.set()
    problem = hands.downloads.downloads[0].problem
    assert problem is not None
    assert problem.code == "offline"
    assert len(hub.asked) == asked
