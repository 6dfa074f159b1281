"""Runs shards in the test's own thread and reads their events."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webui.engine import Control, ShardSpec, run_shard, shard_specs
from webui.engine.messages import Event
from webui.metrics.codec import unpack
from webui.metrics.snapshot import Snapshot, Totals, merge_time
from webui.plan.documents import plan_from_data
from webui.plan.model import HttpOptions


def on_time(actual_ns: int, wanted_s: float) -> bool:
    """Whether it was then: not early, but for what the script began before it; late as a busy machine is."""
    return -0.01 <= actual_ns / 1e9 - wanted_s <= 0.25


@dataclass
class Result:
    """What one shard reported."""

    events: list[Event]
    snapshots: list[Snapshot]
    stop_took_s: float = 0.0  # from Stop until the shard was over

    @property
    def total(self) -> Snapshot:
        return merge_time(self.snapshots)

    @property
    def totals(self) -> Totals:
        return self.total.totals

    @property
    def finished(self) -> Event:
        assert self.events[-1]["type"] == "finished", self.events[-1]
        return self.events[-1]

    @property
    def errors(self) -> dict[str, int]:
        return {kind: error.count for (_, kind), error in self.total.errors.items()}


def plan_data(url: str, users: int = 1, **changes: Any) -> dict[str, Any]:
    """A plan of one GET; `changes` are keys of the plan, those of its load and options among them."""
    shape = changes.pop("load", None)
    load = {key: changes.pop(key) for key in ("duration_s", "iterations", "spawn_rate") if key in changes}
    http = {key: changes.pop(key) for key in HttpOptions.model_fields if key in changes}
    return {
        "base_url": url,
        "requests": [{"path": "/"}],
        "load": shape or {"shape": "constant-users", "users": users, "spawn_rate": 10_000, **load},
        "http": http,
        **changes,
    }


Script = Sequence[tuple[float, str, float | None]]


def run(
    url: str, users: int = 1, *, stop_after_s: float | None = None, script: Script = (), **changes: Any
) -> Result:
    """Runs the plan as one shard, to its end; checks what holds for every run."""
    [spec] = shard_specs("r_test", plan_from_data(plan_data(url, users, **changes)), 1)
    return run_spec(spec, stop_after_s=stop_after_s, script=script)


def run_spec(spec: ShardSpec, *, stop_after_s: float | None = None, script: Script = ()) -> Result:
    """Runs one shard. `stop_after_s` and the times of the script's changes count from its start."""
    control, events, stopped = Control(), list[Event](), 0.0

    def stop() -> None:
        nonlocal stopped
        stopped = time.monotonic()
        control.stop()

    timers = [
        threading.Timer(after_s, control.change, (number, kind, value))
        for number, (after_s, kind, value) in enumerate(script, 1)
    ]
    if stop_after_s is not None:
        timers.append(threading.Timer(stop_after_s, stop))

    def emit(event: Event) -> None:
        events.append(event)
        if len(events) == 1:  # it has begun, or begun to warm up
            for timer in timers:
                timer.start()

    try:
        run_shard(ShardSpec.from_data(spec.to_data()), emit, control)
    finally:
        for timer in timers:
            timer.cancel()
    took_s = time.monotonic() - stopped
    for timer in timers:
        timer.join()
    snapshots = [unpack(event["data"]) for event in events if event["type"] == "snapshot"]
    result = Result(events, snapshots, took_s)
    _check(result)
    return result


def _check(result: Result) -> None:
    assert [event["type"] for event in result.events if event["type"] != "warming"] == [
        "started", *["snapshot"] * len(result.snapshots), "finished"
    ], result.events[-1]  # fmt: skip
    indices = [event["index"] for event in result.events if event["type"] == "snapshot"]
    assert indices == sorted(set(indices))
    for one, other in zip(result.snapshots, result.snapshots[1:], strict=False):
        assert one.end_ns == other.start_ns
    total, totals = result.total, result.totals
    assert totals.balanced
    open_model = any(endpoint.service is not endpoint.response for endpoint in total.endpoints)
    assert totals.dropped == 0 or open_model
    assert sum(error.count for error in total.errors.values()) == totals.failures
    assert total.connections_open == total.in_flight == total.users == 0
    for endpoint in total.endpoints:
        assert endpoint.response.total == endpoint.totals.successes
        assert endpoint.failed.total == endpoint.totals.failures
        assert endpoint.first_byte.total == endpoint.totals.completed == sum(endpoint.status_codes.values())
        assert endpoint.service.total == endpoint.totals.successes
        assert endpoint.response.sum_ns >= endpoint.service.sum_ns
