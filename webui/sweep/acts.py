"""The acts that a sweep consists of. The planner (planner.py) chooses them, the engine carries them out.

Each act leaves a record: a Level a `StepStats`, a Volley a `BurstStats`, the canary's two a `CanaryRecord`.
"""

from dataclasses import dataclass
from typing import Literal

LevelKind = Literal["single", "level", "refine", "late", "light", "again"]
# single: one user, at the start. level: of the doubling part. refine: around the knee. late: far beyond it,
# for a late collapse. light: a low level, for more samples of the service time. again: one user, at the end.

BurstKind = Literal["large", "edge", "small", "refused"]
# large: several times the parallelism. edge: about as many, to find the most that are answered together.
# small: fewer. refused: several times what a target that refuses holds.

Why = Literal[
    "first-answers",  # a few single requests
    "choosing-canary",
    "idle-canary",
    "one-user",
    "doubling",
    "refining",
    "looking-for-collapse",
    "more-light-load",
    "bursts",
    "refusals",
    "one-user-again",
]


@dataclass(frozen=True, slots=True)
class ChooseCanary:
    """Find the cheap route: the plan's own, or the fastest to answer of the well-known candidates."""

    why: Why = "choosing-canary"


@dataclass(frozen=True, slots=True)
class IdleCanary:
    """Probe the canary alone for `seconds`, then `bursts` times `size` canary requests at one instant."""

    seconds: float = 0.6
    bursts: int = 5
    size: int = 24
    why: Why = "idle-canary"


@dataclass(frozen=True, slots=True)
class Level:
    """`users` in the closed model. It settles until every user has finished `settle_answers` requests
    (`longest_settle_s` at most); then it is measured for `measure_s`, or, where `until_answers` is given,
    until that many successes or until the mean's relative standard error is below `until_error`, within
    `measure_s` at most. `canary`: whether it is probed meanwhile. A user whose request was refused waits for
    `retry_s` before its next one."""

    users: int
    kind: LevelKind
    why: Why
    measure_s: float
    settle_answers: int = 2
    longest_settle_s: float = 4.0
    until_answers: int | None = None
    until_error: float | None = None
    canary: bool = True
    retry_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Volley:
    """`size` requests at one instant, on connections opened before; it ends with the last answer."""

    size: int
    kind: BurstKind
    why: Why = "bursts"
    rest_s: float = 0.05  # of quiet before it


Act = ChooseCanary | IdleCanary | Level | Volley
