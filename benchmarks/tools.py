"""The peers and nginx: where they are, getting those that are missing, their versions."""

import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

DEBIAN = {
    "wrk": "wrk",
    "ab": "apache2-utils",
    "h2load": "nghttp2-client",
    "hey": "hey",
    "nginx": "nginx-light",
}
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_VERSION_FLAG = dict.fromkeys(("h2load", "autocannon", "locust"), "--version")
_VERSION_FLAG |= {"wrk": "-v", "ab": "-V", "nginx": "-v"}


class Toolbox:
    """Programs by name. autocannon and Locust are installed into `folder` when they are first asked for."""

    def __init__(self, folder: Path, *, install: bool) -> None:
        self._folder = folder
        self._install = install
        self._found: dict[str, str | None] = {}

    def find(self, name: str) -> str | None:
        """The program's path; None where it is not to be had."""
        if name not in self._found:
            self._found[name] = self._look_for(name)
            if self._found[name] is None:
                sys.stderr.write(f"{name} is missing, so it is not measured\n")
        return self._found[name]

    def need(self, name: str) -> str:
        """The program's path. Raises FileNotFoundError."""
        path = self.find(name)
        if path is None:
            raise FileNotFoundError(f"{name} is missing; on Debian, as root: apt-get install {DEBIAN[name]}")
        return path

    def versions(self) -> list[str]:
        """One line for each program that was used."""
        return [f"{name} {_version(name, path)}" for name, path in sorted(self._found.items()) if path]

    @property
    def missing(self) -> list[str]:
        """Those that were asked for in vain."""
        return sorted(name for name, path in self._found.items() if path is None)

    def _look_for(self, name: str) -> str | None:
        path = shutil.which(name, path=_PATH)
        if path is None and self._install:
            own = {"autocannon": self._autocannon, "locust": self._locust}
            path = own[name]() if name in own else _from_debian(name)
        return path

    def _autocannon(self) -> str | None:
        npm = shutil.which("npm")
        if npm is None:
            return None
        folder = self._folder / "autocannon"
        words = [
            npm,
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
            str(folder),
            "autocannon",
        ]
        return _made(folder / "node_modules" / ".bin" / "autocannon", [words])

    def _locust(self) -> str | None:
        folder = self._folder / "locust"
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "locust"]
        return _made(folder / "bin" / "locust", [[sys.executable, "-m", "venv", str(folder)], pip])


def _made(program: Path, commands: list[list[str]]) -> str | None:
    """The program that the commands make; None when it is not there afterwards."""
    sys.stderr.write(f"Installing {program.name}\n")
    for words in commands:
        subprocess.run(words, check=False, timeout=300, capture_output=True)
    return str(program) if program.is_file() else None


def _from_debian(name: str) -> str | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    sys.stderr.write(f"Installing {name}\n")
    _update()
    _apt("install", "--yes", "--no-install-recommends", DEBIAN[name])
    return shutil.which(name, path=_PATH)


@cache
def _update() -> None:
    _apt("update")


def _apt(*words: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-qq", *words], check=False, timeout=300, env=environment, capture_output=True)


def _version(name: str, path: str) -> str:
    if name in _VERSION_FLAG:
        words = [path, _VERSION_FLAG[name]]
        shown = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)
        if found := re.search(r"\d+\.\d+[\w.\-]*", shown.stdout + shown.stderr):
            return found[0]
    return _package_version(DEBIAN.get(name, name))


def _package_version(package: str) -> str:
    if shutil.which("dpkg-query") is None:
        return "of unknown version"
    words = ["dpkg-query", "-W", "-f=${Version}", package]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout or "of unknown version"
