"""The metrics in Prometheus' text format, or in OpenMetrics where that is asked for."""

from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
    StateSetMetricFamily,
    SummaryMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.registry import Collector

from webui.observability.model import BOUNDS_S, PREFIX, Distribution, Family, Kind, Labels
from webui.observability.of_runs import STATES

TEXT: Final = CONTENT_TYPE_PLAIN_0_0_4
OPEN_METRICS: Final = openmetrics.CONTENT_TYPE_LATEST

_BOUNDS: Final = tuple(str(bound) for bound in BOUNDS_S)
# Of the dashboard's own process, under the names that all clients use for them.
_PROCESS: Final = (ProcessCollector(registry=None), PlatformCollector(registry=None))


def exposition(families: Sequence[Family], accept: str = "") -> tuple[bytes, str]:
    """The body, and its media type: OpenMetrics where the Accept header names it."""
    found = _Found(families)
    if "application/openmetrics-text" in accept:
        body: bytes = openmetrics.generate_latest(found)  # type: ignore[no-untyped-call]  # the library's
        return body, OPEN_METRICS
    return generate_latest(found), TEXT


class _Found(Collector):
    """What was read, in the form that the library writes."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        for family in self._families:
            yield _written(family)
        for collector in _PROCESS:
            yield from collector.collect()


def _written(family: Family) -> Metric:
    metric = family.metric
    write = _WRITERS[metric.kind]
    return write(f"{PREFIX}{metric.name}", family)


def _counter(name: str, family: Family) -> Metric:
    found = CounterMetricFamily(
        name, family.metric.meaning, labels=family.metric.labels, unit=family.metric.unit
    )
    for labels, value in _numbers(family):
        found.add_metric(labels, value)
    return found


def _gauge(name: str, family: Family) -> Metric:
    found = GaugeMetricFamily(
        name, family.metric.meaning, labels=family.metric.labels, unit=family.metric.unit
    )
    for labels, value in _numbers(family):
        found.add_metric(labels, value)
    return found


def _numbers(family: Family) -> Iterator[tuple[Labels, float]]:
    for labels, value in family.samples:
        assert isinstance(value, int | float)
        yield labels, value


def _histogram(name: str, family: Family) -> Metric:
    metric = family.metric
    found = HistogramMetricFamily(name, metric.meaning, labels=metric.labels, unit=metric.unit)
    for labels, value in _distributions(family):
        buckets = [*zip(_BOUNDS, value.counts, strict=True), ("+Inf", value.count)]
        found.add_metric(labels, buckets, value.sum_s)
    return found


def _summary(name: str, family: Family) -> Metric:
    metric = family.metric
    found = SummaryMetricFamily(name, metric.meaning, labels=metric.labels, unit=metric.unit)
    for labels, value in _distributions(family):
        for quantile, seconds in value.quantiles.items():
            named = {**dict(zip(metric.labels, labels, strict=True)), "quantile": str(quantile)}
            found.add_sample(found.name, named, seconds)
        found.add_metric(labels, value.count, value.sum_s)
    return found


def _distributions(family: Family) -> Iterator[tuple[Labels, Distribution]]:
    for labels, value in family.samples:
        assert isinstance(value, Distribution)
        yield labels, value


def _info(name: str, family: Family) -> Metric:
    found = InfoMetricFamily(name, family.metric.meaning, labels=family.metric.labels)
    for labels, value in family.samples:
        assert isinstance(value, dict)
        found.add_metric(labels, value)
    return found


def _states(name: str, family: Family) -> Metric:
    found = StateSetMetricFamily(name, family.metric.meaning, labels=family.metric.labels)
    for labels, value in family.samples:
        found.add_metric(labels, {state: state == value for state in STATES})
    return found


_WRITERS: Final = {
    Kind.COUNTER: _counter,
    Kind.GAUGE: _gauge,
    Kind.HISTOGRAM: _histogram,
    Kind.SUMMARY: _summary,
    Kind.INFO: _info,
    Kind.STATES: _states,
}
