"""A real dashboard in processes of its own, driven over its API as any client would."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.machine import end, on_core
from benchmarks.nginx import free_port, wait_for_port
from webui.cli.scratch import scratch_folder

_ENDED = frozenset({"passed", "failed", "stopped", "interrupted", "error"})


class Dashboard:
    """A running `katydid serve`."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self.process = psutil.Process(pid)
        self._client = httpx.Client(base_url=url, timeout=30)

    def start_run(self, plan: dict[str, Any]) -> str:
        """Starts a run and returns its id."""
        response = self._client.post("/api/v1/runs", json=plan)
        response.raise_for_status()
        return str(response.json()["id"])

    def result(self, run_id: str) -> dict[str, Any]:
        response = self._client.get(f"/api/v1/runs/{run_id}")
        response.raise_for_status()
        document: dict[str, Any] = response.json()
        return document

    def stop_run(self, run_id: str) -> None:
        self._client.post(f"/api/v1/runs/{run_id}/stop").raise_for_status()

    def ended(self, run_id: str, within_s: float, every_s: float = 0.25) -> dict[str, Any]:
        """The result once the run has ended. Raises TimeoutError."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            document = self.result(run_id)
            if document["status"] in _ENDED:
                return document
            time.sleep(every_s)
        raise TimeoutError(f"run {run_id} has not ended")

    @contextlib.contextmanager
    def watched(self, run_id: str) -> Iterator[list[int]]:
        """A viewer of the run's page stream in the background; yields the sizes of what it received."""
        sizes: list[int] = []

        def watch() -> None:
            address = f"{self.url}/runs/{run_id}/stream"
            with contextlib.suppress(httpx.HTTPError), httpx.stream("GET", address, timeout=30) as response:
                sizes.extend(len(chunk) for chunk in response.iter_bytes())

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        yield sizes
        thread.join(10)

    def cpu_s(self) -> float:
        """CPU seconds so far of the dashboard and all processes below it, also of those that have ended."""
        return sum(self.process.cpu_times()[:4]) + self.cpu_s_of_engines()

    def cpu_s_of_engines(self) -> float:
        """CPU seconds so far of all processes below the dashboard."""
        return sum(sum(process.cpu_times()[:4]) for process in self._engines())

    def memory(self) -> int:
        """Private memory of the dashboard and all processes below it, in bytes."""
        return int(self.process.memory_full_info().uss) + self.memory_of_engines()

    def memory_of_engines(self) -> int:
        """Private memory of all processes below the dashboard, in bytes."""
        return sum(process.memory_full_info().uss for process in self._engines())

    def pin_engines(self, core: int) -> None:
        """Moves all processes below the dashboard to one core; what they start follows."""
        for process in self._engines():
            for thread in process.threads():
                os.sched_setaffinity(thread.id, {core})

    def give_way(self) -> None:
        """The dashboard's own threads, not its engines', leave the core to whatever else wants it."""
        for thread in self.process.threads():
            os.setpriority(os.PRIO_PROCESS, thread.id, 19)

    def _engines(self) -> list[psutil.Process]:
        return self.process.children(recursive=True)

    def close(self) -> None:
        self._client.close()


@contextlib.contextmanager
def running_dashboard(database: Path | None = None, core: int | None = None) -> Iterator[Dashboard]:
    """Starts a dashboard with a database of its own, pinned with all its processes, and ends it."""
    port = free_port()
    with scratch_folder("katydid-bench-") as folder:
        place = database or folder / "katydid.db"
        flags = ["--port", str(port), "--database-url", f"sqlite:///{place}", "--no-practice-target"]
        process = subprocess.Popen(
            [sys.executable, "-m", "webui.cli", "serve", *flags],
            preexec_fn=None if core is None else on_core(core),
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_for_port(port, process)
            with contextlib.closing(Dashboard(f"http://127.0.0.1:{port}", process.pid)) as dashboard:
                yield dashboard
        finally:
            end(process)
