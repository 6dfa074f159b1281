"""What lists show of a run: target, load in words, headline figures. Pure."""

from collections.abc import Sequence

from webui.analysis.results import times_part, totals_part
from webui.metrics.snapshot import Snapshot
from webui.plan.model import Plan
from webui.runs.model import RunView
from webui.store import RunChanges
from webui.units import duration, plural

SPARK_POINTS = 60


def target_text(plan: Plan) -> str:
    """The one request's address, or the base address of several."""
    if len(plan.requests) > 1:
        return plan.base_url
    target = plan.target_of(plan.requests[0])
    return target.origin + target.path


def load_text(plan: Plan) -> str:
    """Such as `50 users for 30 s`."""
    load = plan.load
    parts = [plural(load.users, "user")]
    if load.iterations is not None:
        parts.append(plural(load.iterations, "request"))
    text = ", ".join(parts)
    return f"{text} for {duration(load.duration_s)}" if load.duration_s is not None else text


def spark_of(snapshots: Sequence[Snapshot]) -> list[float]:
    """Successes per second over the run, thinned to `SPARK_POINTS`."""
    size = max(1, -(-len(snapshots) // SPARK_POINTS))
    groups = [snapshots[start : start + size] for start in range(0, len(snapshots), size)]
    return [_throughput(group) for group in groups]


def _throughput(group: Sequence[Snapshot]) -> float:
    seconds = sum(snapshot.seconds for snapshot in group)
    return sum(snapshot.totals.successes for snapshot in group) / seconds if seconds > 0 else 0.0


def final_fields(view: RunView) -> RunChanges:
    """The fields of an ended run's record."""
    changes: RunChanges = {
        "status": view.status.value,
        "status_reason": view.status_reason,
        "started_at": view.started_at,
        "ended_at": view.ended_at,
        "shards": view.shards,
        "load_s": view.load_s,
        "spark": spark_of(view.snapshots),
    }
    if view.total is None:
        return changes
    figures = view.total.all_endpoints
    totals = totals_part(figures.totals, view.load_s)
    changes["throughput_rps"] = totals.throughput_rps
    changes["success_percent"] = totals.success_percent
    changes["sent"] = totals.sent
    changes["p95_ms"] = times_part(figures.response).p95
    return changes
