"""A watched run manager over a real store, with a fleet that reports what a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.api.fakes import FakeFleet, FakeLaunch
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, ErrorCount, Health, Snapshot, Totals
from webui.observability import Watch
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.state import RunStatus
from webui.settings import Settings
from webui.store import Store

MS = 1_000_000


def a_plan(endpoints: Sequence[str] = ("list", "one"), name: str = "Items") -> Plan:
    """A plan with a request of each name."""
    return plan_from_data(
        {
            "base_url": "http://127.0.0.1:9",
            "name": name,
            "requests": [
                {"path": f"/items?token=s3cret&n={n}", "name": each} for n, each in enumerate(endpoints)
            ],
            "load": {"shape": "constant-users", "users": 2, "duration_s": 60},
        }
    )


def a_second(endpoints: int = 2, times_ms: Sequence[float] = (1, 2, 40)) -> Snapshot:
    """One second in which each endpoint had these successes and one failure of 503."""
    times = Histogram.of([round(each * MS) for each in times_ms])
    number = len(times_ms)
    totals = Totals(
        offered=number + 2,
        sent=number + 1,
        completed=number + 1,
        successes=number,
        failures=1,
        dropped=1,
        bytes_sent=100,
        bytes_received=5000,
    )
    stats = EndpointStats(totals, {200: number, 503: 1, 799: 1}, times, times, Histogram.of([MS]))
    return Snapshot(
        0,
        1_000_000_000,
        users=2,
        in_flight=1,
        connections_open=2,
        connections_opened=2,
        endpoints=(stats,) * endpoints,
        errors={(0, "http_503"): ErrorCount(1, 0, 0, ""), (1, "timeout"): ErrorCount(4, 0, 0, "")},
        health=Health(cpu_ns=250 * MS, wall_ns=1000 * MS, cpu_peak_percent=50.0, wait_ns=10 * MS),
    )


def a_view(plan: Plan, total: Snapshot | None, run_id: str = "r_1", **changes: object) -> RunView:
    """A picture of a run that goes on."""
    rows = () if total is None else (total,)
    fields = {
        "id": run_id,
        "name": plan.title,
        "plan": plan,
        "status": RunStatus.RUNNING,
        "created_at": datetime(2026, 11, 23, tzinfo=UTC),
        "started_at": datetime(2026, 11, 23, tzinfo=UTC),
        "shards": 1,
        "elapsed_s": 1.0,
        "load_s": 1.0,
        "snapshots": rows,
        "total": total,
        **changes,
    }
    return RunView(**fields)  # type: ignore[arg-type]


@dataclass
class Watched:
    """A manager, its fleet and who watches it."""

    manager: RunManager
    fleet: FakeFleet
    store: Store
    watch: Watch

    async def started(self, name: str = "Items") -> FakeLaunch:
        """A new run, when its engines have been started."""
        view = await self.manager.create(a_plan(("list",), name))
        live = self.manager.get_live(view.id)
        assert live is not None
        if view.id not in self.fleet.launches:
            async with live.channel.subscribe() as events:
                async for _ in events:
                    if view.id in self.fleet.launches:
                        break
        return self.fleet.launches[view.id]

    async def ended(self, launch: FakeLaunch) -> None:
        """Ends a run after three seconds of load; returns when the watch has heard of it."""
        live = self.manager.get_live(launch.run_id)
        assert live is not None
        async with live.channel.subscribe() as events:
            for _ in range(3):
                launch.second_passes()
            launch.finish()
            async for _ in events:
                pass
        await asyncio.gather(*self.watch._working)


@pytest.fixture
async def watched(tmp_path: Path) -> AsyncIterator[Watched]:
    settings = Settings(data_dir=tmp_path, max_running=3, max_queued=20, practice_target=False)
    store = await Store.open(settings.store_url)
    fleet = FakeFleet()
    manager = RunManager(store, fleet, settings)  # type: ignore[arg-type]
    await manager.start()
    async with Watch(manager, store, settings) as watch:
        yield Watched(manager, fleet, store, watch)
    await manager.close()
    await store.close()
