"""The hub's client against a hub of this machine: what it reads, and every trouble in words."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from models.hub import session as session_module
from models.hub.access import HubAccess
from models.hub.client import Hub
from models.hub.records import HubRepository
from models.hub.troubles import HubError, retry_after
from tests.hub_server import COMMIT, Answer, HubServer

REPO = "owner/Toy-GGUF"
FILES = {
    "toy-Q4_K_M.gguf": b"x" * 1000,
    "toy-Q8_0-00001-of-00002.gguf": b"y" * 2000,
    "toy-Q8_0-00002-of-00002.gguf": b"z" * 2000,
    "mmproj-f16.gguf": b"v" * 10,
    "../evil-Q2_K.gguf": b"e",
    "config.json": b"{}",
}
CARD = "---\nlicense: mit\n---\n# Toy\n\n<script>bad()</script>\n"
GGUF = {"total": 135_000_000, "architecture": "llama", "context_length": 8192}


@pytest.fixture
def asked(hub: HubServer) -> Iterator[Hub]:
    hub.add(REPO, FILES, card=CARD, gguf=GGUF)
    with closing(Hub(HubAccess(hub.endpoint, token="hf_the_token_of_tests"))) as client:
        yield client


def trouble(hub: Hub, call: str = "search") -> HubError:
    with closing(hub), pytest.raises(HubError) as caught:
        hub.search("toy") if call == "search" else hub.repository(REPO)
    problem = caught.value.problem
    assert problem.title.endswith(".")
    assert problem.hint
    return caught.value


def test_a_search(hub: HubServer, asked: Hub) -> None:
    hub.add("other/toy-2-GGUF", FILES, downloads=5, likes=900, gated=True, updated="x")
    hub.repos["other/toy-2-GGUF"].updated = "2026-11-02T00:00:00.000Z"
    found = asked.search("toy", "likes", 5)
    assert [model.repo for model in found] == ["other/toy-2-GGUF", REPO]
    assert (found[0].gated, found[0].likes, found[0].updated) == (True, 900, "2026-11-02")
    assert (found[1].author, found[1].name, found[1].gated) == ("owner", "Toy-GGUF", False)
    assert hub.asked[-1].query["filter"] == ["gguf"]
    assert hub.asked[-1].query["limit"] == ["5"]
    assert [model.repo for model in asked.search("toy", "updated", 1)] == ["other/toy-2-GGUF"]


def test_names_in_a_search_that_can_not_be_folders_are_left_out(hub: HubServer, asked: Hub) -> None:
    names = ["../up", "a/../b", "con/x", "no-owner", "a/b/c", "owner/ok"]
    hub.answer_next(Answer(body=json.dumps([{"id": name} for name in names]).encode()), where="hub")
    assert [model.repo for model in asked.search("x")] == ["owner/ok"]


def test_a_repository(hub: HubServer, asked: Hub) -> None:
    page = asked.repository(REPO)
    assert page.revision == COMMIT
    assert (page.license, page.architecture, page.parameters) == (
        "apache-2.0",
        "llama",
        135_000_000,
    )
    assert page.trained_context == 8192
    assert page.card == "# Toy"
    assert [variant.name for variant in page.variants] == ["Q4_K_M", "Q8_0"]
    assert page.variants[1].size_bytes == 4000
    assert all(len(file.sha256) == 64 for variant in page.variants for file in variant.files)
    assert [file.path for file in page.projectors] == ["mmproj-f16.gguf"]
    assert f"/resolve/{COMMIT}/README.md" in hub.asked[-1].path


def test_a_repository_by_its_address(asked: Hub) -> None:
    page = asked.repository(f"https://huggingface.co/{REPO}/tree/main")
    assert page.model.repo == REPO


@pytest.mark.parametrize("repo", ["", "x", "../..", "a/../b", "a/..", "a b/c", "https://x/"])
def test_what_is_no_repository_is_not_asked_for(hub: HubServer, asked: Hub, repo: str) -> None:
    with pytest.raises(Exception, match="not the name of a repository"):
        asked.repository(repo)
    assert hub.asked == []


def test_a_revision_that_is_not_there(asked: Hub) -> None:
    with pytest.raises(HubError) as caught:
        asked.repository(REPO, "v9")
    assert caught.value.problem.code == "not_found"
    assert "revision" in caught.value.problem.title


def test_a_card_that_can_not_be_had_says_so(hub: HubServer, asked: Hub) -> None:
    asked.repository(REPO)
    hub.answer_next(Answer(), Answer(status=500), where="hub")
    page = asked.repository(REPO)
    assert "could not be read" in page.card
    assert page.variants


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(status=401), "unauthorized"),
        (Answer(status=401, headers={"X-Error-Code": "RepoNotFound"}), "not_found"),
        (Answer(status=403, headers={"X-Error-Code": "GatedRepo"}), "gated"),
        (Answer(status=403), "gated"),
        (Answer(status=404, headers={"X-Error-Code": "RepoNotFound"}), "not_found"),
        (Answer(status=429, headers={"Retry-After": "90"}), "rate_limited"),
        (Answer(status=429), "rate_limited"),
        (Answer(status=400), "hub_failed"),
        (Answer(status=500), "hub_failed"),
        (Answer(status=503, headers={"Retry-After": "999999999999"}), "hub_failed"),
    ],
)
@pytest.mark.parametrize("call", ["search", "repository"])
def test_statuses(hub: HubServer, asked: Hub, call: str, answer: Answer, code: str) -> None:
    hub.answer_next(answer, where="hub")
    error = trouble(asked, call)
    assert error.problem.code == code
    told = f"{error.problem.title} {error.problem.hint}".replace(hub.endpoint[7:], "the hub")
    assert str(answer.status) not in told
    assert len(hub.asked) == 1, "nobody waits for a search that is tried again and again"


def test_gated_says_how_to_get_in(hub: HubServer) -> None:
    hub.answer_always(Answer(status=401, headers={"X-Error-Code": "GatedRepo"}), where="hub")
    without = trouble(Hub(HubAccess(hub.endpoint)), "repository").problem
    assert f"{hub.endpoint}/{REPO}" in without.hint
    assert f"{hub.endpoint}/settings/tokens" in without.hint
    with_token = trouble(Hub(HubAccess(hub.endpoint, token="hf_12345678")), "repository").problem
    assert "has not been given access" in with_token.hint


@pytest.mark.parametrize(
    "body",
    [b"", b"{not json", b"<html>log in</html>", b"[1, 2]", b'[{"no": "id"}]', b'"text"', b"null",
     b'[{"id": "a/b", "lastModified": "yesterday"}]', b'[{"id": "a/b", "tags": 5}]'],
)  # fmt: skip
def test_malformed_answers(hub: HubServer, asked: Hub, body: bytes) -> None:
    hub.answer_next(Answer(body=body), where="hub")
    error = trouble(asked)
    assert error.problem.code == "hub_failed"
    assert "log-in page" in error.problem.hint


@pytest.mark.parametrize(
    "page",
    [{}, {"id": REPO}, {"id": REPO, "sha": "main"}, {"id": REPO, "sha": COMMIT, "siblings": [{}]},
     {"id": REPO, "sha": COMMIT, "siblings": [{"rfilename": "x", "lfs": {"size": 1}}]}],
)  # fmt: skip
def test_malformed_repositories(hub: HubServer, asked: Hub, page: dict[str, Any]) -> None:
    hub.answer_next(Answer(body=json.dumps(page).encode()), where="hub")
    assert trouble(asked, "repository").problem.code == "hub_failed"


def test_odd_values_are_not_believed(hub: HubServer, asked: Hub) -> None:
    page = {
        "id": REPO,
        "sha": COMMIT,
        "downloads": -5,
        "likes": "many",
        "tags": ["a\x1b[31m\nb", 7],
        "gguf": {"total": 1 << 80, "architecture": ["x"], "context_length": True},
        "siblings": [{"rfilename": "a-Q4_0.gguf", "size": 3, "lfs": None},
                     {"rfilename": "b-Q4_1.gguf", "size": "big"},
                     {"rfilename": "c-Q5_0.gguf",
                      "lfs": {"size": 9, "sha256": "zz", "pointerSize": 1}}],
    }  # fmt: skip
    hub.answer_next(Answer(body=json.dumps(page).encode()), where="hub")
    read = asked.repository(REPO)
    assert (read.model.downloads, read.model.likes, read.parameters) == (0, 0, 0)
    assert (read.architecture, read.trained_context) == ("", 0)
    assert read.model.tags == ("a [31m b", "")
    assert [(v.name, v.files[0].sha256) for v in read.variants] == [("Q4_0", ""), ("Q5_0", "")]


def test_answers_are_bounded(hub: HubServer, asked: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MAX_ANSWER_BYTES", 100_000)
    hub.answer_next(Answer(body=b"[" + b" " * 10_000_000 + b"]"), where="hub")
    assert trouble(asked).problem.code == "hub_failed"


def test_further_pages_are_not_followed(hub: HubServer, asked: Hub) -> None:
    link = {"Link": f'<{hub.endpoint}/api/models?cursor=2>; rel="next"'}
    hub.answer_always(Answer(body=b"[]", headers=link), where="hub")
    assert asked.search("toy") == ()
    assert len(hub.asked) == 1


def test_the_token_goes_to_the_hub_alone(hub: HubServer, asked: Hub) -> None:
    hub.answer_next(Answer(location=f"{hub.storage}/elsewhere"), where="hub")
    hub.answer_next(Answer(body=b"[]"))
    assert asked.search("toy") == ()
    told = [(one.where, "authorization" in one.headers) for one in hub.asked]
    assert told == [("hub", True), ("storage", False)]


def test_no_redirect_leads_out_of_encryption() -> None:
    with session_module.HubSession(
        HubAccess("https://hub.invalid", token="hf_12345678")
    ) as session:
        request = httpx2.Request("GET", "http://hub.invalid/x", headers=session.authorization())
        with pytest.raises(HubError) as caught:
            session._guard(request)
    assert "without encryption" in caught.value.problem.title
    assert "authorization" not in request.headers


def test_nothing_is_said_of_the_token(
    hub: HubServer, asked: Hub, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hub.answer_next(Answer(status=401), where="hub")
    error = trouble(asked)
    assert "hf_the_token" not in caplog.text + str(error.problem)
    assert "hf_the_token" not in repr(HubAccess(token="hf_the_token_of_tests"))


def test_offline_asks_nothing(hub: HubServer) -> None:
    access = HubAccess(hub.endpoint, offline=True, offline_by="HF_HUB_OFFLINE")
    error = trouble(Hub(access))
    assert error.problem.code == "offline"
    assert "HF_HUB_OFFLINE" in error.problem.title
    assert hub.asked == []


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    error = trouble(Hub(HubAccess(address)))
    assert (error.problem.code, error.transient) == ("hub_unreachable", True)
    assert "can't be reached" in error.problem.title


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    error = trouble(Hub(HubAccess("https://hub.invalid")))
    assert error.problem.code == "hub_unreachable"
    assert "could not be found" in error.problem.title


def test_a_server_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "TIMEOUT", httpx2.Timeout(0.2))
    with socket.create_server(("127.0.0.1", 0)) as server:
        error = trouble(Hub(HubAccess(f"http://127.0.0.1:{server.getsockname()[1]}")))
    assert error.problem.code == "hub_unreachable"
    assert "in time" in error.problem.title


def test_a_server_that_does_not_speak_http() -> None:
    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"SSH-2.0-OpenSSH\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        error = trouble(Hub(HubAccess(f"http://127.0.0.1:{server.getsockname()[1]}")))
    assert error.problem.code == "hub_unreachable"


def test_a_certificate_that_is_not_trusted() -> None:
    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as stream:
            stream.read(5)
            # Plain words where a handshake was begun.
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=answer, args=(server,), daemon=True).start()
        error = trouble(Hub(HubAccess(f"https://127.0.0.1:{server.getsockname()[1]}")))
    assert error.problem.code == "hub_unreachable"
    assert "certificate" in error.problem.title


def test_a_proxy_is_used_and_named(hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", hub.endpoint)
    hub.answer_next(Answer(body=b'[{"id": "by/proxy"}]'), where="hub")
    with closing(Hub(HubAccess("http://hub.invalid"))) as through:
        assert [model.repo for model in through.search("x")] == ["by/proxy"]
    assert hub.asked[-1].headers["host"] == "hub.invalid"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    hub.add(REPO, FILES)
    with closing(Hub(HubAccess(hub.endpoint))) as direct:
        assert len(direct.search("toy")) == 1
    monkeypatch.setenv("HTTP_PROXY", "gopher://127.0.0.1")
    assert "proxy" in trouble(Hub(HubAccess("http://hub.invalid"))).problem.title


def test_retry_after_in_both_forms() -> None:
    assert retry_after({"Retry-After": "7"}) == 7
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 90 < (retry_after({"Retry-After": later}) or 0) <= 100
    assert retry_after({"Retry-After": "999999"}) == 3600
    assert retry_after({"Retry-After": "Mon, 01 Jan 1990 00:00:00 GMT"}) == 0
    assert retry_after({"RateLimit": '"api";r=0;t=55'}) == 55
    assert retry_after({"RateLimit": '"api";r=10;t=55'}) is None
    assert retry_after({"RateLimit": '"api";r=0;t=55', "Retry-After": "3"}) == 3
    for odd in ("", "soon", "-5", "1e9", "٣"):
        assert retry_after({"Retry-After": odd}) is None


def test_the_library_is_loaded_late_and_quietly(hub: HubServer) -> None:
    hub.add(REPO, FILES)
    script = (
        "import sys\n"
        "from models.hub.client import Hub\n"
        "from models.hub.access import HubAccess\n"
        "import models.downloads.queue\n"
        "slow = {'huggingface_hub', 'httpx2', 'keyring'} & set(sys.modules)\n"
        "assert not slow, slow\n"
        "Hub(HubAccess(sys.argv[1])).search('toy')\n"
        "from huggingface_hub import constants\n"
        "assert constants.HF_HUB_DISABLE_TELEMETRY and constants.HF_HUB_DISABLE_IMPLICIT_TOKEN\n"
        "assert constants.HF_HUB_DISABLE_XET\n"
        "assert 'hf_xet' not in sys.modules and 'keyring' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, hub.endpoint], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(hub.asked) == 1, "no request but the one that was asked for"


def test_a_repository_is_plain_data(asked: Hub) -> None:
    assert isinstance(asked.repository(REPO), HubRepository)
    asked.close()
    assert asked.search("toy"), "a closed hub opens new connections"
