"""All that the rules look at, estimated once from a sweep's record. Pure; seconds, rates per second."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from webui.analysis.diagnosis import bootstrap
from webui.analysis.diagnosis.answers import Bursts, bursts_of
from webui.analysis.diagnosis.bootstrap import Interval, interval
from webui.analysis.diagnosis.canary import Canary, canary_of
from webui.analysis.diagnosis.estimates import (
    Trip,
    intervals_of,
    steadiest,
    stretch_below,
    stretch_on_the_way,
    trip_of,
)
from webui.metrics.histogram import Histogram, merge
from webui.metrics.probing import BurstStats
from webui.metrics.snapshot import Snapshot
from webui.sweep.figures import (
    PLATEAU_USERS,
    Point,
    light_points,
    loaded,
    plateau,
    points_of,
    served_alike,
    surest_of,
)
from webui.units import NS_PER_S

CHANGED = 1.5  # times one user's latency, up or down, at the end: the service changed
DRIFTED = 1.1  # the same, for an interval that takes both ends in
SCALING = 0.7  # of perfect scaling at the most users
COUNT_AGREES = 0.15  # a burst's count this close to the estimate replaces it
FEWEST = 5  # answers of one user at the end that can tell of a change
EDGE_BELOW = 0.08  # the same for the most that are answered together, below and above the estimate
EDGE_ABOVE = 0.2
SAME = 0.12  # neighbouring levels past the knee agree within this (a logarithm), but for chance
NEIGHBOURS = 1.15  # times the users
PEAK_SHARE = 0.75  # of the peak is what its neighbours must reach, or it was none
HELD_FROM = 1.25  # times the parallelism, from which on a level may tell the ceiling
PINNED = (1.2, 4.2)  # of the parallelism: so few users hardly divide evenly among several lines
CORNER = 0.15  # a level this far under min(N / D, ceiling) is no hard corner


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules judge by."""

    points: tuple[Point, ...]
    levels: tuple[Point, ...]  # without single answers and one user at the end
    bursts_seen: tuple[BurstStats, ...]
    light_s: float
    light: Histogram
    trip: Trip
    top: tuple[Point, ...]  # the levels at the ceiling
    ceiling: Interval
    m: Interval
    canary: Canary
    bursts: Bursts
    drift: float | None  # one user's latency at the end by that at the start, beyond chance
    drifted: bool
    falls: float | None  # throughput at the most users as a share of the best, where it falls
    pinned: bool  # users are served unevenly shortly past the knee
    corner_misfit: float | None
    contradiction: tuple[Point, Point] | None  # levels that ought to agree and don't
    wait_share: float  # of its time, the generator had work and no processor

    @property
    def scaling(self) -> float:
        """How much of one user's throughput each of the most users got."""
        most = max(_served(self.levels), key=lambda p: p.users)
        return most.rate * self.light_s / most.users

    @property
    def full(self) -> bool:
        """Whether the most users got clearly less than one user's throughput each."""
        return self.scaling <= SCALING

    @property
    def closes(self) -> bool:
        """Whether the server ends each connection."""
        return _closes(self.points)

    @property
    def even(self) -> bool | None:
        """Whether all users are served alike at the ceiling."""
        return _even(self.top)

    @property
    def demand_percent(self) -> float | None:
        """Of the generator's core, at the ceiling."""
        return _demand(self.top)

    @property
    def most_held(self) -> Interval:
        """The highest throughput, whether or not the target refused some meanwhile."""
        best = surest_of([p for p in self.levels if p.successes])
        if not best.refuses:
            return self.ceiling
        draws = bootstrap.throughput(bootstrap.generator(), [best], self.spread)
        return interval(best.rate, draws)

    @property
    def slump(self) -> float:
        """How far the lowest level at the ceiling lies under it, beyond chance; 0: they agree."""
        if len(steadiest(self.top)) == len(self.top):
            return 0.0
        return 1 - min(p.rate for p in self.top) / self.ceiling.value

    @property
    def past_knee(self) -> bool:
        """Whether some level lies far enough past the knee to show that the ceiling is one."""
        return any(p.users >= PLATEAU_USERS * self.m.value for p in self.levels)

    @property
    def service_s(self) -> float:
        return max(self.light_s - self.trip.value, 0.2 * self.light_s)

    @property
    def spread(self) -> float:
        """The light latency's coefficient of variation."""
        mean = self.light.mean_ns
        return (self.light.stdev_ns or 0.0) / mean if mean else 0.0

    @property
    def count(self) -> int | None:
        """How many the target takes at a time, as counted in bursts, where that agrees with the estimate."""
        count, edge = self.bursts.count, self.bursts.edge
        if count is not None and abs(count - self.m.value) <= max(COUNT_AGREES * self.m.value, 0.5):
            return count
        # Where users are served unevenly, they are spread over several pools that fill up one by one.
        # A busy machine lowers the estimate, and nothing makes more be answered together than there is room.
        if edge is None or self.even is False:
            return None
        low, high = self.m.value * (1 - EDGE_BELOW), self.m.value * (1 + EDGE_ABOVE)
        return edge if min(low, self.m.value - 0.5) <= edge <= max(high, self.m.value + 0.5) else None


def facts_of(total: Snapshot) -> Facts | None:
    """None where one user got no answer."""
    points = points_of(total.steps)
    levels = loaded(points)
    served = _served(levels)
    light = _light_of(points)
    if not served or light is None:
        return None
    best = surest_of(served)
    top = _top(served, best, light.first_s)
    canary = canary_of(total.probing.canary, points, light.first_s, top)
    trip = trip_of(total, canary, light.first_s)
    stretch = max(
        stretch_below(served, light.seconds, best.rate * light.seconds),
        stretch_on_the_way(canary, light.seconds),
    )
    ceiling, m = intervals_of(top, light.all, light.moved_to, trip, stretch)
    service_s = light.seconds - trip.value
    return _counted(
        Facts(
            points=points,
            levels=levels,
            bursts_seen=total.probing.bursts,
            light_s=light.seconds,
            light=light.all,
            trip=trip,
            top=top,
            ceiling=ceiling,
            m=m,
            canary=canary,
            bursts=bursts_of(total.probing.bursts, service_s, trip.value, ceiling.value, m.value),
            drift=light.drift,
            drifted=light.drifted,
            falls=_falls(served, best),
            pinned=_pinned(served, m.value),
            corner_misfit=_misfit(served, light.seconds, ceiling.value),
            contradiction=_contradiction(served, best, m.value),
            wait_share=total.health.wait_ns / total.health.wall_ns if total.health.wall_ns else 0.0,
        )
    )


@dataclass(frozen=True, slots=True)
class _Light:
    """The answers that waited for nothing: the `first` ones, and `all` with those of one user at the end,
    which are left out where they have `drifted`."""

    first: Histogram
    all: Histogram
    drift: float | None
    drifted: bool
    again: Sequence[Point]

    @property
    def first_s(self) -> float:
        return (self.first.mean_ns or 0.0) / NS_PER_S

    @property
    def seconds(self) -> float:
        return (self.all.mean_ns or 0.0) / NS_PER_S

    @property
    def moved_to(self) -> Sequence[Point]:
        return self.again if self.drifted else ()


def _light_of(points: Sequence[Point]) -> _Light | None:
    """None where nothing succeeded without waiting."""
    known = light_points([p for p in points if p.mean_s])
    if not known:
        return None
    again = [p for p in points if p.kind == "again" and p.mean_s]
    drift, drifted = _drift(known, again)
    first = merge(p.step.stats.response for p in known)
    whole = first if drifted else merge([first, *(p.step.stats.response for p in again)])
    return _Light(first, whole, drift, drifted, again)


def _served(levels: Sequence[Point]) -> list[Point]:
    return [p for p in levels if p.mean_s and not p.refuses]


def _counted(facts: Facts) -> Facts:
    """A count in bursts is free of any estimate, and replaces it."""
    count, m = facts.count, facts.m
    if count is None:
        return facts
    return replace(facts, m=Interval(count, min(m.low, count), max(m.high, count)))


def _top(served: Sequence[Point], best: Point, light_s: float) -> tuple[Point, ...]:
    """The levels at the ceiling; the best one alone where throughput has a peak or none lies far past it."""
    flat = plateau(served, best.rate * light_s)
    if _falls(served, best) is not None:
        near = [p for p in served if 0.75 * best.users <= p.users <= 1.35 * best.users]
        return tuple(p for p in near if p.rate > 0.93 * best.rate)
    held = best in flat or best.users < HELD_FROM * best.rate * light_s
    return flat if flat and held else (best, *flat)


def _falls(served: Sequence[Point], best: Point) -> float | None:
    most = max(served, key=lambda p: p.users)
    share = most.rate / best.rate
    error = 3 * math.hypot(most.error, best.error)
    return share if most.users > best.users and share < 0.8 - error else None


def _drift(light: Sequence[Point], again: Sequence[Point]) -> tuple[float | None, bool]:
    """One user's latency at the end by that at the start, less what chance explains; and whether it moved at
    all. Both mean and median must have moved: one slow answer is no change."""
    if not again or again[0].successes < FEWEST:
        return None, False
    start = [p for p in light if p.users == 1 and p.kind != "single"] or list(light)
    first, last = merge(p.step.stats.response for p in start), again[0].step.stats.response
    ratios = [
        (last.mean_ns or 1.0) / (first.mean_ns or 1.0),
        (last.percentile_ns(50) or 1) / (first.percentile_ns(50) or 1),
    ]
    error = 3 * math.hypot(_mean_error(first), _mean_error(last))
    moved = [math.copysign(max(0.0, abs(math.log(r)) - error), math.log(r)) for r in ratios]
    if moved[0] * moved[1] <= 0:
        return 1.0, False
    least = min(moved, key=abs)
    return math.exp(least), abs(least) > math.log(DRIFTED)


def _mean_error(histogram: Histogram) -> float:
    mean = histogram.mean_ns or 1.0
    return (histogram.stdev_ns or 0.0) / mean / math.sqrt(histogram.total)


def _closes(points: Sequence[Point]) -> bool:
    quiet = [p for p in points if p.users == 1 and p.successes]
    lost = sum(p.step.connections_lost for p in quiet)
    answers = sum(p.successes + p.failures for p in quiet)
    return answers > 0 and lost >= 0.5 * answers


def _pinned(served: Sequence[Point], m: float) -> bool:
    """Whether some level shortly past the knee served its users unevenly beyond chance."""
    low, high = PINNED
    return any(m * low <= p.users <= m * high and served_alike(p, 2.0) is False for p in served)


def _even(top: Sequence[Point]) -> bool | None:
    """Whether users are served alike, by the level with the most answers for each; None with too few."""
    known = [p for p in top if p.users > 2 and served_alike(p) is not None]
    most = max(known, key=lambda p: p.successes / p.users, default=None)
    return None if most is None else served_alike(most)


def _demand(top: Sequence[Point]) -> float | None:
    known = [p.step.demand_percent for p in top if p.step.demand_percent is not None]
    return float(np.median(known)) if known else None


def _misfit(served: Sequence[Point], light_s: float, ceiling: float) -> float | None:
    """How far the worst level near the corner lies under it, less three standard errors. At the corner itself
    everyone's is a little round."""
    corner = ceiling * light_s
    near = [
        p
        for p in served
        if 0.4 * corner <= p.users <= 2.5 * corner and p.users >= 2 and not 0.75 < p.users / corner < 1.35
    ]
    if not near:
        return None
    return max(1 - p.rate / min(p.users / light_s, ceiling) - 3 * p.error for p in near)


def _contradiction(served: Sequence[Point], best: Point, m: float) -> tuple[Point, Point] | None:
    """Two levels that ought to agree and don't: nearly the same users past the knee, or a peak beside which
    throughput is far lower. Then something else than the users moved it."""
    past = sorted((p for p in served if p.users >= 1.7 * m and p.successes >= 20), key=lambda p: p.users)
    for i, low in enumerate(past):
        for high in past[i + 1 :]:
            apart = abs(math.log(high.rate / low.rate)) - 3 * math.hypot(low.error, high.error)
            if high.users <= NEIGHBOURS * low.users and apart > SAME:
                return low, high
    beside = [p for p in past if p is not best and best.users / 1.5 <= p.users <= 1.5 * best.users]
    weak = [p for p in beside if p.rate < PEAK_SHARE * best.rate * (1 - 3 * math.hypot(p.error, best.error))]
    return (weak[0], best) if weak and best.users >= 1.7 * m else None
