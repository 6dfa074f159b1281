"""From snapshots to the result document."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given

from tests.plan.test_plan import MINIMAL
from tests.strategies import snapshots
from webui.analysis.document import RunDocument
from webui.analysis.results import measured_parts, row, times_part
from webui.metrics.histogram import EMPTY, Histogram
from webui.metrics.snapshot import EndpointStats, ErrorCount, Snapshot, StepStats, Totals
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


def test_rows_of_the_open_model_have_service_times_and_what_was_dropped() -> None:
    waited, took = Histogram.of([50 * MS] * 200), Histogram.of([2 * MS] * 200)
    stats = EndpointStats(Totals(offered=230, sent=200, successes=200, dropped=30), {200: 200}, waited, took)
    shown = row(Snapshot(0, 1_000_000_000, endpoints=(stats, stats)))
    assert shown.p50_ms == pytest.approx(50, rel=1e-3)
    assert shown.service_p50_ms == pytest.approx(2, rel=1e-3)
    assert shown.service_p99_ms == pytest.approx(2, rel=1e-3)
    assert shown.dropped == 60
    closed = row(TOTAL)
    assert (closed.service_p50_ms, closed.service_p99_ms, closed.dropped) == (None, None, 0)


def test_steps_of_a_sweep_by_rising_users() -> None:
    def step(users: int, successes: int, failures: int = 0) -> StepStats:
        totals = Totals(sent=successes + failures, successes=successes, failures=failures)
        stats = EndpointStats(totals, {}, Histogram.of([users * MS] * successes))
        return StepStats(users, users * 10**9, users * 10**9 + 500 * MS, 200 * MS, stats)

    total = replace(TOTAL, steps=(step(8, 100), step(1, 20), step(6, 75, 25)))
    steps = _document(total).steps
    assert [part.users for part in steps] == [1, 6, 8]
    assert (steps[1].t_s, steps[1].duration_s, steps[1].settle_s) == (6.0, 0.5, 0.2)
    assert (steps[1].throughput_rps, steps[1].success_percent) == (150.0, 75.0)
    assert steps[2].response_time_ms.p50 == pytest.approx(8, rel=1e-3)
    assert steps[2].response_time_ms.p99 == pytest.approx(8, rel=1e-3)
    assert steps[0].response_time_ms.p99 is None  # 20 answers cannot tell


def test_a_threshold_on_the_audit_gets_its_verdict() -> None:
    plan = plan_from_data({**MINIMAL, "thresholds": ["audit.trustworthy"]})
    for verdict, passed in ((True, True), (False, False), (None, False)):
        [rule] = measured_parts(plan, TOTAL, 2.0, verdict)["thresholds"]
        assert rule.passed is passed
