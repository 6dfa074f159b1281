"""A latency histogram in HdrHistogram's layout: 3 significant digits from 1 microsecond.

Immutable and sparse: two parallel arrays, the bucket indices that occur and how often. Built from an
array of nanoseconds once an interval; merging adds counts, so it is exact, associative and commutative.
Layout and percentile definition: HdrHistogram (Gil Tene), `getCountAtIndex` and `getValueAtPercentile`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from webui.metrics.packing import Buckets, Counts, Indices, narrow, pack, unpack

_HALF_BITS = 10  # sub-bucket half count 1,024: what 3 significant digits need
_HALF = 1 << _HALF_BITS
_MANTISSA_BITS = 52  # of a double, whose exponent is stored with 1,023 added
_FIRST_DOUBLE = (1023 + _HALF_BITS - 1) << _HALF_BITS
MAX_US = 1 << 40  # about 12.7 days; larger values are recorded as this


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts by bucket. `min_ns`, `max_ns` and `sum_ns` are exact; both bounds are 0 when empty."""

    held: Buckets | bytes  # or packed
    total: int
    min_ns: int
    max_ns: int
    sum_ns: int

    @classmethod
    def of(cls, values_ns: Sequence[int] | NDArray[np.int64]) -> "Histogram":
        """The histogram of durations in nanoseconds (negative ones count as 0)."""
        if len(values_ns) == 0:
            return EMPTY
        values = np.maximum(np.asarray(values_ns, dtype=np.int64), 0)
        indices, counts = np.unique(bucket_of((values + 500) // 1000), return_counts=True)
        low, high = int(values.min()), int(values.max())
        return cls(narrow(indices, counts), len(values), low, high, int(values.sum()))

    @property
    def buckets(self) -> Buckets:
        """The buckets that occur, and how often each does."""
        return unpack(self.held) if isinstance(self.held, bytes) else self.held

    @property
    def indices(self) -> Indices:
        """The buckets that occur."""
        return self.buckets[0]

    @property
    def counts(self) -> Counts:
        """How often each of `indices` does."""
        return self.buckets[1]

    def packed(self) -> "Histogram":
        """The same in a fraction of the memory; each look at the buckets takes 10 to 50 microseconds then."""
        if isinstance(self.held, bytes) or not self.total:
            return self
        return Histogram(pack(self.held), self.total, self.min_ns, self.max_ns, self.sum_ns)

    def __bool__(self) -> bool:
        return self.total > 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        mine = (self.total, self.min_ns, self.max_ns, self.sum_ns)
        theirs = (other.total, other.min_ns, other.max_ns, other.sum_ns)
        return mine == theirs and all(map(np.array_equal, self.buckets, other.buckets))

    def __hash__(self) -> int:
        return hash((self.total, self.min_ns, self.max_ns, self.sum_ns))

    @property
    def mean_ns(self) -> float | None:
        """The exact mean; None when empty."""
        return self.sum_ns / self.total if self.total else None

    @property
    def stdev_ns(self) -> float | None:
        """The standard deviation from bucket middles, as HdrHistogram computes it; None when empty."""
        if not self.total:
            return None
        indices, counts = self.buckets
        middles = (lowest_of(indices) + width_of(indices) / 2.0) * 1000.0
        mean = self.sum_ns / self.total
        return math.sqrt(max(0.0, float(np.dot(counts, (middles - mean) ** 2)) / self.total))

    def percentiles_ns(self, wanted: Sequence[float]) -> list[int | None]:
        """The highest equivalent value at each percentile, 0 to 100 (which is the maximum itself).

        HdrHistogram's definition: the first bucket at which the cumulated count reaches
        floor(p / 100 * total + 0.5), at least 1. None for an empty histogram.
        """
        if not self.total:
            return [None] * len(wanted)
        indices, counts = self.buckets
        cumulated = np.cumsum(counts, dtype=np.int64)
        targets = [max(1, int(p * self.total / 100 + 0.5)) for p in wanted]
        positions = np.minimum(np.searchsorted(cumulated, targets), len(cumulated) - 1)
        chosen = indices[positions]
        highest = (lowest_of(chosen) + width_of(chosen) - 1) * 1000
        return [
            self.max_ns if p >= 100 else max(self.min_ns, min(int(value), self.max_ns))
            for p, value in zip(wanted, highest, strict=True)
        ]

    def percentile_ns(self, wanted: float) -> int | None:
        """One percentile; see `percentiles_ns`."""
        return self.percentiles_ns([wanted])[0]

    def to_data(self) -> list[Any]:
        """A compact form of plain values and bytes (little endian), for messages and the store."""
        indices, counts = self.buckets
        return [
            indices.astype("<i4").tobytes(),
            counts.astype("<i8").tobytes(),
            self.min_ns,
            self.max_ns,
            self.sum_ns,
        ]

    @classmethod
    def from_data(cls, data: Sequence[Any]) -> "Histogram":
        """The inverse of `to_data`. Raises ValueError when the parts do not fit together."""
        return histograms_from([data])[0]


def histograms_from(data: Sequence[Sequence[Any]]) -> list[Histogram]:
    """What `to_data` made each of these from. Looked at all together, as a long run has tens of thousands.

    Raises ValueError when the parts of one do not fit together.
    """
    sizes = np.array([len(each[0]) for each in data], dtype=np.int64)
    if (sizes % 4).any() or not np.array_equal(sizes * 2, [len(each[1]) for each in data]):
        raise ValueError("a histogram's indices and counts differ in length")
    wide = np.frombuffer(b"".join(each[0] for each in data), dtype="<i4")
    counts_wide = np.frombuffer(b"".join(each[1] for each in data), dtype="<i8")
    ends = np.cumsum(sizes // 4)
    starts = ends - sizes // 4
    filled = starts[sizes > 0]
    _check(wide, counts_wide, filled)
    totals = iter(np.add.reduceat(counts_wide, filled).tolist() if len(filled) else ())
    indices, counts = narrow(wide, counts_wide)
    return [
        Histogram(
            (indices[start:end], counts[start:end]), next(totals), int(each[2]), int(each[3]), int(each[4])
        )
        if end > start
        else EMPTY
        for each, start, end in zip(data, starts.tolist(), ends.tolist(), strict=True)
    ]


def _check(indices: NDArray[np.int32], counts: NDArray[np.int64], starts: NDArray[np.int64]) -> None:
    """Raises ValueError unless there is something in each bucket and the indices rise within each histogram,
    which begin at `starts`."""
    if not len(indices):
        return
    rises = np.empty(len(indices), dtype=bool)
    np.greater(indices[1:], indices[:-1], out=rises[1:])
    rises[starts] = True
    if not rises.all() or indices.min() < 0 or indices.max() > _TOP:
        raise ValueError("a histogram's indices are out of order or out of range")
    if counts.min() < 1:
        raise ValueError("a histogram has a bucket with nothing in it")


def gathered(histograms: Sequence[Histogram]) -> Buckets:
    """The buckets of all of them, at least one, and how often each occurs there, one after the other."""
    indices, counts = zip(*(histogram.buckets for histogram in histograms), strict=True)
    return np.concatenate(indices), np.concatenate(counts)


def merge(histograms: Iterable[Histogram]) -> Histogram:
    """The histogram of all values of all of them."""
    parts = [histogram for histogram in histograms if histogram.total]
    if len(parts) < 2:
        return parts[0] if parts else EMPTY
    # Added into one row of all buckets in between: far faster than sorting the indices of many parts. Doubles
    # count exactly up to 2**53.
    indices, counts = gathered(parts)
    lowest = indices.min()
    row = np.bincount(indices - lowest, weights=counts)
    filled = np.flatnonzero(row)
    return Histogram(
        narrow(filled + lowest, row[filled].astype(np.int64)),
        sum(part.total for part in parts),
        min(part.min_ns for part in parts),
        max(part.max_ns for part in parts),
        sum(part.sum_ns for part in parts),
    )


def bucket_of(values_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bucket index of each value (0 and more) in microseconds."""
    # A double's exponent and the first ten bits of its mantissa, as one number, are HdrHistogram's index but
    # for a constant: both cut each power of two into 1,024 parts. Below that a bucket is a microsecond wide.
    values = np.minimum(values_us, MAX_US)
    indices = values.astype(np.float64).view(np.int64)
    indices >>= _MANTISSA_BITS - _HALF_BITS
    indices -= _FIRST_DOUBLE
    np.copyto(indices, values, where=values < _HALF)
    return indices


def lowest_of(indices: Indices) -> NDArray[np.int64]:
    """The lowest value in microseconds that falls into each bucket."""
    wide = indices.astype(np.int64)
    shift = np.maximum((wide >> _HALF_BITS) - 1, 0)
    result: NDArray[np.int64] = (wide - shift * _HALF) << shift
    return result


def width_of(indices: Indices) -> NDArray[np.int64]:
    """How many microseconds wide each bucket is."""
    shift = np.maximum((indices.astype(np.int64) >> _HALF_BITS) - 1, 0)
    result: NDArray[np.int64] = np.left_shift(np.int64(1), shift)
    return result


EMPTY = Histogram((np.empty(0, np.uint16), np.empty(0, np.uint8)), 0, 0, 0, 0)
_TOP = int(bucket_of(np.array([MAX_US]))[0])
