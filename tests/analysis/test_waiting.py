"""The estimates of the line inside the target."""

from __future__ import annotations

import pytest

from webui.analysis.results import queue_inside
from webui.analysis.waiting import waiting_inside
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, Snapshot, Totals, merge_time

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


def in_flight(second: int, flying: float, *ms: float) -> Snapshot:
    """One second with an answer of each of those times, and so many requests in flight on average."""
    times = Histogram.of([round(each * MS) for each in ms])
    stats = EndpointStats(Totals(len(ms), len(ms), len(ms), len(ms)), {200: len(ms)}, times, times)
    return Snapshot(
        second * SECOND, (second + 1) * SECOND, in_flight_ns=round(flying * SECOND), endpoints=(stats,)
    )


def test_of_eighty_in_flight_that_take_twice_the_quickest_answer_forty_wait() -> None:
    busy = in_flight(0, 80.0, 50.0, 150.0)  # mean 100 ms: L (1 - 50 / 100)
    found = queue_inside(busy, [busy])
    assert found is not None
    assert found.mean == pytest.approx(40, rel=0.01)
    assert found.newest == pytest.approx(40, rel=0.01)
    assert found.fastest_ms == pytest.approx(50, rel=0.01)


def test_the_newest_interval_is_held_against_the_quickest_answer_of_the_run() -> None:
    quiet, busy = in_flight(0, 1.0, 50.0, 50.0), in_flight(1, 80.0, 200.0, 200.0)
    silent = in_flight(2, 80.0)
    found = queue_inside(merge_time([quiet, busy]), [quiet, busy, silent])
    assert found is not None
    assert found.newest == pytest.approx(80 * (1 - 50 / 200), rel=0.01)
    assert found.mean == pytest.approx(40.5 * (1 - 50 / 125), rel=0.01)
    earlier = queue_inside(merge_time([quiet, busy]), [quiet])
    assert earlier is not None
    assert earlier.newest == pytest.approx(0, abs=0.01)


def test_nobody_waits_where_all_answers_are_alike_and_nothing_is_said_without_any() -> None:
    alike = in_flight(0, 30.0, 20.0, 20.0, 20.0)
    found = queue_inside(alike, [alike])
    assert found is not None
    assert found.mean == pytest.approx(0, abs=0.05)
    nothing = in_flight(0, 30.0)
    assert queue_inside(None, []) is None
    assert queue_inside(nothing, [nothing]) is None
    assert queue_inside(alike, [nothing]) is None
