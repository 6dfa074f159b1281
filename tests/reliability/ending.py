"""Katydid told to end while tests run: in order, or at once."""

from __future__ import annotations

import signal
import time

from tests.reliability.served import Served, alive, until
from webui.metrics.snapshot import merge_time

ENDS_S = 2.0


def ends_in_order(served: Served, port: int, number: int) -> None:
    """One signal ends its runs, and all of them are saved."""
    runs = [served.start(f"http://127.0.0.1:{port}") for _ in range(2)]
    for run_id in runs:
        served.measured(run_id, 1)
    family = served.family()
    served.process.send_signal(number)
    took_s = _ended_within(served, 10)
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


def ends_at_once(served: Served, port: int) -> None:
    """A second signal ends everything where it stands; what was saved stays."""
    run_id = served.start(f"http://127.0.0.1:{port}")
    served.measured(run_id, 2)
    on_disk = len(served.stored_rows(run_id))
    family = served.family()
    served.process.send_signal(signal.SIGINT)
    served.process.send_signal(signal.SIGTERM)
    took_s = _ended_within(served, 5)
    assert served.popen.returncode == 130
    assert took_s < 0.5
    print(f"twice: ended in {took_s:.2f} s")
    until(lambda: not any(map(alive, family)), 2, "its engines end")
    assert len(served.stored_rows(run_id)) >= on_disk


def _ended_within(served: Served, seconds: float) -> float:
    """How long it takes to end."""
    began = time.monotonic()
    served.popen.wait(seconds)
    return time.monotonic() - began
