"""Runs as rows of a table: those that live from memory, the others from the store."""

from collections.abc import Sequence
from dataclasses import dataclass

from webui.analysis.results import times_part, totals_part
from webui.pages.context import RunRow
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.runs.summary import load_text, spark_of, target_text
from webui.store import RunPage, RunQuery, RunSummary, Store

RECENT = 10


@dataclass(frozen=True, slots=True)
class Recent:
    """The dashboard's list: running, then waiting, then the newest finished runs; `total` counts all."""

    rows: Sequence[RunRow]
    total: int


async def recent_runs(manager: RunManager, store: Store) -> Recent:
    """At most `RECENT` rows, but every run that lives. Raises StoreUnavailable."""
    page = await newest(store)
    return with_known(manager.known_runs(), page.items, page.total)


async def newest(store: Store) -> RunPage:
    """As many of the newest stored runs as the list may show. Raises StoreUnavailable."""
    return await store.list_runs(RunQuery(limit=RECENT))


def with_known(known: Sequence[RunView], stored: Sequence[RunSummary], total: int) -> Recent:
    """The rows of live runs before those of ended ones, each run once; `known` is what the store does not
    know yet."""
    rows = [row_from_view(view) for view in known if view.live]
    left = max(0, RECENT - len(rows))
    return Recent([*rows, *_ended(known, stored)[:left]], max(total, len(rows)))


def _ended(known: Sequence[RunView], stored: Sequence[RunSummary]) -> list[RunRow]:
    here = {view.id: view for view in known}
    return [
        row_from_view(here[summary.id]) if summary.id in here else row_from_summary(summary)
        for summary in stored
        if summary.id not in here or not here[summary.id].live
    ]


def row_from_summary(summary: RunSummary) -> RunRow:
    """A stored run's row."""
    ended = summary.ended_at
    elapsed = (ended - summary.started_at).total_seconds() if ended and summary.started_at else None
    return RunRow(
        id=summary.id,
        title=summary.name,
        status=summary.status,
        status_reason=summary.status_reason,
        target=summary.target,
        load=summary.load,
        planned_s=summary.planned_s,
        elapsed_s=elapsed,
        queue_position=None,
        started_at=summary.started_at,
        created_at=summary.created_at,
        throughput_rps=summary.throughput_rps,
        p95_ms=summary.p95_ms,
        success_percent=summary.success_percent,
        spark=summary.spark,
        tags=summary.tags,
        spark_p95=summary.spark_p95,
        pinned=summary.pinned,
        plan_key=summary.plan_key,
        pattern=summary.pattern,
    )


def row_from_view(view: RunView) -> RunRow:
    """A live run's row, with its figures over the whole run so far."""
    figures = view.total.all_endpoints if view.total else None
    totals = totals_part(figures.totals, view.load_s) if figures else None
    return RunRow(
        id=view.id,
        title=view.name or view.plan.title,
        status=view.status.value,
        status_reason=view.status_reason,
        target=target_text(view.plan),
        load=load_text(view.plan),
        planned_s=view.planned_s,
        elapsed_s=view.elapsed_s,
        queue_position=view.queue_position,
        started_at=view.started_at,
        created_at=view.created_at,
        throughput_rps=totals.throughput_rps if totals else None,
        p95_ms=times_part(figures.response).p95 if figures else None,
        success_percent=totals.success_percent if totals else None,
        spark=spark_of(view.snapshots),
        tags=view.tags,
    )
