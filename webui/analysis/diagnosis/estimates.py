"""Ceiling and parallelism with their intervals, and the network's part of a latency. Pure; seconds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from webui.analysis.diagnosis import bootstrap
from webui.analysis.diagnosis.bootstrap import Interval, interval
from webui.analysis.diagnosis.canary import WAITS, Canary
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import Snapshot
from webui.sweep.figures import NETWORK_S, Point, round_trip_s, surest_of
from webui.units import NS_PER_S

APART = 0.02  # levels at the ceiling that differ by more, beyond chance, are not the same
BELOW_KNEE = (0.4, 0.95)  # of the parallelism: busy, and nobody waits
MOST_STRETCH = 1.2
ONE_OR_TWO = 1.5
ALIKE = 0.03  # half width: a request's time alone is that at the ceiling to no more than this


@dataclass(frozen=True, slots=True)
class Trip:
    """The network's part of a latency, and the range that it may lie in."""

    value: float = 0.0
    low: float = 0.0
    high: float = 0.0


def trip_of(total: Snapshot, canary: Canary, light_s: float) -> Trip:
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


def steadiest(top: Sequence[Point]) -> tuple[Point, ...]:
    """The levels at the ceiling that chance alone sets apart from the best: a target that has its hands full
    loses a little with more users, and what it does at best is what was held."""
    best = surest_of(top)
    return tuple(
        p for p in top if math.log(best.rate / p.rate) <= APART + 3 * math.hypot(p.error, best.error)
    )


def stretch_below(served: Sequence[Point], light_s: float, m: float) -> float:
    """How much longer a request takes shortly below the knee, where nobody waits for a place: what it holds
    one for under load. 1 where that is not known."""
    low, high = BELOW_KNEE
    busy = [p.mean_s / light_s for p in served if low * m <= p.users <= high * m and p.mean_s and p.users > 1]
    return min(MOST_STRETCH, max(1.0, *busy)) if busy else 1.0


def stretch_on_the_way(canary: Canary, light_s: float) -> float:
    """How much longer a request may take at the ceiling of a host with its hands full: what a canary takes
    longer there, once on the way in and once on the way out. 1 where the canary waits in the load's line."""
    if canary.loaded_s is None or canary.idle_s is None or (canary.coupling or 0.0) > WAITS:
        return 1.0
    return min(MOST_STRETCH, 1 + 2 * max(0.0, canary.loaded_s - canary.idle_s) / light_s)


def intervals_of(
    top: Sequence[Point], light: Histogram, again: Sequence[Point], trip: Trip, stretch: float
) -> tuple[Interval, Interval]:
    """The ceiling's interval, and that of the parallelism: ceiling times light latency less the round trip.
    Where one user's latency drifted, both of its ends are drawn; where it is up to `stretch` times as long
    shortly below the knee, so may it be at the ceiling."""
    rng = bootstrap.generator()
    steady = steadiest(top)
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
