"""Which hub, as whom: addresses, environment, and where tokens are kept."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import keyring
import keyring.backend
import keyring.errors
import pytest

from models.hub.access import access_from, forget_token, save_token
from models.problems import EngineError

HUB = "https://huggingface.co"
TOKEN = "hf_abcdefghijk"


class Kept(keyring.backend.KeyringBackend):
    """A secret service in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class Forgetful(Kept):
    """Takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Absent(Kept):
    """A machine without a secret service."""

    def get_password(self, *_: str) -> str | None:
        raise keyring.errors.NoKeyringError

    def set_password(self, *_: str) -> None:
        raise OSError("no bus")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "hub-tokens.json"


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Any:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_a_token_in_the_keyring(file: Path, use: Any) -> None:
    use(Kept())
    assert save_token(f"  {TOKEN}\n", token_file=file) == "keyring"
    assert TOKEN not in file.read_text()
    assert access_from(token_file=file, environment={}).token == TOKEN
    forget_token(token_file=file)
    assert access_from(token_file=file, environment={}).token == ""


@pytest.mark.parametrize("backend", [Absent, Forgetful])
def test_without_a_keyring_a_file_of_one_s_own(file: Path, use: Any, backend: type[Kept]) -> None:
    use(backend())
    assert save_token(TOKEN, token_file=file) == "file"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert access_from(token_file=file, environment={}).token == TOKEN
    forget_token(token_file=file)
    assert TOKEN not in file.read_text()
    assert access_from(token_file=file, environment={}).token == ""


def test_a_keyring_that_is_gone_gives_no_token(file: Path, use: Any) -> None:
    use(Kept())
    save_token(TOKEN, token_file=file)
    use(Absent())
    assert access_from(
        token_file=file, environment={"HF_TOKEN": "hf_of_the_environment"}
    ).token == ("hf_of_the_environment")


def test_a_token_belongs_to_its_address(file: Path, use: Any) -> None:
    use(Kept())
    save_token(TOKEN, HUB, token_file=file)
    assert access_from("https://mirror.example", token_file=file, environment={}).token == ""
    assert access_from(HUB + "/", token_file=file, environment={}).token == TOKEN


def test_a_token_never_goes_in_the_open(file: Path) -> None:
    environment = {"HF_TOKEN": TOKEN}
    assert (
        access_from("http://mirror.example", token_file=file, environment=environment).token == ""
    )
    for address in ("https://mirror.example", "http://localhost:80", "http://127.0.0.1:8000"):
        assert access_from(address, token_file=file, environment=environment).token == TOKEN


@pytest.mark.parametrize(
    "token", ["", "short", "with space in it", "hf_line\nHost: evil", "x" * 2000]
)
def test_what_is_no_token(file: Path, token: str) -> None:
    with pytest.raises(EngineError) as caught:
        save_token(token, token_file=file)
    assert caught.value.problem.code == "bad_token"
    assert access_from(token_file=file, environment={"HF_TOKEN": token}).token == ""


def test_the_address_comes_from_settings_then_environment(file: Path) -> None:
    environment = {"HF_ENDPOINT": "https://mirror.example/hub/"}
    assert access_from(token_file=file, environment={}).endpoint == HUB
    found = access_from(token_file=file, environment=environment)
    assert (found.endpoint, found.host) == ("https://mirror.example/hub", "mirror.example")
    chosen = access_from("http://[::1]:8080", token_file=file, environment=environment)
    assert chosen.endpoint == "http://[::1]:8080"


@pytest.mark.parametrize(
    "address",
    ["huggingface.co", "ftp://x", "https://", "https://user:secret@x", "https://x?y=1", "http://[",
     "https://x:99999", "javascript:alert(1)"],
)  # fmt: skip
def test_what_is_no_address(file: Path, address: str) -> None:
    with pytest.raises(EngineError) as caught:
        access_from(address, token_file=file, environment={})
    assert caught.value.problem.code == "bad_endpoint"


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
def test_offline_by_the_environment(file: Path, name: str) -> None:
    for value in ("1", "true", "YES", "on"):
        access = access_from(token_file=file, environment={name: value})
        assert (access.offline, access.offline_by) == (True, name)
    assert not access_from(token_file=file, environment={name: "0"}).offline
    assert access_from(offline=True, token_file=file, environment={}).offline_by == "setting"
