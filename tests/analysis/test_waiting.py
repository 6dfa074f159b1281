"""The estimate of the line inside the target."""

from __future__ import annotations

import pytest

from webui.analysis.waiting import waiting_inside
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, Snapshot, Totals

SECOND = 1_000_000_000
MS = 1_000_000


def row(second: int, *endpoints: tuple[int, float]) -> Snapshot:
    """One second with so many answers of so many ms at each endpoint."""
    stats = []
    for count, ms in endpoints:
        times = Histogram.of([round(ms * MS)] * count)
        stats.append(EndpointStats(Totals(count, count, count, count), {200: count}, times, times))
    return Snapshot(second * SECOND, (second + 1) * SECOND, 1, 1, endpoints=tuple(stats))


def test_forty_of_eighty_users_wait_where_answers_take_twice_as_long() -> None:
    light, busy = row(0, (10, 100.0)), row(1, (400, 200.0))
    assert waiting_inside([busy], light) == pytest.approx(40, rel=0.01)


def test_endpoints_are_held_against_their_own_quickest_answer() -> None:
    quick_and_slow = row(0, (100, 1.0), (100, 100.0))
    assert waiting_inside([quick_and_slow], quick_and_slow) == pytest.approx(0, abs=0.2)


def test_a_few_answers_tell_nothing() -> None:
    few = row(0, (5, 100.0))
    assert waiting_inside([few], few) is None
    assert waiting_inside([], few) is None
