"""A real `katydid serve` seen from outside: its API and pages, its processes, its database file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.server import Dashboard, dashboard
from webui.metrics import codec
from webui.metrics.snapshot import Snapshot

AT_ONCE = int(os.environ.get("KATYDID_RELIABILITY_AT_ONCE", 6))  # of the dashboard that all tests share
QUEUED = int(os.environ.get("KATYDID_RELIABILITY_QUEUED", 12))
LIVE = ("queued", "running", "stopping")


class Served:
    """One dashboard. All waiting is bounded and ends with an AssertionError."""

    def __init__(self, started: Dashboard, data_dir: Path) -> None:
        self.url = started.url
        self.log = started.log
        self.process = psutil.Process(started.process.pid)
        self.popen = started.process
        self.database = data_dir / "katydid.db"
        self.http = httpx.Client(base_url=started.url, trust_env=False, timeout=20)

    # -- runs

    def start(self, target: str, *, users: int = 5, duration_s: float | None = 30, **more: Any) -> str:
        """Starts a run of constant users, unless `more` has another load; returns its id."""
        load = more.pop("load", {"users": users, "duration_s": duration_s})
        plan = {"base_url": target, "requests": [{}], "load": load, "think_time_s": [0.01, 0.01], **more}
        answer = self.http.post("/api/v1/runs", json=plan)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def run(self, run_id: str) -> dict[str, Any]:
        """The result document, so far or final."""
        answer = self.http.get(f"/api/v1/runs/{run_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def page(self, run_id: str) -> str:
        """The run's page as HTML."""
        answer = self.http.get(f"/runs/{run_id}")
        assert answer.status_code == 200
        return answer.text

    def stop(self, run_id: str) -> None:
        """Presses Stop."""
        assert self.http.post(f"/api/v1/runs/{run_id}/stop").status_code < 300

    def measured(self, run_id: str, intervals: int = 1) -> dict[str, Any]:
        """The run once it has so many intervals."""
        return self._until(run_id, lambda run: len(run["snapshots"]) >= intervals, 20)

    def ended(self, run_id: str, seconds: float = 20) -> dict[str, Any]:
        """The run once it has ended and is saved."""
        run = self._until(run_id, lambda run: run["status"] not in LIVE, seconds)
        until(lambda: self.stored_status(run_id) not in LIVE, seconds)
        return run

    def _until(
        self, run_id: str, true_of: Callable[[dict[str, Any]], bool], seconds: float
    ) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while not true_of(run := self.run(run_id)):
            assert time.monotonic() < deadline, f"{run_id} is {run['status']}: {run['status_reason']}"
            time.sleep(0.05)
        return run

    # -- what is on disk

    def stored_status(self, run_id: str) -> str:
        """The run's status in the file."""
        [(status,)] = self.query("SELECT status FROM runs WHERE id = ?", run_id)
        return str(status)

    def stored_rows(self, run_id: str) -> list[Snapshot]:
        """The run's intervals in the file."""
        found = self.query("SELECT data FROM snapshots WHERE run_id = ? ORDER BY position", run_id)
        return [codec.decode(row) for (row,) in found]

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the database file, read by this process."""
        with closing(sqlite3.connect(self.database, timeout=5)) as connection:
            return connection.execute(sql, values).fetchall()

    # -- processes

    def family(self) -> list[psutil.Process]:
        """Every process below it."""
        return self.process.children(recursive=True)

    def engines_of(self, port: int) -> list[psutil.Process]:
        """Those of its processes that are connected to a target's port."""
        return [process for process in self.family() if port in _peers(process)]


def alive(process: psutil.Process) -> bool:
    """Whether it still does something."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _peers(process: psutil.Process) -> set[int]:
    try:
        return {
            connection.raddr.port for connection in process.net_connections("tcp4") if len(connection.raddr)
        }
    except psutil.Error:
        return set()


@contextmanager
def serving(
    data_dir: Path,
    environment: Mapping[str, str] | None = None,
    within: Sequence[str] = (),
    practice: bool = False,
) -> Iterator[Served]:
    """A dashboard with its data in `data_dir`, see `dashboard`."""
    with dashboard(data_dir, practice=practice, environment=environment, within=within) as started:
        served = Served(started, data_dir)
        try:
            yield served
        finally:
            served.http.close()


def until(condition: Callable[[], bool], seconds: float, what: str = "") -> float:
    """Waits for it; returns how long that took. Raises AssertionError after so many seconds."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def balanced(run: Mapping[str, Any]) -> bool:
    """Whether a result's books close exactly."""
    totals = run["totals"]
    return bool(
        totals["offered"] == totals["sent"] + totals["dropped"]
        and totals["sent"] == totals["successes"] + totals["failures"] + totals["cut_off"]
    )


@contextmanager
def target_process(port: int = 0, delay_s: float = 0.0) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A target in a process of its own, that can be killed, stopped and begun anew on the same port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.reliability.target", str(port), str(delay_s)], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield process, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def patience() -> float:
    """How many times longer things may take than on a quiet machine; 1 on one."""
    return max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1) - 1)


def setting(name: str, default: float) -> float:
    """A size from the environment, for runs that are longer or larger than those of `make test`."""
    return float(os.environ.get(f"KATYDID_RELIABILITY_{name}", default))
