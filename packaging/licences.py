"""Writes the licences of all that a frozen build contains into it.

Packages tell theirs themselves. A library that lies beside them came from the system that the
build ran on: there it belongs to a package too, whose licence file is taken. One of which nobody
knows ends the build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec

from desktop.licences import UNKNOWN, Component, collect, component_of

LIST: Final = "components.json"
_SYSTEM_TEXTS: Final = Path("/usr/share/doc")
_BOOT: Final = "pyinstaller"


def write(folder: Path, frozen: Path) -> None:
    """Write the list that the About box shows, and the texts as one file for people.

    ``frozen`` is the folder that the build goes on with, trimmed already.
    """
    parts = sorted((*_packaged(), *_from_system(frozen)), key=lambda part: part.name.lower())
    for part in parts:
        if not part.text or part.licence == UNKNOWN:
            _stop(part.name)
    _write(folder, parts)


def leave_out_models(folder: Path) -> None:
    """Write again what was written there, for a form that has no model in it."""
    _write(folder, without_models(read(folder)))


def without_models(parts: Sequence[Component]) -> list[Component]:
    """Return the parts of a form that has no model in it."""
    return [part for part in parts if part.kind != "model"]


def _write(folder: Path, parts: Sequence[Component]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LIST).write_bytes(msgspec.json.encode(parts))
    (folder / "THIRD-PARTY.txt").write_text("\n".join(map(_section, parts)), encoding="utf-8")


def read(folder: Path) -> tuple[Component, ...]:
    """Return the list that was written there."""
    content = (folder / LIST).read_bytes()
    return msgspec.json.decode(content, type=tuple[Component, ...])


def _packaged() -> Iterable[Component]:
    """Yield the Python packages and what is inside of them, and the program that starts ours."""
    from models.llama.library import versions  # noqa: PLC0415 - it loads the engine's library

    for part in (*collect(), component_of(metadata.distribution(_BOOT))):
        if part.name == "llama.cpp":
            yield msgspec.structs.replace(part, version=versions().llama_cpp)
        else:
            yield part


def _from_system(frozen: Path) -> tuple[Component, ...]:
    """Return the system's packages of which libraries lie in the folder, by name."""
    if shutil.which("dpkg-query") is None:
        # On other systems Python brings these, and its licence file names them.
        return ()
    # By name, since of several copies one is left, wherever that is.
    known = {
        file.name for distribution in metadata.distributions() for file in distribution.files or ()
    }
    libraries = {
        path.name
        for path in frozen.rglob("*.so*")
        if not path.is_symlink() and path.name not in known and not _is_pythons(path)
    }
    packages = {_package_of(name) for name in libraries}
    return tuple(_system_component(name) for name in sorted(packages))


def _is_pythons(path: Path) -> bool:
    return path.name.startswith("libpython") or "lib-dynload" in path.parts


def _package_of(library: str) -> str:
    asked = ["dpkg-query", "--search", f"*/{library}"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    owners = [line.split(":")[0] for line in answer.splitlines() if line.endswith(f"/{library}")]
    if not owners:
        _stop(library)
    return owners[0]


def _system_component(package: str) -> Component:
    shown = subprocess.run(
        ["dpkg-query", "--show", "--showformat=${Version} ${Architecture} ${Homepage}\n", package],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()[0]
    version, architecture, homepage = (*shown.split(" "), "")[:3]
    file = _SYSTEM_TEXTS / package / "copyright"
    text = file.read_text(encoding="utf-8", errors="replace").strip()
    return Component(
        name=package,
        version=version,
        licence=_licence_in(text),
        text=text,
        homepage=homepage,
        address=f"pkg:deb/debian/{package}@{version}?arch={architecture}",
    )


def _licence_in(text: str) -> str:
    """Return the licence of a package's own files, as a file of Debian's names it."""
    own = re.search(r"^Files: \*$.*?^License: ([^\n]+)$", text, re.MULTILINE | re.DOTALL)
    return own[1].strip() if own else "as in its text"


def _section(part: Component) -> str:
    head = f"{part.name} {part.version}\nLicence: {part.licence}\n{part.homepage}\n"
    return f"{'=' * 80}\n{head}\n{part.text}\n"


def _stop(name: str) -> None:
    sys.exit(f"error: no licence is known of {name}\nName it in resources/licences.")
