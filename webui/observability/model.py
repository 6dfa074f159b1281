"""What a metric is, whatever it is written as: a definition, and samples by their labels' values. Pure.

Names follow Prometheus' conventions: base units, the unit last. The prefix `katydid_` and a counter's
`_total` are put on where a metric is written.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np

from webui.metrics.histogram import Histogram, bucket_of
from webui.metrics.percentiles import supported
from webui.units import NS_PER_S

PREFIX: Final = "katydid_"
# Seconds. 1, 2.5, 5 in each decade: from a fast local service to a client's usual timeout.
BOUNDS_S: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0,
)  # fmt: skip
QUANTILES: Final = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
_BOUND_BUCKETS: Final = bucket_of(np.array([round(bound * 1e6) for bound in BOUNDS_S], dtype=np.int64))


class Kind(StrEnum):
    """Metric types by OpenMetrics' names."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    INFO = "info"  # always 1; what it says is in the labels
    STATES = "stateset"  # one sample for each state: 1 for the present one, else 0


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `name` has its unit in it, for counters without `_total`."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    unit: str = ""  # "seconds", "bytes", "ratio"; empty: a count

    @property
    def full_name(self) -> str:
        """As Prometheus shows it: with the prefix, and `_total` or `_info`."""
        ending = {Kind.COUNTER: "_total", Kind.INFO: "_info"}.get(self.kind, "")
        return f"{PREFIX}{self.name}{ending}"


class Distribution:
    """Durations in seconds, for a histogram or a summary; worked out when they are asked for, and once."""

    def __init__(self, histogram: Histogram) -> None:
        self._histogram = histogram
        self.count = histogram.total
        self.sum_s = histogram.sum_ns / NS_PER_S
        self.min_s = histogram.min_ns / NS_PER_S
        self.max_s = histogram.max_ns / NS_PER_S

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """How many are at most each of `BOUNDS_S`, within the 0.1 % that histograms resolve."""
        indices, counts = self._histogram.buckets
        upto = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
        places = np.searchsorted(indices, _BOUND_BUCKETS, side="right")
        return tuple(upto[places].tolist())

    @cached_property
    def quantiles(self) -> Mapping[float, float]:
        """Those of `QUANTILES` that the sample supports."""
        wanted = [each for each in QUANTILES if supported(100 * each, self.count)]
        found = self._histogram.percentiles_ns([100 * each for each in wanted])
        return {each: ns / NS_PER_S for each, ns in zip(wanted, found, strict=True) if ns is not None}


Labels = tuple[str, ...]  # the values, in the order of the metric's `labels`
Value = float | Distribution | str | Mapping[str, str]  # str: the present state; Mapping: an info's labels
Sample = tuple[Labels, Value]


class Samples(list[Sample]):
    """A metric's samples of one run. They never change, so what is written of them is kept."""

    written: str | None = None


Readings = Mapping[str, Samples]  # by the metric's name


@dataclass(frozen=True, slots=True)
class Family:
    """One metric with its samples, run by run."""

    metric: Metric
    groups: Sequence[Samples]

    @property
    def samples(self) -> Sequence[Sample]:
        """Those of all groups."""
        return [sample for group in self.groups for sample in group]
