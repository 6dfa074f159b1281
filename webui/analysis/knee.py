"""Which of a sweep's levels stands for the knee. Pure."""

import math
from collections.abc import Sequence

from webui.analysis.document import StepPart

NEAR = 4 / 3  # a level further away than by this factor stands for no knee


def knee_step(steps: Sequence[StepPart], knee_users: float | None) -> StepPart | None:
    """The measured level nearest to the knee, by ratio; None where none is near it."""
    if not knee_users:
        return None
    near = min(steps, key=lambda step: abs(math.log(step.users / knee_users)), default=None)
    return near if near and abs(math.log(near.users / knee_users)) < math.log(NEAR) else None
