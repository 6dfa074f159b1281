"""From snapshots to the result document."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given

from tests.plan.test_plan import MINIMAL
from tests.strategies import snapshots
from webui.analysis.document import RunDocument
from webui.analysis.results import measured_parts, row, times_part
from webui.metrics.histogram import EMPTY, Histogram
from webui.metrics.snapshot import EndpointStats, ErrorCount, Snapshot, Totals
from webui.plan.documents import plan_from_data

MS = 1_000_000
PLAN = plan_from_data(
    {**MINIMAL, "requests": [{"path": "/a"}, {"path": "/b"}], "thresholds": ["p95<200ms", "errors<1"]}
)
TOTAL = Snapshot(
    0,
    2_000_000_000,
    endpoints=(
        EndpointStats(Totals(sent=40, successes=38, failures=2), {200: 38, 503: 1}, Histogram.of([MS] * 38)),
        EndpointStats(Totals(sent=10, successes=10), {200: 10}, Histogram.of([3 * MS] * 10)),
    ),
    errors={
        (0, "http_503"): ErrorCount(1, MS, MS, "busy"),
        (0, "timeout"): ErrorCount(1, 5 * MS, 9 * MS, "no answer within 10 s"),
    },
)


def _document(total: Snapshot | None) -> RunDocument:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
    parts = measured_parts(PLAN, total, 2.0)
    return RunDocument(id="r_1", name="x", status="passed", plan={}, created_at=moment, **parts)


def test_figures_of_a_run() -> None:
    document = _document(TOTAL)
    assert document.totals.rate_rps == 25
    assert document.totals.throughput_rps == 24
    assert document.totals.success_percent == 96
    assert document.status_codes == {"200": 48, "503": 1}
    assert [endpoint.name for endpoint in document.endpoints] == ["GET /a", "GET /b"]
    assert {error.kind: error.count for error in document.errors} == {"http_503": 1, "timeout": 1}
    assert document.errors[1].endpoints[0].last_s == 0.009
    assert [threshold.passed for threshold in document.thresholds] == [True, False]


def test_keys_are_the_designs() -> None:
    data = json.loads(_document(TOTAL).model_dump_json())
    assert data["schema"] == "katydid.run/1"
    assert data["response_time_ms"]["p99.9"] is None
    assert data["response_time_ms"]["p95"] == pytest.approx(3)
    assert data["created_at"] == "2026-01-02T03:04:05.678Z"


def test_without_figures_everything_is_null_and_never_zero() -> None:
    data = json.loads(_document(None).model_dump_json())
    assert set(data["response_time_ms"].values()) == {0, None}
    assert data["response_time_ms"]["count"] == 0
    assert data["totals"]["rate_rps"] is None
    assert data["totals"]["success_percent"] is None


def test_percentiles_appear_with_the_sample_that_supports_them() -> None:
    assert times_part(Histogram.of([MS] * 99)).p99 is None
    assert times_part(Histogram.of([MS] * 100)).p99 == 1
    assert times_part(EMPTY).mean is None


def test_a_row_counts_what_got_no_answer() -> None:
    shown = row(TOTAL)
    assert shown.no_response == 1
    assert shown.failures == 2
    assert (shown.t_s, shown.interval_s, shown.throughput_rps) == (2.0, 2.0, 24.0)


@given(snapshots())
def test_any_snapshot_makes_a_document_that_is_valid_json(snapshot: Snapshot) -> None:
    text = _document(snapshot).model_dump_json()
    assert RunDocument.model_validate_json(text).model_dump_json() == text
    assert row(snapshot).interval_s > 0
