"""The same over TLS: certificates that are trusted or not, and a pause while nothing comes."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.downloading import Queue, request_of
from tests.hub_server import Answer, HubServer

CONTENT = random.Random(7).randbytes(200_000)
REPO = "owner/toy-GGUF"
NAME = "toy-Q4_K_M.gguf"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    path = tmp_path_factory.mktemp("certificate") / "hub.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-batch",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", path, "-out", path.with_suffix(".crt")],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[HubServer]:
    with HubServer(certificate) as hub:
        hub.add(REPO, {NAME: CONTENT})
        yield hub


def test_a_certificate_that_nobody_vouches_for(encrypted: HubServer, tmp_path: Path) -> None:
    with Queue(encrypted, tmp_path) as queue:
        ended = queue.fetch(request_of(encrypted, REPO))
    assert ended.problem is not None
    assert ended.problem.code == "hub_unreachable"
    assert "certificate" in ended.problem.title
    assert "SSL_CERT_FILE" in ended.problem.hint
    assert encrypted.asked == []


def test_pause_is_at_once_and_resume_goes_on(
    encrypted: HubServer, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    encrypted.piece_bytes = 50_000
    never = threading.Event()
    encrypted.answer_next(Answer(hold=never))
    with Queue(encrypted, tmp_path) as queue:
        download = queue.downloads.add(request_of(encrypted, REPO))
        queue.until(lambda shown: shown[0].done_bytes >= 49_000)
        started = time.monotonic()
        queue.downloads.pause(download)
        queue.downloads.resume(download)
        assert queue.end_of(download).status == "done"
        assert time.monotonic() - started < 5
    never.set()
    assert (tmp_path / REPO / NAME).read_bytes() == CONTENT


def test_no_step_leads_out_of_encryption(
    encrypted: HubServer, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_suffix(".crt")))
    with HubServer() as plain, Queue(encrypted, tmp_path) as queue:
        plain.add(REPO, {NAME: CONTENT})
        encrypted.answer_always(Answer(location=f"{plain.storage}/{REPO}/{NAME}"), where="hub")
        ended = queue.fetch(request_of(encrypted, REPO))
        assert plain.asked == []
    assert ended.problem is not None
    assert "without encryption" in ended.problem.title
