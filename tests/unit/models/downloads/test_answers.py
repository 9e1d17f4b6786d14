"""Whatever a server answers: the file is right, or it isn't there and the reason is told."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from models.downloads.part import journal_path, part_path
from models.downloads.records import Download, DownloadRequest
from models.hub.records import RemoteFile
from models.problems import EngineError
from tests.downloading import Queue, request_of
from tests.hub_server import COMMIT, Answer, HubServer

CONTENT = random.Random(7).randbytes(200_000)
OTHER = random.Random(8).randbytes(200_000)
REPO = "owner/toy-GGUF"
NAME = "toy-Q4_K_M.gguf"


@pytest.fixture
def request_(hub: HubServer) -> DownloadRequest:
    hub.add(REPO, {NAME: CONTENT})
    return request_of(hub, REPO)


def fetch(hub: HubServer, folder: Path, request: DownloadRequest) -> Download:
    with Queue(hub, folder) as queue:
        return queue.fetch(request)


def ranges(hub: HubServer) -> list[str]:
    return [asked.headers.get("range", "") for asked in hub.asked if asked.where == "storage"]


def assert_whole(folder: Path) -> None:
    target = folder / REPO / NAME
    assert target.read_bytes() == CONTENT
    assert sorted(target.parent.iterdir()) == [target]


def assert_failed(ended: Download, code: str, folder: Path) -> None:
    assert ended.status == "failed"
    assert ended.problem is not None
    assert ended.problem.code == code
    assert ended.problem.hint
    assert not (folder / REPO / NAME).exists()


@pytest.mark.parametrize("reset", [False, True])
def test_a_cut_goes_on_where_it_ended(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, reset: bool
) -> None:
    hub.answer_next(Answer(cut_after=70_000, reset=reset))
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)
    if not reset:
        assert ranges(hub) == ["", "bytes=70000-"]
        assert hub.asked[-1].headers["if-range"].startswith('"')


def test_a_server_without_ranges(hub: HubServer, tmp_path: Path, request_: DownloadRequest) -> None:
    hub.answer_next(Answer(cut_after=70_000), Answer(ignore_range=True))
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)


def test_a_file_that_changed_in_between_is_fetched_anew(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_next(Answer(body=OTHER, etag='"old"', cut_after=70_000))
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)


def test_a_range_of_another_content_is_noticed(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    # The server heeds no If-Range: it sends the rest of another file with the same length.
    hub.answer_next(Answer(cut_after=70_000, etag='"same"'), Answer(body=OTHER, etag='"same"'))
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    "told",
    ["bytes 0-199999/200000", "bytes 70000-199999/999999", "bytes 70000-10/200000", "x", ""],
)
def test_a_wrong_content_range(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, told: str
) -> None:
    wrong = Answer(content_range=told or " ")
    hub.answer_next(Answer(cut_after=70_000), wrong)
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)
    assert ranges(hub) == ["", "bytes=70000-", ""]


def test_a_range_that_can_not_be_had(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_next(Answer(cut_after=70_000), Answer(status=416))
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)


@pytest.mark.parametrize("body", [b"<html>log in</html>", CONTENT + b"more", CONTENT[:-1]])
def test_another_length_is_refused_and_costs_nothing(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, body: bytes
) -> None:
    hub.answer_next(Answer(cut_after=70_000), Answer(body=body, ignore_range=True))
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)
    assert ranges(hub)[-1] == "bytes=70000-"


def test_a_length_that_stays_wrong_fails(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_always(Answer(body=b"<html>log in</html>"))
    assert_failed(fetch(hub, tmp_path, request_), "hub_failed", tmp_path)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_an_encoded_file_is_refused(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, encoding: str
) -> None:
    hub.answer_always(Answer(headers={"Content-Encoding": encoding}))
    assert_failed(fetch(hub, tmp_path, request_), "hub_failed", tmp_path)
    assert hub.asked[-1].headers["accept-encoding"] == "identity"


def test_wrong_bytes_of_the_right_length_are_fetched_once_more(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_next(Answer(body=OTHER))
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)


def test_wrong_bytes_twice_fail_and_leave_nothing(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_always(Answer(body=OTHER))
    assert_failed(fetch(hub, tmp_path, request_), "download_damaged", tmp_path)
    assert len(ranges(hub)) == 2
    assert list((tmp_path / REPO).iterdir()) == []


def test_a_part_that_was_changed_on_disk_is_noticed(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_next(Answer(cut_after=70_000), Answer(status=404))
    assert fetch(hub, tmp_path, request_).status == "failed"
    part = part_path(tmp_path / REPO / NAME)
    part.write_bytes(b"x" * part.stat().st_size)
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)


@pytest.mark.parametrize("journal", [b"", b"{", b"[]", b'{"sha256": "00", "size": 3}'])
def test_a_part_that_belongs_to_nothing_is_not_used(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, journal: bytes
) -> None:
    target = tmp_path / REPO / NAME
    target.parent.mkdir(parents=True)
    part_path(target).write_bytes(b"of something else")
    journal_path(target).write_bytes(journal)
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)
    assert ranges(hub) == [""]


def test_a_file_that_is_there_is_not_fetched_again(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    fetch(hub, tmp_path, request_)
    fetch(hub, tmp_path, request_)
    assert ranges(hub) == [""]
    assert_whole(tmp_path)
    (tmp_path / REPO / NAME).write_bytes(OTHER)
    assert fetch(hub, tmp_path, request_).status == "done"
    assert_whole(tmp_path)


@pytest.mark.parametrize(
    "refusal",
    [
        (Answer(status=401), "unauthorized", 1),
        (Answer(status=403, headers={"X-Error-Code": "GatedRepo"}), "gated", 1),
        (Answer(status=404, headers={"X-Error-Code": "EntryNotFound"}), "not_found", 1),
        (Answer(status=400), "hub_failed", 1),
        (Answer(status=429, headers={"Retry-After": "0"}), "rate_limited", 5),
        (Answer(status=500), "hub_failed", 5),
        (Answer(status=503), "hub_failed", 5),
    ],
)
@pytest.mark.parametrize("where", ["hub", "storage"])
def test_statuses_that_stay(
    hub: HubServer, tmp_path: Path, where: str, refusal: tuple[Answer, str, int]
) -> None:
    hub.add(REPO, {NAME: CONTENT})
    answer, code, tries = refusal
    hub.answer_always(answer, where=where)
    assert_failed(fetch(hub, tmp_path, request_of(hub, REPO)), code, tmp_path)
    assert len([asked for asked in hub.asked if asked.where == where]) == tries


def test_statuses_that_pass_are_waited_for(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_next(
        Answer(status=500),
        Answer(status=429, headers={"Retry-After": "1"}),
        Answer(status=503),
        where="hub",
    )
    started = time.monotonic()
    with Queue(hub, tmp_path) as queue:
        assert queue.fetch(request_).status == "done"
    assert time.monotonic() - started >= 1
    waits = [one.retry_in_s for shown in queue.history for one in shown if one.retry_in_s]
    assert max(waits) > 0.5
    assert_whole(tmp_path)


def test_the_token_stays_with_the_hub(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_next(Answer(cut_after=10))
    fetch(hub, tmp_path, request_)
    told = {where: [] for where in ("hub", "storage")}  # type: dict[str, list[bool]]
    for asked in hub.asked:
        told[asked.where].append("authorization" in asked.headers)
    assert told == {"hub": [True, True], "storage": [False, False]}
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(b"hf_the_token" in content for content in kept)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_odd_redirects_end_in_words(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest, location: str
) -> None:
    hub.answer_always(Answer(location=location), where="hub")
    assert_failed(fetch(hub, tmp_path, request_), "hub_failed", tmp_path)


def test_endless_redirects_end_in_words(
    hub: HubServer, tmp_path: Path, request_: DownloadRequest
) -> None:
    hub.answer_always(Answer(location=f"{hub.storage}/{REPO}/{NAME}"))
    assert_failed(fetch(hub, tmp_path, request_), "hub_failed", tmp_path)
    assert len(hub.asked) < 40


@pytest.mark.parametrize(
    "path",
    ["../evil.gguf", "/etc/evil.gguf", "a/../../evil.gguf", "C:\\evil.gguf", "a\\..\\evil.gguf",
     "con.gguf", "sub/NUL.gguf", "bad\x00.gguf", "bad\n.gguf", "\u202efugg.gguf", ".hidden.gguf",
     "space /x.gguf", "program.exe", "a//b.gguf", "", "x" * 300 + ".gguf"],
)  # fmt: skip
def test_names_that_lead_astray_are_refused(hub: HubServer, tmp_path: Path, path: str) -> None:
    hub.add(REPO, {path: CONTENT})
    folder = tmp_path / "deep" / "models"
    with Queue(hub, folder) as queue, pytest.raises(EngineError) as caught:
        queue.downloads.add(request_of(hub, REPO))
    assert caught.value.problem.code == "unsafe_name"
    assert not hub.asked
    assert [path for path in tmp_path.rglob("*") if "evil" in path.name] == []


@pytest.mark.parametrize(
    "repo", ["owner", "../up/it", "owner/..", "owner/a/b", "a/b--c", "CON/model", "~/x"]
)
def test_repositories_that_lead_astray_are_refused(
    hub: HubServer, tmp_path: Path, repo: str
) -> None:
    file = RemoteFile(path=NAME, size_bytes=3, sha256="0" * 64)
    request = DownloadRequest(repo=repo, revision=COMMIT, variant="x", files=(file,))
    with Queue(hub, tmp_path) as queue, pytest.raises(EngineError) as caught:
        queue.downloads.add(request)
    assert caught.value.problem.code == "unsafe_name"


@pytest.mark.parametrize(("size", "sha256"), [(0, "0" * 64), (3, ""), (3, "xyz"), (3, "G" * 64)])
def test_what_can_not_be_checked_is_not_fetched(
    hub: HubServer, tmp_path: Path, size: int, sha256: str
) -> None:
    file = RemoteFile(path=NAME, size_bytes=size, sha256=sha256)
    request = DownloadRequest(repo=REPO, revision=COMMIT, variant="x", files=(file,))
    with Queue(hub, tmp_path) as queue, pytest.raises(EngineError) as caught:
        queue.downloads.add(request)
    assert caught.value.problem.code == "no_checksum"
