"""Writes down that the installers have passed, when all of their tests have."""

from __future__ import annotations

import sys

import proven
import pytest


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember a whole run that passed; say why another one proves nothing."""
    if session.config.option.markexpr != "installers":
        return
    why_not = reason(session, exitstatus)
    if why_not is None:
        proven.remember()
        sys.stdout.write(f"\nwritten: {proven.FILE}; commit it with what it proves\n")
    else:
        sys.stdout.write(f"\n{proven.FILE} stays as it is: {why_not}\n")


def reason(session: pytest.Session, exitstatus: int) -> str | None:
    """Return why this run is no proof, or None where it is one."""
    if exitstatus != 0:
        return "not every test has passed"
    if session.config.option.keyword or session.config.args != ["tests/packaging"]:
        return "only some of the tests were asked for"
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    passed = len(reporter.stats.get("passed", ())) if reporter else 0
    left = session.testscollected - passed
    return f"{left} of the tests were not run" if left else None
