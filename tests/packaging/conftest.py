"""Clean roots for the tests of the installers, and a note when all of those have passed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import proven
import pytest

from tests.packaging.clean_root import CleanRoot
from tests.packaging.installers import installer

_TRIED: Final = pytest.StashKey[str]()
_TOOLS: Final = ("mmdebstrap", "unshare", "Xvfb", "weston")


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> CleanRoot:
    """A Debian with nothing but its base."""
    if os.geteuid() != 0:
        pytest.skip("a clean root needs root to make")
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"these programs are not installed: {', '.join(missing)}")
    return CleanRoot.fresh(tmp_path_factory.mktemp("bare") / "root")


@pytest.fixture(scope="session")
def ready(bare: CleanRoot, tmp_path_factory: pytest.TempPathFactory) -> CleanRoot:
    """One with what the package declares that it needs, and nothing else."""
    shown = subprocess.run(
        ["dpkg-deb", "--field", str(installer("snug_*_amd64.deb")), "Depends"],
        capture_output=True,
        text=True,
        check=True,
    )
    needed = re.findall(r"(?:^|, )([a-z0-9.+-]+)", shown.stdout)
    root = bare.copy(tmp_path_factory.mktemp("ready") / "root")
    root.install(*needed)
    return root


@pytest.fixture
def root(ready: CleanRoot, tmp_path: Path) -> Iterator[CleanRoot]:
    """A copy of that, for one test."""
    copy = ready.copy(tmp_path / "root")
    yield copy
    shutil.rmtree(copy.folder)


@pytest.fixture(scope="session")
def installed(bare: CleanRoot, tmp_path_factory: pytest.TempPathFactory) -> CleanRoot:
    """One with Snug installed from the Debian package, which brings what it needs by itself."""
    root = bare.copy(tmp_path_factory.mktemp("installed") / "root")
    root.install(installer("snug_*_amd64.deb"))
    return root


def pytest_sessionstart(session: pytest.Session) -> None:
    """Take down what is about to be tried: a run takes long enough for it to change."""
    session.config.stash[_TRIED] = proven.fingerprint()


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember a whole run that passed; say why another one proves nothing."""
    if session.config.option.markexpr != "installers":
        return
    why_not = reason(session, exitstatus)
    if why_not is None:
        proven.note(proven.ROOT / proven.FILE, session.config.stash[_TRIED])
        sys.stdout.write(f"\nwritten: {proven.FILE}; commit it with what it proves\n")
    else:
        sys.stdout.write(f"\n{proven.FILE} stays as it is: {why_not}\n")


def reason(session: pytest.Session, exitstatus: int) -> str | None:
    """Return why this run is no proof, or None where it is one."""
    if exitstatus != 0:
        return "not every test has passed"
    if session.config.option.keyword or session.config.args != ["tests/packaging"]:
        return "only some of the tests were asked for"
    if not proven.is_built():
        return "dist/ was made from something else: run 'make installers' first"
    if proven.fingerprint() != session.config.stash[_TRIED]:
        return "the packaging has changed meanwhile"
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    passed = len(reporter.stats.get("passed", ())) if reporter else 0
    left = session.testscollected - passed
    return f"{left} of the tests were not run" if left else None
