"""The metrics in Prometheus' text format, or in OpenMetrics where that is asked for.

The library's own writer takes 7 to 10 microseconds a line, as it sorts and escapes labels for each: 40 ms for
as many runs and endpoints as are shown at most. So lines are written here, a sample's labels once for all of
them and a run's once for each of its snapshots, and the library writes what its collectors find of the
process. The formats: prometheus.io/docs/instrumenting/exposition_formats, the OpenMetrics 1.0 specification.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from prometheus_client import PlatformCollector, ProcessCollector
from prometheus_client.core import Metric as Collected
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from webui.observability.model import (
    BOUNDS_S,
    PREFIX,
    Distribution,
    Family,
    Kind,
    Labels,
    Metric,
    Samples,
    Value,
)
from webui.observability.of_runs import STATES

TEXT: Final = CONTENT_TYPE_PLAIN_0_0_4
OPEN_METRICS: Final = openmetrics.CONTENT_TYPE_LATEST

_BOUNDS: Final = tuple(f'le="{bound}"' for bound in BOUNDS_S)
_ESCAPED: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_ONLY_OPEN_METRICS: Final = frozenset({Kind.INFO, Kind.STATES})  # in the older format these are gauges


class _Process(Collector):
    """Of the dashboard's own process, under the names that all clients use."""

    _collectors = (ProcessCollector(registry=None), PlatformCollector(registry=None))

    def collect(self) -> Iterator[Collected]:
        for each in self._collectors:
            yield from each.collect()


def exposition(families: Sequence[Family], accept: str = "") -> tuple[bytes, str]:
    """The body, and its media type: OpenMetrics where the Accept header names it."""
    is_open = "application/openmetrics-text" in accept
    lines = [line for family in families for line in (*_head(family, is_open), *_written(family))]
    own = "\n".join([*lines, ""]).encode()
    if is_open:
        process: bytes = openmetrics.generate_latest(_Process())  # type: ignore[no-untyped-call]
        return own + process, OPEN_METRICS  # the end mark is in the second part
    return own + generate_latest(_Process()), TEXT


def _head(family: Family, is_open: bool) -> Iterator[str]:
    metric = family.metric
    name = f"{PREFIX}{metric.name}" if is_open else metric.full_name
    kind = Kind.GAUGE if metric.kind in _ONLY_OPEN_METRICS and not is_open else metric.kind
    yield f"# HELP {name} {metric.meaning}"
    yield f"# TYPE {name} {kind}"
    if is_open and metric.unit:
        yield f"# UNIT {name} {metric.unit}"


def _written(family: Family) -> Iterator[str]:
    """The samples' lines, group by group. They are the same in both formats."""
    for group in family.groups:
        if group.written is None:
            group.written = "\n".join(_samples(family.metric, group))
        if group:
            yield group.written


def _samples(metric: Metric, samples: Samples) -> Iterator[str]:
    for values, value in samples:
        yield from _lines(metric, _of_sample(metric.labels, values), value)


@lru_cache(maxsize=1024)
def _of_sample(names: tuple[str, ...], values: Labels) -> str:
    """Most metrics of a run, or of an endpoint, have the same labels."""
    return _labels(dict(zip(names, values, strict=True)))


def _lines(metric: Metric, labels: str, value: Value) -> Iterator[str]:
    name = metric.full_name
    if isinstance(value, Distribution):
        write = _histogram if metric.kind is Kind.HISTOGRAM else _summary
        yield from write(name, labels, value)
        yield f"{name}_count{_in(labels)} {value.count}"
        yield f"{name}_sum{_in(labels)} {value.sum_s}"
    elif isinstance(value, str):
        for state in STATES:
            yield f"{name}{_in(labels, _labels({name: state}))} {int(state == value)}"
    elif isinstance(value, Mapping):
        yield f"{name}{_in(labels, _labels(value))} 1"
    else:
        yield f"{name}{_in(labels)} {value}"


def _histogram(name: str, labels: str, value: Distribution) -> Iterator[str]:
    start = f"{name}_bucket{{{labels},"
    for bound, count in zip(_BOUNDS, value.counts, strict=True):
        yield f"{start}{bound}}} {count}"
    yield f'{start}le="+Inf"}} {value.count}'


def _summary(name: str, labels: str, value: Distribution) -> Iterator[str]:
    for quantile, seconds in value.quantiles.items():
        yield f'{name}{{{labels},quantile="{quantile}"}} {seconds}'


def _labels(named: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in named.items())


def _in(*labels: str) -> str:
    found = ",".join(filter(None, labels))
    return f"{{{found}}}" if found else ""
