"""Ended runs put into a store as they would be after their end, with figures made by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.analysis.made_runs import NOW, made_run
from webui.metrics import codec
from webui.plan.documents import plan_from_data
from webui.runs.summary import load_text, target_text
from webui.store import RunRecord, Store


async def stored_run(store: Store, name: str, **made: Any) -> str:
    """The id of a new ended run; `made` is for `made_run`."""
    run = made_run(name, **made)
    document = run.document
    plan = plan_from_data(document.plan)
    await store.add_run(
        RunRecord(
            id=document.id,
            name=document.name,
            status=document.status,
            target=target_text(plan),
            load=load_text(plan),
            created_at=NOW,
            started_at=NOW,
            ended_at=NOW + timedelta(seconds=document.duration_s or 0),
            throughput_rps=document.totals.throughput_rps,
            p95_ms=document.response_time_ms.p95,
            success_percent=document.totals.success_percent,
            sent=document.totals.sent,
            tags=document.tags,
            plan=document.plan,
            shards=document.shards,
            load_s=document.duration_s,
            result=document.model_dump(mode="json", by_alias=True),
        )
    )
    rows = [(place, codec.encode(snapshot)) for place, snapshot in enumerate(run.snapshots)]
    await store.put_snapshots(document.id, rows)
    return document.id
