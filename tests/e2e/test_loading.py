"""Loading: what is said of a model, and of a file that isn't one."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from models.cancellation import Cancellation
from models.gguf import read_header
from models.library.embedded import embedded_model
from models.llama import library
from models.llama.engine import LlamaEngine
from models.problems import EngineError
from models.protocol import Event, Failed, Finished, Generate
from models.records import ChatPrompt, LoadOptions
from tests.e2e.in_hand import GREEDY, EngineInHand, chat, user
from tests.model_factory import SMALL, write_model


@pytest.fixture(scope="module")
def header_bytes() -> bytes:
    """The embedded model's file up to its tensors."""
    with embedded_model().open("rb") as file:
        return file.read(4 << 20)


def sparse_copy(path: Path, head: bytes, size: int) -> Path:
    """Write a file that begins like a model and is empty from there on."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


def load_problem(path: Path, **options: object) -> tuple[str, str]:
    engine = LlamaEngine()
    try:
        with pytest.raises(EngineError) as caught:
            engine.load(
                LoadOptions(path=str(path), **options),  # type: ignore[arg-type]
                lambda _fraction: None,
                Cancellation(),
            )
    finally:
        engine.close()
    problem = caught.value.problem
    assert problem.title
    assert problem.hint
    return problem.code, problem.detail


def test_what_is_said_of_the_embedded_model(engine: EngineInHand) -> None:
    info = engine.info
    assert (info.architecture, info.quantization, info.vocabulary_size) == ("llama", "Q4_1", 49152)
    assert info.size_bytes == embedded_model().stat().st_size
    assert (info.context_size, info.trained_context) == (2048, 8192)
    assert info.template == "model"
    assert "SmolLM" in info.inserted_system_prompt
    assert not info.flash_attention, "slower than without on a CPU"


def test_devices_and_layers_are_told_as_they_are(engine: EngineInHand) -> None:
    devices = engine.engine.devices()
    assert any(device.kind == "cpu" and device.memory_total > 0 for device in devices)
    if not library.gpu_devices():
        assert (engine.info.device, engine.info.layers) == ("CPU", 31)
        assert engine.info.offloaded_layers == 0


def test_versions_name_the_library_and_its_commit() -> None:
    versions = library.versions()
    assert versions.engine[0].isdigit()
    assert "(" in versions.llama_cpp


@pytest.mark.skipif(bool(library.gpu_devices()), reason="a GPU is there to offload to")
def test_offloading_without_a_gpu_is_refused() -> None:
    assert load_problem(embedded_model(), gpu_layers=10)[0] == "no_gpu"


def test_a_missing_file(tmp_path: Path) -> None:
    assert load_problem(tmp_path / "none.gguf")[0] == "model_missing"


def test_a_folder(tmp_path: Path) -> None:
    assert load_problem(tmp_path)[0] == "model_not_gguf"


@pytest.mark.parametrize("content", [b"", random.Random(1).randbytes(100_000), b"PK\x03\x04zip"])
def test_a_file_of_another_kind(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.gguf"
    path.write_bytes(content)
    assert load_problem(path)[0] == "model_not_gguf"


@pytest.mark.parametrize("size", [10, 1000, 3 << 20, 90 << 20])
def test_a_file_that_is_cut_short(tmp_path: Path, header_bytes: bytes, size: int) -> None:
    path = sparse_copy(tmp_path / "cut.gguf", header_bytes[:size], size)
    assert load_problem(path)[0] == "model_damaged"


def test_an_architecture_that_nobody_knows(tmp_path: Path, header_bytes: bytes) -> None:
    size = read_header(embedded_model()).data_end
    key = b"general.architecture"
    assert header_bytes.count(key) == 1
    renamed = header_bytes.replace(b"llama", b"lIama", 1)
    assert renamed.index(b"lIama") > renamed.index(key)
    path = sparse_copy(tmp_path / "strange.gguf", renamed, size)
    code, detail = load_problem(path)
    assert code == "model_unsupported"
    assert "lIama" in detail, "the library's own words are kept"


def test_a_context_that_no_memory_holds() -> None:
    code, _detail = load_problem(embedded_model(), context_size=1 << 24)
    assert code == "out_of_memory"


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"threads": 100_000},
        {"sequences": 0},
        {"context_size": -1},
        {"cache_type": "q8_0", "flash_attention": "off"},
        {"micro_batch_size": 0},
        {"gpu_layers": -2},
        {"split": (1.0,) * 1000},
        {"split": (float("nan"), 1.0)},
    ],
)
def test_options_that_would_end_the_process_are_refused(options: dict[str, object]) -> None:
    assert load_problem(embedded_model(), **options)[0] == "bad_request"


def test_a_quantized_cache_switches_flash_attention_on(
    load_engine: Callable[..., EngineInHand],
) -> None:
    in_hand = load_engine(cache_type="q8_0", context_size=256)
    assert in_hand.info.flash_attention
    assert in_hand.reply(chat(user("Hello.")), max_tokens=2).reason == "max_tokens"


def test_progress_grows_to_the_end() -> None:
    engine = LlamaEngine()
    fractions: list[float] = []
    options = LoadOptions(path=str(embedded_model()), context_size=256)
    engine.load(options, fractions.append, Cancellation())
    engine.close()
    assert fractions == sorted(fractions)
    assert len(fractions) > 10
    assert fractions[-1] == 1


def test_a_load_can_be_cancelled() -> None:
    engine = LlamaEngine()
    switch = Cancellation()

    def on_progress(fraction: float) -> None:
        if fraction > 0.3:
            switch.set()

    with pytest.raises(EngineError) as caught:
        engine.load(LoadOptions(path=str(embedded_model())), on_progress, switch)
    assert caught.value.problem.code == "cancelled"
    with pytest.raises(EngineError):
        engine.count_tokens(1, ChatPrompt(turns=(user("x"),)))
    engine.close()


def test_unloading_gives_the_memory_back() -> None:
    engine = LlamaEngine()
    process = psutil.Process()
    options = LoadOptions(path=str(embedded_model()), context_size=4096)
    engine.load(options, lambda _fraction: None, Cancellation())
    loaded = process.memory_info().rss
    engine.unload()
    assert loaded - process.memory_info().rss > 80 << 20
    assert engine.cached_tokens() == 0
    engine.close()


def test_jobs_left_at_an_unload_fail(load_engine: Callable[..., EngineInHand]) -> None:
    in_hand = load_engine(context_size=256)
    job_id = in_hand.submit(chat(user("Hello.")))
    in_hand.engine.unload()
    (event,) = in_hand.run()
    assert isinstance(event, Failed)
    assert (event.job_id, event.problem.code) == (job_id, "no_model")


def test_counting_runs_beside_a_generation(engine: EngineInHand) -> None:
    prompt = chat(user("How many tokens is this?"))
    counts: list[int] = []

    def count() -> None:
        counts.extend(engine.engine.count_tokens(number, prompt).total for number in range(20))

    counter = threading.Thread(target=count)
    counter.start()
    reply = engine.reply(prompt, max_tokens=20)
    counter.join()
    assert counts == [reply.report.prompt_tokens] * 20


def test_the_account_tells_what_the_context_takes(engine: EngineInHand) -> None:
    info = engine.info
    header = read_header(Path(info.path))
    heads = header.integer("llama.attention.head_count_kv")
    size = header.integer("llama.embedding_length") // header.integer("llama.attention.head_count")
    per_token = 2 * 2 * heads * size * header.integer("llama.block_count")
    assert info.cache_bytes_per_token == per_token
    assert info.largest_context > info.context_size
    assert info.largest_context % 256 == 0


def test_the_account_tells_where_the_weights_lie(engine: EngineInHand) -> None:
    (host,) = engine.info.memory
    assert (host.device, host.layers) == ("CPU", engine.info.layers)
    assert abs(host.weights_bytes - engine.info.size_bytes) < 0.05 * engine.info.size_bytes
    assert host.cache_bytes == engine.info.cache_bytes_per_token * engine.info.context_size
    assert engine.info.placement_reason in {"no_backend", "no_device"}
    assert engine.info.kind == "chat"


@pytest.mark.parametrize(
    "options",
    [
        {"mmap": False},
        {"mlock": True},
        {"mmap": False, "mlock": True},
        {"batch_size": 64, "micro_batch_size": 32},
        {"batch_size": 32, "micro_batch_size": 512},
        {"batch_size": 1024, "micro_batch_size": 1024},
        {"cache_on_device": False},
        {"gpu_layers": 0, "split": (1.0,)},
    ],
)
def test_options_of_a_load_are_honoured(
    load_engine: Callable[..., EngineInHand], options: dict[str, object]
) -> None:
    in_hand = load_engine(context_size=1024, **options)
    reply = in_hand.reply(chat(user("Hello. " * 100)), max_tokens=2)
    assert max(reply.report.batches) <= in_hand.options.batch_size


@pytest.mark.parametrize("name", SMALL)
def test_every_kind_of_model_loads_and_says_what_it_is(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.gguf"
    write_model(path, SMALL[name])
    kind = {"bert": "embedding", "t5": "encoder_decoder"}.get(name, "chat")
    engine = LlamaEngine()
    try:
        options = LoadOptions(path=str(path), context_size=512)
        info = engine.load(options, lambda _fraction: None, Cancellation())
        assert info.kind == kind
        request = Generate(job_id=1, prompt=chat(user("Hello.")), sampling=GREEDY, max_tokens=3)
        if kind != "chat":
            with pytest.raises(EngineError) as caught:
                engine.submit(request, Cancellation())
            assert caught.value.problem.code == "not_a_chat_model"
            assert info.name in caught.value.problem.title
            return
        engine.submit(request, Cancellation())
        events: list[Event] = []
        while engine.step(events.append):
            pass
        assert isinstance(events[-1], Finished)
    finally:
        engine.close()
