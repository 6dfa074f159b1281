"""`/api/v1/check`: whether a plan may run, and what it would do. Nothing is started or sent."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from webui.analysis.part import Part
from webui.api.bodies import read_plan
from webui.api.confirming import MAY_TEST, YES
from webui.api.openapi import PLAN_BODY, problems
from webui.errors import Unconfirmed
from webui.plan.documents import plan_to_data
from webui.plan.identity import plan_key
from webui.plan.load import planned_s
from webui.plan.model import Plan
from webui.plan.repeats import repeated_writes
from webui.runs.manager import RunManager
from webui.runs.summary import load_text, target_text
from webui.web import Manager

router = APIRouter(prefix="/api/v1", tags=["plans"])


class CheckedPlan(Part):
    """A plan as it is understood."""

    plan: Annotated[dict[str, Any], Field(description="With all defaults.")]
    plan_key: Annotated[str, Field(description="Equal for plans that send the same load to the same place.")]
    name: str
    target: str
    load: Annotated[str, Field(description="The load in words.", examples=["50 users for 30 s"])]
    planned_s: Annotated[float | None, Field(description="How long its load lasts; null: not known.")]
    confirm: Annotated[
        tuple[str, ...], Field(description="Words that the header `Confirm` of a start needs.")
    ]


@router.post("/check", summary="Check a plan", responses=problems(403, 413, 415), openapi_extra=PLAN_BODY)
async def check_plan(plan: Annotated[Plan, Depends(read_plan)], manager: Manager) -> CheckedPlan:
    """Says what is wrong with the plan, over a ceiling or not allowed by the target policy, as a start would;
    or how it is understood and what a start needs confirmed. Names of hosts are looked up for that."""
    return CheckedPlan(
        plan=plan_to_data(plan),
        plan_key=plan_key(plan),
        name=plan.title,
        target=target_text(plan),
        load=load_text(plan),
        planned_s=planned_s(plan.load),
        confirm=(*([YES] if repeated_writes(plan) else []), *await _to_confirm(plan, manager)),
    )


async def _to_confirm(plan: Plan, manager: RunManager) -> tuple[str, ...]:
    """The word that its target needs, if any. Raises InvalidInput, TargetRefused."""
    try:
        await manager.check(plan)
    except Unconfirmed:
        return (MAY_TEST,)
    return ()
