"""A minimal Debian, as fresh as a machine can be, with an ordinary user in it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

USER: Final = "ann"
USER_ID: Final = 1000
_APT: Final = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_NETWORK_FILES: Final = ("resolv.conf", "hosts")


class CleanRoot:
    """A folder that programs run in as if it were the machine. Needs root.

    ``network`` is there for installing packages alone; programs of the user's run without any.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mounts: list[Path] = []

    @classmethod
    def make(cls, folder: Path, mirror_root: Path | None = None) -> Self:
        """Make one with mmdebstrap, or as a copy of one that was made before."""
        root = cls(folder)
        if mirror_root is not None:
            subprocess.run(["cp", "-a", str(mirror_root), str(folder)], check=True)
            return root
        what = ["mmdebstrap", "--quiet", "--variant=minbase", "bookworm", str(folder)]
        subprocess.run(what, check=True, stderr=subprocess.DEVNULL)
        for name in _NETWORK_FILES:
            shutil.copyfile(f"/etc/{name}", folder / "etc" / name)
        certificates = Path("/etc/ssl/certs")
        if certificates.is_dir():
            shutil.copytree(certificates, folder / "etc/ssl/certs", dirs_exist_ok=True)
        root.as_root("useradd", "--create-home", "--uid", str(USER_ID), USER)
        return root

    def __enter__(self) -> Self:
        for name in ("proc", "dev"):
            self.bind(Path("/") / name, name)
        return self

    def __exit__(self, *_: object) -> None:
        for place in reversed(self._mounts):
            subprocess.run(["umount", "--lazy", str(place)], check=True)
        self._mounts.clear()

    def bind(self, source: Path, inside: str) -> None:
        """Show a folder of this machine inside."""
        place = self.folder / inside
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--rbind", str(source), str(place)], check=True)
        subprocess.run(["mount", "--make-rslave", str(place)], check=True)
        self._mounts.append(place)

    def as_root(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as root, with the network."""
        return _run(["chroot", str(self.folder), *command], _APT, check=check)

    def as_user(
        self,
        *command: str,
        environment: Mapping[str, str] | None = None,
        user_id: int = USER_ID,
        home: str = f"/home/{USER}",
        check: bool = True,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as the ordinary user, without any network."""
        variables = {"HOME": home, "LC_ALL": "C.UTF-8", **(environment or {})}
        enter = ["unshare", "--net", "chroot", f"--userspec={user_id}:{user_id}", str(self.folder)]
        return _run([*enter, *command], variables, check=check, timeout=timeout)

    def install(self, package: Path) -> None:
        """Install a Debian package with what it depends on, as a person would."""
        shutil.copy(package, self.folder / "tmp" / package.name)
        self.as_root("apt-get", "update", "-qq")
        self.as_root(
            "apt-get", "install", "-y", "-qq", "--no-install-recommends", f"/tmp/{package.name}"
        )
        (self.folder / "tmp" / package.name).unlink()

    def files(self) -> set[str]:
        """Return every file and link that is there, but for what changes by itself."""
        found = set()
        passing = ("proc", "dev", "sys", "tmp", "run", "var/cache", "var/lib", "var/log")
        for folder, folders, names in os.walk(self.folder):
            inside = os.path.relpath(folder, self.folder)
            folders[:] = [
                each for each in folders if os.path.normpath(f"{inside}/{each}") not in passing
            ]
            found |= {os.path.normpath(f"{inside}/{name}") for name in names}
        return found


def _run(
    command: Sequence[str], variables: Mapping[str, str], *, check: bool, timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    done = subprocess.run(
        command,
        env=environment | dict(variables),
        check=False,
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if check and done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done
