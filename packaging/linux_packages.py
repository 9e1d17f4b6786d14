"""Lays a frozen program out as Debian and the desktop want it, and wraps it."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import licences
from add_model import add_model
from frozen import data_folder

from desktop.__main__ import COMMANDS

ROOT: Final = Path(__file__).resolve().parent.parent
HERE: Final = Path(__file__).resolve().parent / "linux"
APP_ID: Final = "chat.snug.Snug"
HOMEPAGE: Final = "https://github.com/snug-chat/snug"
DEPENDS: Final = (
    "libc6 (>= 2.36), libgl1, libegl1, libx11-6, libx11-xcb1, libxcb1, libxkbcommon0, "
    "libxkbcommon-x11-0, libwayland-client0, libwayland-cursor0, libwayland-egl1, libfontconfig1, "
    "libfreetype6, libdbus-1-3, libglib2.0-0, libgssapi-krb5-2, libexpat1, zlib1g, "
    "fonts-dejavu-core | fonts-freefont-ttf"
)


@dataclass(frozen=True)
class Form:
    """One of the two forms of each installer."""

    package: str
    has_model: bool
    words: str


FULL: Final = Form("snug", has_model=True, words="A small model is included.")
LITE: Final = Form("snug-lite", has_model=False, words="No model is included.")
FORMS: Final = (LITE, FULL)


@dataclass(frozen=True)
class Release:
    """What the files say of when and which; ``time`` is in seconds since the epoch."""

    version: str
    time: int

    @property
    def date(self) -> str:
        """Return the day of the release."""
        return datetime.fromtimestamp(self.time, UTC).strftime("%Y-%m-%d")


def lay_out(tree: Path, frozen: Path, form: Form, release: Release) -> None:
    """Make the folders as they are going to lie below the root of a machine."""
    shutil.rmtree(tree, ignore_errors=True)
    program = tree / "usr" / "lib" / "snug"
    shutil.copytree(frozen, program, symlinks=True)
    if form.has_model:
        add_model(program)
    else:
        licences.leave_out_models(data_folder(program, "licences"))
    share = tree / "usr" / "share"
    _copy(HERE / f"{APP_ID}.desktop", share / "applications")
    _copy(HERE / f"{APP_ID}.xml", share / "mime" / "packages")
    icon = share / "icons" / "hicolor" / "scalable" / "apps" / f"{APP_ID}.svg"
    _copy(ROOT / "resources" / "icons" / "snug.svg", icon.parent).rename(icon)
    _fill(HERE / f"{APP_ID}.metainfo.xml.in", share / "metainfo", release)
    page = _fill(HERE / "snug.1.in", share / "man" / "man1", release)
    page.with_name("snug.1.gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
    page.unlink()
    doc = share / "doc" / form.package
    _copy(ROOT / "LICENSE", doc).rename(doc / "copyright")
    (doc / "changelog.gz").write_bytes(gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0))
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "usr" / "bin" / "snug").symlink_to("../lib/snug/snug")
    _pin(tree, release.time)


def make_deb(tree: Path, form: Form, release: Release, output: Path) -> Path:
    """Return a Debian package of the tree."""
    control = tree / "DEBIAN"
    control.mkdir()
    other = LITE if form is FULL else FULL
    size = sum(path.lstat().st_size for path in tree.rglob("*") if not path.is_dir()) // 1024
    (control / "control").write_text(
        f"""Package: {form.package}
Version: {release.version}
Architecture: amd64
Maintainer: Snug <{HOMEPAGE}>
Installed-Size: {size}
Depends: {DEPENDS}
Recommends: libvulkan1, libreadline8
Conflicts: {other.package}
Replaces: {other.package}
Section: utils
Priority: optional
Homepage: {HOMEPAGE}
Description: chat with language models on your own computer
 A chat window on quantized language models that run on this machine. It needs
 no account and no network: nothing that is written leaves the machine.
 {form.words}
""",
        encoding="utf-8",
    )
    _pin(control, release.time)
    path = output / f"{form.package}_{release.version}_amd64.deb"
    how = ("--root-owner-group", "--threads-max=1", "-Zxz", "-z9", "--build")
    subprocess.run(["dpkg-deb", *how, str(tree), str(path)], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(control)
    return path


def make_run(package: Path, form: Form, release: Release, output: Path) -> Path:
    """Return a file that installs what a Debian package holds for one person, without root.

    It takes the package's own archive: packing the same a second time would double the wait.
    """
    folder = package.parent / f"{form.package}.run.new"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with (folder / "data.tar.xz").open("wb") as archive:
        subprocess.run(["ar", "p", str(package), "data.tar.xz"], check=True, stdout=archive)
    (folder / "size").write_text(f"{_field(package, 'Installed-Size')}\n", encoding="utf-8")
    names = " ".join(re.findall(r"(?:^|, )([a-z0-9.+-]+)", DEPENDS))
    (folder / "needs").write_text(f"{names}\n", encoding="utf-8")
    _copy(HERE / "install.sh", folder).chmod(0o755)
    _pin(folder, release.time)
    path = output / f"{form.package}-{release.version}-x86_64.run"
    path.unlink(missing_ok=True)
    day = datetime.fromtimestamp(release.time, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    order = f"--sort=name --owner=0 --group=0 --numeric-owner --mtime=@{release.time}"
    what = ("--nocomp", "--nox11", "--sha256", "--packaging-date", day, "--tar-extra", order)
    # The file tells how it was made: by names that are the same on every machine.
    wrap = ["makeself", *what, folder.name, path.name, "Snug", "./install.sh"]
    subprocess.run(wrap, check=True, cwd=output, stdout=subprocess.DEVNULL)
    shutil.rmtree(folder)
    return path


def _field(package: Path, name: str) -> str:
    asked = ["dpkg-deb", "--field", str(package), name]
    return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()


def _copy(source: Path, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copyfile(source, folder / source.name))


def _fill(template: Path, folder: Path, release: Release) -> Path:
    """Write a template with what changes from release to release."""
    commands = "\n".join(f".TP\n.B {name}\n{purpose}." for name, purpose in COMMANDS.items())
    text = template.read_text(encoding="utf-8")
    for mark, value in {
        "@VERSION@": release.version,
        "@DATE@": release.date,
        "@HOMEPAGE@": HOMEPAGE,
        "@COMMANDS@": commands.replace("-", "\\-"),
    }.items():
        text = text.replace(mark, value)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / template.name.removesuffix(".in")
    path.write_text(text, encoding="utf-8")
    return path


def _pin(folder: Path, time: int) -> None:
    """Give every file one time and plain permissions: neither depends on who builds."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        os.utime(path, (time, time), follow_symlinks=False)
