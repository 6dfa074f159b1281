"""The intervals: they cover the truth as often as they say, and the same runs give the same."""

from __future__ import annotations

import numpy as np
import pytest

from webui.analysis.compare_bootstrap import (
    LEAST_INTERVALS,
    Resampled,
    block_length,
    difference,
    resampled,
)
from webui.analysis.compare_sample import Sample, Tails
from webui.analysis.compare_shares import share_difference
from webui.metrics.histogram import bucket_of

PAIRS = 1000
CHECKED = ("throughput", "mean", "p50", "p75", "p90", "p95", "p99")


def service(random: np.random.Generator, seconds: int, each: int, correlation: float) -> Sample:
    """A service whose speed drifts: the logarithm of its latency is an AR(1) process over the intervals, and
    a closed model sends the less the slower it is."""
    level = np.empty(seconds)
    level[0] = 0.1 * random.normal()
    steps = 0.1 * np.sqrt(1 - correlation**2) * random.normal(size=seconds)
    for at in range(1, seconds):
        level[at] = correlation * level[at - 1] + steps[at]
    counts = np.maximum(1, np.round(each * np.exp(-level))).astype(int)
    rows = np.repeat(np.arange(seconds), counts)
    took_us = 20_000 * np.exp(level[rows] + 0.3 * random.normal(size=len(rows)))
    successes = counts.astype(float)
    tails = Tails.of(rows, bucket_of(took_us.astype(np.int64)), np.ones(len(rows)), seconds)
    took_ms = np.bincount(rows, took_us / 1000, seconds)
    return Sample(np.ones(seconds), successes, successes, np.zeros(seconds), took_ms, tails)


def figures(sample: Sample, seed: int) -> Resampled:
    return resampled(sample, seed, draws=300)


def test_intervals_cover_the_truth() -> None:
    """Of 1,000 pairs of the same correlated service, 95 % of the intervals should include no change; seen are
    94.9 to 96.0 %. A bootstrap of single requests would include it in a tenth of them."""
    random = np.random.default_rng(5)
    hits = dict.fromkeys(CHECKED, 0)
    for pair in range(PAIRS):
        first, second = (figures(service(random, 60, 60, 0.5), 2 * pair + i) for i in range(2))
        for key in CHECKED:
            found = difference(first.spreads[key], second.spreads[key])
            assert found is not None
            hits[key] += found[1] <= 0 <= found[2]
    shares = {key: count / PAIRS for key, count in hits.items()}
    assert all(0.93 <= share <= 0.97 for share in shares.values()), shares


def test_the_same_runs_give_the_same_intervals() -> None:
    sample = service(np.random.default_rng(1), 40, 50, 0.3)
    one, again, other = figures(sample, 7), figures(sample, 7), figures(sample, 8)
    assert np.array_equal(one.spreads["p95"].deviations, again.spreads["p95"].deviations)
    assert not np.array_equal(one.spreads["p95"].deviations, other.spreads["p95"].deviations)


def test_blocks_are_longer_where_neighbours_are_alike() -> None:
    random = np.random.default_rng(2)
    calm, drifting = (
        np.mean([block_length(service(random, 300, 20, c)) for _ in range(5)]) for c in (0, 0.9)
    )
    assert calm < drifting <= 300 / 5


def test_percentiles_lie_in_their_cell() -> None:
    sample = service(np.random.default_rng(3), 60, 500, 0.5)
    spread = figures(sample, 1).spreads["p95"]
    assert sample.tails is not None
    slower = sample.tails.above.sum(axis=0)
    cell = int((slower > 0.05 * sample.tails.total.sum()).sum())
    assert sample.tails.low_us[cell] <= np.exp(spread.value) <= sample.tails.high_us[cell]


def test_a_ramp_is_drawn_from_near_by() -> None:
    """Of a load that grows by plan, blocks from the other end would make the intervals far too wide."""
    seconds = 60
    counts = np.arange(10.0, 10.0 + seconds)
    sample = Sample(np.ones(seconds), counts, counts, np.zeros(seconds), counts * 20)
    near, anywhere = resampled(sample, 1, drifts=True), resampled(sample, 1)
    assert np.std(near.spreads["throughput"].deviations) < 0.6 * np.std(
        anywhere.spreads["throughput"].deviations
    )


@pytest.mark.parametrize("length", [LEAST_INTERVALS, 11, 37, 1200])
def test_any_number_of_intervals_can_be_resampled(length: int) -> None:
    counts = np.ones(length)
    found = resampled(Sample(counts, counts, counts, np.zeros(length), counts), 1, draws=50)
    assert 1 <= found.block <= length / 5
    assert np.all(found.spreads["throughput"].deviations == 0)


def test_few_failures_are_no_proof() -> None:
    """0 of 100 against 3 of 100 may well be chance, whatever a resampling of the first says."""
    change, low, high = share_difference((100, 100), (97, 100), (-3.0, -4.0, -2.0))
    assert change == -3.0
    assert low < -7
    assert high > 0
    assert share_difference((9, 9), (8, 8), (0.0, 0.0, 0.0)) == (0.0, 0.0, 0.0)
