"""Builds the installers of this machine's kind: `make installers`.

Runs in an environment that holds what Snug needs and nothing else. Freezes the program, trims it,
and wraps it twice, with the embedded model and without it::

    PyInstaller ──► trim ──► licences ──► snug ──► .deb and .run
                                      └─► snug with the model ──► .deb and .run
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import licences
import linux_packages
import proven
import sbom
from frozen import data_folder, program_in
from trimming import trim
from version import version

ROOT: Final = Path(__file__).resolve().parent.parent
WORK: Final = ROOT / "build" / "installers"
OUTPUT: Final = ROOT / "dist"


def main() -> None:
    """Build every form, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-packages", action="store_true", help="stop at the folder")
    parser.add_argument("--frozen", action="store_true", help="take the folder of the last build")
    names = [form.package for form in linux_packages.FORMS]
    parser.add_argument("--form", choices=names, help="make one form alone")
    parser.add_argument("--into", type=Path, help="build and leave everything in this folder")
    arguments = parser.parse_args()
    pin_times()
    work, output = (arguments.into or WORK).resolve(), (arguments.into or OUTPUT).resolve()
    frozen = program_in(work / "dist")
    made_of = proven.fingerprint(ROOT, proven.MADE_OF)
    is_whole = work == WORK and not arguments.frozen and arguments.form is None
    if not arguments.frozen:
        freeze(work)
        if sys.platform == "linux":
            trim(frozen)
        licences.write(data_folder(frozen, "licences"), frozen)
    time = int(os.environ["SOURCE_DATE_EPOCH"])
    output.mkdir(exist_ok=True)
    sbom.write_all(output, licences.read(data_folder(frozen, "licences")), time)
    if arguments.no_packages:
        return
    release = linux_packages.Release(version(), time)
    forms = [form for form in linux_packages.FORMS if arguments.form in (None, form.package)]
    # Packing takes minutes on one core.
    with ThreadPoolExecutor() as pool:
        for made in pool.map(lambda form: wrap(form, frozen, work, output, release), forms):
            for path in made:
                print(f"{path.name}: {path.stat().st_size / 1e6:.1f} MB")
    if is_whole:
        proven.note(ROOT / proven.BUILT, made_of)


def wrap(
    form: linux_packages.Form,
    frozen: Path,
    work: Path,
    output: Path,
    release: linux_packages.Release,
) -> tuple[Path, ...]:
    """Return the installers of one form."""
    tree = work / form.package
    linux_packages.lay_out(tree, frozen, form, release)
    package = linux_packages.make_deb(tree, form, release, output)
    return package, linux_packages.make_run(package, form, release, output)


def pin_times() -> None:
    """Let everything carry the commit's time, so that two builds of it are the same."""
    if "SOURCE_DATE_EPOCH" not in os.environ:
        asked = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=True)
        os.environ["SOURCE_DATE_EPOCH"] = answer.stdout.strip()
    os.environ["PYTHONHASHSEED"] = "1"


def freeze(work: Path) -> None:
    """Have PyInstaller make a folder of the program."""
    shutil.rmtree(work / "dist", ignore_errors=True)
    folders = ("--distpath", str(work / "dist"), "--workpath", str(work / "work"))
    recipe = str(ROOT / "packaging" / "snug.spec")
    what = ("-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "ERROR", *folders, recipe)
    subprocess.run([sys.executable, *what], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
