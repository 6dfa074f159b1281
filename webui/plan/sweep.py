"""Which numbers of users a sweep tries, and for how long. Pure.

First geometrically, doubling from the lowest level until throughput stops growing well past the knee, the
target fails or gets too slow, or the highest level is reached; then three more levels around the knee.
The knee is where the ceiling's line crosses the light load's: best throughput times the light-load
latency (Little's law). The lengths of settling and measuring follow the target's own latency.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from webui.plan.load import Sweep

GROWTH = 1.08  # a doubling that gains less than this is no growth
PAST_KNEE = 3.0  # how far past the knee the geometric part goes
TOO_SLOW_S = 3.0
TOO_FAILING = 0.5  # share of successes under which more users are not tried
NEAR = 0.08  # levels closer than this to a measured one tell nothing new


@dataclass(frozen=True, slots=True)
class Step:
    """What one level measured. `mean_s` is the mean latency of successes, None when there were none."""

    users: int
    throughput_rps: float
    mean_s: float | None
    success_share: float


def next_level(load: Sweep, done: Sequence[Step]) -> int | None:
    """The number of users to try next, None when the sweep knows enough."""
    if not done:
        return load.from_
    highest = max(step.users for step in done)
    if not _refining(load, done):
        wanted = min(load.to, highest * 2)
        return wanted if wanted > highest and not _enough(done) else _refinement(load, done)
    return _refinement(load, done)


def knee(done: Sequence[Step]) -> float | None:
    """Best throughput times light-load latency, in users; None where nothing succeeded."""
    light = min((step for step in done if step.mean_s), key=lambda step: step.users, default=None)
    if light is None or light.mean_s is None:
        return None
    # What a light load waits for is only its own service; queueing starts above.
    return max(step.throughput_rps for step in done) * light.mean_s


def settle_s(mean_s: float | None) -> float:
    """How long a level settles before it is measured: two answers of every user, 0.2 to 4 s."""
    return min(4.0, max(0.2, 2.0 * (mean_s or 0.0)))


def measure_s(load: Sweep, mean_s: float | None) -> float:
    """How long a level is measured: as the plan says, or eight answers, within 0.6 to 2.5 s."""
    if load.step_s is not None:
        return load.step_s
    return min(2.5, max(0.6, 8.0 * (mean_s or 0.0)))


def _refining(load: Sweep, done: Sequence[Step]) -> bool:
    """Whether a level below one tried earlier was tried: the geometric part only rises."""
    return any(later.users < earlier.users for earlier, later in pairwise(done))


def _enough(done: Sequence[Step]) -> bool:
    last = done[-1]
    if last.success_share < TOO_FAILING or (last.mean_s or 0.0) > TOO_SLOW_S:
        return True
    turn = knee(done)
    flat = len(done) > 1 and last.throughput_rps < GROWTH * max(step.throughput_rps for step in done[:-1])
    return flat and turn is not None and last.users >= PAST_KNEE * turn


def _refinement(load: Sweep, done: Sequence[Step]) -> int | None:
    turn = knee(done)
    if turn is None:
        return None
    tried = [step.users for step in done]
    highest = max(tried)
    # From the knee outwards; falling first, so that the next call knows that the geometric part is over.
    for factor in (0.71, 1.0, 1.41):
        level = max(load.from_, min(highest, round(turn * factor)))
        if all(abs(level - users) > NEAR * users for users in tried):
            return level
    return None
