"""From a run's view to what is shown of it while it goes on. Pure."""

from collections.abc import Sequence
from itertools import accumulate

from webui import units
from webui.analysis.results import row, threshold_parts, times_part, totals_part
from webui.cli.live import Moment
from webui.cli.sweeping import doing
from webui.metrics.snapshot import Snapshot
from webui.plan.load import (
    Burst,
    ConstantRate,
    ConstantUsers,
    RampingRate,
    RampingUsers,
    RateStage,
    Sweep,
    UserStage,
)
from webui.runs.model import RunView


def moment_of(view: RunView) -> Moment | None:
    """What to show of a run; None before its first interval."""
    if not view.snapshots or view.total is None:
        return None
    figures = view.total.all_endpoints
    is_open = isinstance(view.plan.load, ConstantRate | RampingRate)
    return Moment(
        view.name,
        view.elapsed_s,
        view.planned_s,
        _fraction(view, view.total),
        row(view.snapshots[-1]),
        totals_part(figures.totals, view.load_s),
        times_part(figures.response),
        _shape(view, view.total),
        times_part(figures.service) if is_open else None,
        threshold_parts(view.plan, view.total, view.load_s, _verdict(view), view.baseline_values),
    )


def _verdict(view: RunView) -> bool | None:
    """The audit's verdict so far, worked out only where a rule asks for it."""
    wanted = any("audit" in expression for expression in view.plan.thresholds)
    return view.audit.trustworthy if wanted else None


def _fraction(view: RunView, total: Snapshot) -> float | None:
    load, totals = view.plan.load, total.totals
    parts = [] if view.progress is None else [view.progress]
    if isinstance(load, Burst):
        parts.append(totals.offered / (load.size * load.count))
    if isinstance(load, ConstantUsers) and load.iterations:
        parts.append(totals.sent / load.iterations)
    if isinstance(load, ConstantUsers) and load.iterations_per_user:
        parts.append(totals.sent / (load.iterations_per_user * load.users))
    return min(1.0, max(parts)) if parts else None


def _shape(view: RunView, total: Snapshot) -> str:
    """Where in its load's shape the run is; nothing where users are constant and stay so."""
    if view.paused:
        return "paused"
    load = view.plan.load
    if isinstance(load, RampingUsers | RampingRate):
        return _stage(load.stages, view.elapsed_s - view.paused_s)
    if isinstance(load, ConstantRate):
        return f"{units.significant(view.rate_target or load.rate_rps)} starts/s wanted"
    if isinstance(load, Burst):
        number = min(load.count, max(1, -(-total.totals.offered // load.size)))
        return f"burst {number:,} of {load.count:,}, {units.plural(load.size, 'request')} each"
    return _level(view, total) if isinstance(load, Sweep) else ""


def _stage(stages: Sequence[UserStage | RateStage], elapsed_s: float) -> str:
    ends = list(accumulate(stage.duration_s for stage in stages))
    place = next((number for number, end in enumerate(ends) if elapsed_s < end), len(stages) - 1)
    stage = stages[place]
    if isinstance(stage, UserStage):
        goal = units.plural(stage.users, "user")
    else:
        goal = f"{units.significant(stage.rate_rps)} starts/s"
    return f"stage {place + 1} of {len(stages)}, to {goal}"


def _level(view: RunView, total: Snapshot) -> str:
    activity = total.probing.activity if view.live else None
    now = "first level" if activity is None else doing(activity)
    if not total.steps:
        return now
    rates = [step.stats.totals.successes * 1e9 / (step.end_ns - step.start_ns) for step in total.steps]
    done = (
        f"{units.plural(len(rates), 'level')} measured, at best {units.significant(max(rates))} successes/s"
    )
    return done if activity is None else f"{now}; {done}"
