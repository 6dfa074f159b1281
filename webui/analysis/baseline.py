"""A plan's baseline: the run that later runs of the plan are held against. Pure.

What a run is held against is fixed when it begins, so that its verdict never changes afterwards.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field

from webui.analysis.part import Part
from webui.metrics import thresholds
from webui.metrics.snapshot import Snapshot
from webui.plan.model import Plan

# The figures that are compared, with their units.
UNITS = {"throughput_rps": "/s", "success_percent": "%", "p50_ms": "ms", "p95_ms": "ms", "p99_ms": "ms"}


class Baseline(Part):
    """What a run is held against, as it was when the run began: `figures` by their names, and in `values`
    the figures that the plan's rules refer to, by their expressions."""

    run_id: str
    name: str
    started_at: datetime | None = None
    figures: dict[str, float | None] = Field(default_factory=dict)
    values: dict[str, float | None] = Field(default_factory=dict)


class BaselineFigure(Part):
    """One figure beside the baseline's, in `unit`. `change` is this run's minus the baseline's, in percentage
    points for success; `change_percent` is it in percent of the baseline's."""

    metric: str
    unit: str
    baseline: float | None
    actual: float | None
    change: float | None = None
    change_percent: float | None = None


class BaselinePart(Part):
    """The run that was its plan's baseline when this one began, and how this one differs from it."""

    run_id: str
    name: str
    started_at: datetime | None = None
    figures: Annotated[
        tuple[BaselineFigure, ...], Field(description="Throughput, success, p50, p95 and p99.")
    ] = ()


def refers_to_baseline(plan: Plan) -> bool:
    """Whether a rule of the plan does."""
    return any(thresholds.parse(expression).shift is not None for expression in plan.thresholds)


def rule_values(plan: Plan, total: Snapshot, seconds: float) -> dict[str, float | None]:
    """The figures of the plan's rules that refer to a baseline, measured on a run of it."""
    named = dict(zip((request.label for request in plan.requests), total.endpoints, strict=False))
    figures = total.all_endpoints
    rules = [rule for rule in map(thresholds.parse, plan.thresholds) if rule.shift is not None]
    return {rule.expression: thresholds.measured(rule, figures, named, seconds) for rule in rules}


def baseline_part(baseline: Baseline, actual: Mapping[str, float | None]) -> BaselinePart:
    """A run's figures, named as in `UNITS`, beside the baseline's."""
    figures = tuple(
        _figure(name, unit, baseline.figures.get(name), actual.get(name)) for name, unit in UNITS.items()
    )
    return BaselinePart(
        run_id=baseline.run_id, name=baseline.name, started_at=baseline.started_at, figures=figures
    )


def _figure(metric: str, unit: str, before: float | None, now: float | None) -> BaselineFigure:
    figure = BaselineFigure(metric=metric, unit=unit, baseline=before, actual=now)
    if before is None or now is None:
        return figure
    change = now - before
    percent = 100 * change / before if before > 0 else None
    return figure.model_copy(update={"change": change, "change_percent": percent})
