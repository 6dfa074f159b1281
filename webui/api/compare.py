"""`/api/v1/compare`: runs side by side."""

from typing import Annotated

from fastapi import APIRouter, Query

from webui.analysis.compare_document import Comparison
from webui.api.openapi import problems
from webui.runs.comparing import comparison_of
from webui.web import Manager

router = APIRouter(prefix="/api/v1/compare", tags=["compare"])


@router.get("", summary="Compare runs", responses=problems(404))
async def compare_runs(
    manager: Manager,
    run: Annotated[
        list[Annotated[str, Query(max_length=64)]],
        Query(description="A run's id; two to five times, the base first.", min_length=1, max_length=20),
    ],
) -> Comparison:
    """Each measure's change from the first run with its 95 % interval and a word, what differs between the
    plans, and a verdict. A run that cannot be compared says why."""
    return await comparison_of(manager, run)
