"""`/api/v1/check`: whether a plan is one, and what it would do. Nothing is started or sent."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import Field

from webui.analysis.part import Part
from webui.api.bodies import read_plan
from webui.api.confirming import YES
from webui.api.openapi import PLAN_BODY, problems
from webui.plan.documents import plan_to_data
from webui.plan.identity import plan_key
from webui.plan.load import planned_s
from webui.plan.model import Plan
from webui.plan.repeats import repeated_writes
from webui.runs.summary import load_text, target_text

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
        tuple[str, ...], Field(description="Words that the header `Confirm` needs whatever the target.")
    ]


@router.post("/check", summary="Check a plan", responses=problems(413, 415), openapi_extra=PLAN_BODY)
async def check_plan(plan: Annotated[Plan, Depends(read_plan)]) -> CheckedPlan:
    """Says what is wrong with the plan, as a start would, or how it is understood. Whether its target may be
    tested is decided at the start."""
    return CheckedPlan(
        plan=plan_to_data(plan),
        plan_key=plan_key(plan),
        name=plan.title,
        target=target_text(plan),
        load=load_text(plan),
        planned_s=planned_s(plan.load),
        confirm=(YES,) if repeated_writes(plan) else (),
    )
