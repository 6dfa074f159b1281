"""`/api/v1/plans`: the plans that runs are of, with their figures over those runs and where a trend broke."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from webui.analysis.document import Moment
from webui.analysis.part import Part
from webui.analysis.trend import change_points
from webui.api.closer import CSV_FILE, csv_response
from webui.api.openapi import problems
from webui.errors import NotFound
from webui.exports.compared import trend_file
from webui.store import MAX_PAGE, PlanGroup, RunQuery, RunSummary
from webui.web import Storage

router = APIRouter(prefix="/api/v1/plans", tags=["plans"])

METRICS = ("p50_ms", "p95_ms", "p99_ms", "throughput_rps", "success_percent")
MAX_RUNS = 200


class PlanItem(Part):
    """One plan: how many runs there are of it, and what the newest one is called."""

    plan_key: str
    name: str
    target: str
    load: str
    runs: int
    newest_id: str
    newest_at: Moment
    baseline_id: str | None = None

    @classmethod
    def of(cls, group: PlanGroup) -> "PlanItem":
        """The item of a group."""
        newest = group.newest
        return cls(
            plan_key=group.plan_key,
            name=newest.name,
            target=newest.target,
            load=newest.load,
            runs=group.count,
            newest_id=newest.id,
            newest_at=newest.created_at,
            baseline_id=group.baseline_id,
        )


class PlanList(Part):
    """One page of plans, those that ran last first."""

    items: tuple[PlanItem, ...]
    next_cursor: str | None
    total: Annotated[int, Field(description="How many plans there are on all pages.", ge=0)]


class TrendPoint(Part):
    """One run's figures."""

    run_id: str
    created_at: Moment
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    throughput_rps: float | None
    success_percent: float | None


class BreakPart(Part):
    """A place where a figure's level moved: from run `run_id` on. `before` and `after` are medians."""

    metric: str
    run_id: str
    before: float
    after: float
    change_percent: float | None
    p_value: float


class PlanTrend(Part):
    """A plan's newest measured runs in order of time, and where a trend broke."""

    plan_key: str
    baseline_id: str | None
    runs: tuple[TrendPoint, ...]
    breaks: tuple[BreakPart, ...]


@router.get("", summary="List plans", responses=problems())
async def list_plans(
    store: Storage,
    search: Annotated[
        str, Query(description="Words in their runs' names, targets or tags.", max_length=200)
    ] = "",
    tag: Annotated[str | None, Query(max_length=60)] = None,
    target: Annotated[str, Query(description="Part of the target's address.", max_length=500)] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
) -> PlanList:
    """The plans of the runs that fit, a page at a time. Runs are of the same plan when they send the same
    load to the same place, whatever they are called and however they are judged."""
    query = RunQuery(search=search, tag=tag, target=target, limit=limit, cursor=cursor)
    page = await store.list_plans(query)
    items = tuple(PlanItem.of(group) for group in page.items)
    return PlanList(items=items, next_cursor=page.next_cursor, total=page.total)


@router.get("/{plan_key}", summary="Read a plan's trend", responses=problems(404))
async def read_plan_trend(
    plan_key: Annotated[str, Path(description="`plan_key` of a run.", max_length=64)], store: Storage
) -> PlanTrend:
    """The figures of its newest 200 measured runs, and the places where one of them moved for more than
    chance."""
    runs = await store.plan_runs(plan_key, MAX_RUNS)
    if not runs:
        raise NotFound("There is no plan of that key with a run that measured something.")
    return PlanTrend(
        plan_key=plan_key,
        baseline_id=await store.baseline_id(plan_key),
        runs=tuple(_point(run) for run in runs),
        breaks=await asyncio.to_thread(_breaks, runs),
    )


@router.get(
    "/{plan_key}/trend.csv",
    summary="A plan's trend as a file",
    response_class=Response,
    responses={200: CSV_FILE, **problems(404)},
)
async def read_trend_file(
    plan_key: Annotated[str, Path(description="`plan_key` of a run.", max_length=64)], store: Storage
) -> Response:
    """The figures of its newest 200 measured runs in order of time as CSV."""
    runs = await store.plan_runs(plan_key, MAX_RUNS)
    if not runs:
        raise NotFound("There is no plan of that key with a run that measured something.")
    file = trend_file(plan_key, runs)
    return csv_response(file.data, file.file_name)


def _point(run: RunSummary) -> TrendPoint:
    figures = {metric: getattr(run, metric) for metric in METRICS}
    return TrendPoint(run_id=run.id, created_at=run.created_at, **figures)


def _breaks(runs: list[RunSummary]) -> tuple[BreakPart, ...]:
    return tuple(part for metric in METRICS for part in _breaks_of(runs, metric))


def _breaks_of(runs: list[RunSummary], metric: str) -> list[BreakPart]:
    known = [run for run in runs if getattr(run, metric) is not None]
    return [
        BreakPart(
            metric=metric,
            run_id=known[point.at].id,
            before=point.before,
            after=point.after,
            change_percent=point.percent,
            p_value=point.p_value,
        )
        for point in change_points([getattr(run, metric) for run in known])
    ]
