"""The figures behind the charts of a run: one row for each interval, one histogram for the whole. Pure.

The same rows go into the page, over the stream and into the table of intervals. A row is known by the moment
at which its interval began, so that sending one twice changes nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from webui.metrics.histogram import Histogram, gathered, lowest_of, merge, width_of
from webui.metrics.packing import Indices
from webui.metrics.percentiles import supported
from webui.metrics.snapshot import EndpointStats, Snapshot

Cell = float | None | list[int]
Row = tuple[Cell, ...]

COLUMNS = (
    "start_s", "end_s",
    "users", "in_flight",
    "rate", "throughput",  # per second: requests begun, successes
    "p50", "p90", "p95", "p99",  # ms, of successes; None where the sample cannot support one
    "c2", "c3", "c4", "c5", "none",  # per second: responses by class of status (1xx with 2xx), no response
    "f4", "f5", "fnone", "fother",  # per second: failures for status 4xx, 5xx, no response, anything else
    "offered", "dropped",  # per second: starts that were due, and those of them that found no free user
    "s50", "s99",  # ms, service time of successes; None where it is the response time
    "heat",  # how many requests ended by response time: first bin, then a count for each, see `heat_bins`
)  # fmt: skip
START, END = 0, 1
PERCENTILES = (50.0, 90.0, 95.0, 99.0)
SERVICE_PERCENTILES = (50.0, 99.0)
BINS_PER_DECADE = 24
HEAT_PER_DECADE = 12  # bins of the heatmap


def chart_row(snapshot: Snapshot) -> Row:
    """One interval as the values of `COLUMNS`."""
    endpoints, seconds = snapshot.endpoints, snapshot.seconds or 1.0
    totals = [endpoint.totals for endpoint in endpoints]
    # Merged here and not with all else that endpoints have: this is done for every row of a long run.
    response = merge(each.response for each in endpoints)
    counts = [
        *_by_class(chain.from_iterable(each.status_codes.items() for each in endpoints), _status_class),
        sum(error.count for (_, kind), error in snapshot.errors.items() if _failure_class(kind) == 2),
        *_by_class(((kind, error.count) for (_, kind), error in snapshot.errors.items()), _failure_class),
        sum(each.offered for each in totals),
        sum(each.dropped for each in totals),
    ]
    return (
        round(snapshot.start_ns / 1e9, 3),
        round(snapshot.end_ns / 1e9, 3),
        snapshot.users,
        snapshot.in_flight,
        short(sum(each.sent for each in totals) / seconds),
        short(sum(each.successes for each in totals) / seconds),
        *percentiles_ms(response, PERCENTILES),
        *(short(count / seconds) for count in counts),
        *_service_ms(endpoints),
        heat_bins((response, *(each.failed for each in endpoints))),
    )


def chart_rows(snapshots: Iterable[Snapshot]) -> list[Row]:
    """All intervals in order."""
    return [chart_row(snapshot) for snapshot in snapshots]


def _status_class(status: int) -> int:
    return max(0, min(status // 100, 5) - 2)


def _failure_class(kind: str) -> int:
    if kind.startswith("http_4"):
        return 0
    if kind.startswith("http_5"):
        return 1
    # With these the response was there, only not as it should be.
    return 3 if kind.startswith("http_") or kind in ("check_failed", "body_too_large") else 2


def _by_class(counted: Iterable[tuple[Any, int]], class_of: Any) -> list[int]:
    sums = [0, 0, 0, 0]
    for key, count in counted:
        sums[class_of(key)] += count
    return sums


def _service_ms(endpoints: Sequence[EndpointStats]) -> list[float | None]:
    if all(each.service is each.response for each in endpoints):
        return [None, None]
    return percentiles_ms(merge(each.service for each in endpoints), SERVICE_PERCENTILES)


def percentiles_ms(histogram: Histogram, percentiles: Sequence[float]) -> list[float | None]:
    """In ms; None where the sample cannot support one."""
    values = histogram.percentiles_ns(percentiles)
    return [
        short(value / 1e6) if value is not None and supported(wanted, histogram.total) else None
        for wanted, value in zip(percentiles, values, strict=True)
    ]


def short(value: float) -> float:
    """Four significant digits: what a chart can show, in few bytes."""
    return value if value == 0 else round(value, 3 - math.floor(math.log10(abs(value))))


def histogram_bins(successes: Histogram, failures: Histogram) -> list[list[float]]:
    """[from ms, to ms, successes, failures] for each of 24 bins a decade that is not empty."""
    bins: dict[int, list[int]] = {}
    for place, histogram in enumerate((successes, failures)):
        for index, count in _log_bins(histogram):
            bins.setdefault(index, [0, 0])[place] += count
    return [[_edge_ms(index), _edge_ms(index + 1), *bins[index]] for index in sorted(bins)]


def heat_bins(histograms: Sequence[Histogram]) -> list[int]:
    """[first bin, count, count, …] of all of them; 12 bins make a decade from 1 microsecond. [] without
    requests."""
    indices, counts = gathered(histograms)
    if not len(indices):
        return []
    places = _bin_of(indices, HEAT_PER_DECADE)
    first = int(places.min())
    sums = np.bincount(places - first, weights=counts)
    return [first, *sums.astype(int).tolist()]


def _log_bins(histogram: Histogram) -> Iterable[tuple[int, int]]:
    if not histogram:
        return []
    indices, counts = histogram.buckets
    places, inverse = np.unique(_bin_of(indices, BINS_PER_DECADE), return_inverse=True)
    sums = np.bincount(inverse, weights=counts)
    return [(int(place), int(count)) for place, count in zip(places, sums, strict=True)]


def _bin_of(indices: Indices, per_decade: int) -> NDArray[np.intp]:
    """In which bin each bucket's middle lies."""
    middles = lowest_of(indices) + width_of(indices) / 2.0
    places: NDArray[np.intp] = np.floor(np.log10(np.maximum(middles, 1.0)) * per_decade).astype(np.intp)
    return places


def _edge_ms(index: int, per_decade: int = BINS_PER_DECADE) -> float:
    return short(10 ** (index / per_decade) / 1000)


def heat_edges_ms(bin_: int) -> tuple[float, float]:
    """From and to in ms of a heatmap's bin."""
    return _edge_ms(bin_, HEAT_PER_DECADE), _edge_ms(bin_ + 1, HEAT_PER_DECADE)


@dataclass(frozen=True, slots=True)
class RowCache:
    """Rows of a growing series, each computed once. `generation` changes when the series is compacted.

    Given all snapshots of a run every time; snapshots are immutable, so one that is the same object has the
    same row.
    """

    snapshots: Sequence[Snapshot] = ()
    rows: Sequence[Row] = ()
    generation: int = 0

    def taking(self, snapshots: Sequence[Snapshot]) -> tuple["RowCache", int]:
        """The cache of the series as it now is, and the place of the first row that is new or changed."""
        generation = generation_of(snapshots)
        whole = generation != self.generation or len(snapshots) < len(self.snapshots)
        known = () if whole else self.snapshots
        first = next((i for i, snapshot in enumerate(known) if snapshot is not snapshots[i]), len(known))
        rows = [*self.rows[:first], *chart_rows(snapshots[first:])]
        return RowCache(tuple(snapshots), rows, generation), first


def generation_of(snapshots: Sequence[Snapshot]) -> int:
    """A number that grows by one when neighbours are merged in pairs: the longest interval's power of two.

    Taken from the rows themselves, so that a page can go on with its rows after the server has restarted.
    """
    longest = max((snapshot.end_ns - snapshot.start_ns for snapshot in snapshots), default=0)
    return round(math.log2(longest / 1e6)) if longest > 0 else 0
