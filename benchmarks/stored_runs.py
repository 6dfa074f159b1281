"""A store with 1,000 runs, and the answer times of a page that shows them."""

import asyncio
import contextlib
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from benchmarks.dashboard import running_dashboard
from benchmarks.report import Limit
from webui.cli.scratch import scratch_folder
from webui.plan.documents import plan_from_data, plan_to_data
from webui.store import RunRecord, Store

RUNS = 1000
_REQUESTS = 100
_LIMIT_MS = 50


@contextlib.contextmanager
def dashboard_with_runs() -> Iterator[httpx.Client]:
    """A client of a dashboard whose store has them."""
    with scratch_folder("katydid-bench-") as folder:
        asyncio.run(_fill(folder / "katydid.db"))
        with (
            running_dashboard(folder / "katydid.db") as dashboard,
            httpx.Client(base_url=dashboard.url) as client,
        ):
            yield client


def answer_times(client: httpx.Client, path: str) -> tuple[list[list[str]], Limit]:
    """The rows of a table and the limit of a page's answer time."""
    times = sorted(_timed(client, path) for _ in range(_REQUESTS))
    median_ms = statistics.median(times) * 1000
    rows = [
        ["median answer time", f"{median_ms:.1f} ms"],
        ["95th percentile", f"{times[int(len(times) * 0.95)] * 1000:.1f} ms"],
    ]
    return rows, Limit("median answer time", median_ms, _LIMIT_MS, at_least=False, unit=" ms")


def _timed(client: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - started


async def _fill(database: Path) -> None:
    store = await Store.open(f"sqlite:///{database}")
    for number in range(RUNS):
        await store.add_run(_record(number))
    await store.close()


def _record(number: int) -> RunRecord:
    load = {"users": 50, "duration_s": 30}
    plan = plan_from_data(
        {"base_url": "http://127.0.0.1:8000", "requests": [{"path": "/items"}], "load": load}
    )
    created = datetime.now(UTC) - timedelta(minutes=number)
    return RunRecord(
        id=f"r_{number:010d}",
        name=f"Items {number}",
        status="failed" if number % 7 == 0 else "passed",
        target="127.0.0.1:8000/items",
        load="50 users for 30 s",
        planned_s=30,
        created_at=created,
        started_at=created,
        ended_at=created + timedelta(seconds=30),
        throughput_rps=1000 + number,
        p95_ms=20 + number / 10,
        success_percent=100,
        sent=30_000 + number,
        spark=[float(number % step) for step in range(1, 41)],
        tags=["nightly"],
        plan=plan_to_data(plan),
    )
