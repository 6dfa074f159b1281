"""`/api/v1/compare`: runs side by side."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from webui.analysis.compare import check_count
from webui.analysis.compare_document import Comparison
from webui.api.closer import CSV_FILE, csv_response
from webui.api.etags import IfNoneMatch, answered, tagged, with_etag
from webui.api.models import Share
from webui.api.openapi import problems
from webui.api.shares import NewShare
from webui.exports.compared import COMPARED_CHARTS, compared_chart
from webui.runs.comparing import compare_views, views_of
from webui.web import Manager, Storage

router = APIRouter(prefix="/api/v1/compare", tags=["compare"])
RunIds = Annotated[
    list[Annotated[str, Query(max_length=64)]],
    Query(description="A run's id; two to five times, the base first.", min_length=1, max_length=20),
]


@router.get("", summary="Compare runs", response_model=Comparison, responses=with_etag(404))
async def compare_runs(manager: Manager, run: RunIds, if_none_match: IfNoneMatch = None) -> Response:
    """Each measure's change from the first run with its 95 % interval and a word, what differs between the
    plans, and a verdict. A run that cannot be compared says why. A comparison of ended runs has an ETag."""
    views = await views_of(manager, run)
    comparison = await asyncio.to_thread(compare_views, views)
    return await asyncio.to_thread(answered, comparison, if_none_match, live=any(each.live for each in views))


@router.get(
    "/charts/{name}.csv",
    summary="A comparison's chart's figures",
    response_class=Response,
    responses=with_etag(404, ok=CSV_FILE),
)
async def read_compared_chart(
    name: Annotated[str, Path(description="Which chart.", json_schema_extra={"enum": list(COMPARED_CHARTS)})],
    manager: Manager,
    run: RunIds,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The figures behind one of the comparison's charts as CSV, a row for each run and moment."""
    views = await views_of(manager, run)
    file = await asyncio.to_thread(compared_chart, views, name)
    response = csv_response(file.data, file.file_name)
    return response if any(each.live for each in views) else tagged(response, if_none_match)


@router.post("/shares", status_code=201, summary="Share a comparison", responses=problems(404))
async def share_comparison(
    run: RunIds,
    manager: Manager,
    store: Storage,
    request: Request,
    wanted: NewShare | None = None,
) -> Share:
    """Makes a link that shows the comparison to whoever has it, read-only, until it expires or is revoked:
    as a link of its first run."""
    check_count(run)
    for run_id in run:
        await manager.view(run_id)
    options = wanted or NewShare()
    record = await store.add_share(
        run[0], runs=run, expires_at=options.expires_at, hide_target=options.hide_target
    )
    return Share.of(record, str(request.base_url))
