"""Ctrl-C during the start. What it does to runs is seen where a dashboard ends anyway: test_killed.py,
test_upgrade.py and test_clock.py, by what ending.py holds."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

from tests.reliability.served import alive, until

PYTHON_S = 0.15  # of CPU time, for Python's own start
MOMENTS_S = (0.0, 0.3, 1.0, 1.8)


def test_at_any_moment_of_the_start(tmp_path: Path) -> None:
    """Of a terminal's, and of those in a script's background: every second one."""
    started = [_start(tmp_path / str(number), bool(number % 2)) for number in range(len(MOMENTS_S))]
    try:
        until(lambda: all(map(_has_begun, started)), 10, "Python itself has started")
        began, left = time.monotonic(), list[psutil.Process]()
        for process, moment_s in zip(started, MOMENTS_S, strict=True):
            time.sleep(max(0.0, began + moment_s - time.monotonic()))
            left += psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGINT)
        ended = [(process.communicate(timeout=10), process.returncode) for process in started]
    finally:
        for process in started:
            process.kill()
    # Where it is still importing the command line itself, Python dies of the signal.
    assert {code for _, code in ended} <= {0, 130, -signal.SIGINT}, ended
    assert not any("Traceback" in err for (_, err), code in ended if code != -signal.SIGINT)
    until(lambda: not any(map(alive, left)), 3, "what they had started ends")


def _has_begun(process: subprocess.Popen[str]) -> bool:
    """Whether it is past Python's own start: by its CPU time, and as it hears SIGINT."""
    used = psutil.Process(process.pid).cpu_times()
    mask = re.search(r"SigIgn:\s*(\w+)", Path(f"/proc/{process.pid}/status").read_text())
    assert mask is not None
    return used.user + used.system > PYTHON_S and not int(mask[1], 16) >> (signal.SIGINT - 1) & 1


def _start(data_dir: Path, ignored: bool) -> subprocess.Popen[str]:
    # Shells without job control have their background commands ignore SIGINT, which stays so across exec.
    was = signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.getsignal(signal.SIGINT))
    try:
        return subprocess.Popen(
            [sys.executable, "-m", "webui.cli", "serve", "--port", "0", "--no-practice-target"],
            env={**os.environ, "KATYDID_DATA_DIR": str(data_dir)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, was)
