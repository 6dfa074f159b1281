"""Metrics as OpenTelemetry's data, sent by its own exporter. Imports what the extra `otel` installs.

The names are OpenTelemetry's: `katydid.response_time` in `s` for `katydid_response_time_seconds`, which is
what a collector makes of it again. OTLP's summary is for old sources only, so quantiles are a gauge.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import export as otel
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from webui import __version__
from webui.observability.model import BOUNDS_S, Distribution, Family, Kind, Metric, Value

_UNITS: Final = {"seconds": "s", "bytes": "By", "ratio": "1", "": "1"}
_CUMULATIVE: Final = otel.AggregationTemporality.CUMULATIVE


class OtlpExporter:
    """Sends to one address. All sums count from `started_ns`. For one thread at a time."""

    def __init__(self, url: str, started_ns: int, timeout_s: float) -> None:
        self._exporter = OTLPMetricExporter(endpoint=url, timeout=timeout_s)
        self._resource = Resource.create({"service.name": "katydid", "service.version": __version__})
        self._started_ns = started_ns

    def send(self, families: Sequence[Family]) -> bool:
        """Whether the collector took them."""
        data = metrics_data(families, self._resource, self._started_ns, time.time_ns())
        return self._exporter.export(data) is otel.MetricExportResult.SUCCESS

    def close(self) -> None:
        """Sends nothing more; what is being retried is given up."""
        self._exporter.shutdown()


def metrics_data(
    families: Sequence[Family], resource: Resource, started_ns: int, now_ns: int
) -> otel.MetricsData:
    """The families that have samples, as of `now_ns`."""
    metrics = [_written(each, started_ns, now_ns) for each in families if each.samples]
    scope = otel.ScopeMetrics(InstrumentationScope("katydid", __version__), metrics, "")
    return otel.MetricsData([otel.ResourceMetrics(resource, [scope], "")])


def _written(family: Family, started_ns: int, now_ns: int) -> otel.Metric:
    metric = family.metric
    name = metric.name.removesuffix(f"_{metric.unit}") if metric.unit else metric.name
    data: otel.Histogram | otel.Sum | otel.Gauge
    if metric.kind is Kind.HISTOGRAM:
        data = otel.Histogram([*_histograms(family, started_ns, now_ns)], _CUMULATIVE)
    else:
        points = [*_numbers(family, started_ns, now_ns)]
        data = otel.Sum(points, _CUMULATIVE, True) if metric.kind is Kind.COUNTER else otel.Gauge(points)
    return otel.Metric(f"katydid.{name}", metric.meaning, _UNITS[metric.unit], data)


def _numbers(family: Family, started_ns: int, now_ns: int) -> Iterator[otel.NumberDataPoint]:
    for labels, value in family.samples:
        named = _attributes(family.metric, labels)
        for more, number in _numbers_of(value):
            yield otel.NumberDataPoint({**named, **more}, started_ns, now_ns, number)


def _numbers_of(value: Value) -> Sequence[tuple[Mapping[str, str], float]]:
    """A sample's further attributes and numbers: several of a distribution, one of anything else."""
    if isinstance(value, Distribution):
        return [({"quantile": str(quantile)}, seconds) for quantile, seconds in value.quantiles.items()]
    if isinstance(value, str):
        return [({"state": value}, 1)]
    return [({}, value)] if isinstance(value, int | float) else [(value, 1)]


def _histograms(family: Family, started_ns: int, now_ns: int) -> Iterator[otel.HistogramDataPoint]:
    for labels, value in family.samples:
        assert isinstance(value, Distribution)
        upto = (0, *value.counts, value.count)
        yield otel.HistogramDataPoint(
            _attributes(family.metric, labels),
            started_ns,
            now_ns,
            value.count,
            value.sum_s,
            [after - before for before, after in pairwise(upto)],
            BOUNDS_S,
            value.min_s,
            value.max_s,
        )


def _attributes(metric: Metric, labels: Sequence[str]) -> dict[str, str]:
    return dict(zip(metric.labels, labels, strict=True))
