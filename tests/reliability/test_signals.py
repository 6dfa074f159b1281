"""SIGTERM and Ctrl-C: once ends runs in order and saves them, twice ends at once; also during the start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.reliability.served import Served, alive, serving, until
from webui.metrics.snapshot import merge_time

ENDS_S = 2.0
PYTHON_S = 0.15  # of CPU time, for Python's own start
MOMENTS_S = (0.0, 0.1, 0.6, 1.0, 1.6, 2.4)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_once_ends_runs_in_order_and_saves_them(tmp_path: Path, port: int, number: int) -> None:
    with serving(tmp_path) as served:
        runs = [served.start(f"http://127.0.0.1:{port}") for _ in range(2)]
        for run_id in runs:
            served.measured(run_id, 1)
        family = served.family()
        served.process.send_signal(number)
        took_s = ended_within(served, 10)
        assert served.popen.returncode == 0
        assert took_s < ENDS_S
        print(f"signal {number}: ended in {took_s:.2f} s")
        until(lambda: not any(map(alive, family)), 2, "its engines end")
        for run_id in runs:
            assert served.stored_status(run_id) == "interrupted"
            totals = merge_time(served.stored_rows(run_id)).totals
            assert totals.balanced
            [(sent,)] = served.query("SELECT sent FROM runs WHERE id = ?", run_id)
            assert sent == totals.sent > 0
        assert "Traceback" not in served.log.read_text()


def ended_within(served: Served, seconds: float) -> float:
    """How long it takes to end."""
    began = time.monotonic()
    served.popen.wait(seconds)
    return time.monotonic() - began


def test_twice_ends_at_once(tmp_path: Path, port: int) -> None:
    with serving(tmp_path) as served:
        run_id = served.start(f"http://127.0.0.1:{port}")
        served.measured(run_id, 2)
        on_disk = len(served.stored_rows(run_id))
        family = served.family()
        served.process.send_signal(signal.SIGINT)
        served.process.send_signal(signal.SIGTERM)
        took_s = ended_within(served, 5)
        assert served.popen.returncode == 130
        assert took_s < 0.5
        print(f"twice: ended in {took_s:.2f} s")
        until(lambda: not any(map(alive, family)), 2, "its engines end")
        assert len(served.stored_rows(run_id)) >= on_disk


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
