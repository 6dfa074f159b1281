"""What planner and diagnosis both read from a sweep's levels: throughput, latency, ceiling, light load. Pure.

N users in the closed model, X successes/s, R their mean latency, D the latency with no waiting. Little's law
ties them: N = X R. Times in seconds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from webui.metrics.probing import BurstStats, CanaryRecord
from webui.metrics.snapshot import StepStats
from webui.units import NS_PER_S

REFUSING = 0.05  # share of failures from which on a level refuses
BELOW_CEILING = 0.62  # a level under this share of the ceiling is a light load
PLATEAU_USERS = 1.7  # times the parallelism, from which on a level lies on the plateau
PLATEAU_SHARE = 0.8  # of the best throughput, but for chance
LUCK = 1.5  # standard errors by which a level may owe its throughput to chance
LIGHT_SHARE = 0.8  # the same for a level that was chosen to be light
AGREES = 1.15  # a light level agrees with one user's latency within this factor,
AGREES_UNEVEN = 1.05  # this one where not all users are served alike: some stand in a line of their own
ALIKE_SHARE = 0.08  # spread of the answers that each user got, up to which all are served alike
SAME_MEDIAN = 1.05
RARELY = 90  # the percentile that slow answers lie above, where they are rare
RARELY_SLOW = 0.5  # coefficient of variation from which on a few slow answers make the mean
NETWORK_S = 0.003  # a canary's floor above this is the network's round trip, not cores waking up
TOGETHER = 1.5  # times the light load's latency within which a burst is answered together
SLOW_S = 0.05  # a failure slower than this is no quick refusal
FULL_BURSTS = 3  # of several times what a target that refuses holds, before sizes are halved
LIGHT_KINDS = ("single", "level", "light")


@dataclass(frozen=True, slots=True)
class Point:
    """One level in figures. `mean_s` and `floor_s` are None without successes."""

    users: int
    kind: str
    seconds: float
    successes: int
    failures: int
    rate: float  # successes per second
    by_little: bool  # whether that is N / R
    mean_s: float | None
    stdev_s: float
    floor_s: float | None
    step: StepStats

    @property
    def share(self) -> float:
        """Successes among the ended, 0 to 1; 0 when none ended."""
        ended = self.successes + self.failures
        return self.successes / ended if ended else 0.0

    @property
    def refuses(self) -> bool:
        """Whether more failed than can be chance."""
        return self.share < 1.0 - REFUSING

    @property
    def spread(self) -> float:
        """Coefficient of variation of the successes' latency."""
        return self.stdev_s / self.mean_s if self.mean_s else 0.0

    @property
    def error(self) -> float:
        """The relative standard error of the throughput."""
        return self.spread / math.sqrt(max(1, self.successes))


def point_of(step: StepStats) -> Point:
    """The level's figures. Throughput is N / R where that agrees with the count, for it is far less noisy at
    the window's edges; otherwise (failures, users who starve) it is counted."""
    response, totals = step.stats.response, step.stats.totals
    seconds = max((step.end_ns - step.start_ns) / NS_PER_S, 1e-9)
    mean_ns = response.mean_ns
    mean_s = None if mean_ns is None else max(mean_ns, 1.0) / NS_PER_S
    rate = totals.successes / seconds
    by_little = False
    if mean_s is not None and not totals.failures:
        by_little = abs(rate * mean_s / step.users - 1.0) <= max(0.08, 0.6 * mean_s / seconds)
        rate = step.users / mean_s if by_little else rate
    return Point(
        step.users,
        step.kind,
        seconds,
        totals.successes,
        totals.failures,
        rate,
        by_little,
        mean_s,
        (response.stdev_ns or 0.0) / NS_PER_S,
        None if not response else response.min_ns / NS_PER_S,
        step,
    )


def points_of(steps: Sequence[StepStats]) -> tuple[Point, ...]:
    """All levels' figures, in the order in which they were measured."""
    return tuple(map(point_of, steps))


def loaded(points: Sequence[Point]) -> tuple[Point, ...]:
    """The levels that tell about throughput: not the first single answers, nor one user at the end."""
    return tuple(point for point in points if point.kind not in ("single", "again"))


def best_of(points: Sequence[Point]) -> Point | None:
    """The level with the highest throughput; None where nothing succeeded."""
    return max((p for p in loaded(points) if p.successes), key=lambda p: p.rate, default=None)


def surest_of(points: Sequence[Point]) -> Point:
    """The level with the highest throughput that is not luck: of many short levels, one is always lucky."""
    return max(points, key=lambda p: p.rate * (1 - LUCK * p.error))


def light_points(points: Sequence[Point]) -> tuple[Point, ...]:
    """The levels with no waiting: below a share of the ceiling, and in agreement with the lowest one."""
    best = best_of(points)
    known = [p for p in points if p.kind in LIGHT_KINDS and p.mean_s is not None and not p.refuses]
    steady = [p for p in known if p.kind != "single"] or known
    if best is None or not steady:
        return tuple(known)
    first = min(steady, key=lambda p: p.users)
    if first.users > 1:  # a sweep that begins above one user: only the single answers are light for sure
        first = min(known, key=lambda p: p.users)
    assert first.mean_s is not None
    below = [p for p in steady if p is not first and (p.users <= first.users or _is_light(p, best))]
    return (first, *(p for p in below if _agrees(p, first)))


def _is_light(p: Point, best: Point) -> bool:
    return p.rate < (LIGHT_SHARE if p.kind == "light" else BELOW_CEILING) * best.rate


def _agrees(p: Point, first: Point) -> bool:
    """Whether the two have the same latency but for chance, by the spread of the first: waiting adds its own.
    Rare slow answers move a mean of few answers and leave all else where it is; true waiting moves that."""
    a, b = p.mean_s or 0.0, first.mean_s or 0.0
    error = first.stdev_s * math.hypot(1 / math.sqrt(max(1, p.successes)), 1 / math.sqrt(first.successes))
    if a <= b * (AGREES if served_alike(p) else AGREES_UNEVEN) or a - b <= 3 * error:
        return True
    same = all(_percentile(p, at) <= SAME_MEDIAN * _percentile(first, at) for at in (50, RARELY))
    return same and p.spread > RARELY_SLOW


def _percentile(p: Point, at: float) -> int:
    return p.step.stats.response.percentile_ns(at) or 0


def served_alike(p: Point, chance: float = 0.0) -> bool | None:
    """Whether all users got as many answers; None where there are too few to tell. `chance`: how many
    standard errors of a user's number are no difference."""
    answers = p.step.per_user
    if len(answers) < 2 or sum(answers) < 8 * p.users:
        return None
    mean = sum(answers) / len(answers)
    spread = math.sqrt(sum((each - mean) ** 2 for each in answers) / len(answers))
    return spread <= max(1.0, ALIKE_SHARE * mean, chance * p.spread * math.sqrt(mean))


def light_s(points: Sequence[Point]) -> float | None:
    """Latency with no waiting, the network included: the mean over the answers of all light levels."""
    light = light_points(points)
    answers = sum(p.successes for p in light)
    return sum((p.mean_s or 0.0) * p.successes for p in light) / answers if answers else None


def round_trip_s(canary: CanaryRecord | None, connect_s: float | None = None) -> float:
    """The network's part of a latency: the canary's floor less the server's cost, if that is more than cores
    need to wake up; otherwise the time to connect, 0 where neither is known."""
    floor = canary_floor_s(canary)
    if floor is not None and floor - canary_cost_s(canary) > NETWORK_S:
        return floor - canary_cost_s(canary)
    return connect_s or 0.0


def canary_floor_s(canary: CanaryRecord | None) -> float | None:
    """The 10th percentile of the idle canary; None without one."""
    low = canary.idle.percentile_ns(10) if canary is not None else None
    return None if low is None else low / NS_PER_S


def canary_cost_s(canary: CanaryRecord | None) -> float:
    """The server's own cost of a trivial request, the median over the bursts; 0 without a canary."""
    costs = sorted(canary.burst_costs_ns) if canary is not None else []
    return max(0, costs[len(costs) // 2]) / NS_PER_S if costs else 0.0


def parallelism(points: Sequence[Point], round_trip: float) -> float | None:
    """Highest throughput times latency without waiting (Little's law); None where it is not known."""
    best, light = best_of(points), light_s(points)
    if best is None or light is None:
        return None
    return best.rate * max(light - round_trip, 0.2 * light)


def plateau(points: Sequence[Point], m: float) -> tuple[Point, ...]:
    """The levels well past the knee with throughput near the best."""
    known = [p for p in loaded(points) if p.successes]
    if not known:
        return ()
    best = surest_of(known)
    return tuple(
        p
        for p in known
        if p.users >= PLATEAU_USERS * m and p.rate * (1 + LUCK * p.error) > PLATEAU_SHARE * best.rate
    )


def held(p: Point) -> float:
    """Successes in flight: what is refused is answered at once and holds nothing (Little's law)."""
    if p.mean_s is None:
        return 0.0
    failed_ns = p.step.stats.failed.percentile_ns(50)
    refusal = 0.0 if failed_ns is None else failed_ns / NS_PER_S
    return p.rate * max(p.mean_s - min(refusal, p.mean_s), 0.0)


def quick_refusal_s(p: Point, light: float) -> float:
    """A failure that takes longer is harm, no refusal. Where a target has its hands full with refusals, these
    take a while too, though never longer than what is served."""
    return max(SLOW_S, 0.5 * light, p.mean_s or 0.0)


def saturated(points: Sequence[Point], share: float = 0.7) -> bool:
    """Whether the most users got no more than this share of one user's throughput each."""
    top = max(loaded(points), key=lambda p: p.users, default=None)
    light = light_s(points)
    if top is None or light is None:
        return False
    return top.rate * light / top.users <= share


@dataclass(frozen=True, slots=True)
class Edge:
    """How many requests at one instant are answered together: `low` were, `high` were not. `settled`: nothing
    lies between them, and both were tried twice."""

    low: int
    high: int
    settled: bool
    again: int  # the size to try next


def edge_of(bursts: Sequence[BurstStats], light: float, m: float, most: int) -> Edge:
    """From the bursts of kind "edge", by halving. Time tells: requests that find no room take as long again.
    Disturbances only add time, so a size that was answered together once does fit."""
    tried = [burst for burst in bursts if burst.kind == "edge" and len(burst.successes_ns) == burst.size]
    fitting = {burst.size for burst in tried if burst.successes_ns[-1] <= TOGETHER * light * NS_PER_S}
    low = max(fitting, default=max(1, math.floor(0.8 * m) - 1))
    failing = [burst.size for burst in tried if burst.size > low and burst.size not in fitting]
    high = min(failing, default=min(most + 1, math.ceil(1.25 * m) + 1))
    if high - low > 1:
        return Edge(low, high, False, (low + high) // 2)
    times = {size: sum(burst.size == size for burst in tried) for size in (low, high)}
    once = [size for size in (low, high) if times[size] < 2]
    return Edge(low, high, not once, once[0] if once else low)


@dataclass(frozen=True, slots=True)
class Doors:
    """How many connections may be open: with `low` a burst was served whole, with `high` it was not.
    `settled`: nothing lies between them, and `high` was tried twice."""

    low: int
    high: int
    settled: bool
    again: int  # the size to try next
    sure: bool  # whether `low` is a burst's


def doors_of(bursts: Sequence[BurstStats], points: Sequence[Point]) -> Doors:
    """From the bursts of kind "refused", by halving. A size that was served whole once does fit; one that was
    not may have met connections that were still closing, so the least of these is tried again."""
    tried = [burst for burst in bursts if burst.kind == "refused"]
    whole = {burst.size for burst in tried if not burst.failures_ns}
    unharmed = max((p.users for p in points if p.successes and not p.failures), default=1)
    low = max(whole, default=unharmed)
    broken = [burst.size for burst in tried if burst.failures_ns and burst.size > low]
    high = min(broken, default=2 * low)
    if high - low > 1 or not broken:
        return Doors(low, high, False, (low + high) // 2 if broken else high, low in whole)
    return Doors(low, high, broken.count(high) > 1, high, low in whole)
