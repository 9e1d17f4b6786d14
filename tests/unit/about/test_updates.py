"""The look for a newer version, over real HTTP."""

from __future__ import annotations

import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop import updates
from desktop.domain.errors import UserError
from desktop.updates import LATEST_RELEASE, MAX_ANSWER_BYTES, RELEASES_PAGE, Latest, look
from tests.release_server import ReleaseServer


@pytest.fixture
def server() -> Iterator[ReleaseServer]:
    with ReleaseServer() as running:
        yield running


@pytest.mark.parametrize(
    ("tag", "current", "is_newer"),
    [
        ("v0.10.0", "0.9.1", True),
        ("1.0.0", "1.0.0", False),
        ("v1.0.0", "1.1.0.dev1", False),
        ("v1.0.0", "1.0.0rc1", True),
    ],
)
def test_versions_are_compared_as_versions(tag: str, current: str, *, is_newer: bool) -> None:
    with ReleaseServer(tag) as server:
        assert look(current, server.address) == Latest(
            version=tag.removeprefix("v"), is_newer=is_newer
        )


def test_the_request_says_nothing_of_the_person(server: ReleaseServer) -> None:
    look("0.1.0", server.address)
    [headers] = server.requests
    assert headers["User-Agent"] == "Snug"
    assert headers.keys() <= {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}


def test_nothing_released_yet_is_an_answer(server: ReleaseServer) -> None:
    server.status, server.body = 404, b'{"message": "Not Found"}'
    assert look("0.1.0", server.address) == Latest()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>a hotel's page</html>",
        b"\xff\xfe\x00",
        b'{"tag_name": "the best one"}',
        b'{"tag_name": 7}',
        b'{"name": "v1"}',
        b'{"tag_name": "' + b"9" * (MAX_ANSWER_BYTES + 1) + b'"}',
    ],
)
def test_any_other_answer_is_told_in_plain_words(server: ReleaseServer, body: bytes) -> None:
    server.body = body
    with pytest.raises(UserError) as caught:
        look("0.1.0", server.address)
    assert RELEASES_PAGE in caught.value.hint
    assert caught.value.detail


def test_a_server_in_trouble_is_told(server: ReleaseServer) -> None:
    server.status = 503
    with pytest.raises(UserError, match="newer version"):
        look("0.1.0", server.address)


def test_nobody_there_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(UserError, match="newer version"):
            look("0.1.0", address)


def test_an_answer_that_never_ends_is_given_up(
    server: ReleaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(updates, "PATIENCE_S", 0.3)
    server.body, server.piece_s = b" " * 100, 0.05
    with pytest.raises(UserError) as caught:
        look("0.1.0", server.address)
    assert "too long" in caught.value.detail


def test_it_asks_and_shows_the_project_that_the_package_names() -> None:
    project = Path(__file__).resolve().parents[3] / "pyproject.toml"
    urls = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["urls"]
    assert urls["Releases"] == RELEASES_PAGE
    owner_and_name = urls["Homepage"].removeprefix("https://github.com/")
    assert f"https://api.github.com/repos/{owner_and_name}/releases/latest" == LATEST_RELEASE
