"""95 % intervals by resampling: levels, then stretches of time within them, then single light-load answers.

Neighbouring requests are not independent, so throughput is resampled in blocks of two response times (a block
bootstrap). Seeded: the same record gives the same interval. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webui.metrics.histogram import Histogram, lowest_of, width_of
from webui.sweep.figures import Point
from webui.units import NS_PER_S

ROUNDS = 600
SEED = 4
ENDS = (2.5, 97.5)
LEAST = 0.005  # relative half width below which no interval goes: clocks and loops are not better

Draws = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def width(self) -> float:
        """Relative to the value."""
        return (self.high - self.low) / self.value if self.value else float("inf")

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


def interval(value: float, draws: Draws, least: float = LEAST) -> Interval:
    """The percentile interval, never narrower than `least` and never beside its value."""
    low, high = np.percentile(draws, ENDS)
    return Interval(value, min(float(low), value * (1 - least)), max(float(high), value * (1 + least)))


def generator() -> "np.random.Generator":
    return np.random.default_rng(SEED)


def throughput(
    rng: "np.random.Generator", levels: Sequence[Point], service_spread: float, *, alike: bool = True
) -> Draws:
    """The ceiling drawn `ROUNDS` times from the levels on the plateau, weighted by their answers; where they
    are not `alike`, more answers of one make it no truer than another.

    `service_spread` is the service time's coefficient of variation. Users in a long line wait nearly alike,
    so their latencies vary little and together: what the line moves on by varies with the service times."""
    each = np.stack([_level(rng, level, service_spread) for level in levels])
    weights = np.array([level.successes if alike else 1 for level in levels], dtype=np.float64)
    chosen = rng.choice(len(levels), size=(ROUNDS, len(levels)), p=weights / weights.sum())
    result: Draws = each[chosen, np.arange(ROUNDS)[:, None]].mean(axis=1)
    return result


def _level(rng: "np.random.Generator", level: Point, service_spread: float) -> Draws:
    """One level's throughput, its blocks drawn with replacement."""
    blocks = level.step.blocks
    least = max(service_spread, 0.02) / max(1.0, np.sqrt(level.successes))
    if len(blocks) < 4 or not level.mean_s:  # too few to draw from
        guessed: Draws = level.rate * (1 + max(level.error, least) * rng.standard_normal(ROUNDS))
        return guessed
    successes = np.array([block.successes for block in blocks], dtype=np.float64)
    times = np.array([block.response_ns for block in blocks], dtype=np.float64)
    drawn = rng.integers(0, len(blocks), size=(ROUNDS, len(blocks)))
    count = np.maximum(successes[drawn].sum(axis=1), 1.0)
    if level.by_little:
        # N / R varies by the answers' times alone; the edges of the window don't come into it.
        relative = (times[drawn].sum(axis=1) / count) / (times.sum() / max(successes.sum(), 1.0))
        ratio: Draws = 1 / np.maximum(relative, 1e-9)
    else:
        ratio = count / max(successes.sum(), 1.0)
    widened: Draws = level.rate * (1 + (ratio - 1) * max(1.0, least / max(float(ratio.std()), 1e-9)))
    return widened


def mean_s(rng: "np.random.Generator", samples: Histogram) -> Draws:
    """The mean of the light-load latency drawn `ROUNDS` times."""
    values = (lowest_of(samples.indices) + width_of(samples.indices) / 2.0) * 1000.0 / NS_PER_S
    drawn = rng.multinomial(samples.total, samples.counts / samples.total, size=ROUNDS)
    means: Draws = drawn @ values / samples.total
    exact = (samples.mean_ns or 0.0) / NS_PER_S
    centre = float(values @ samples.counts) / samples.total
    # A bootstrap of few values is too narrow by this much.
    widen = np.sqrt(samples.total / max(1, samples.total - 1)) * (1 + 1.5 / samples.total)
    moved: Draws = exact + (means - centre) * widen
    return moved
