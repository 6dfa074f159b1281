"""`/api/v1/runs`: start, list, read, stop, share and delete runs, and follow one live."""

import asyncio
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from pydantic import AwareDatetime, BeforeValidator
from sse_starlette import EventSourceResponse

from webui.analysis.document import RunDocument, Status
from webui.api import stream
from webui.api.bodies import read_changes
from webui.api.confirming import MayTest, confirmed_plan, saying_how_to_confirm
from webui.api.etags import IfNoneMatch, answered, finished, with_etag
from webui.api.models import Changes, RunItem, RunList
from webui.api.openapi import CHANGES_BODY, EVENTS, PLAN_BODY, problems
from webui.api.waiting import MAX_WAIT_S, until_ended, wanted_wait_s
from webui.errors import InvalidInput
from webui.plan.model import Plan
from webui.runs.stored import stored_document
from webui.security.access import is_viewer
from webui.store import MAX_PAGE, RunQuery, Sort
from webui.web import Manager, Storage

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])

RunId = Annotated[str, Path(description="The run's id.", max_length=64, examples=["r_7h3k9m2p4q"])]


def _written_out(value: object) -> object:
    """Lets pydantic read no bare number as a moment."""
    if isinstance(value, str) and not _DATE.match(value):
        raise ValueError("write a moment such as 2026-11-22T00:00:00Z")
    return value


_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:")
Instant = Annotated[AwareDatetime, BeforeValidator(_written_out)]
Prefer = Annotated[
    str | None,
    Header(description=f"`wait=30`: answer when it has ended, or after 30 s ({MAX_WAIT_S} at most)."),
]
_LOCATION = {"Location": {"description": "Where the new thing is.", "schema": {"type": "string"}}}


@router.post(
    "",
    status_code=201,
    summary="Start a run",
    response_description="The run, started or waiting its turn.",
    responses={201: {"headers": _LOCATION}, **problems(403, 413, 415, 429)},
    openapi_extra=PLAN_BODY,
)
async def create_run(
    plan: Annotated[Plan, Depends(confirmed_plan)],
    manager: Manager,
    confirmed: MayTest,
    response: Response,
    prefer: Prefer = None,
) -> RunDocument:
    """Starts a run of the plan, or queues it when as many run as may run at a time. With `Prefer: wait=…` the
    answer is its result, where it ends in time."""
    with saying_how_to_confirm():
        view = await manager.create(plan, may_test=confirmed)
    response.headers["Location"] = f"/api/v1/runs/{view.id}"
    wait_s = wanted_wait_s(prefer)
    if wait_s is None:
        return view.result()
    response.headers["Preference-Applied"] = f"wait={wait_s}"
    await until_ended(manager, view.id, wait_s)
    return await asyncio.to_thread((await manager.view(view.id)).result)


@router.get("", summary="List runs", responses=problems())
async def list_runs(
    manager: Manager,
    store: Storage,
    search: Annotated[str, Query(description="Words in name, target or tags.", max_length=200)] = "",
    status: Annotated[Literal[Status, "live"] | None, Query(description="`live`: not ended yet.")] = None,
    tag: Annotated[str | None, Query(max_length=60)] = None,
    sort: Annotated[Sort, Query()] = "created",
    order: Annotated[Literal["asc", "desc"], Query()] = "desc",
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = 50,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of a page in the same order.", max_length=4000)
    ] = None,
    target: Annotated[str, Query(description="Part of the target's address.", max_length=500)] = "",
    since: Annotated[Instant | None, Query(description="Created then or later.")] = None,
    until: Annotated[Instant | None, Query(description="Created before then.")] = None,
    plan_key: Annotated[str | None, Query(description="Runs of that plan only.", max_length=64)] = None,
    pinned: Annotated[bool | None, Query(description="Only pinned runs, or only others.")] = None,
) -> RunList:
    """Runs, the newest first unless asked otherwise, a page at a time. Runs that are added meanwhile shift
    no page."""
    query = RunQuery(
        search,
        status,
        tag,
        sort,
        order == "desc",
        limit,
        cursor,
        target=target,
        since=_in_utc("since", since),
        until=_in_utc("until", until),
        plan_key=plan_key,
        pinned=pinned,
    )
    page = await store.list_runs(query)
    known = {view.id: view for view in manager.known_runs()}
    items = (RunItem.of(summary) for summary in page.items)
    shown = tuple(item.now(known[item.id]) if item.id in known else item for item in items)
    return RunList(items=shown, next_cursor=page.next_cursor, total=page.total)


def _in_utc(name: str, moment: datetime | None) -> datetime | None:
    try:
        return None if moment is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput.at(name, "lies before the year 1 or after 9999 in UTC") from error


@router.get(
    "/{run_id}",
    summary="Read a run's result",
    response_model=RunDocument,
    responses=with_etag(404),
)
async def read_run(
    request: Request,
    run_id: RunId,
    manager: Manager,
    store: Storage,
    if_none_match: IfNoneMatch = None,
    prefer: Prefer = None,
) -> Response:
    """The result document; of a live run, the figures so far, or with `Prefer: wait=…` the result, where it
    ends in time. A finished run's has an ETag."""
    await until_ended(manager, run_id, wanted_wait_s(prefer) or 0)
    if manager.get_live(run_id) is None and not is_viewer(request):  # whose documents have no secrets
        record = await store.get_run(run_id)
        saved = None if record is None else await asyncio.to_thread(stored_document, record)
        if saved is not None:
            return await asyncio.to_thread(finished, saved, if_none_match)
    view = await manager.view(run_id)
    document = await asyncio.to_thread(view.result)  # over a long run's rows this takes a while
    return await asyncio.to_thread(answered, document, if_none_match, live=view.live)


@router.patch(
    "/{run_id}",
    summary="Change a run",
    response_description="The run; `changes` tells what is asked for and what has taken effect.",
    responses=problems(404, 409, 413, 415),
    openapi_extra=CHANGES_BODY,
)
async def change_run(
    run_id: RunId, changes: Annotated[Changes, Depends(read_changes)], manager: Manager
) -> RunDocument:
    """Changes the load while the run goes on: users or rate, pause and resume, more time; several of them all
    or none. Or its name, tags, note and pin, at any time. Or whether it is its plan's baseline, when it has
    ended. What is null is left as it is."""
    load, labels, pinned = changes.load, changes.labels, changes.pinned
    marks = bool(labels) or pinned is not None
    if bool(load) + marks + (changes.baseline is not None) > 1:  # one could fail when another is done
        says = "change the load, or name, tags, note and pin, or the baseline: one of these at a time"
        raise InvalidInput.at("", says)
    if labels:
        await manager.label(run_id, **labels)
    if pinned is not None:
        await manager.pin(run_id, pinned)
    if changes.baseline is not None:
        await manager.set_baseline(run_id, changes.baseline)
    if not marks and changes.baseline is None:
        await manager.change(run_id, **load)
    view = await manager.view(run_id)
    return await asyncio.to_thread(view.result)


@router.delete("/{run_id}", status_code=204, summary="Delete a run", responses=problems(404, 409))
async def delete_run(run_id: RunId, manager: Manager) -> None:
    """Deletes an ended run with its results and share links. For 7 days it can be restored."""
    await manager.delete(run_id)


@router.post("/{run_id}/restore", summary="Restore a deleted run", responses=problems(404))
async def restore_run(run_id: RunId, manager: Manager) -> RunDocument:
    """Undoes a deletion. Restoring a run that is not deleted changes nothing."""
    await manager.restore(run_id)
    view = await manager.view(run_id)
    return await asyncio.to_thread(view.result)


@router.post(
    "/{run_id}/stop",
    status_code=202,
    summary="Stop a run",
    response_description="The run, which ends within a second.",
    responses=problems(404, 409),
)
async def stop_run(run_id: RunId, manager: Manager) -> RunDocument:
    """Stops a live run and keeps its results. Stopping it once more changes nothing."""
    await manager.stop(run_id)
    view = await manager.view(run_id)
    return await asyncio.to_thread(view.result)


@router.get(
    "/{run_id}/stream",
    summary="Follow a run",
    response_class=EventSourceResponse,
    responses={
        200: EVENTS,
        204: {"description": "The client has everything: it comes back after `finished`."},
        **problems(404),
    },
)
async def stream_run(
    run_id: RunId,
    manager: Manager,
    last_event_id: Annotated[
        str | None, Header(description="Where a dropped connection left off.", max_length=200)
    ] = None,
) -> Response:
    """Server-sent events until the run has ended. `snapshot`: one row as in the result's `snapshots`; it
    replaces the rows that it overlaps, and whoever joins late is sent all rows. `status`: where the run
    stands. `finished`: where it stands for good; this is the last event."""
    await manager.view(run_id)  # an unknown run is a 404, not a stream
    if last_event_id == stream.FINISHED_ID:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return stream.respond(manager, run_id, last_event_id)
