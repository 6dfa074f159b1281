"""How far a run's figures would move if it were made again: a block bootstrap over its intervals. Pure.

Requests of one moment wait behind each other, so a test that took them for independent would claim far too
much. Blocks of neighbouring intervals are drawn instead, with replacement, and the figures computed anew from
the drawn histograms (moving blocks on a circle: Politis and Romano 1992). The blocks' length comes from the
autocorrelation (Politis and White 2004, with the correction of Patton, Politis and White 2009). With few
blocks the spread so found is too small; it is widened as Hesterberg (2015, The American Statistician 69:371)
does, with blocks in the place of observations.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webui.analysis.compare_sample import Floats, Sample, Tails

DRAWS = 2000
LEAST_INTERVALS = 10
PERCENTILES = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)
LEAST_ABOVE = 10  # values above a percentile, for an interval around it
_LEAST_BLOCKS = 5
_QUIET_LAGS = 5  # in a row without correlation: there it has ended
_Z = 1.959964


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """A figure and how it deviates in each draw: of a ratio, in the logarithm; of a share, in points."""

    value: float
    deviations: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """A run's figures with their spreads, by the measure's key. `block` is in intervals."""

    block: int
    spreads: Mapping[str, Spread]


def resampled(sample: Sample, seed: int, *, drifts: bool = False, draws: int = DRAWS) -> Resampled:
    """The figures of `sample`, which has at least `LEAST_INTERVALS` rows; the same for the same seed.

    `drifts`: the load changes by plan, so a block is drawn only from the neighbourhood of its place (local
    block bootstrap: Paparoditis and Politis 2002).
    """
    length = len(sample)
    block = block_length(sample)
    weights = _drawn(length, block, draws, np.random.default_rng([2000, seed]), drifts=drifts)
    whole = np.ones((1, length), np.float32)
    values, drawn = _figures(sample, whole), _figures(sample, weights)
    factor = _widening(length / block)
    return Resampled(
        block,
        {key: Spread(float(values[key][0]), factor * (drawn[key] - values[key][0])) for key in values},
    )


def difference(base: Spread, other: Spread) -> tuple[float, float, float] | None:
    """`other` less `base` and the 95 % interval around it; None where too many draws had no figure."""
    value = other.value - base.value
    apart = other.deviations - base.deviations
    known = apart[np.isfinite(apart)]
    if not math.isfinite(value) or len(known) < 0.95 * len(apart):
        return None
    low, high = np.quantile(known, (0.025, 0.975))
    return value, value + float(low), value + float(high)


def _figures(sample: Sample, weights: NDArray[np.float32]) -> dict[str, Floats]:
    """Each measure for each row of weights: logarithms of rates and times, success in percent."""
    columns = (sample.seconds, sample.sent, sample.successes, sample.failures, sample.took_ms)
    sums = weights.astype(np.float64) @ np.stack(columns, axis=1)
    seconds, sent, successes, failures, took = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        figures = {
            "throughput": np.log(successes / seconds),
            "rate": np.log(sent / seconds),
            "mean": np.log(took / successes),
            "success": 100 * successes / (successes + failures),
            "failures": failures / seconds,
        }
    if sample.tails is not None:
        figures |= _percentiles(sample.tails, weights)
    return figures


def _percentiles(tails: Tails, weights: NDArray[np.float32]) -> dict[str, Floats]:
    above = weights @ tails.above
    total = weights.astype(np.float64) @ tails.total
    return {f"p{wanted:g}": np.log(_quantile(tails, above, total, wanted)) for wanted in PERCENTILES}


def _quantile(tails: Tails, above: NDArray[np.float32], total: Floats, wanted: float) -> Floats:
    """The percentile of each draw in us, even within its cell; nan for a draw without successes."""
    slower = total * (1 - wanted / 100)
    rows = np.arange(len(above))
    cell = np.minimum((above > slower[:, None]).sum(axis=1), above.shape[1] - 1)
    before = np.where(cell > 0, above[rows, cell - 1], total)
    inside = before - above[rows, cell]
    share = np.clip((before - slower) / np.where(inside > 0, inside, 1), 0, 1)
    value = tails.low_us[cell] + share * (tails.high_us[cell] - tails.low_us[cell])
    return np.where(total > 0, np.maximum(value, 0.5), np.nan)


def _drawn(
    length: int, block: int, draws: int, random: "np.random.Generator", *, drifts: bool
) -> NDArray[np.float32]:
    """How often each interval was drawn: a row for each draw, each of `length` in total."""
    count = -(-length // block)
    if drifts:
        reach = max(block, length // 10)
        places = np.arange(count) * block
        starts = places + random.integers(-reach, reach + 1, (draws, count))
        starts = np.clip(starts, 0, max(0, length - block))
    else:
        starts = random.integers(0, length, (draws, count))
    ends = starts + np.minimum(block, length - np.arange(count) * block)  # the last block may be shorter
    rows = np.arange(draws)[:, None] * (2 * length + 1)
    size = draws * (2 * length + 1)
    steps = np.bincount((rows + starts).ravel(), minlength=size) - np.bincount(
        (rows + ends).ravel(), minlength=size
    )
    line = np.cumsum(steps.reshape(draws, -1), axis=1)[:, : 2 * length]
    return (line[:, :length] + line[:, length:]).astype(np.float32)  # the circle closed


def _widening(blocks: float) -> float:
    """By how much deviations found with so many blocks are too small."""
    free = max(blocks, _LEAST_BLOCKS) - 1
    z = _Z
    student = (
        z
        + (z**3 + z) / (4 * free)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    )  # Student's t from the normal quantile: Abramowitz and Stegun 26.7.5
    return student / z * math.sqrt((free + 1) / free)


def block_length(sample: Sample) -> int:
    """How many neighbouring intervals make a block: the most that any of the main figures asks for.

    The rule finds the length that estimates the variance best; for an interval that is too short, as it
    leaves out some of the correlation. Half as much again, and no less than 2 n^(1/3), holds the coverage.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        series = [
            sample.successes / sample.seconds,
            sample.took_ms / sample.successes,
            sample.failures / (sample.failures + sample.successes),
        ]
        if sample.tails is not None:
            series += [_exceeding(sample.tails, wanted) for wanted in (50.0, 95.0, 99.0)]
    length = len(sample)
    wanted: float = max(2.0 * length ** (1 / 3), *(1.6 * _wanted_block(each) for each in series))
    return max(1, min(length // _LEAST_BLOCKS, math.ceil(wanted)))


def _exceeding(tails: Tails, wanted: float) -> Floats:
    """The share of each interval's successes above the run's percentile."""
    whole = tails.above.sum(axis=0, dtype=np.float64)
    cell = int((whole > tails.total.sum() * (1 - wanted / 100)).sum())
    share: Floats = tails.above[:, min(cell, len(whole) - 1)] / tails.total
    return share


def _wanted_block(series: Floats) -> float:
    """The block length for a mean of `series` with circular blocks (Politis and White, section 3.2)."""
    values = series[np.isfinite(series)]
    length = len(values)
    centred = values - values.mean() if length else values
    if length < LEAST_INTERVALS or float(np.abs(centred).max()) <= 1e-12 * float(np.abs(values).max()):
        return 1.0
    reach = min(length - 1, math.ceil(math.sqrt(length)) + _QUIET_LAGS)
    covariance = np.array([centred[: length - lag] @ centred[lag:] for lag in range(reach + 1)]) / length
    quiet = np.abs(covariance[1:] / covariance[0]) < 2 * math.sqrt(math.log10(length) / length)
    heard = (m for m in range(len(quiet)) if quiet[m : m + _QUIET_LAGS].all())
    last = max(1, next(heard, len(quiet)))
    lags = np.arange(1, min(2 * last, reach) + 1)
    flat_top = np.minimum(1.0, 2 - lags / last)
    moment = 2 * float(flat_top @ (lags * covariance[lags]))
    spectrum = covariance[0] + 2 * float(flat_top @ covariance[lags])
    if spectrum <= 0:
        return 1.0
    return float((2 * moment**2 / (4 / 3 * spectrum**2)) ** (1 / 3) * length ** (1 / 3))
