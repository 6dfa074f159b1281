"""Metrics over OTLP: what a collector is sent, and what happens when it is not there."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.observability.collector import Collector, collector
from tests.observability.conftest import Watched
from webui.errors import InvalidInput
from webui.observability import OtlpExport
from webui.observability.model import BOUNDS_S
from webui.observability.otlp import metrics_url

pytestmark = pytest.mark.anyio


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with collector() as found:
        yield found


def by_name(receiver: Collector) -> dict[str, Any]:
    """The metrics of the newest message."""
    _, _, message = receiver.requests[-1]
    [resource] = message.resource_metrics
    [scope] = resource.scope_metrics
    return {metric.name: metric for metric in scope.metrics}


def attributes(point: Any) -> dict[str, str]:
    return {each.key: each.value.string_value for each in point.attributes}


async def test_a_collector_is_sent_what_prometheus_reads(watched: Watched, receiver: Collector) -> None:
    launch = await watched.started()
    for _ in range(3):
        launch.second_passes()
    export = OtlpExport(watched.watch, receiver.url, 10)
    assert await export.send()
    path, _, message = receiver.requests[0]
    assert path == "/v1/metrics"
    named = {each.key: each.value.string_value for each in message.resource_metrics[0].resource.attributes}
    assert named["service.name"] == "katydid"
    found = by_name(receiver)
    requests = found["katydid.requests"]
    assert requests.sum.is_monotonic
    assert requests.sum.aggregation_temporality == 2  # cumulative
    [success] = [each for each in requests.sum.data_points if attributes(each)["outcome"] == "success"]
    assert success.as_int == 30
    assert attributes(success) == {"run": launch.run_id, "endpoint": "list", "outcome": "success"}
    assert success.start_time_unix_nano == watched.watch.started_ns <= success.time_unix_nano
    [times] = found["katydid.response_time"].histogram.data_points
    assert found["katydid.response_time"].unit == "s"
    assert list(times.explicit_bounds) == list(BOUNDS_S)
    assert sum(times.bucket_counts) == times.count == 30
    assert times.bucket_counts[BOUNDS_S.index(0.005)] == 30
    assert times.sum == pytest.approx(0.15)
    [state] = found["katydid.run_status"].gauge.data_points
    assert attributes(state)["state"] == "running"
    quantiles = found["katydid.run_response_time"].gauge.data_points
    assert attributes(quantiles[0])["quantile"] == "0.5"


async def test_it_sends_by_itself_and_once_more_at_the_end(watched: Watched, receiver: Collector) -> None:
    export = OtlpExport(watched.watch, receiver.url, 3600)
    export.start()
    await export.close()
    assert receiver.requests


async def test_headers_come_from_the_standard_variable(
    watched: Watched, receiver: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=team-a")
    assert await OtlpExport(watched.watch, receiver.url, 10).send()
    _, headers, _ = receiver.requests[0]
    assert headers["x-tenant"] == "team-a"


async def test_trouble_is_said_once_and_its_end_too(
    watched: Watched, receiver: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    export = OtlpExport(watched.watch, receiver.url, 3600)
    export.start()
    receiver.status = 400
    with caplog.at_level(logging.WARNING):
        while not export.failing:
            await export.send()
        assert not await export.send()
        receiver.status = 200
        assert await export.send()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert receiver.url in said[0]
    assert "400" in said[0]
    assert said[1].endswith("again.")
    await export.close()


async def test_a_collector_that_is_not_there_holds_up_nothing(watched: Watched) -> None:
    with collector() as gone:
        url = gone.url
    export = OtlpExport(watched.watch, url, 3600)
    export.start()
    await export.close()


async def test_without_the_extra_the_error_says_what_to_install(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "webui.observability.otlp_data", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.metrics", None)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.metric_exporter", None)
    with pytest.raises(InvalidInput, match=r"otlp_endpoint: .*pip install 'katydid\[otel\]'"):
        OtlpExport(watched.watch, "http://127.0.0.1:4318", 10)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/metrics"),
        ("https://otel.example/", "https://otel.example/v1/metrics"),
        ("https://otel.example/otlp/v1/metrics", "https://otel.example/otlp/v1/metrics"),
    ],
)
def test_an_address_without_a_path_gets_otlps_own(given: str, url: str) -> None:
    assert metrics_url(given) == url


@pytest.mark.parametrize("given", ["127.0.0.1:4318", "grpc://127.0.0.1:4317", "http://", "http://[", ""])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput, match="otlp_endpoint: give a collector's address"):
        metrics_url(given)
