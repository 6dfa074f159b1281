"""A store with many runs, and the answer times of pages that show them.

`python -m benchmarks.stored_runs DATABASE [RUNS]` makes such a store, to look at with `katydid serve`.
"""

import asyncio
import contextlib
import random
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.dashboard import running_dashboard
from benchmarks.report import Limit
from webui.cli.scratch import scratch_folder
from webui.plan.documents import plan_from_data, plan_to_data
from webui.plan.identity import plan_key
from webui.store import RunRecord, Store

RUNS = 100_000
PLANS = 400
LIMIT_MS = 50
_REQUESTS = 60
_AT_A_TIME = 2000
_STATUSES = ("passed",) * 12 + ("failed",) * 3 + ("stopped", "interrupted", "error")
_SERVICES = ("checkout", "basket", "search", "accounts", "images", "orders", "prices", "reviews")


@contextlib.contextmanager
def dashboard_with_runs(number: int = RUNS) -> Iterator[httpx.Client]:
    """A client of a dashboard whose store has them."""
    with scratch_folder("katydid-bench-") as folder:
        asyncio.run(fill(f"sqlite:///{folder}/katydid.db", number))
        with (
            running_dashboard(Path(folder) / "katydid.db") as dashboard,
            httpx.Client(base_url=dashboard.url) as client,
        ):
            yield client


def answer_times(client: httpx.Client, path: str) -> tuple[float, float]:
    """The median and the 95th percentile of a page's answer times, in ms."""
    times = sorted(_timed(client, path) for _ in range(_REQUESTS))
    return statistics.median(times) * 1000, times[int(len(times) * 0.95)] * 1000


def median_limit(what: str, median_ms: float) -> Limit:
    """The limit of a page's median answer time."""
    return Limit(f"median of {what}", median_ms, LIMIT_MS, at_least=False, unit=" ms")


def _timed(client: httpx.Client, path: str) -> float:
    started = time.perf_counter()
    client.get(path).raise_for_status()
    return time.perf_counter() - started


async def fill(database_url: str, number: int) -> None:
    """Adds that many runs of `PLANS` plans, one a minute up to now; the same ones each time."""
    rng = random.Random(20_26)
    plans = [_plan(place) for place in range(PLANS)]
    store = await Store.open(database_url)
    for start in range(0, number, _AT_A_TIME):
        numbers = range(start, min(number, start + _AT_A_TIME))
        await store.add_runs([_record(place, rng.choice(plans), rng) for place in numbers])
    await store.close()


def _plan(place: int) -> tuple[int, dict[str, Any], str]:
    """The plan's number, its document and its key."""
    plan = plan_from_data(
        {
            "name": f"{_SERVICES[place % len(_SERVICES)].title()} {place}",
            "base_url": f"http://{_SERVICES[place % len(_SERVICES)]}.test:8000",
            "requests": [{"path": f"/items/{place}"}],
            "load": {"users": 50, "duration_s": 30},
        }
    )
    return place, plan_to_data(plan), plan_key(plan)


def _record(number: int, plan: tuple[int, dict[str, Any], str], rng: random.Random) -> RunRecord:
    place, data, key = plan
    created = datetime.now(UTC) - timedelta(minutes=number)
    slower = 1.3 if number < RUNS // 3 and place % 3 == 0 else 1.0  # a third of the trends break
    p95_ms = (20 + place / 10) * slower * rng.lognormvariate(0, 0.05)
    throughput = 1000 / slower * rng.lognormvariate(0, 0.03)
    return RunRecord(
        id=f"r_{number:010d}",
        name=f"{data['name']} #{number}",
        status=rng.choice(_STATUSES),
        target=f"{data['base_url']}{data['requests'][0]['path']}",
        load="50 users for 30 s",
        planned_s=30,
        created_at=created,
        started_at=created,
        ended_at=created + timedelta(seconds=30),
        throughput_rps=throughput,
        p50_ms=p95_ms / 2,
        p95_ms=p95_ms,
        p99_ms=p95_ms * 1.4,
        success_percent=100 - 0.01 * (number % 7),
        sent=30_000 + number,
        spark=[throughput * rng.lognormvariate(0, 0.1) for _ in range(40)],
        spark_p95=[p95_ms * rng.lognormvariate(0, 0.1) for _ in range(40)],
        tags=["nightly"] if number % 3 == 0 else ["release", f"v{number % 50}"] if number % 10 == 0 else [],
        pinned=number in (10, 5000),
        plan_key=key,
        plan=data,
    )


if __name__ == "__main__":
    asyncio.run(fill(f"sqlite:///{sys.argv[1]}", int(sys.argv[2]) if len(sys.argv) > 2 else RUNS))
