"""The machine that measures: its description, its cores, its limits."""

import os
import platform
import resource
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.tools import Toolbox

GENERATOR_CORE, TARGET_CORE = 0, 1


def on_core(core: int) -> Callable[[], None]:
    """A `preexec_fn` that pins a child and all its children to one core."""
    return lambda: os.sched_setaffinity(0, {core})


def enough_cores() -> bool:
    """Whether generator and target can have a core each."""
    return {GENERATOR_CORE, TARGET_CORE} <= os.sched_getaffinity(0)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process that was started here, by force where it takes longer than 10 s."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def raise_file_limit() -> None:
    """As many open files as this user may have, for this process and its children."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def described(tools: Toolbox) -> list[str]:
    """What a reader needs to judge the figures."""
    system = f"{platform.system()} {platform.release().partition('-')[0]}"
    packages = ", ".join(f"{name} {version(name)}" for name in ("katydid", "uvloop", "httptools"))
    return [
        f"{_cpu()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB",
        f"{system}, Python {platform.python_version()}, {packages}",
        *tools.versions(),
    ]


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def commit() -> str:
    """What was measured."""
    words = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(words, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return f"commit {found.stdout.strip()}" if found.returncode == 0 else f"version {version('katydid')}"
