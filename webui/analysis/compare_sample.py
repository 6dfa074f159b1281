"""A run's intervals as columns, ready to be resampled: counts, and how many successes took longer than what.

Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from webui.analysis.document import RowPart
from webui.metrics.histogram import Histogram, lowest_of, width_of
from webui.metrics.packing import Indices
from webui.metrics.snapshot import Snapshot

Floats = NDArray[np.float64]
Spans = Sequence[tuple[float, float]]
_CELLS = (
    40  # a unit of log odds is cut into so many cells: 0.6 % of the requests at p50, 2.5 % of those above p99
)
_ODDS = (-3.0, 9.5)  # from p5 to p99.99; what lies outside is one cell each


@dataclass(frozen=True, slots=True, eq=False)
class Tails:
    """For each interval (row) and cell of response time (column) how many successes took longer than the
    cell's end. Cells are whole buckets of the histograms, joined where one holds very little."""

    above: NDArray[np.float32]
    total: Floats  # successes of each interval
    low_us: Floats
    high_us: Floats

    @classmethod
    def of(cls, rows: NDArray[np.int64], buckets: Indices, counts: Floats, length: int) -> "Tails":
        """Of `counts` by interval and bucket, in any order; `length` intervals. Not empty."""
        used, place = np.unique(buckets, return_inverse=True)
        cell_of = _cells(np.bincount(place, weights=counts).astype(np.float64))
        cells = int(cell_of[-1]) + 1
        table = np.bincount(rows * cells + cell_of[place], weights=counts, minlength=length * cells)
        within = table.reshape(length, cells)
        total = within.sum(axis=1)
        above = total[:, None] - np.cumsum(within, axis=1)
        first = np.searchsorted(cell_of, np.arange(cells))
        last = np.append(first[1:], len(used)) - 1
        high = lowest_of(used[last]) + width_of(used[last])
        low = lowest_of(used[first])
        return cls(above.astype(np.float32), total, low.astype(np.float64), high.astype(np.float64))


def _cells(counts: Floats) -> NDArray[np.int64]:
    """Each bucket's cell, from 0 on: even steps of the log odds of being faster."""
    faster = np.cumsum(counts) - counts / 2
    odds = np.clip(np.log(faster / (counts.sum() - faster)), *_ODDS)
    steps = np.floor(odds * _CELLS).astype(np.int64)
    return np.cumsum(np.diff(steps, prepend=steps[0]) != 0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Columns with an entry for each interval. `seconds` are those of load, and add up to the run's."""

    seconds: Floats
    sent: Floats
    successes: Floats
    failures: Floats
    took_ms: Floats  # the successes' response times together
    tails: Tails | None = None  # None where there are no histograms

    def __len__(self) -> int:
        return len(self.seconds)

    @classmethod
    def of(cls, snapshots: Sequence[Snapshot], load_s: float, held_up: Spans = ()) -> "Sample":
        """Of a run's rows in order of time. `load_s` is the divisor of its rates; `held_up` are its pauses,
        from and to in seconds."""
        stats = [snapshot.all_endpoints for snapshot in snapshots]
        totals = [each.totals for each in stats]
        ends = np.array([[snapshot.start_ns, snapshot.end_ns] for snapshot in snapshots]) / 1e9
        return cls(
            _load_seconds(ends[:, 0], ends[:, 1], load_s, held_up),
            np.array([each.sent for each in totals], float),
            np.array([each.successes for each in totals], float),
            np.array([each.failures for each in totals], float),
            np.array([each.response.sum_ns for each in stats], float) / 1e6,
            _tails([each.response for each in stats]),
        )

    @classmethod
    def of_rows(cls, rows: Sequence[RowPart], load_s: float, held_up: Spans = ()) -> "Sample":
        """Of a result document's rows, which have no histograms."""
        seconds, ends = (np.array([getattr(row, name) for row in rows]) for name in ("interval_s", "t_s"))
        successes = np.array([row.throughput_rps or 0.0 for row in rows]) * seconds
        return cls(
            _load_seconds(ends - seconds, ends, load_s, held_up),
            np.array([row.rate_rps or 0.0 for row in rows]) * seconds,
            successes,
            np.array([row.failures for row in rows], float),
            np.array([row.mean_ms or 0.0 for row in rows]) * successes,
        )


def _load_seconds(starts: Floats, ends: Floats, load_s: float, held_up: Spans) -> Floats:
    """How much load each interval had: none while it was paused, and what came after its end only lets
    requests finish."""

    def offered(moments: Floats) -> Floats:
        until = np.minimum(moments, load_s + sum(end - begin for begin, end in held_up))
        return until - sum(np.clip(until, begin, end) - begin for begin, end in held_up)

    lengths = offered(ends) - offered(starts)
    lengths = lengths if lengths.sum() > 0 else ends - starts
    scaled: Floats = lengths * (load_s / lengths.sum())
    return scaled


def _tails(histograms: Sequence[Histogram]) -> Tails | None:
    if not any(each.total for each in histograms):
        return None
    parts = [each.buckets for each in histograms]
    rows = np.repeat(np.arange(len(parts)), [len(indices) for indices, _ in parts])
    buckets = np.concatenate([indices for indices, _ in parts])
    counts = np.concatenate([counts for _, counts in parts]).astype(np.float64)
    return Tails.of(rows, buckets, counts, len(parts))
