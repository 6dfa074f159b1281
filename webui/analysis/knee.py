"""Which of a sweep's levels stands for the knee. Pure."""

import math
from collections.abc import Sequence

from webui.analysis.document import StepPart

NEAR = 4 / 3  # a level further away than by this factor stands for no knee


def levels_of(steps: Sequence[StepPart]) -> Sequence[StepPart]:
    """The steps that were measured as load: without the first few answers, and the look back at the end."""
    return [step for step in steps if step.kind not in ("single", "again")]


def knee_step(steps: Sequence[StepPart], knee_users: float | None) -> StepPart | None:
    """The measured level nearest to the knee, by ratio; None where none is near it."""
    if not knee_users:
        return None
    near = min(levels_of(steps), key=lambda step: abs(math.log(step.users / knee_users)), default=None)
    return near if near and abs(math.log(near.users / knee_users)) < math.log(NEAR) else None
