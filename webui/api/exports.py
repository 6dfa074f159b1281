"""`/api/v1/runs/{id}/export/{format}`: a run as a file."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Response

from webui.api.openapi import problems
from webui.api.runs import RunId
from webui.exports import FORMATS, export, format_of
from webui.exports.http import file_response
from webui.web import Manager

router = APIRouter(prefix="/api/v1/runs", tags=["exports"])

_TYPES: Final = sorted({each.media_type.partition(";")[0] for each in FORMATS.values()})
_FILE: Final[dict[str, Any]] = {
    "description": "The file. A finished run's has an ETag; the name of one that goes on has -partial in it.",
    "content": {
        name: {"schema": {"type": "object"} if name == "application/json" else {"type": "string"}}
        for name in _TYPES
    },
    "headers": {
        "ETag": {"schema": {"type": "string"}},
        "Content-Disposition": {"schema": {"type": "string"}},
    },
}


@router.get(
    "/{run_id}/export/{format}",
    summary="Export a run",
    response_class=Response,
    responses={200: _FILE, 304: {"description": "The client has this file already."}, **problems(404)},
)
async def export_run(
    run_id: RunId,
    name: Annotated[
        str,
        Path(alias="format", description="What kind of file.", json_schema_extra={"enum": list(FORMATS)}),
    ],
    manager: Manager,
    if_none_match: Annotated[str | None, Header(max_length=1000)] = None,
) -> Response:
    """The run as a file, without secrets. The same bytes as from its page and from `katydid export`."""
    format_of(name)  # an unknown format is said before a long run is read
    view = await manager.view(run_id)
    return file_response(await asyncio.to_thread(export, view, name), if_none_match)
