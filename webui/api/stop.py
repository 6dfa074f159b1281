"""`/api/v1/stop`: ends everything that runs."""

from fastapi import APIRouter

from webui.analysis.part import Part
from webui.api.openapi import problems
from webui.web import Experiments

router = APIRouter(prefix="/api/v1", tags=["runs"])


class Stopped(Part):
    """The ids of what was running or waiting."""

    runs: tuple[str, ...]
    experiments: tuple[str, ...]


@router.post(
    "/stop",
    status_code=202,
    summary="Stop everything",
    response_description="What was stopped; runs end within a second.",
    responses=problems(),
)
async def stop_everything(experiments: Experiments) -> Stopped:
    """Stops all runs and experiments of this dashboard, those that wait included. Their results so far are
    kept."""
    runs, stopped = await experiments.stop_everything()
    return Stopped(runs=tuple(runs), experiments=tuple(stopped))
