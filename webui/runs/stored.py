"""Runs as the store has them: views of finished ones, and of those that another process runs."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from webui.analysis.baseline import Baseline
from webui.analysis.document import AuditPart, RunDocument
from webui.errors import Deleted, NotFound
from webui.metrics import codec
from webui.metrics.snapshot import Snapshot, merge_time
from webui.plan.documents import plan_from_data
from webui.plan.model import Plan
from webui.runs.books import closed
from webui.runs.changes import RunChange, of_marks, offered_s, paused_s, planned_end_s
from webui.runs.model import RunView
from webui.runs.state import RunStatus
from webui.store import RunRecord, Store
from webui.units import NS_PER_S

KEEP_DELETED = timedelta(days=7)  # how long a deleted run can be restored


async def stored_view(store: Store, run_id: str, now: datetime) -> RunView:
    """The run as it is in the store. Raises NotFound, StoreUnavailable."""
    record = await store.get_run(run_id)
    if record is None:
        raise await missing(store, run_id)
    rows = await store.snapshots(run_id)
    # Thousands of histograms are unpacked: not in the loop's thread.
    return await asyncio.to_thread(view_of, record, rows, now)


async def missing(store: Store, run_id: str) -> NotFound:
    """The error for a run that is not there, which says whether it was deleted and can be restored."""
    deleted_at = await store.deleted_at(run_id)
    if deleted_at is None:
        return NotFound(f"There is no run {run_id}; it may have been deleted.")
    return Deleted(run_id, deleted_at, deleted_at + KEEP_DELETED)


def view_of(record: RunRecord, rows: Sequence[bytes], now: datetime) -> RunView:
    """The view of a record and its encoded snapshots. Pure."""
    snapshots = codec.decode_all(rows)
    total = merge_time(snapshots) if snapshots else None
    status = RunStatus(record.status)
    if total is not None and status is RunStatus.INTERRUPTED:  # its last rows are as they were found
        snapshots, total = closed(snapshots, total)
    changes = of_marks(total.marks) if total is not None else []
    elapsed_s = _elapsed_s(record, status, total, now)
    return assembled(record, plan_from_data(record.plan), snapshots, total, changes, elapsed_s)


def assembled(
    record: RunRecord,
    plan: Plan,
    snapshots: Sequence[Snapshot],
    total: Snapshot | None,
    changes: Sequence[RunChange],
    elapsed_s: float,
) -> RunView:
    """The view of a record, the plan in it, and what was measured. Pure."""
    end_s = planned_end_s(plan.load, changes, elapsed_s)
    result = record.result or {}
    return RunView(
        id=record.id,
        name=record.name,
        plan=plan,
        status=RunStatus(record.status),
        status_reason=record.status_reason,
        tags=record.tags,
        note=record.note,
        created_at=record.created_at,
        started_at=record.started_at,
        ended_at=record.ended_at,
        shards=record.shards,
        shards_lost=result.get("shards_lost", 0),
        planned_s=end_s,
        elapsed_s=elapsed_s,
        paused_s=paused_s(changes, elapsed_s),
        changes=changes,
        load_s=record.load_s if record.load_s is not None else offered_s(_measured_s(total), end_s, changes),
        snapshots=snapshots,
        total=total,
        stored_audit=AuditPart.model_validate(result["audit"]) if "audit" in result else None,
        baseline=None if record.baseline is None else Baseline.model_validate(record.baseline),
    )


def stored_document(record: RunRecord) -> RunDocument | None:
    """The result as it was saved when the run ended, under the name, tags and note that it has now; None
    when there is none."""
    if record.result is None:
        return None
    labels = {"name": record.name, "tags": record.tags, "note": record.note}
    return RunDocument.model_validate({**record.result, **labels})


def _elapsed_s(record: RunRecord, status: RunStatus, total: Snapshot | None, now: datetime) -> float:
    if status.live and record.started_at is not None:
        return max(0.0, (now - record.started_at).total_seconds())
    return _measured_s(total)


def _measured_s(total: Snapshot | None) -> float:
    return total.end_ns / NS_PER_S if total is not None else 0.0
