"""A load whose RPC workers fail offers the load without them."""

from __future__ import annotations

import pytest

from models.load_plan import LoadPlan, Refused
from models.records import LoadOptions, Problem

SERVERS = ("10.0.0.2:50052", "10.0.0.2:5005", "cellar")


def refused(code: str, title: str, *servers: str) -> Refused:
    plan = LoadPlan(LoadOptions(path="/models/a.gguf", rpc_servers=servers))
    step = plan.failed(Problem(code=code, title=title))
    assert isinstance(step, Refused)
    return step


@pytest.mark.parametrize(
    ("title", "left"),
    [
        ("No RPC worker runs at 10.0.0.2:50052: refused.", SERVERS[1:]),
        ("The RPC worker at 10.0.0.2:5005 doesn't answer.", (SERVERS[0], SERVERS[2])),
        ("The RPC worker at cellar:50052 can't be reached.", SERVERS[:2]),
        ("The RPC workers at 10.0.0.2:50052, cellar:50052 are gone.", SERVERS[1:2]),
        ("This build of llama.cpp can't spread a model over several machines.", ()),
    ],
)
def test_the_workers_that_a_problem_names_are_left_out(title: str, left: tuple[str, ...]) -> None:
    step = refused("rpc_unreachable", title, *SERVERS)
    (choice,) = step.choices
    assert choice.options.rpc_servers == left
    assert choice.options.path == "/models/a.gguf"
    assert choice.label.startswith("Load without")


def test_other_problems_have_nothing_to_do_with_workers() -> None:
    assert refused("model_damaged", "10.0.0.2:50052", *SERVERS).choices == ()
    assert refused("rpc_missing", "No RPC.").choices == ()
