"""Runs whose process is gone: they become interrupted, with everything up to their last snapshot."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from webui.errors import InvalidInput, NotFound
from webui.runs.books import closed
from webui.runs.model import RunView
from webui.runs.ownership import is_alive
from webui.runs.state import RunStatus
from webui.runs.stored import stored_view
from webui.runs.summary import final_fields
from webui.store import RunSummary, Store

ENDED = "Katydid ended in the middle of it."
ENDED_BEFORE = "Katydid ended before it had started."

Alive = Callable[[str, datetime | None, datetime], bool]


async def recover(
    store: Store,
    owner: str,
    now: datetime,
    alive: Alive = is_alive,
    runs: Callable[[str], bool] = lambda _: True,
) -> list[str]:
    """Ends the live runs of dead processes; returns their ids. Runs of living ones are left alone.

    `runs` tells whether this process, the `owner`, really runs a run that is its own to the store: one that
    was claimed when the store became unavailable is not. Raises StoreUnavailable.
    """
    recovered = []
    for summary in await store.live_runs():
        mine = summary.owner == owner
        if runs(summary.id) if mine else alive(summary.owner, summary.heartbeat_at, now):
            continue
        if mine or await store.claim(summary.id, owner=summary.owner, new_owner=owner):
            await _interrupt(store, summary, now)
            recovered.append(summary.id)
    return recovered


async def _interrupt(store: Store, summary: RunSummary, now: datetime) -> None:
    try:
        found = await stored_view(store, summary.id, now)
        if not found.live:
            return  # it ended in this moment
        view = interrupted(found, summary.heartbeat_at or now)
        document = await asyncio.to_thread(view.result)
        result = document.model_dump(mode="json", by_alias=True)
        await store.finish_run(summary.id, result=result, **final_fields(view))
    except NotFound:
        return  # deleted in this moment
    except (InvalidInput, ValueError):  # what is stored of it cannot be read any more
        await store.update_run(summary.id, status=RunStatus.INTERRUPTED.value, status_reason=ENDED)


def interrupted(view: RunView, last_seen: datetime) -> RunView:
    """The view of a run that nobody goes on with; it ended when its last snapshot did."""
    if view.total is not None:
        rows, total = closed(view.snapshots, view.total)
        view = replace(view, snapshots=rows, total=total)
    measured_s = view.total.end_ns / 1e9 if view.total is not None else 0.0
    ended_at = last_seen
    if view.started_at is not None and view.total is not None:
        ended_at = view.started_at + timedelta(seconds=measured_s)
    return replace(
        view,
        status=RunStatus.INTERRUPTED,
        status_reason=ENDED if view.started_at is not None else ENDED_BEFORE,
        ended_at=ended_at,
        elapsed_s=measured_s,
    )
