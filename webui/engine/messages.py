"""What goes between a coordinator and an engine: the shard's task, and the events that come back. Pure.

Everything is plain values that msgpack carries; times are nanoseconds since the shard's own start.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from webui.metrics import codec
from webui.metrics.series import interval_s
from webui.metrics.snapshot import Snapshot
from webui.plan.documents import plan_to_data
from webui.plan.load import ConstantUsers, Sweep, peak_users, planned_s, split_evenly
from webui.plan.model import Plan
from webui.units import NS_PER_S

Event = dict[str, Any]
Reason = Literal["duration", "iterations", "stopped"]


@dataclass(frozen=True, slots=True)
class ShardSpec:
    """One engine's part of a run. What its share of users, starts or bursts is follows from `shard` and
    `shards`; `iterations` is its share of those that all users have in common (None: there is no such limit).

    `addresses` maps host names to IP addresses; the engine resolves others itself when it starts. `policy` is
    a `TargetPolicy` as plain values, for whatever address it comes to connect to; None: any.
    """

    run_id: str
    shard: int
    shards: int
    plan: dict[str, Any]
    iterations: int | None
    interval_ns: int
    addresses: dict[str, list[str]] | None = None
    policy: dict[str, Any] | None = None

    def to_data(self) -> dict[str, Any]:
        """The task as plain values."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> "ShardSpec":
        """The inverse of `to_data`. Raises TypeError when a part is missing or unknown."""
        return cls(**data)


def shard_specs(
    run_id: str,
    plan: Plan,
    shards: int,
    *,
    addresses: dict[str, list[str]] | None = None,
    policy: dict[str, Any] | None = None,
) -> list[ShardSpec]:
    """The plan cut into that many shards, fewer when there are fewer users or iterations than shards.

    A sweep is never cut: its levels are decided by what one engine measures.
    """
    load = plan.load
    total = load.iterations if isinstance(load, ConstantUsers) else None
    parts = 1 if isinstance(load, Sweep) else max(1, min(shards, peak_users(load), total or shards))
    iterations = [None] * parts if total is None else split_evenly(total, parts)
    data = plan_to_data(plan)
    interval_ns = round(interval_s(planned_s(load)) * NS_PER_S)
    return [
        ShardSpec(
            run_id=run_id,
            shard=index,
            shards=parts,
            plan=data,
            iterations=iterations[index],
            interval_ns=interval_ns,
            addresses=addresses,
            policy=policy,
        )
        for index in range(parts)
    ]


def started(spec: ShardSpec) -> Event:
    """Load begins now."""
    return {"run": spec.run_id, "shard": spec.shard, "type": "started"}


def warming(spec: ShardSpec, users: int, sent: int) -> Event:
    """The run has not begun: the target is warmed up, by so many users with so many requests so far."""
    return {"run": spec.run_id, "shard": spec.shard, "type": "warming", "users": users, "sent": sent}


def snapshot_taken(spec: ShardSpec, index: int, snapshot: Snapshot) -> Event:
    """The interval number `index` (0, 1, …; a stalled engine leaves numbers out) has ended."""
    data = codec.pack(snapshot)
    return {"run": spec.run_id, "shard": spec.shard, "type": "snapshot", "index": index, "data": data}


def finished(spec: ShardSpec, load_ns: int, reason: Reason) -> Event:
    """Load was offered for `load_ns`; all snapshots have been sent."""
    return {
        "run": spec.run_id,
        "shard": spec.shard,
        "type": "finished",
        "load_ns": load_ns,
        "reason": reason,
    }


def failed(spec: ShardSpec, error: str) -> Event:
    """The engine itself went wrong; no more events follow."""
    return {"run": spec.run_id, "shard": spec.shard, "type": "failed", "error": error}
