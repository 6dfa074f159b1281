"""Which percentiles are shown, and whether a sample is large enough for one."""

SHOWN = (50.0, 75.0, 90.0, 95.0, 99.0, 99.9)


def supported(percentile: float, samples: int) -> bool:
    """Whether `samples` values can tell that percentile: one of them has to lie above it.

    p99.9 needs 1,000 values, p99 100, p95 20, p50 and the maximum 1.
    """
    if percentile <= 50 or percentile >= 100:
        return samples > 0
    return samples >= round(1 / (1 - percentile / 100))


def label(percentile: float) -> str:
    """`p50`, `p99.9`."""
    return f"p{percentile:g}"
