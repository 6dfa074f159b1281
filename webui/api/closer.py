"""`/api/v1/runs/{id}/stretch` and `/charts/{name}.csv`: part of a run's time, and its charts' figures."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Response

from webui.analysis.stretch import StretchDocument
from webui.api.etags import IfNoneMatch, answered, tagged, with_etag
from webui.api.runs import RunId
from webui.exports.charts import CHARTS, MEDIA_TYPE, chart_file
from webui.runs.stretch import read_stretch
from webui.web import Manager

router = APIRouter(prefix="/api/v1/runs", tags=["runs"])

MOST_S = 1e9
CSV_FILE: Final[dict[str, Any]] = {
    "description": "The file.",
    "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
}


@router.get(
    "/{run_id}/stretch",
    summary="Read a stretch of a run",
    response_model=StretchDocument,
    responses=with_etag(404),
)
async def read_run_stretch(
    run_id: RunId,
    manager: Manager,
    from_s: Annotated[float, Query(description="Since the start of the run.", ge=0, le=MOST_S)],
    to_s: Annotated[float, Query(description="Later than `from_s`.", gt=0, le=MOST_S)],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The parts of a run's result for that stretch alone, recomputed from the recorded histograms. Intervals
    are taken whole, those whose middle lies in the stretch; `from_s` and `to_s` of the answer say which. A
    finished run's has an ETag."""
    view = await manager.view(run_id)
    document = await asyncio.to_thread(read_stretch, view, from_s, to_s)
    return answered(document, if_none_match, live=view.live)


@router.get(
    "/{run_id}/charts/{name}.csv",
    summary="A chart's figures",
    response_class=Response,
    responses=with_etag(404, ok=CSV_FILE),
)
async def read_chart(
    run_id: RunId,
    name: Annotated[str, Path(description="Which chart.", json_schema_extra={"enum": list(CHARTS)})],
    manager: Manager,
    from_s: Annotated[float | None, Query(ge=0, le=MOST_S)] = None,
    to_s: Annotated[float | None, Query(gt=0, le=MOST_S)] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The figures behind one of the run page's charts as CSV, without secrets; of a stretch where one is
    given."""
    view = await manager.view(run_id)
    file = await asyncio.to_thread(chart_file, view, name, from_s, to_s)
    response = csv_response(file.data, file.file_name)
    return response if view.live else tagged(response, if_none_match)


def csv_response(data: bytes, file_name: str) -> Response:
    """A CSV file to keep."""
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(data, media_type=MEDIA_TYPE, headers=headers)
