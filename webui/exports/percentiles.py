"""Latency by percentile, as far as a sample supports it. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from webui.metrics.histogram import Histogram
from webui.metrics.percentiles import supported

# Evenly spaced where the axis is counted in nines: 1 / (1 - p) grows by about a tenth of a decade.
STEPS = (
    0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 66.0, 70.0, 75.0, 80.0, 85.0, 90.0, 92.0, 94.0, 95.0, 96.0,
    97.0, 98.0, 98.5, 99.0, 99.2, 99.4, 99.5, 99.6, 99.7, 99.8, 99.85, 99.9, 99.92, 99.95, 99.97, 99.98,
    99.99, 99.995, 99.999, 100.0,
)  # fmt: skip


class Point(NamedTuple):
    """`below` of the values are at most `value_ms`."""

    percentile: float
    value_ms: float
    below: int


def distribution(histogram: Histogram) -> Sequence[Point]:
    """The values at STEPS, without those percentiles that the sample is too small for."""
    if not histogram:
        return []
    shown = [step for step in STEPS if step == 0 or supported(step, histogram.total)]
    values = histogram.percentiles_ns(shown)
    return [
        Point(step, (value or 0) / 1e6, _count_at(step, histogram.total))
        for step, value in zip(shown, values, strict=True)
    ]


def value_ms(histogram: Histogram, percentile: float) -> float | None:
    """One percentile; None where the sample is too small for it."""
    if not supported(percentile, histogram.total):
        return None
    value = histogram.percentile_ns(percentile)
    return None if value is None else value / 1e6


def _count_at(percentile: float, total: int) -> int:
    return max(1, int(percentile * total / 100 + 0.5))
