"""What a death of the probe means, in words for people."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from models.installation import repair
from models.post_mortem import describe_death
from models.probe.messages import Died
from models.problems import EngineError
from models.records import Problem
from models.wording import mark, tr

_BUILD_FOLDER: Final = re.compile(r"\S*/(?=llama\.cpp/)")
"""Where the library was compiled, which tells nobody anything."""
_OTHER_FILE: Final = mark(
    "Download it again from a source that you trust, or choose another model."
)
_NO_ANSWER_OF: Final = {
    False: mark(
        "The search for devices was stopped, since the driver of a graphics card doesn't answer."
    ),
    True: mark(
        "The search for devices was stopped, since the driver of a graphics card or a worker on "
        "another machine doesn't answer."
    ),
}
_CRASHED_IN: Final = {
    False: mark("The search for devices crashed, most likely in the driver of a graphics card."),
    True: mark(
        "The search for devices crashed, most likely in the driver of a graphics card or a worker "
        "on another machine."
    ),
}
"""By whether there are workers."""


def confused() -> Problem:
    """Return the problem of a process that answers what it was not asked."""
    return Problem(
        code="probe_failed",
        title=tr(
            "The process that looks at models and devices gave an answer to another question."
        ),
        hint=tr("Install Snug again, so that all its parts are of one version."),
    )


def no_start(detail: str) -> EngineError:
    """Return the error of a process that doesn't come up."""
    return EngineError(
        "probe_failed",
        tr("The process that looks at models and devices could not start."),
        tr("{repair}; 'snug doctor' shows what is wrong.", repair=repair()),
        detail.strip().rpartition("\n")[2],
    )


def probe_died(died: Died) -> EngineError:
    """Return the error of a process that was ended while it waited for an answer itself."""
    return EngineError(
        "probe_failed",
        tr("The process that looks at models and devices was ended before it had an answer."),
        tr("Try again; if it happens again, close other programs to free memory."),
        _cause(died),
    )


def devices_died(died: Died, *, workers: bool) -> EngineError:
    """Return the error of a search for devices that ended in a death."""
    hint = tr("Update the driver of your graphics card, or install Snug's library for the CPU.")
    if workers:
        first = tr("Take the workers out of the settings to see which it is.")
        hint = f"{first} {hint}"
    if died.overdue:
        return EngineError("devices_failed", tr(_NO_ANSWER_OF[workers]), hint)
    return EngineError("devices_failed", tr(_CRASHED_IN[workers]), hint, _cause(died))


def file_died(path: Path, died: Died, *, quarantined: bool) -> EngineError:
    """Return the error of a file that a trial load died of, or never came to an end with."""
    hint = tr(_OTHER_FILE)
    if quarantined:
        apart = tr("It is set apart now, and won't be loaded until you release it.")
        hint = f"{apart} {hint}"
    if died.overdue:
        return EngineError(
            "model_endless",
            tr("A trial load of {name} came to no end and was stopped.", name=path.name),
            hint,
        )
    return EngineError(
        "model_deadly",
        tr(
            "{name} would crash the engine: a trial load in a process of its own died of it.",
            name=path.name,
        ),
        hint,
        _cause(died),
    )


def _cause(died: Died) -> str:
    """Return what the post-mortem finds, the library's own last words included."""
    problem = describe_death(died.exit_code, died.log, started=True)
    where = _BUILD_FOLDER.sub("", problem.detail)
    return "\n".join(filter(None, (problem.title, where)))
