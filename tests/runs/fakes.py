"""Stand-ins for what runs are driven by: a clock, a fleet and a store, and figures made by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from webui.engine.messages import ShardSpec, failed, finished, snapshot_taken, started
from webui.errors import GeneratorFailed, NotFound, StoreUnavailable
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, ErrorCount, Health, Snapshot, Totals
from webui.plan.documents import plan_from_data
from webui.plan.load import Shape
from webui.plan.model import Plan
from webui.store import RunRecord, RunSummary

S = 1_000_000_000
MS = 1_000_000
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class FakeClock:
    """Both clocks of a run, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 100.0)


def plan(users: int = 10, duration_s: float | None = 30, **more: Any) -> Plan:
    """A plan of one request."""
    load = {"shape": "constant-users", "users": users, "duration_s": duration_s}
    return plan_from_data(
        {"base_url": "http://127.0.0.1:9", "requests": [{"path": "/items"}], "load": load, **more}
    )


def interval(
    index: int = 0,
    successes: int = 10,
    failures: int = 0,
    *,
    cut_off: int = 0,
    in_flight: int = 0,
    users: int = 5,
    took_ms: float = 10,
    length_ns: int = S,
    cpu_percent: float = 20,
    loop_lag_ms: float = 0.1,
    schedule_lag_ms: float = 0.1,
    error: str = "http_500",
    completed: int | None = None,
    connections_open: int | None = None,
    in_flight_ns: int | None = None,
) -> Snapshot:
    """One interval whose books agree; times are all the same."""
    took = round(took_ms * MS)
    response = Histogram.of([took] * successes)
    failed_times = Histogram.of([took] * failures)
    ended = successes + failures
    sent = ended + cut_off + in_flight
    totals = Totals(
        sent, sent, ended if completed is None else completed, successes, failures, cut_off, 0, 7, 9
    )
    endpoint = EndpointStats(totals, {200: successes}, response, response, failed_times, response)
    start = index * length_ns
    return Snapshot(
        start,
        start + length_ns,
        users,
        in_flight,
        users if connections_open is None else connections_open,
        users if index == 0 else 0,
        ended * took if in_flight_ns is None else in_flight_ns,
        (endpoint,),
        {(0, error): ErrorCount(failures, start, start, "sample")} if failures else {},
        health=Health(
            round(cpu_percent / 100 * length_ns),
            length_ns,
            cpu_percent,
            Histogram.of([round(loop_lag_ms * MS)] * 100),
            Histogram.of([round(schedule_lag_ms * MS)] * 100),
        ),
    )


class FakeLaunch:
    """A launch whose shards report what a test says."""

    def __init__(self, specs: Sequence[ShardSpec], on_event: Callable[[dict[str, Any]], None]) -> None:
        self.specs = {spec.shard: spec for spec in specs}
        self.on_event = on_event
        self.stops = 0
        self.killed: list[int] = []
        self.changes: list[tuple[int, str, float | None]] = []
        self.obeys = True  # a stop ends all shards at once

    def started(self, shard: int = 0) -> None:
        self.on_event(started(self.specs[shard]))

    def snapshot(self, index: int, snapshot: Snapshot, shard: int = 0) -> None:
        self.on_event(snapshot_taken(self.specs[shard], index, snapshot))

    def finished(self, reason: Any = "duration", load_ns: int = 30 * S, shard: int = 0) -> None:
        self.on_event(finished(self.specs[shard], load_ns, reason))

    def failed(self, error: str, shard: int = 0) -> None:
        self.on_event(failed(self.specs[shard], error))

    def lost(self, shard: int = 0) -> None:
        spec = self.specs[shard]
        self.on_event({"run": spec.run_id, "shard": shard, "type": "lost", "error": "It was killed."})

    async def stop(self) -> None:
        self.stops += 1
        if self.obeys and self.stops == 1:
            for shard in self.specs:
                self.finished("stopped", 2 * S, shard)

    def change(self, number: int, kind: str, value: float | None) -> None:
        self.changes.append((number, kind, value))

    async def kill(self, shard: int) -> None:
        self.killed.append(shard)
        self.lost(shard)


class FakeFleet:
    """A fleet that starts nothing."""

    def __init__(self, shards: int = 1) -> None:
        self.shards = shards
        self.launches: list[FakeLaunch] = []
        self.error: GeneratorFailed | None = None

    def shards_for(self, load: Shape) -> int:
        return self.shards

    async def launch(
        self, specs: Sequence[ShardSpec], on_event: Callable[[dict[str, Any]], None]
    ) -> FakeLaunch:
        if self.error is not None:
            raise self.error
        launch = FakeLaunch(specs, on_event)
        self.launches.append(launch)
        return launch


class FakeStore:
    """The part of the store that runs use, in memory. `trouble` makes it refuse to write."""

    def __init__(self) -> None:
        self.records: dict[str, RunRecord] = {}
        self.rows: dict[str, dict[int, bytes]] = {}
        self.baselines: dict[str, str] = {}
        self.trouble: str | None = None
        self.writes: list[str] = []
        self.gate: asyncio.Event | None = None  # add_run waits for it

    def _write(self, what: str) -> None:
        if self.trouble is not None:
            raise StoreUnavailable(self.trouble)
        self.writes.append(what)

    async def add_run(self, record: RunRecord) -> None:
        if self.gate is not None:
            await self.gate.wait()
        self._write("add")
        self.records[record.id] = record
        self.rows[record.id] = {}

    async def update_run(self, run_id: str, **changes: Any) -> None:
        self._write("update")
        if run_id not in self.records:
            raise NotFound("no such run")
        self.records[run_id] = replace(self.records[run_id], **changes)

    async def finish_run(self, run_id: str, *, result: Any, **changes: Any) -> None:
        await self.update_run(run_id, **changes)
        self.records[run_id] = replace(self.records[run_id], result=result)

    async def put_snapshots(self, run_id: str, rows: Iterable[tuple[int, bytes]]) -> None:
        self._write("put")
        if run_id not in self.records:
            raise NotFound("no such run")
        self.rows[run_id].update(rows)

    async def replace_snapshots(self, run_id: str, rows: Iterable[tuple[int, bytes]]) -> None:
        self._write("replace")
        self.rows[run_id] = dict(rows)

    async def snapshots(self, run_id: str) -> list[bytes]:
        return [self.rows[run_id][position] for position in sorted(self.rows.get(run_id, {}))]

    async def get_run(self, run_id: str, *, with_result: bool = True) -> RunRecord | None:
        record = self.records.get(run_id)
        if record is not None and record.deleted_at is not None:
            return None
        return record if record is None or with_result else replace(record, result=None)

    async def hide_run(self, run_id: str, now: datetime) -> None:
        await self.update_run(run_id, deleted_at=now)

    async def restore_run(self, run_id: str) -> None:
        await self.update_run(run_id, deleted_at=None)

    async def deleted_at(self, run_id: str) -> datetime | None:
        record = self.records.get(run_id)
        return None if record is None else record.deleted_at

    async def baseline(self, plan_key: str) -> RunRecord | None:
        return self.records.get(self.baselines.get(plan_key, ""))

    async def set_baseline(self, run_id: str) -> None:
        self.baselines[str(self.records[run_id].plan_key)] = run_id

    async def clear_baseline(self, run_id: str) -> None:
        self.baselines = {key: run for key, run in self.baselines.items() if run != run_id}

    async def delete_run(self, run_id: str) -> None:
        if self.records.pop(run_id, None) is None:
            raise NotFound("no such run")

    async def live_runs(self) -> list[RunSummary]:
        return [r for r in self.records.values() if r.status in ("queued", "running", "stopping")]

    async def claim(self, run_id: str, *, owner: str, new_owner: str) -> bool:
        record = self.records[run_id]
        if record.owner != owner:
            return False
        self.records[run_id] = replace(record, owner=new_owner)
        return True

    async def beat(self, owner: str, now: datetime) -> None:
        self._write("beat")


async def settle() -> None:
    """Lets everything go on that waits for nothing outside the loop but a thread's short work."""
    for _ in range(50):
        await asyncio.sleep(0)
