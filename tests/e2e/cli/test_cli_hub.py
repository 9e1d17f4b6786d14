"""``snug models search|pull`` as a person types them, against a hub of this machine."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models.catalogue import starting_models
from tests.hub_server import Answer, HubServer

TwoLines = Callable[[subprocess.CompletedProcess[str]], tuple[str, str]]

CONTENT = random.Random(3).randbytes(400_000)
REPO = "owner/Toy-GGUF"
FILES = {
    "toy-Q2_K.gguf": CONTENT[:100_000],
    "toy-Q4_K_M.gguf": CONTENT[:200_000],
    "toy-Q8_0-00001-of-00002.gguf": CONTENT[:300_000],
    "toy-Q8_0-00002-of-00002.gguf": CONTENT[5:],
}
GGUF = {"total": 400_000, "architecture": "llama", "context_length": 2048}


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        server.add(REPO, FILES, gguf=GGUF)
        yield server


@pytest.fixture(name="snug")
def snug_at_home(snug: Any, hub: HubServer, tmp_path: Path) -> Any:
    """``snug`` that knows the hub of this machine and no other, and has nobody's tokens."""
    home = tmp_path / "home"
    home.mkdir()
    for name in [name for name in snug.environment if name.startswith(("HF_", "XDG_"))]:
        del snug.environment[name]
    for name in [name for name in snug.environment if name.lower().endswith("_proxy")]:
        del snug.environment[name]
    snug.environment |= {"HOME": str(home), "HF_ENDPOINT": hub.endpoint}
    return snug


def models_dir(snug: Any) -> Path:
    return Path(snug.basedir) / "data" / "models"


def test_search(snug: Any, hub: HubServer) -> None:
    hub.add("someone/gated-toy", FILES, gated=True, downloads=12_000)
    done = snug("models", "search", "toy", "--sort", "downloads", "--limit", "5")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[1].split() == ["someone/gated-toy", "12k", "10", "2026-10-01", "gated"]
    assert lines[2].startswith(REPO)
    record = json.loads(snug("models", "search", "gated", "--json").stdout)
    assert [model["repo"] for model in record["models"]] == ["someone/gated-toy"]
    assert set(record["models"][0]) == {
        "repo", "author", "name", "downloads", "likes", "updated", "gated", "tags"
    }  # fmt: skip


def test_pull_of_a_variant(snug: Any) -> None:
    done = snug("models", "pull", f"{REPO}:Q8_0", "--json")
    assert done.returncode == 0
    record = json.loads(done.stdout)
    assert (record["repo"], record["variant"], record["size_bytes"]) == (REPO, "Q8_0", 699_995)
    assert Path(record["path"]) == models_dir(snug) / REPO / "toy-Q8_0-00001-of-00002.gguf"
    for file in record["files"]:
        assert (models_dir(snug) / REPO / file["path"]).read_bytes() == FILES[file["path"]]


def test_pull_without_a_variant_takes_one_and_says_why(snug: Any) -> None:
    done = snug("models", "pull", REPO)
    assert done.returncode == 0
    assert done.stderr.startswith("Taking Q")
    path = Path(done.stdout.strip())
    assert path.read_bytes() == FILES[path.name]


def test_pull_of_a_model_of_the_catalogue(snug: Any, hub: HubServer) -> None:
    model = starting_models()[0]
    hub.add(model.repo, {model.file: CONTENT, "other-Q8_0.gguf": CONTENT})
    done = snug("models", "pull", model.name.upper())
    assert done.returncode == 0
    assert Path(done.stdout.strip()).name == model.file


def test_ctrl_c_pauses_and_the_next_pull_goes_on(snug: Any, hub: HubServer) -> None:
    hub.piece_bytes = 50_000
    hold = threading.Event()
    hub.answer_next(Answer(hold=hold))
    process = snug.start("models", "pull", f"{REPO}:Q4_K_M")
    part = models_dir(snug) / REPO / "toy-Q4_K_M.gguf.part"
    for _ in range(1000):
        if part.exists() and part.stat().st_size == 50_000:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    hold.set()
    assert process.returncode == 130
    assert f"'snug models pull {REPO}:Q4_K_M' goes on from there" in told.decode()
    done = snug("models", "pull", f"{REPO}:Q4_K_M")
    assert done.returncode == 0
    assert hub.asked[-1].headers["range"] == "bytes=50000-"
    assert Path(done.stdout.strip()).read_bytes() == FILES["toy-Q4_K_M.gguf"]


def test_gated_models_need_a_token(snug: Any, hub: HubServer, two_lines: TwoLines) -> None:
    hub.repos[REPO].gated = True
    hub.repos[REPO].tokens = ("hf_the_right_one",)
    cause, remedy = two_lines(snug("models", "pull", f"{REPO}:Q2_K"))
    assert "gated" in cause
    assert f"{hub.endpoint}/{REPO}" in remedy
    snug.environment["HF_TOKEN"] = "hf_the_right_one"
    assert snug("models", "pull", f"{REPO}:Q2_K").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("pull", "nothing"), 2, "neither a repository"),
        (("pull", "../../etc"), 1, "not the name of a repository"),
        (("pull", "owner/none"), 1, "no repository"),
        (("pull", f"{REPO}:Q9"), 1, "no variant"),
        (("search", "x", "--limit", "0"), 2, "out of range"),
    ],
)
def test_mistakes(
    snug: Any, two_lines: TwoLines, arguments: tuple[str, ...], status: int, words: str
) -> None:
    done = snug("models", *arguments)
    assert done.returncode == status
    assert words in two_lines(done)[0]
    assert done.stdout == ""


def test_offline(snug: Any, hub: HubServer, two_lines: TwoLines) -> None:
    snug.environment["HF_HUB_OFFLINE"] = "1"
    for arguments in (("search", "toy"), ("pull", REPO)):
        assert "HF_HUB_OFFLINE" in two_lines(snug("models", *arguments))[0]
    assert hub.asked == []


def test_a_download_that_stays_wrong_fails(snug: Any, hub: HubServer, two_lines: TwoLines) -> None:
    hub.answer_always(Answer(body=b"x" * 100_000))
    done = snug("models", "pull", f"{REPO}:Q2_K")
    assert done.returncode == 1
    assert "other content than the hub promises" in two_lines(done)[0]
    assert not list(models_dir(snug).rglob("*.gguf*"))
