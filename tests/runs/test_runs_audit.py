"""The audit: each kind of untrustworthy run is told apart, and an ordinary one passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.runs.fakes import MS, S, interval, plan
from webui.analysis.document import AuditPart
from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import Snapshot, merge_shards, merge_time
from webui.runs.audit import _busy_share, audit_of


def audit(rows: Sequence[Snapshot], **given: Any) -> AuditPart:
    defaults: dict[str, Any] = {"shards": 1, "shards_lost": 0, "live": False}
    return audit_of(given.pop("plan", plan()), rows, merge_time(rows), **{**defaults, **given})


def rows(count: int = 10, **figures: Any) -> list[Snapshot]:
    return [interval(index, **{"successes": 100, **figures}) for index in range(count)]


def only_reason(found: AuditPart) -> str:
    assert found.trustworthy is False
    [reason] = found.reasons
    return reason


def test_an_ordinary_run_is_trustworthy() -> None:
    found = audit(rows())
    assert (found.trustworthy, found.reasons) == (True, ())
    assert found.generator_cpu_percent.mean == pytest.approx(20)
    assert found.schedule_lag_ms.p99 == pytest.approx(0.1, abs=0.01)
    assert found.mean_in_flight.measured == pytest.approx(found.mean_in_flight.littles_law)
    assert (found.connections_open, found.connections_opened) == (5, 5)


def test_without_a_request_there_is_no_verdict() -> None:
    assert audit_of(plan(), [], None, 0, 0, True).trustworthy is None
    assert audit([interval(0, 0)]).trustworthy is None


def test_a_generator_at_its_limit_is_named() -> None:
    busy = rows(8) + [interval(index, 100, cpu_percent=97) for index in (8, 9)]
    assert "over 90% of a core for 20%" in only_reason(audit(busy))
    assert audit([*rows(9), interval(9, 100, cpu_percent=97)]).trustworthy


def test_a_late_loop_and_a_late_schedule_are_named() -> None:
    assert "loop was late by 12.0\xa0ms" in only_reason(audit(rows(loop_lag_ms=12)))
    assert "started 6.00\xa0ms late" in only_reason(audit(rows(schedule_lag_ms=6)))


def test_books_that_do_not_balance_are_named() -> None:
    open_ones = [*rows(9), interval(9, 100, in_flight=2)]
    assert "1,002 sent, but 1,000 ended" in only_reason(audit(open_ones))
    assert audit(open_ones, live=True).trustworthy
    [first, *rest] = rows()
    [endpoint] = first.endpoints
    wrong = replace(endpoint, totals=replace(endpoint.totals, offered=endpoint.totals.offered + 3))
    assert "1,003 offered" in only_reason(audit([replace(first, endpoints=(wrong,)), *rest]))


def test_times_that_do_not_match_the_count_are_named() -> None:
    [first, *rest] = rows()
    [endpoint] = first.endpoints
    wrong = replace(endpoint, response=Histogram.of([10 * MS] * 99))
    assert "do not agree with the number" in only_reason(audit([replace(first, endpoints=(wrong,)), *rest]))


def test_a_mean_above_the_maximum_is_named() -> None:
    broken = [replace(row, connect=replace(Histogram.of([1, 2]), sum_ns=10**9)) for row in rows()]
    assert "damaged" in only_reason(audit(broken))


@pytest.mark.parametrize("factor", [0.5, 1.5])
def test_littles_law_is_held(factor: float) -> None:
    in_flight_ns = round(factor * 100 * 50 * MS)
    assert "Little's law" in only_reason(audit(rows(took_ms=50, in_flight_ns=in_flight_ns)))


def test_littles_law_needs_enough_data() -> None:
    assert audit(rows(2, took_ms=50, in_flight_ns=1)).trustworthy
    assert audit(rows(successes=10, took_ms=500, in_flight_ns=1)).trustworthy


def test_requests_cut_off_explain_a_higher_number_in_flight() -> None:
    hanging = rows(successes=100, in_flight_ns=round(100 * 10 * MS) + 5 * 10**9, cut_off=1)
    assert audit(hanging).trustworthy


def test_missing_connections_are_named() -> None:
    few = [*rows(9, connections_open=3), interval(9, 100, connections_open=3, in_flight=0)]
    few[4] = interval(4, 100, connections_open=3, in_flight=5, users=5)
    found = audit(few, live=True)
    assert "At most 3 connections were open for 5 requests" in only_reason(found)
    assert audit(few, live=True, plan=plan(http={"keepalive": False})).trustworthy
    refused = [interval(0, 100, 1, error="connect_refused"), *few[1:]]
    assert audit(refused, live=True).trustworthy


def test_a_lost_engine_is_named() -> None:
    assert only_reason(audit(rows(), shards=2, shards_lost=1)).startswith(
        "1 of 2 engine processes was lost during the test"
    )


# -- a generator that is the limit, whoever's fault it is ----------------------------------------------


def starved(index: int, cpu_percent: float = 50, wait_percent: float = 48) -> Snapshot:
    row = interval(index, 100, cpu_percent=cpu_percent)
    demand = cpu_percent + wait_percent
    wait_ns = round(wait_percent / 100 * S)
    return replace(row, health=replace(row.health, wait_ns=wait_ns, demand_peak_percent=demand))


def test_a_generator_that_has_to_share_its_core_is_named() -> None:
    found = audit([starved(index) for index in range(10)])
    assert "other processes kept it waiting 48% of its time" in only_reason(found)
    assert found.generator_wait_percent == pytest.approx(48)
    assert audit([starved(index, 30, 40) for index in range(10)]).trustworthy


def test_the_busiest_engine_counts_and_not_the_mean() -> None:
    shards = [[interval(index, 100, cpu_percent=percent) for index in range(10)] for percent in (97, 5, 5)]
    merged = [merge_shards(parts) for parts in zip(*shards, strict=True)]
    found = audit(merged, shards=3)
    assert "over 90% of a core for 100%" in only_reason(found)
    assert found.generator_cpu_percent.mean == pytest.approx(107 / 3)


def test_one_busy_moment_in_rows_that_were_merged_is_not_the_whole_row() -> None:
    busy = [interval(index, 100, cpu_percent=97 if index % 10 == 0 else 20) for index in range(40)]
    assert audit(busy).trustworthy
    merged = [merge_time(busy[at : at + 10]) for at in range(0, 40, 10)]
    share = _busy_share(merged)
    assert 0.1 <= share < 0.4  # never less than it was; 0.307 is what CPU time allows
    always = [interval(index, 100, cpu_percent=97) for index in range(40)]
    assert _busy_share([merge_time(always[at : at + 10]) for at in range(0, 40, 10)]) == 1


# -- the open model ------------------------------------------------------------------------------------

RATE = {"shape": "constant-rate", "rate_rps": 100, "duration_s": 10, "max_users": 20}


def test_in_the_open_model_a_lag_is_held_against_the_response_times() -> None:
    open_model = plan(load=RATE)
    late = rows(schedule_lag_ms=2, took_ms=5)
    assert "2.00\xa0ms late at p99 (limit 1.00\xa0ms)" in only_reason(audit(late, plan=open_model))
    assert audit(late).trustworthy  # closed: only the pause between two requests is longer
    assert audit(rows(schedule_lag_ms=2, took_ms=30), plan=open_model).trustworthy
    assert "limit 5.00" in only_reason(audit(rows(schedule_lag_ms=6, took_ms=900), plan=open_model))


def test_dropped_starts_are_a_hint_and_no_fault() -> None:
    [first, *rest] = rows()
    [endpoint] = first.endpoints
    totals = replace(endpoint.totals, offered=endpoint.totals.offered + 50, dropped=50)
    found = audit(
        [replace(first, endpoints=(replace(endpoint, totals=totals),)), *rest], plan=plan(load=RATE)
    )
    assert found.trustworthy
    [hint] = found.hints
    assert "50 of 1,050 starts (4.76%) found none of 20 users free" in hint


def test_requests_that_share_a_connection_have_none_of_their_own() -> None:
    few = [interval(index, 100, connections_open=1, in_flight_ns=0) for index in range(2)]
    few[1] = interval(1, 100, connections_open=1, in_flight=5)
    assert "At most 1 connection was" in only_reason(audit(few, live=True))
    assert audit(few, live=True, plan=plan(http={"http2": True})).trustworthy


def test_dropped_starts_are_not_put_down_to_the_target_when_the_generator_was_the_limit() -> None:
    [first, *rest] = rows(cpu_percent=99)
    [endpoint] = first.endpoints
    totals = replace(endpoint.totals, offered=endpoint.totals.offered + 50, dropped=50)
    found = audit(
        [replace(first, endpoints=(replace(endpoint, totals=totals),)), *rest], plan=plan(load=RATE)
    )
    assert not found.trustworthy
    assert "came too late" in found.hints[0]
    assert "target" not in found.hints[0]


def test_a_target_that_closes_connections_now_and_then_says_nothing_about_the_generator() -> None:
    few = [*rows(9, connections_open=3), interval(9, 100, connections_open=3, in_flight=0)]
    few[4] = replace(interval(4, 100, connections_open=3, in_flight=5, users=5), connections_opened=300)
    assert audit(few, live=True).trustworthy
