"""What is written, read again by the library's own parsers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

from tests.observability.conftest import a_plan, a_second, a_view
from webui.observability.exposition import exposition
from webui.observability.model import BOUNDS_S, Family, Kind
from webui.observability.of_runs import MAX_ENDPOINTS, RUN_METRICS, readings_of
from webui.observability.watch import MAX_ENDED, MAX_LIVE, family_of
from webui.runs.model import RunView

FORMATS = [
    ("", parser.text_string_to_metric_families),
    (
        "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1",
        openmetrics_parser.text_string_to_metric_families,
    ),
]
Parse = Callable[[str], Iterable[Any]]


def families(views: Sequence[RunView]) -> list[Family]:
    readings = [readings_of(view) for view in views]
    return [family_of(each.metric, readings) for each in RUN_METRICS]


def parsed(views: Sequence[RunView], accept: str, parse: Parse) -> dict[tuple[str, frozenset[Any]], float]:
    body, _ = exposition(families(views), accept)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse(body.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize(("accept", "parse"), FORMATS, ids=["text", "openmetrics"])
def test_every_sample_is_read_again(accept: str, parse: Parse) -> None:
    found = parsed([a_view(a_plan(), a_second())], accept, parse)
    run = ("run", "r_1")
    one = ("endpoint", "list")
    assert found["katydid_requests_total", frozenset({run, one, ("outcome", "success")})] == 3
    assert found["katydid_response_time_seconds_bucket", frozenset({run, one, ("le", "0.005")})] == 2
    assert found["katydid_response_time_seconds_bucket", frozenset({run, one, ("le", "+Inf")})] == 3
    assert found["katydid_response_time_seconds_count", frozenset({run, one})] == 3
    assert found["katydid_response_time_seconds_sum", frozenset({run, one})] == pytest.approx(0.043)
    assert found["katydid_run_response_time_seconds", frozenset({run, ("quantile", "0.5")})] == pytest.approx(
        0.002, rel=0.001
    )
    assert found["katydid_run_status", frozenset({run, ("katydid_run_status", "running")})] == 1
    assert found["katydid_run_status", frozenset({run, ("katydid_run_status", "passed")})] == 0
    assert found["katydid_generator_cpu_seconds_total", frozenset({run})] == 0.25


def test_the_process_is_there_under_its_usual_names() -> None:
    found = parsed([], *FORMATS[0])
    assert found["process_resident_memory_bytes", frozenset()] > 1e6
    assert found["process_cpu_seconds_total", frozenset()] > 0


@pytest.mark.parametrize(("accept", "parse"), FORMATS, ids=["text", "openmetrics"])
def test_names_and_labels_of_any_text_come_back(accept: str, parse: Parse) -> None:
    name = 'say "hi" \\ to # {them}=1, ü'
    found = parsed([a_view(a_plan((name,), name), a_second(1))], accept, parse)
    assert found["katydid_requests_sent_total", frozenset({("run", "r_1"), ("endpoint", name)})] == 4


@pytest.mark.parametrize(
    "accept", ["text/plain;version=nonsense", "*/*", "application/openmetrics-text;version=x"]
)
def test_any_accept_header_is_answered(accept: str) -> None:
    body, kind = exposition([], accept)
    assert (b"# EOF" in body) == kind.startswith("application/openmetrics-text; version=1.0.0")


def test_the_most_series_that_there_can_be() -> None:
    plan = a_plan([f"e{number}" for number in range(50)])
    codes = dict.fromkeys(range(100, 1000), 1)
    second = a_second(50)
    full = second.endpoints[0].__class__(second.endpoints[0].totals, codes, second.endpoints[0].response)
    total = second.__class__(0, 10**9, endpoints=(full,) * 50)
    views = [a_view(plan, total, run_id=f"r_{number}") for number in range(MAX_LIVE + MAX_ENDED)]
    per_run = {
        family.metric.name: len(family.samples) / len(views) for family in families(views) if family.samples
    }
    assert per_run["response_time_seconds"] == MAX_ENDPOINTS + 1
    assert per_run["requests"] == 3 * (MAX_ENDPOINTS + 1)
    assert per_run["responses"] < 70
    body, _ = exposition(families(views))
    assert len(body.splitlines()) < len(views) * 500


def test_names_follow_the_conventions() -> None:
    for each in RUN_METRICS:
        metric = each.metric
        assert metric.full_name.startswith("katydid_")
        assert not metric.name.endswith(("_total", "_info", "_bucket", "_count", "_sum"))
        assert metric.unit in ("", "seconds", "bytes", "ratio")
        assert metric.name.endswith(metric.unit)
        assert metric.labels[0] == "run"
        assert metric.meaning.endswith(".")
        assert metric.kind not in (Kind.HISTOGRAM, Kind.SUMMARY) or metric.unit == "seconds"
    assert list(BOUNDS_S) == sorted(BOUNDS_S)
