"""All that the rules look at, estimated once from a sweep's record. Pure; seconds, rates per second."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from webui.analysis.diagnosis import bootstrap
from webui.analysis.diagnosis.answers import Bursts, bursts_of
from webui.analysis.diagnosis.bootstrap import Interval, interval
from webui.analysis.diagnosis.canary import WAITS, Canary, canary_of
from webui.metrics.histogram import Histogram, merge
from webui.metrics.probing import BurstStats
from webui.metrics.snapshot import Snapshot
from webui.sweep.figures import (
    NETWORK_S,
    Point,
    light_points,
    loaded,
    plateau,
    points_of,
    round_trip_s,
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
APART = 0.02  # levels at the ceiling that differ by more, beyond chance, are not the same
BELOW_KNEE = (0.4, 0.95)  # of the parallelism: busy, and nobody waits
MOST_STRETCH = 1.2
PINNED = (1.2, 4.2)  # of the parallelism: so few users hardly divide evenly among several lines
ONE_OR_TWO = 1.5
ALIKE = 0.03  # half width: a request's time alone is that at the ceiling to no more than this
CORNER = 0.15  # a level this far under min(N / D, ceiling) is no hard corner


@dataclass(frozen=True, slots=True)
class Trip:
    """The network's part of a latency, and the range that it may lie in."""

    value: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Facts:
    """`ceiling` and `m` are None where nothing succeeded. `full`: the most users got clearly less than one
    user's throughput each. `scaling`: how much of it they got."""

    points: tuple[Point, ...]
    levels: tuple[Point, ...]  # without single answers and one user at the end
    bursts_seen: tuple[BurstStats, ...]
    light_s: float
    light: Histogram
    trip: Trip
    top: tuple[Point, ...]  # the levels at the ceiling
    scaling: float
    ceiling: Interval
    m: Interval
    canary: Canary
    bursts: Bursts
    drift: (
        float | None
    )  # one user's latency at the end by that at the start, as far as chance can't explain it
    drifted: bool
    falls: float | None  # throughput at the most users as a share of the best, where it falls
    closes: bool  # the server ends each connection
    even: bool | None  # whether all users are served alike
    pinned: bool  # whether some level shortly past the knee served its users unevenly beyond chance
    demand_percent: float | None  # of the generator's core at the ceiling
    corner_misfit: float | None
    contradiction: tuple[Point, Point] | None  # levels that ought to agree and don't
    wait_share: float  # of its time, the generator had work and no processor
    slump: float  # how far the lowest level at the ceiling lies under it, beyond chance; 0: they agree

    @property
    def full(self) -> bool:
        return self.scaling <= SCALING

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
    served = [p for p in levels if p.mean_s and not p.refuses]
    known = light_points([p for p in points if p.mean_s])
    if not served or not known:
        return None
    best = surest_of(served)
    record = total.probing.canary
    again = [p for p in points if p.kind == "again" and p.mean_s]
    light = merge(p.step.stats.response for p in known)
    light_s = (light.mean_ns or 0.0) / NS_PER_S
    drift, drifted = _drift(known, again)
    top = _top(served, best, light_s)
    canary = canary_of(record, points, light_s, top)
    trip = _trip(total, canary, light_s)
    if again and not drifted:
        light = merge([light, *(p.step.stats.response for p in again)])
        light_s = (light.mean_ns or 0.0) / NS_PER_S
    stretch = max(_stretch(served, light_s, best.rate * light_s), _on_the_way(canary, light_s))
    ceiling, m = _intervals(top, light, again if drifted else [], trip, stretch)
    most = max(served, key=lambda p: p.users)
    bursts = bursts_of(total.probing.bursts, light_s - trip.value, trip.value, ceiling.value, m.value)
    facts = Facts(
        points=points,
        levels=levels,
        bursts_seen=total.probing.bursts,
        light_s=light_s,
        light=light,
        trip=trip,
        top=top,
        scaling=most.rate * light_s / most.users,
        ceiling=ceiling,
        m=m,
        canary=canary,
        bursts=bursts,
        drift=drift,
        drifted=drifted,
        falls=_falls(served, best),
        closes=_closes(points),
        even=_even(top),
        pinned=any(
            m.value * PINNED[0] <= p.users <= m.value * PINNED[1] and served_alike(p, 2.0) is False
            for p in served
        ),
        demand_percent=_demand(top),
        corner_misfit=_misfit(served, light_s, ceiling.value),
        contradiction=_contradiction(served, best, m.value),
        wait_share=total.health.wait_ns / total.health.wall_ns if total.health.wall_ns else 0.0,
        slump=1 - min(p.rate for p in top) / ceiling.value if len(_steadiest(top)) < len(top) else 0.0,
    )
    return _counted(facts)


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


def _steadiest(top: Sequence[Point]) -> tuple[Point, ...]:
    """The levels at the ceiling that chance alone sets apart from the best: a target that has its hands full
    loses a little with more users, and what it does at best is what was held."""
    best = surest_of(top)
    return tuple(
        p for p in top if math.log(best.rate / p.rate) <= APART + 3 * math.hypot(p.error, best.error)
    )


def _stretch(served: Sequence[Point], light_s: float, m: float) -> float:
    """How much longer a request takes shortly below the knee, where nobody waits for a place: what it holds
    one for under load. 1 where that is not known."""
    low, high = BELOW_KNEE
    busy = [p.mean_s / light_s for p in served if low * m <= p.users <= high * m and p.mean_s and p.users > 1]
    return min(MOST_STRETCH, max(1.0, *busy)) if busy else 1.0


def _on_the_way(canary: Canary, light_s: float) -> float:
    """How much longer a request may take at the ceiling of a host with its hands full: what a canary takes
    longer there, once on the way in and once on the way out. 1 where the canary waits in the load's line."""
    if canary.loaded_s is None or canary.idle_s is None or (canary.coupling or 0.0) > WAITS:
        return 1.0
    return min(MOST_STRETCH, 1 + 2 * max(0.0, canary.loaded_s - canary.idle_s) / light_s)


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


def _trip(total: Snapshot, canary: Canary, light_s: float) -> Trip:
    """From a far canary's floor; otherwise between the time to connect and an idle answer of the canary,
    which has the server's own overhead in it."""
    low_ns = total.connect.percentile_ns(10)
    connect_s = 0.0 if low_ns is None else min(low_ns / NS_PER_S, 0.5 * light_s)
    floor = canary.floor_s
    if floor is None:
        return Trip(connect_s, 0.8 * connect_s, connect_s)
    if floor - canary.cost_s > NETWORK_S:
        far = min(round_trip_s(total.probing.canary, connect_s), 0.9 * light_s)
        near = connect_s if connect_s > 0.5 * far else min(connect_s, far)
        return Trip(far, min(near, far - 0.0005), min(floor, 0.95 * light_s))
    high = min(floor, 0.5 * light_s)
    low = min(connect_s, high)
    return Trip(low if canary.affected else (low + high) / 2, low, high)


def _intervals(
    top: Sequence[Point], light: Histogram, again: Sequence[Point], trip: Trip, stretch: float
) -> tuple[Interval, Interval]:
    """The ceiling's interval, and that of the parallelism: ceiling times light latency less the round trip.
    Where one user's latency drifted, both of its ends are drawn; where it is up to `stretch` times as long
    shortly below the knee, so may it be at the ceiling."""
    rng = bootstrap.generator()
    steady = _steadiest(top)
    spread = (light.stdev_ns or 0.0) / (light.mean_ns or 1.0)
    rates = bootstrap.throughput(rng, top, spread, alike=len(steady) == len(top))
    value = float(np.average([p.rate for p in steady], weights=[p.successes for p in steady]))
    means = bootstrap.mean_s(rng, light)
    if again:
        other = bootstrap.mean_s(rng, again[0].step.stats.response)
        means = np.where(rng.random(bootstrap.ROUNDS) < 0.5, means, other)
    trips = rng.uniform(trip.low, max(trip.high, trip.low + 1e-9), bootstrap.ROUNDS)
    light_s = (light.mean_ns or 0.0) / NS_PER_S
    m = value * max(light_s - trip.value, 0.2 * light_s)
    stretches = rng.uniform(1.0, max(stretch, 1.0 + 1e-9), bootstrap.ROUNDS)
    draws = rates * np.maximum(means - trips, 0.2 * means) * stretches
    return interval(value, rates), at_least_one(interval(m, draws, ALIKE))


def at_least_one(m: Interval) -> Interval:
    """A target that serves works on one request at least: what lies below is overhead under load, and what is
    between one and one and a half may be overhead without it."""
    low = min(m.low, 1.0) if m.value < ONE_OR_TWO else m.low
    return replace(m, low=low, high=max(m.high, 1.0))


def _closes(points: Sequence[Point]) -> bool:
    quiet = [p for p in points if p.users == 1 and p.successes]
    lost = sum(p.step.connections_lost for p in quiet)
    answers = sum(p.successes + p.failures for p in quiet)
    return answers > 0 and lost >= 0.5 * answers


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
