"""The workflows on GitHub, as far as they can be checked without running there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SHELLCHECK = str(Path(sys.executable).parent / "shellcheck")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    read: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    found: dict[str, dict[str, Any]] = read["jobs"]
    return found


def scripts(path: Path) -> list[str]:
    return [
        step["run"] for job in jobs(path).values() for step in job["steps"] if "run" in step
    ]  # fmt: skip


def release() -> dict[str, dict[str, Any]]:
    return jobs(ROOT / ".github" / "workflows" / "release.yml")


def run(*command: str, text: str | None = None) -> None:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@each_workflow
def test_a_workflow_follows_githubs_schema(path: Path) -> None:
    schema = ("--builtin-schema", "vendor.github-workflows")
    run(sys.executable, "-m", "check_jsonschema", *schema, str(path))


@each_workflow
def test_a_job_waits_for_jobs_that_exist_and_ends_in_time(path: Path) -> None:
    found = jobs(path)
    for job in found.values():
        needs = job.get("needs", [])
        assert set([needs] if isinstance(needs, str) else needs) <= set(found)
        assert job["timeout-minutes"] <= 150


@each_workflow
def test_its_commands_are_sound_shell(path: Path) -> None:
    for script in scripts(path):
        run(SHELLCHECK, "--shell=bash", "-", text=script)


@each_workflow
def test_nobodys_text_gets_into_a_command(path: Path) -> None:
    # Expressions are put into a script before the shell reads it; variables are not.
    assert not [script for script in scripts(path) if "${{" in script]


@each_workflow
def test_what_its_commands_name_is_here(path: Path) -> None:
    made_here = re.compile(r"^(?:\.PHONY:)?([a-z-]+):", re.MULTILINE)
    targets = set(made_here.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    for script in scripts(path):
        for name in re.findall(r"(?<![\w/.])(?:\.ci|packaging|scripts)/[\w./-]+", script):
            assert (ROOT / name).is_file(), name
        for target in re.findall(r"^make ([a-z-]+)", script, re.MULTILINE):
            assert target in targets, target


def test_a_release_takes_only_what_was_tried_on_its_own_system() -> None:
    found = release()
    systems = {"linux", "windows", "macos"}
    assert set(found["publish"]["needs"]) == systems
    for system in systems:
        text = "\n".join(step.get("run", "") for step in found[system]["steps"])
        assert "--self-test" in text or "make test-installers" in text
        assert found[system]["needs"] == "version"
        uploads = [step for step in found[system]["steps"] if "upload" in step.get("uses", "")]
        assert [step["with"]["path"] for step in uploads] == ["dist/*"]


def test_a_release_is_of_the_version_that_its_tag_names() -> None:
    [check] = [step for step in release()["version"]["steps"] if "--tag" in step.get("run", "")]
    assert check["if"] == "startsWith(github.ref, 'refs/tags/')"
    program = str(ROOT / "packaging" / "version.py")
    version = subprocess.check_output([sys.executable, program], text=True).strip()
    run(sys.executable, program, "--tag", f"v{version}")
    with pytest.raises(AssertionError, match="is not v"):
        run(sys.executable, program, "--tag", f"v{version}0")


def test_a_release_carries_checksums_and_may_write_nothing_but_itself() -> None:
    publish = release()["publish"]
    assert any("SHA256SUMS" in step.get("run", "") for step in publish["steps"])
    assert publish["permissions"] == {"contents": "write"}
    whole = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))
    assert whole["permissions"] == {"contents": "read"}
