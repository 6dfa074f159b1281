"""Katydid's figures beside those of the server that it measured."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.accuracy.server import SCRIPTS, ServingLoop, Truth
from tests.engine.drive import run
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats

PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
RATE = {"shape": "constant-rate", "rate_rps": 360, "duration_s": 3}
CLOSED = {"shape": "constant-users", "users": 20, "spawn_rate": 1000, "iterations": 1000}
# name -> the server's script, and the load
SCENARIOS: dict[str, tuple[str, dict[str, Any]]] = {
    "fixed": ("fixed", RATE),
    "fixed, closed model": ("fixed", CLOSED),
    "bimodal": ("bimodal", RATE),
    "ramp": ("ramp", RATE),
    "freeze": ("freeze", RATE),
}


@dataclass(frozen=True)
class Row:
    """One percentile, in nanoseconds."""

    percentile: float
    truth: int
    service: int
    response: int

    @property
    def allowed(self) -> int:
        """1 % of the truth or 100 us, whichever is larger."""
        return max(self.truth // 100, 100_000)

    @property
    def holds(self) -> bool:
        """Whether Katydid's figure for what the target took is as close to the truth as it must be."""
        return abs(self.service - self.truth) <= self.allowed


def beside(name: str) -> list[Row]:
    """Runs the scenario against a server in the engine's own event loop.

    So whatever other programs take from the two, they take from both alike: on a busy machine nothing else
    tells the engine's own error from the time in which an answer had come and nobody had a core to read it.
    """
    script, load = SCENARIOS[name]
    truth = Truth(SCRIPTS[script])
    loop = ServingLoop(truth)
    with patch("webui.engine.runner.uvloop.new_event_loop", lambda: loop):
        total = run(f"http://127.0.0.1:{loop.port}", load=load).total
    stats = total.endpoints[0]
    if stats.service is not stats.response:  # they differ by what starts were late, to the nanosecond
        assert stats.response.sum_ns - stats.service.sum_ns == total.health.schedule_lag.sum_ns
    return _rows(truth.taken_ns, stats)


def apart(name: str) -> list[Row]:
    """Runs the scenario against a server in a process of its own."""
    script, load = SCENARIOS[name]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.accuracy.server", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        stats = run(f"http://127.0.0.1:{port}", load=load).total.endpoints[0]
        log, _ = server.communicate()
    return _rows(json.loads(log), stats)


def _rows(taken_ns: list[int], stats: EndpointStats) -> list[Row]:
    """The number of answers must agree exactly."""
    truth = Histogram.of(taken_ns)
    assert truth.total == stats.totals.successes == stats.totals.sent >= 1000
    columns = [histogram.percentiles_ns(PERCENTILES) for histogram in (truth, stats.service, stats.response)]
    return [
        Row(p, *(value or 0 for value in values)) for p, *values in zip(PERCENTILES, *columns, strict=True)
    ]
