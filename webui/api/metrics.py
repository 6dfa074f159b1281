"""`/metrics`: what Prometheus reads of this dashboard and its runs."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Response

from webui.api.openapi import problems
from webui.web import Watching

router = APIRouter(tags=["health"])

_TEXT: Final[dict[str, Any]] = {
    "description": "The metrics, see docs/observability.md.",
    "content": {
        name: {"schema": {"type": "string"}} for name in ("text/plain", "application/openmetrics-text")
    },
}


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: _TEXT, **problems()},
)
async def metrics(
    watch: Watching,
    accept: Annotated[
        str, Header(description="Names OpenMetrics where that is wanted.", include_in_schema=False)
    ] = "",
) -> Response:
    """This dashboard, its live runs and those that ended last, in Prometheus' text format, or in OpenMetrics
    where `Accept` names it. Working them out holds up no run."""
    from webui.observability.exposition import exposition  # with Prometheus' library

    picture = await watch.picture()
    body, kind = await asyncio.to_thread(lambda: exposition(picture.families(), accept))
    return Response(body, headers={"Content-Type": kind, "Cache-Control": "no-store"})
