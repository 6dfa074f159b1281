"""What lists show of a run: target, load in words, headline figures. Pure."""

from collections.abc import Iterable, Sequence
from functools import singledispatch

from webui.analysis.results import headline
from webui.metrics.snapshot import Snapshot
from webui.plan.load import Burst, ConstantRate, ConstantUsers, RampingRate, RampingUsers, Shape, Sweep
from webui.plan.model import Plan
from webui.runs.model import RunView
from webui.security.redaction import redact_address
from webui.store import RunChanges
from webui.units import count, duration, plural

SPARK_POINTS = 60


def target_text(plan: Plan) -> str:
    """The one request's address, or the base address of several; lists are for all, so without secrets."""
    if len(plan.requests) > 1:
        return redact_address(plan.base_url, plan.is_secret)
    target = plan.target_of(plan.requests[0])
    return redact_address(target.origin + target.path, plan.is_secret)


def load_text(plan: Plan) -> str:
    """The load in words, such as `50 users for 30 s` or `3 bursts of 50`."""
    return _in_words(plan.load)


@singledispatch
def _in_words(load: Shape) -> str:
    raise TypeError(f"no words for {type(load).__name__}")


@_in_words.register
def _(load: ConstantUsers) -> str:
    parts = [plural(load.users, "user")]
    if load.iterations is not None:
        parts.append(plural(load.iterations, "request"))
    if load.iterations_per_user is not None:
        parts.append(f"{plural(load.iterations_per_user, 'request')} each")
    return f"{', '.join(parts)}{_for(load.duration_s)}"


@_in_words.register
def _(load: RampingUsers) -> str:
    return _stages(load.start_users, [(stage.duration_s, stage.users) for stage in load.stages], "users")


@_in_words.register
def _(load: ConstantRate) -> str:
    return f"{_rate(load.rate_rps)} req/s{_for(load.duration_s)}, {_at_most(load.max_users)}"


@_in_words.register
def _(load: RampingRate) -> str:
    stages = [(stage.duration_s, stage.rate_rps) for stage in load.stages]
    return f"{_stages(load.start_rate_rps, stages, 'req/s')}, {_at_most(load.max_users)}"


@_in_words.register
def _(load: Burst) -> str:
    return f"{plural(load.count, 'burst')} of {count(load.size)}"


@_in_words.register
def _(load: Sweep) -> str:
    return f"Sweep {count(load.from_)} to {count(load.to)} users"


def _stages(start: float, stages: Sequence[tuple[float, float]], unit: str) -> str:
    """One stage, or one and a time at its level, by its ends; more by their number and the highest.
    `stages` are (seconds, value reached); those of no length are jumps, not stages."""
    lasting = [stage for stage in stages if stage[0] > 0] or list(stages)
    seconds, reached = lasting[0]
    holds = [held for held, value in lasting[1:] if value == reached]
    if len(holds) < len(lasting) - 1 or len(holds) > 1 or len(lasting) < len(stages):
        highest = _rate(max(start, *(value for _, value in stages)))
        total = duration(sum(length for length, _ in stages))
        return f"{plural(len(lasting), 'stage')} up to {highest} {unit} in {total}"
    begin = f"from {_rate(start)} " if start else ""
    held = f", held {duration(holds[0])}" if holds else ""
    return f"Ramp {begin}to {_rate(reached)} {unit} in {duration(seconds)}{held}"


def _rate(value: float) -> str:
    return f"{value:,.10g}"


def _for(seconds: float | None) -> str:
    return "" if seconds is None else f" for {duration(seconds)}"


def _at_most(users: int) -> str:
    return f"at most {count(users)} in flight"


def spark_of(snapshots: Sequence[Snapshot]) -> list[float]:
    """Successes per second over the run, thinned to `SPARK_POINTS`."""
    size = max(1, -(-len(snapshots) // SPARK_POINTS))
    groups = [snapshots[start : start + size] for start in range(0, len(snapshots), size)]
    return [_throughput(group) for group in groups]


def spark_p95_of(values: Iterable[float | None]) -> list[float | None]:
    """The p95 of the run's intervals, thinned to `SPARK_POINTS`: of several the highest, as percentiles
    cannot be averaged. None where nothing was measured."""
    found = list(values)
    size = max(1, -(-len(found) // SPARK_POINTS))
    groups = [found[start : start + size] for start in range(0, len(found), size)]
    return [max((value for value in group if value is not None), default=None) for group in groups]


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
        "planned_s": view.planned_s,
        "load_s": view.load_s,
        "spark": spark_of(view.snapshots),
    }
    if view.total is None:
        return changes
    figures = headline(view.total, view.load_s)
    changes["throughput_rps"] = figures["throughput_rps"]
    changes["success_percent"] = figures["success_percent"]
    changes["p50_ms"] = figures["p50_ms"]
    changes["p95_ms"] = figures["p95_ms"]
    changes["p99_ms"] = figures["p99_ms"]
    changes["sent"] = view.total.totals.sent
    document = view.result()
    changes["spark_p95"] = spark_p95_of(row.p95_ms for row in document.snapshots)
    changes["pattern"] = document.diagnosis.pattern if document.diagnosis is not None else None
    return changes
