"""A stretch of a run: its figures are those of the recorded histograms merged by hand."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analysis.made_runs import S, made_run
from webui.analysis.stretch import cut, stretch_document
from webui.errors import InvalidInput
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, Snapshot, Totals
from webui.plan.documents import plan_from_data

RUN = made_run("r", seconds=40, failures=2)
PLAN = plan_from_data(RUN.document.plan)


def test_a_stretch_is_what_its_values_would_have_given() -> None:
    random = np.random.default_rng(3)
    taken = [random.integers(1_000_000, 90_000_000, 300) for _ in range(6)]
    rows = []
    for at, values in enumerate(taken):
        times = Histogram.of(values)
        stats = EndpointStats(Totals(300, 300, 300, 300), {200: 300}, times, times, Histogram.of([]), times)
        rows.append(Snapshot(at * S, (at + 1) * S, at, 5, 5, 0, 4 * S, (stats,)))
    stretch = cut(rows, 2, 5)
    document = stretch_document("r", PLAN, stretch, 3.0)
    by_hand = Histogram.of(np.concatenate(taken[2:5]))
    assert stretch.total.all_endpoints.response == by_hand
    assert document.response_time_ms.count == 900
    assert document.response_time_ms.p95 == by_hand.percentile_ns(95) / 1e6  # type: ignore[operator]
    assert document.totals.throughput_rps == 300.0
    assert document.status_codes == {"200": 900}
    assert (document.users, document.mean_in_flight) == (4, 4.0)
    assert [row.t_s for row in document.snapshots] == [3.0, 4.0, 5.0]


def test_failures_are_those_of_the_stretch() -> None:
    document = stretch_document("r", PLAN, cut(RUN.snapshots, 10, 15), 5.0)
    [error] = document.errors
    assert (error.kind, error.count) == ("http_500", 10)
    assert (error.endpoints[0].first_s, error.endpoints[0].last_s) == (10.0, 14.0)
    assert document.endpoints[0].totals.failures == 10


@given(st.lists(st.floats(0.01, 39.99), min_size=1, max_size=4, unique=True))
def test_stretches_side_by_side_share_nothing_and_lose_nothing(inner: list[float]) -> None:
    ends = [0.0, *sorted(inner), 40.0]
    found: list[Snapshot] = []
    for begin, end in pairwise(ends):
        if any(begin * S <= (each.start_ns + each.end_ns) / 2 < end * S for each in RUN.snapshots):
            found += cut(RUN.snapshots, begin, end).snapshots
    assert found == list(RUN.snapshots)


def test_one_shorter_than_an_interval_is_that_interval() -> None:
    stretch = cut(RUN.snapshots, 7.1, 7.2)
    assert (stretch.from_s, stretch.to_s) == (7.0, 8.0)


@pytest.mark.parametrize(("begin", "end", "says"), [(5, 5, "later"), (9, 3, "later"), (50, 60, "nothing")])
def test_what_is_no_stretch_is_refused_in_words(begin: float, end: float, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        cut(RUN.snapshots, begin, end)
