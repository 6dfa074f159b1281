"""All runs: searched, filtered, sorted, grouped by plan, a page at a time. Plain links and a GET form carry
it all; what is done to runs are small posted forms."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from webui.errors import Conflict, Deleted, InvalidInput, NotFound
from webui.pages.context import RunRow
from webui.pages.listing import MAX_TRAIL, STATUSES, Listing
from webui.pages.rows import row_from_summary, row_from_view
from webui.pages.templating import respond
from webui.pages.trends import LONGEST, Trend, trends_of
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.store import PlanGroup, RunQuery, RunRecord, RunSummary, Store
from webui.web import Manager, Storage

MAX_PINNED = 20
MAX_AT_ONCE = 200
_RUN = re.compile(r"/runs/r_[\w-]{1,60}")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PlanTrend:
    """One plan over its runs: what it is called now, and its figures' trends."""

    plan_key: str
    name: str
    target: str
    load: str
    newest_id: str
    measured: int
    trends: Sequence[Trend]
    baseline: RunRecord | None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`/runs`: one page of the list. `total` counts the runs, or the plans, on all its pages. `deleted` are
    runs deleted a moment ago, which can be brought back."""

    listing: Listing
    rows: Sequence[RunRow]
    total: int
    next: str | None
    groups: Sequence[PlanGroup] = ()
    pinned: Sequence[RunRow] = ()
    plan: PlanTrend | None = None
    deleted: Sequence[str] = ()
    not_deleted: int = 0
    statuses: Sequence[str] = STATUSES


@dataclass(frozen=True, slots=True)
class EditPage:
    """`/runs/{id}/edit`: a run's name, labels and note as typed, with what is wrong of them by field."""

    run_id: str
    title: str
    name: str
    tags: str
    note: str
    problems: Mapping[str, str]


@router.get("/runs")
async def history(
    request: Request,
    manager: Manager,
    store: Storage,
    search: Annotated[str, Query(max_length=200)] = "",
    tag: Annotated[str, Query(max_length=60)] = "",
    target: Annotated[str, Query(max_length=500)] = "",
    plan: Annotated[str, Query(max_length=64)] = "",
    cursor: Annotated[str, Query(max_length=4000)] = "",
    trail: Annotated[tuple[str, ...], Query(max_length=MAX_TRAIL)] = (),
    deleted: Annotated[tuple[str, ...], Query(max_length=MAX_AT_ONCE)] = (),
) -> Response:
    """The list that the address describes. What it does not know, it takes as not said."""
    known = {"search": search, "tag": tag, "target": target, "plan": plan, "cursor": cursor}
    listing = Listing.of({**request.query_params, **known}, trail)
    plain = listing.here + _deleted_too(listing.here, deleted, request.query_params.get("kept", ""))
    if request.url.query and request.url.query != plain.partition("?")[2]:
        return RedirectResponse(plain, HTTPStatus.SEE_OTHER)  # a form sends its empty fields too
    page = await (_by_plan if listing.group else _runs)(listing, manager, store)
    kept = request.query_params.get("kept", "")
    page = replace(page, deleted=deleted, not_deleted=int(kept) if kept.isdecimal() else 0)
    return respond("history/index.html", page)


def _deleted_too(address: str, deleted: Sequence[str], kept: str = "") -> str:
    """What an address adds to tell of runs that were just deleted, and how many could not be."""
    more = {"deleted": list(deleted)} | ({"kept": kept[:3]} if kept.isdecimal() else {})
    query = urlencode(more, doseq=True)
    return (("&" if "?" in address else "?") + query) if query else ""


async def _runs(listing: Listing, manager: RunManager, store: Store) -> HistoryPage:
    query = listing.query()
    found = await store.list_runs(query)
    plain = listing == Listing()
    pinned = await store.list_runs(RunQuery(pinned=True, limit=MAX_PINNED)) if plain else None
    return HistoryPage(
        listing=listing,
        rows=_rows(manager, found.items),
        total=found.total,
        next=listing.following(found.next_cursor) if found.next_cursor else None,
        pinned=_rows(manager, pinned.items) if pinned else (),
        plan=await plan_trend(store, listing.plan) if listing.plan and not listing.cursor else None,
    )


async def _by_plan(listing: Listing, manager: RunManager, store: Store) -> HistoryPage:
    found = await store.list_plans(listing.query())
    return HistoryPage(
        listing=listing,
        rows=(),
        groups=found.items,
        total=found.total,
        next=listing.following(found.next_cursor) if found.next_cursor else None,
    )


async def plan_trend(store: Store, plan_key: str) -> PlanTrend | None:
    """The plan's figures over its newest runs; None when it has no run."""
    newest = (await store.list_runs(RunQuery(plan_key=plan_key, limit=1))).items
    if not newest:
        return None
    runs = await store.plan_runs(plan_key, LONGEST)
    baseline = await store.baseline(plan_key)
    trends = await asyncio.to_thread(trends_of, runs)
    run = newest[0]
    return PlanTrend(plan_key, run.name, run.target, run.load, run.id, len(runs), trends, baseline)


def _rows(manager: RunManager, items: Sequence[RunSummary]) -> list[RunRow]:
    """The rows in the store's order, with what is known at this moment of those that are not saved."""
    known = {view.id: view for view in manager.known_runs()}
    return [_row(known[item.id], item) if item.id in known else row_from_summary(item) for item in items]


def _row(view: RunView, item: RunSummary) -> RunRow:
    return replace(row_from_view(view), pinned=item.pinned, plan_key=item.plan_key)


# -- what is done to runs ------------------------------------------------------------------------------


@router.post("/runs/delete")
async def delete_runs(
    manager: Manager,
    run: Annotated[tuple[str, ...], Form(max_length=MAX_AT_ONCE)] = (),
    back: Annotated[str, Form(max_length=9000)] = "/runs",
) -> Response:
    """Deletes the chosen runs; those that have not ended stay. Says so, with a way to undo it."""
    deleted, kept = [], 0
    for run_id in dict.fromkeys(run):
        try:
            await manager.delete(run_id)
            deleted.append(run_id)
        except Conflict:
            kept += 1
        except NotFound:
            continue
    place = _place(back)
    return _see(place + _deleted_too(place, deleted, str(kept) if kept else ""))


@router.post("/runs/restore")
async def restore_runs(
    manager: Manager,
    run: Annotated[tuple[str, ...], Form(max_length=MAX_AT_ONCE)] = (),
    back: Annotated[str, Form(max_length=9000)] = "/runs",
) -> Response:
    """Undoes a deletion; runs that were purged meanwhile are passed over."""
    for run_id in run:
        with suppress(NotFound):
            await manager.restore(run_id)
    return _see(_place(back))


@router.post("/runs/{run_id}/pin")
async def pin(
    run_id: str,
    manager: Manager,
    pinned: Annotated[bool, Form()],
    back: Annotated[str, Form(max_length=9000)] = "/runs",
) -> Response:
    """Pins the run, or lets it go. Raises NotFound."""
    await manager.pin(run_id, pinned)
    return _see(_place(back))


@router.post("/runs/{run_id}/baseline")
async def baseline(
    run_id: str,
    manager: Manager,
    wanted: Annotated[bool, Form()] = True,
    back: Annotated[str, Form(max_length=9000)] = "",
) -> Response:
    """Makes the run its plan's baseline, or not any more. Raises NotFound, Conflict."""
    await manager.set_baseline(run_id, wanted)
    return _see(_place(back) if back else f"/runs/{run_id}#baseline")


@router.get("/runs/{run_id}/edit")
async def edit(run_id: str, manager: Manager) -> Response:
    """A form for the run's name, labels and note. Raises NotFound."""
    view = await manager.view(run_id)
    page = EditPage(run_id, view.name, view.name, ", ".join(view.tags), view.note, {})
    return respond("history/edit.html", page)


@router.post("/runs/{run_id}/edit")
async def save(
    run_id: str,
    manager: Manager,
    name: Annotated[str, Form(max_length=1000)] = "",
    tags: Annotated[str, Form(max_length=5000)] = "",
    note: Annotated[str, Form(max_length=50_000)] = "",
) -> Response:
    """Saves them; what cannot be stands beside its field, and nothing is saved. Raises NotFound."""
    wanted = [part.strip() for part in tags.split(",") if part.strip()]
    note = note.replace("\r\n", "\n")
    try:
        await manager.label(run_id, name=name, tags=wanted, note=note)
    except InvalidInput as error:
        view = await manager.view(run_id)
        problems = {problem.field.partition("[")[0]: problem.message for problem in error.problems}
        page = EditPage(run_id, view.name, name, tags, note, problems)
        return respond("history/edit.html", page, status=422)
    return _see(f"/runs/{run_id}")


def deleted_page(error: Deleted) -> Response:
    """The page of a run that was deleted and can be brought back."""
    return respond("history/deleted.html", error, status=HTTPStatus.GONE)


def _place(back: str) -> str:
    """Where to go afterwards: a list of runs or a run of this dashboard, without what it told before."""
    return back if back == "/runs" or back.startswith("/runs?") or _RUN.fullmatch(back) else "/runs"


def _see(address: str) -> Response:
    return RedirectResponse(address, status_code=HTTPStatus.SEE_OTHER)
