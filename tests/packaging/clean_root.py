"""A minimal Debian, as fresh as a machine can be, with ordinary users in it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

USER: Final = "ann"
USER_ID: Final = 1000
_PATH: Final = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
_APT: Final = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
_NETWORK_FILES: Final = ("resolv.conf", "hosts")
_PASSING: Final = ("proc", "dev", "sys", "tmp", "run", "var/cache", "var/lib", "var/log")
"""What changes by itself."""


@dataclass(frozen=True)
class CleanRoot:
    """A folder that programs run in as if it were the machine. Needs root.

    Packages are installed with the network; programs of a user's run without any. What is shown
    of this machine inside is mounted for each command alone, so that nothing stays mounted.
    """

    folder: Path
    shown: dict[str, Path] = field(
        default_factory=lambda: {"proc": Path("/proc"), "dev": Path("/dev")}
    )

    @classmethod
    def fresh(cls, folder: Path) -> Self:
        """Make one with mmdebstrap."""
        root = cls(folder)
        what = ["mmdebstrap", "--quiet", "--variant=minbase", "bookworm", str(folder)]
        subprocess.run(what, check=True, stderr=subprocess.DEVNULL)
        for name in _NETWORK_FILES:
            shutil.copyfile(f"/etc/{name}", folder / "etc" / name)
        for name in root.shown:
            (folder / name).mkdir(exist_ok=True)
        root.add_user(USER, USER_ID)
        return root

    def copy(self, folder: Path) -> CleanRoot:
        """Return another one with all that is in this one."""
        subprocess.run(["cp", "-a", "--reflink=auto", str(self.folder), str(folder)], check=True)
        return CleanRoot(folder)

    def add_user(self, name: str, user_id: int) -> None:
        """Make an ordinary user, and a home."""
        self.as_root("useradd", "--create-home", "--uid", str(user_id), name)

    def home(self, name: str, *, mode: int = 0o755) -> str:
        """Make a home of the ordinary user's that nothing else uses; return its name inside."""
        folder = self.folder / "home" / name
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, USER_ID, USER_ID)
        folder.chmod(mode)
        return f"/home/{name}"

    def show(self, source: Path, inside: str) -> None:
        """Show a folder of this machine inside, to every command from now on."""
        (self.folder / inside).mkdir(parents=True, exist_ok=True)
        self.shown[inside] = source

    def as_root(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as root, with the network."""
        return self._run(["unshare", "--mount"], [], command, _APT, check=check, timeout=600)

    def as_user(
        self,
        *command: str,
        environment: Mapping[str, str] | None = None,
        user_id: int = USER_ID,
        home: str = f"/home/{USER}",
        check: bool = True,
        timeout: float = 300,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as an ordinary user, without any network."""
        variables = {"HOME": home, "LC_ALL": "C.UTF-8", **(environment or {})}
        user = [f"--userspec={user_id}:{user_id}"]
        enter = ["unshare", "--mount", "--net"]
        return self._run(enter, user, command, variables, check=check, timeout=timeout)

    def install(self, *packages: str | Path) -> None:
        """Install packages, by name or as files, with what they depend on, as a person would."""
        names = []
        for package in packages:
            if isinstance(package, Path):
                shutil.copy(package, self.folder / "tmp" / package.name)
                names.append(f"/tmp/{package.name}")
            else:
                names.append(package)
        self.as_root("apt-get", "update", "-qq")
        self.as_root("apt-get", "install", "-y", "-qq", "--no-install-recommends", *names)
        for package in packages:
            (self.folder / "tmp" / Path(package).name).unlink(missing_ok=True)

    def files(self) -> set[str]:
        """Return every file and link that is there, but for what changes by itself."""
        found = set()
        for folder, folders, names in os.walk(self.folder):
            inside = os.path.relpath(folder, self.folder)
            folders[:] = [
                each for each in folders if os.path.normpath(f"{inside}/{each}") not in _PASSING
            ]
            found |= {os.path.normpath(f"{inside}/{name}") for name in names}
        return found

    def _run(
        self,
        enter: Sequence[str],
        user: Sequence[str],
        command: Sequence[str],
        variables: Mapping[str, str],
        *,
        check: bool,
        timeout: float,
    ) -> subprocess.CompletedProcess[str]:
        mounts = "".join(
            f"mount --rbind {shlex.quote(str(source))} {shlex.quote(str(self.folder / inside))}\n"
            for inside, source in self.shown.items()
        )
        inside = ["chroot", *user, str(self.folder), *command]
        done = subprocess.run(
            [*enter, "sh", "-euc", f'{mounts}exec "$@"', "sh", *inside],
            env=_PATH | dict(variables),
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check and done.returncode:
            told = f"{done.stdout}{done.stderr}"
            raise AssertionError(f"{command} ended with {done.returncode}:\n{told}")
        return done
