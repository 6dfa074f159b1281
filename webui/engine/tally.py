"""Durations on their way into a histogram: appended one by one, counted in batches."""

from array import array

import numpy as np
from numpy.typing import NDArray

from webui.metrics.histogram import EMPTY, Histogram, bucket_of


class Tally:
    """Collects nanoseconds through `add` (an array's own append, the cheapest call there is).

    `fold` counts what has come into buckets. Small batches now and then keep the event loop's pauses
    short, where all of an interval's values at once would hold every user up for milliseconds.
    """

    __slots__ = ("_counts", "_max", "_min", "_sum", "_total", "add", "folded_ns", "pending")

    def __init__(self) -> None:
        self.pending: array[int] = array("q")
        self.add = self.pending.append
        self.folded_ns = 0  # the sum of all values that were ever counted
        self._clear()

    def _clear(self) -> None:
        self._counts: NDArray[np.int64] | None = None
        self._total = self._sum = self._max = 0
        self._min = 1 << 62

    def fold(self) -> int:
        """Counts the pending values; how many they were."""
        number = len(self.pending)
        if number:
            # The array can't be resized while numpy looks at it, so the view must go first.
            values = np.maximum(np.frombuffer(self.pending, dtype=np.int64), 0)
            del self.pending[:]
            self._count(values)
        return number

    def _count(self, values: NDArray[np.int64]) -> None:
        counts = np.bincount(bucket_of((values + 500) // 1000))
        mine = self._counts
        if mine is not None and len(mine) >= len(counts):
            mine[: len(counts)] += counts
        else:
            if mine is not None:
                counts[: len(mine)] += mine
            self._counts = counts.astype(np.int64, copy=False)
        total_ns = int(values.sum())
        self._total += len(values)
        self._sum += total_ns
        self.folded_ns += total_ns
        self._min = min(self._min, int(values.min()))
        self._max = max(self._max, int(values.max()))

    def take(self) -> Histogram:
        """The histogram of all values since the last `take`."""
        self.fold()
        if self._counts is None:
            return EMPTY
        indices = np.flatnonzero(self._counts)
        histogram = Histogram(
            indices.astype(np.int32), self._counts[indices], self._total, self._min, self._max, self._sum
        )
        self._clear()
        return histogram
