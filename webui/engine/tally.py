"""Durations on their way into a histogram: appended one by one, counted in batches."""

from array import array
from collections.abc import Iterable
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from webui.metrics.histogram import EMPTY, Histogram, bucket_of
from webui.metrics.packing import narrow


class Tally:
    """Collects nanoseconds through `add` (an array's own append, the cheapest call there is).

    `fold` counts what has come into buckets. Small batches now and then keep the event loop's pauses
    short, where all of an interval's values at once would hold every user up for milliseconds.
    """

    __slots__ = ("_counts", "_max", "_min", "_sum", "_total", "add", "folded", "folded_ns", "pending")

    def __init__(self) -> None:
        self.pending: array[int] = array("q")
        self.add = self.pending.append
        self.folded = 0  # how many values were ever counted
        self.folded_ns = 0  # their sum
        self._clear()

    def _clear(self) -> None:
        self._counts: NDArray[np.int64] | None = None
        self._total = self._sum = self._max = 0
        self._min = 1 << 62

    def _count(self, counts: NDArray[np.int64], number: int, total_ns: int, least: int, most: int) -> None:
        mine = self._counts
        if mine is not None and len(mine) >= len(counts):
            mine[: len(counts)] += counts
        else:
            if mine is not None:
                counts[: len(mine)] += mine
            self._counts = counts
        self._total += number
        self._sum += total_ns
        self.folded += number
        self.folded_ns += total_ns
        self._min = min(self._min, least)
        self._max = max(self._max, most)

    def take(self) -> Histogram:
        """The histogram of all values since the last `take`."""
        fold([self])
        if self._counts is None:
            return EMPTY
        indices = np.flatnonzero(self._counts)
        buckets = narrow(indices, self._counts[indices])
        histogram = Histogram(buckets, self._total, self._min, self._max, self._sum)
        self._clear()
        return histogram


def fold(tallies: Iterable[Tally], at_least: int = 1) -> None:
    """Counts the pending values of all of them into buckets (negative ones as 0), if there are that many.

    All together, for with few values most of the time goes into the calls as such.
    """
    waiting = [tally for tally in tallies if tally.pending]
    if sum(len(tally.pending) for tally in waiting) < at_least:
        return
    ends = list(accumulate(len(tally.pending) for tally in waiting))
    starts = [0, *ends[:-1]]
    values = np.concatenate([np.frombuffer(tally.pending, dtype=np.int64) for tally in waiting])
    for tally in waiting:  # an array can't be resized while numpy looks at it: by now it doesn't
        del tally.pending[:]
    np.maximum(values, 0, out=values)
    sums, least, most = (
        reduce(values, starts).tolist()
        for reduce in (np.add.reduceat, np.minimum.reduceat, np.maximum.reduceat)
    )
    values += 500
    values //= 1000
    indices = bucket_of(values)
    for at, tally in enumerate(waiting):
        start, end = starts[at], ends[at]
        tally._count(np.bincount(indices[start:end]), end - start, sums[at], least[at], most[at])
