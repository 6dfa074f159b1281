"""At most 1,200 rows, whatever the run's length."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webui.metrics.histogram import EMPTY, Histogram, merge
from webui.metrics.series import LIMIT, Change, Series, interval_s
from webui.metrics.snapshot import EndpointStats, Health, Snapshot, Totals, merge_time


def _interval(index: int) -> Snapshot:
    return Snapshot(index, index + 1, endpoints=(EndpointStats(Totals(sent=index)),))


@given(st.integers(1, 500), st.integers(2, 60))
def test_rows_stay_within_the_limit_and_lose_nothing(intervals: int, limit: int) -> None:
    series = Series(limit=limit)
    for index in range(intervals):
        series.add(index, _interval(index))
    rows = series.snapshots
    assert len(rows) <= limit
    assert sum(row.totals.sent for row in rows) == sum(range(intervals))
    assert rows[0].start_ns == 0
    assert rows[-1].end_ns == intervals
    assert all(a.end_ns == b.start_ns for a, b in pairwise(rows))


def test_a_compaction_is_told_once_and_later_intervals_fill_the_last_row() -> None:
    series = Series(limit=4)
    changes = [series.add(index, _interval(index)) for index in range(6)]
    assert [change.compacted for change in changes] == [False, False, False, False, True, False]
    assert [change.position for change in changes] == [0, 1, 2, 3, 2, 2]
    assert series.factor == 2


def test_a_gap_leaves_a_row_out() -> None:
    series = Series()
    series.add(0, _interval(0))
    series.add(5, _interval(5))
    assert [row.start_ns for row in series.snapshots] == [0, 5]


@pytest.mark.parametrize(
    ("duration_s", "expected"), [(3, 0.2), (5, 0.2), (10, 0.5), (30, 0.5), (300, 1.0), (None, 0.5)]
)
def test_short_runs_have_short_intervals(duration_s: float | None, expected: float) -> None:
    assert interval_s(duration_s) == expected
    assert duration_s is None or duration_s / interval_s(duration_s) >= 15


def test_the_limit_is_the_promised_one() -> None:
    assert LIMIT == 1200


def test_no_single_interval_brings_more_than_a_few_merges(monkeypatch: pytest.MonkeyPatch) -> None:
    merges = []
    monkeypatch.setattr(
        "webui.metrics.series.merge_time", lambda parts: merges.append(1) or merge_time(parts)
    )
    series, most = Series(limit=100), 0
    for index in range(1000):
        before = len(merges)
        series.add(index, _interval(index))
        most = max(most, len(merges) - before)
    assert series.factor == 16
    assert most <= 3
    assert sum(row.totals.sent for row in series.snapshots) == sum(range(1000))


def test_a_late_word_goes_into_the_last_row() -> None:
    series = Series(limit=4)
    for index in range(6):
        series.add(index, _interval(index))
    change = series.amend(Snapshot(6, 6, endpoints=(EndpointStats(Totals(cut_off=3)),)))
    assert change == Change(2, compacted=False)
    assert series.snapshots[-1].totals == Totals(sent=9, cut_off=3)


def test_histograms_at_rest_are_packed_and_what_was_one_still_is() -> None:
    times, others = Histogram.of([5_000_000]), Histogram.of([9_000_000])
    endpoint = EndpointStats(response=times, service=others, first_byte=others)
    health = Health(loop_lag=times, schedule_lag=others)
    series = Series(limit=4)
    for index in range(6):
        series.add(index, Snapshot(index, index + 1, endpoints=(endpoint,), connect=times, health=health))
    assert series.factor == 2
    for row in series.snapshots:
        (kept,) = row.endpoints
        assert kept.first_byte is kept.service
        assert kept.failed is EMPTY
        for each in (kept.response, kept.service, row.connect, row.health.loop_lag, row.health.schedule_lag):
            assert isinstance(each.held, bytes)
    whole = merge_time(series.snapshots)
    assert whole.endpoints[0].response == merge([times] * 6)
    assert whole.health.schedule_lag == merge([others] * 6)
