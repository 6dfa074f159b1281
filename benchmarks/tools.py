"""The peers and nginx: where they are, installing them from the distribution, their versions."""

import os
import re
import shutil
import subprocess
import sys

PACKAGES = {"wrk": "wrk", "ab": "apache2-utils", "hey": "hey", "nginx": "nginx-light"}
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
_VERSION_FLAG = {"wrk": "-v", "ab": "-V", "nginx": "-v"}


def find(name: str) -> str | None:
    """The program's path, also where only root usually looks."""
    return shutil.which(name, path=_PATH)


def install_tools(*, install: bool) -> list[str]:
    """Installs what is missing where that can be done; returns what is missing still."""
    if install and any(find(name) is None for name in PACKAGES):
        _install([package for name, package in PACKAGES.items() if find(name) is None])
    missing = [name for name in PACKAGES if find(name) is None]
    for name in missing:
        sys.stderr.write(f"{name} is missing. On Debian, as root: apt-get install {PACKAGES[name]}\n")
    return missing


def _install(packages: list[str]) -> None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    sys.stderr.write(f"Installing {' '.join(packages)}\n")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "-qq", "update"], check=False, timeout=300, env=environment)
    for package in packages:  # each by itself: one that is not to be had must not keep the others away
        words = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", package]
        subprocess.run(words, check=False, timeout=300, env=environment, stdout=subprocess.DEVNULL)


def tool_versions() -> list[str]:
    """One line for each program that is there."""
    return [f"{name} {_version(name)}" for name in PACKAGES if find(name) is not None]


def _version(name: str) -> str:
    path = find(name)
    if path is None or name not in _VERSION_FLAG:
        return _package_version(PACKAGES[name])
    shown = subprocess.run([path, _VERSION_FLAG[name]], capture_output=True, text=True, check=False)
    found = re.search(r"\d+\.\d+[\w.\-]*", shown.stdout + shown.stderr)
    return found[0] if found else _package_version(PACKAGES[name])


def _package_version(package: str) -> str:
    if shutil.which("dpkg-query") is None:
        return "of unknown version"
    words = ["dpkg-query", "-W", "-f=${Version}", package]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout or "of unknown version"
