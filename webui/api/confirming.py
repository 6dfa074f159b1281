"""Plans that need a yes before they start."""

from typing import Annotated

from fastapi import Depends, Header

from webui.api.bodies import read_plan
from webui.errors import InvalidInput
from webui.plan.model import Plan
from webui.plan.repeats import repeated_writes

YES = "repeat-writes"


async def confirmed_plan(
    plan: Annotated[Plan, Depends(read_plan)],
    confirm: Annotated[
        str | None,
        Header(
            description=f"`{YES}`: yes, a sweep may send requests that are not GET, HEAD or OPTIONS, thousands "
            "of times. Needed for such a plan, ignored for others.",
            max_length=100,
        ),
    ] = None,
) -> Plan:
    """The plan in the body. Raises InvalidInput for a sweep of writes without the header."""
    if confirm != YES and (what := repeated_writes(plan)):
        raise InvalidInput.at("Confirm", f"{what}; send the header Confirm: {YES} to go on")
    return plan
