"""The figures behind the charts: rows, resuming, histogram."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from webui.analysis.chart_rows import (
    COLUMNS,
    Row,
    RowCache,
    chart_row,
    chart_rows,
    generation_of,
    histogram_bins,
)
from webui.metrics.histogram import Histogram
from webui.metrics.series import Series
from webui.metrics.snapshot import EndpointStats, ErrorCount, Snapshot, Totals
from webui.pages.chart_data import position_of, rows_after

S = 1_000_000_000
MS = 1_000_000


def second(index: int, successes: int = 10) -> Snapshot:
    totals = Totals(successes, successes, successes, successes)
    times = Histogram.of([20 * MS] * successes)
    stats = EndpointStats(totals, {200: successes}, times, times)
    return Snapshot(index * S, (index + 1) * S, users=3, in_flight=2, endpoints=(stats,))


def column(row: Row, name: str) -> float | None:
    return row[COLUMNS.index(name)]


def browser(rows: dict[float | None, Row], sent: list[Row], whole: bool) -> dict[float | None, Row]:
    """What the page's script does with rows: one with a known start replaces the one it has."""
    kept = {} if whole else rows
    return {**kept, **{row[0]: row for row in sent}}


def test_a_row_has_rates_and_the_percentiles_that_the_sample_supports() -> None:
    row = chart_row(replace(second(4, 50), end_ns=6 * S))
    assert (column(row, "start_s"), column(row, "end_s")) == (4.0, 6.0)
    assert (column(row, "users"), column(row, "in_flight")) == (3, 2)
    assert (column(row, "rate"), column(row, "throughput"), column(row, "c2")) == (25.0, 25.0, 25.0)
    assert column(row, "p50") == column(row, "p95") == 20.0
    assert column(row, "p99") is None


def test_failures_are_told_apart_by_what_happened() -> None:
    kinds = {
        "http_404": 1,
        "http_503": 2,
        "timeout": 3,
        "connect_refused": 4,
        "check_failed": 5,
        "http_301": 6,
    }
    errors = {(0, kind): ErrorCount(count, 0, 0, "") for kind, count in kinds.items()}
    codes = {101: 1, 204: 2, 301: 6, 404: 1, 503: 2}
    stats = EndpointStats(Totals(failures=21), codes)
    row = chart_row(Snapshot(0, S, endpoints=(stats,), errors=errors))
    assert [column(row, name) for name in ("f4", "f5", "fnone", "fother")] == [1, 2, 7, 11]
    assert [column(row, name) for name in ("c2", "c3", "c4", "c5", "none")] == [3, 6, 1, 2, 7]


def test_only_new_and_changed_rows_are_told() -> None:
    first = [second(0), second(1)]
    cache, changed_from = RowCache().taking(first)
    assert (cache.rows, changed_from) == (chart_rows(first), 0)
    assert cache.taking(first)[1] == 2
    filled = replace(first[1], users=9)
    cache, changed_from = cache.taking([first[0], filled, second(2)])
    assert [row[0] for row in cache.rows[changed_from:]] == [1.0, 2.0]
    assert cache.rows == chart_rows([first[0], filled, second(2)])


def test_a_compacted_series_is_told_whole() -> None:
    series, cache = Series(limit=4), RowCache()
    for index in range(4):
        series.add(index, second(index))
        cache, _ = cache.taking(series.snapshots)
    series.add(4, second(4))
    cache, changed_from = cache.taking(series.snapshots)
    assert changed_from == 0
    assert cache.rows == chart_rows(series.snapshots)


@given(st.integers(3, 9), st.lists(st.integers(0, 40), min_size=1, max_size=40), st.data())
def test_a_page_that_comes_and_goes_ends_with_exactly_the_rows_of_the_run(
    limit: int, successes: list[int], data: st.DataObject
) -> None:
    """Whatever it missed, and whatever was compacted meanwhile."""
    series, cache = Series(limit=limit), RowCache()
    page: dict[float | None, Row] = {}
    position: str | None = None
    for index, number in enumerate(successes):
        series.add(index, second(index, number))
        cache, _ = cache.taking(series.snapshots)
        if data.draw(st.booleans()) or index == len(successes) - 1:
            sent, whole = rows_after(position, cache.generation, cache.rows)
            page = browser(page, list(sent), whole)
            position = position_of(cache.generation, cache.rows)
    assert list(page.values()) == chart_rows(series.snapshots)


def test_coming_back_sends_little() -> None:
    rows = chart_rows([second(index) for index in range(500)])
    generation = generation_of([second(0)])
    sent, whole = rows_after(f"{generation}-498000", generation, rows)
    assert not whole
    assert len(sent) <= 12


def test_a_position_that_means_nothing_gets_everything() -> None:
    rows = chart_rows([second(0)])
    for position in (None, "", "x", "10-", "10-x", "99-0", "10-0; drop"):
        assert rows_after(position, 10, rows) == (rows, True)


@given(st.lists(st.integers(1_000, 60 * S), max_size=60), st.lists(st.integers(1_000, 60 * S), max_size=60))
def test_every_request_is_in_one_bin(successes: list[int], failures: list[int]) -> None:
    bins = histogram_bins(Histogram.of(successes), Histogram.of(failures))
    assert sum(int(entry[2]) for entry in bins) == len(successes)
    assert sum(int(entry[3]) for entry in bins) == len(failures)
    assert all(entry[0] < entry[1] for entry in bins)
    assert [entry[0] for entry in bins] == sorted(entry[0] for entry in bins)
