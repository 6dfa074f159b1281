"""A real `katydid serve` in a process of its own, for tests that need one."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 10
_READY = re.compile(r"Katydid is ready: (\S+)")
_PRACTICE = re.compile(r"practice target async-io is on (http://[^/\s]+)")


@dataclass(frozen=True)
class Dashboard:
    """A started dashboard: its address, its process, and the practice target async-io's if it runs."""

    url: str
    process: subprocess.Popen[str]
    practice_url: str | None
    log: Path


@contextmanager
def dashboard(
    data_dir: Path,
    *,
    practice: bool = True,
    environment: Mapping[str, str] | None = None,
    within: Sequence[str] = (),
) -> Iterator[Dashboard]:
    """Serves on a free port with its data in `data_dir`; ended by SIGINT, or killed where that fails.

    `within` is a command that becomes the one that follows it, such as `env`."""
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "serve.log"
    options = [] if practice else ["--no-practice-target"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [*within, sys.executable, "-m", "webui.cli", "serve", "--port", "0", *options],
            env={**os.environ, "KATYDID_DATA_DIR": str(data_dir), **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        text = _wait_until_ready(process, log)
        practice_url = _PRACTICE.search(text)
        yield Dashboard(_url(text), process, practice_url[1] if practice_url else None, log)
    finally:
        end(process)


def _url(text: str) -> str:
    ready = _READY.search(text)
    assert ready is not None
    return ready[1]


def _wait_until_ready(process: subprocess.Popen[str], log: Path) -> str:
    """What it printed by the time it was ready: the last line that it prints at its start."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        text = log.read_text()
        if "Press Ctrl-C" in text:
            return text
        assert process.poll() is None, f"serve ended with {process.returncode}:\n{text}"
        time.sleep(0.05)
    raise AssertionError(f"serve was not ready in {START_TIMEOUT_S} s:\n{log.read_text()}")


def end(process: subprocess.Popen[str]) -> None:
    """Ends it as Ctrl-C would, or kills it."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
