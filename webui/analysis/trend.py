"""Where the trend of a plan's figures broke: change points in a short, noisy series of runs. Pure.

The statistic is Pettitt's (A. N. Pettitt, "A non-parametric approach to the change-point problem", Applied
Statistics 28, 1979): the largest difference between the ranks before a place and after it, so that one wild
run moves it little and no distribution is assumed. Whether it is more than chance is found by permutation.
Several changes are found by splitting at the strongest one and looking again on both sides (binary
segmentation; the way of D. Daly et al., "The use of change point detection to identify software performance
regressions in a continuous integration system", ICPE 2020).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Five series are looked at together: with 0.01 for each, all of them stay quiet in 95 of 100 steady plans.
LEVEL = 0.01
SHORTEST = 5  # runs on each side; with fewer, no order of ranks is rarer than `LEVEL`
PERMUTATIONS = 999
SMALLEST_SHIFT = 0.02  # of the level before: real or not, less is nobody's trouble
_CLEARLY_CHANCE = 0.2

Ranks = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChangePoint:
    """The series' level moved with value number `at`: the medians `before` and `after` it, up to the
    neighbouring change points, and how likely a steady series shows as much."""

    at: int
    before: float
    after: float
    p_value: float

    @property
    def percent(self) -> float | None:
        """The move in percent of the level before."""
        return 100 * (self.after - self.before) / self.before if self.before else None


def change_points(values: Sequence[float]) -> list[ChangePoint]:
    """The places where the level of the series moved, in order. The same series gives the same answer.

    Of a steady series, whatever its distribution, at most one in a hundred is given a change point.
    """
    return list(_points(tuple(values)))


@lru_cache(maxsize=256)  # a plan is looked at more often than it runs
def _points(values: tuple[float, ...]) -> tuple[ChangePoint, ...]:
    series = np.asarray(values, dtype=float)
    found = _settled(series, sorted(_split(series, 0, len(series)), key=lambda place: place[0]))
    borders = [0, *(at for at, _ in found), len(series)]
    points = []
    for number, (at, p_value) in enumerate(found, 1):
        before = float(np.median(series[borders[number - 1] : at]))
        after = float(np.median(series[at : borders[number + 1]]))
        if abs(after - before) > SMALLEST_SHIFT * abs(before):
            points.append(ChangePoint(at, before, after, p_value))
    return tuple(points)


def _split(series: NDArray[np.float64], start: int, end: int) -> list[tuple[int, float]]:
    """The change points between `start` and `end`, the strongest first."""
    part = series[start:end]
    if len(part) < 2 * SHORTEST:
        return []
    ranks = _ranks(part)
    statistics = _statistics(ranks[None, :])[0]
    strongest = _strongest(ranks)
    p_value = _p_value(ranks, float(statistics.max()))
    if p_value > LEVEL:
        return []
    at = start + strongest
    return [(at, p_value), *_split(series, start, at), *_split(series, at, end)]


def _settled(series: NDArray[np.float64], found: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Each change point looked for again between its neighbours: the first ones were found in stretches
    that others disturbed."""
    borders = [0, *(at for at, _ in found), len(series)]
    for number, (_, p_value) in enumerate(found):
        start, end = borders[number], borders[number + 2]
        borders[number + 1] = start + _strongest(_ranks(series[start:end]))
        found[number] = (borders[number + 1], p_value)
    return found


def _strongest(ranks: Ranks) -> int:
    return int(np.argmax(_statistics(ranks[None, :])[0])) + SHORTEST


def _ranks(part: NDArray[np.float64]) -> Ranks:
    """Ranks less their mean; equal values share theirs."""
    _, places, counts = np.unique(part, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    shared = ends - (counts - 1) / 2
    return np.asarray(shared[places] - (len(part) + 1) / 2, dtype=float)


def _statistics(rows: Ranks) -> Ranks:
    """Pettitt's statistic of each row at each place that leaves `SHORTEST` values on both sides."""
    sums = np.abs(np.cumsum(rows, axis=1)) * 2
    return sums[:, SHORTEST - 1 : rows.shape[1] - SHORTEST]


def _p_value(ranks: Ranks, statistic: float) -> float:
    """How many of the orders that chance makes of the same ranks show as much, this one included."""
    n = len(ranks)
    # Pettitt's own approximation is never far too high: what it takes for chance needs no permutations.
    if 2 * np.exp(-6 * statistic**2 / (n**3 + n**2)) > _CLEARLY_CHANCE * 2:
        return 1.0
    as_much = int((_statistics(ranks[_orders(n)]).max(axis=1) >= statistic - 1e-9).sum())
    return (1 + as_much) / (1 + PERMUTATIONS)


@lru_cache(maxsize=32)
def _orders(n: int) -> NDArray[np.int16]:
    """The orders that chance makes of `n` places, always the same: to make them takes longer than all else,
    and a plan's five figures have the same number of runs."""
    places = np.broadcast_to(np.arange(n, dtype=np.int16), (PERMUTATIONS, n))
    return np.random.default_rng(n).permuted(places, axis=1)
