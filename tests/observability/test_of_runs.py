"""What is read of one run, and that it stays within its limits."""

from __future__ import annotations

import pytest

from tests.observability.conftest import MS, a_plan, a_second, a_view
from webui.metrics.histogram import EMPTY, Histogram
from webui.metrics.snapshot import EndpointStats, Snapshot, Totals
from webui.observability.model import BOUNDS_S, Distribution
from webui.observability.of_runs import MAX_ENDPOINTS, MAX_TEXT, OTHERS, readings_of
from webui.plan.documents import plan_from_data, plan_to_data
from webui.runs.state import RunStatus


def test_books_and_times_are_by_endpoint() -> None:
    found = readings_of(a_view(a_plan(), a_second()))
    assert found["requests"] == [
        (("r_1", "list", "success"), 3),
        (("r_1", "list", "failure"), 1),
        (("r_1", "list", "cut_off"), 0),
        (("r_1", "one", "success"), 3),
        (("r_1", "one", "failure"), 1),
        (("r_1", "one", "cut_off"), 0),
    ]
    assert found["requests_sent"] == [(("r_1", "list"), 4), (("r_1", "one"), 4)]
    assert found["requests_dropped"][0] == (("r_1", "list"), 1)
    assert found["received_bytes"][0] == (("r_1", "list"), 5000)
    _, times = found["response_time_seconds"][0]
    assert isinstance(times, Distribution)
    assert times.count == 3
    assert times.sum_s == pytest.approx(0.043)
    assert dict(zip(BOUNDS_S, times.counts, strict=True))[0.005] == 2
    assert dict(zip(BOUNDS_S, times.counts, strict=True))[0.05] == 3


def test_codes_and_kinds_are_of_the_whole_run_and_of_http_only() -> None:
    found = readings_of(a_view(a_plan(), a_second()))
    assert dict(found["responses"]) == {("r_1", "200"): 6, ("r_1", "503"): 2, ("r_1", OTHERS): 2}
    assert dict(found["errors"]) == {("r_1", "http_503"): 1, ("r_1", "timeout"): 4}


def test_endpoints_beyond_the_limit_are_summed() -> None:
    plan = a_plan([f"e{number}" for number in range(MAX_ENDPOINTS + 5)])
    found = readings_of(a_view(plan, a_second(MAX_ENDPOINTS + 5)))
    sent = dict(found["requests_sent"])
    assert len(sent) == MAX_ENDPOINTS + 1
    assert sent["r_1", "e0"] == 4
    assert sent["r_1", OTHERS] == 5 * 4
    _, others = found["response_time_seconds"][-1]
    assert isinstance(others, Distribution)
    assert others.count == 5 * 3


def test_long_names_that_begin_alike_are_one_endpoint() -> None:
    paths = [{"path": "/" + "x" * MAX_TEXT + end} for end in "ab"]
    plan = plan_from_data({**plan_to_data(a_plan()), "requests": paths})
    label = ("GET /" + "x" * MAX_TEXT)[:MAX_TEXT]
    assert dict(readings_of(a_view(plan, a_second()))["requests_sent"]) == {("r_1", label): 8}


def test_a_query_is_no_label() -> None:
    [(_, labels)] = readings_of(a_view(a_plan(("list",)), None))["run"]
    assert labels == {"name": "Items", "target": "http://127.0.0.1:9/items", "shape": "constant-users"}


def test_no_label_tells_a_secret_of_the_plan() -> None:
    secret = {"headers": {"Cookie": "correct-horse"}}
    requests = [{"path": "/items/correct-horse", "name": "as correct-horse", **secret}]
    plan = plan_from_data({**plan_to_data(a_plan(("list",), "by correct-horse")), "requests": requests})
    found = readings_of(a_view(plan, a_second(1)))
    [(_, labels)] = found["run"]
    assert labels["name"] == "by [hidden]"
    assert found["requests_sent"] == [(("r_1", "as [hidden]"), 4)]
    assert "correct-horse" not in str(found)


def test_what_is_not_known_is_absent() -> None:
    found = readings_of(a_view(a_plan(), None, started_at=None, status=RunStatus.QUEUED))
    for name in ("run_started_timestamp_seconds", "run_trustworthy", "requests", "response_time_seconds"):
        assert name not in found
    assert found["run_users"] == [(("r_1",), 0)]


def test_an_ended_run_has_no_users_and_a_verdict() -> None:
    times = Histogram.of([MS] * 10)
    stats = EndpointStats(Totals(10, 10, 10, 10), {200: 10}, times, times)
    total = Snapshot(0, 10**9, users=2, in_flight=0, connections_open=2, endpoints=(stats,))
    plan = a_plan(("list",))
    assert dict(readings_of(a_view(plan, total))["run_users"]) == {("r_1",): 2}
    found = readings_of(a_view(plan, total, status=RunStatus.PASSED))
    assert found["run_users"] == [(("r_1",), 0)]
    assert found["run_trustworthy"] == [(("r_1",), 1.0)]
    assert found["run_status"] == [(("r_1",), "passed")]


def test_generator_health_is_in_base_units() -> None:
    found = readings_of(a_view(a_plan(), a_second()))
    assert found["generator_cpu_seconds"] == [(("r_1",), 0.25)]
    assert found["generator_wait_seconds"] == [(("r_1",), 0.01)]
    assert found["generator_cpu_peak_ratio"] == [(("r_1",), 0.5)]


def test_a_distribution_has_the_quantiles_that_its_sample_supports() -> None:
    few = Distribution(Histogram.of([MS, 2 * MS]))
    assert list(few.quantiles) == [0.5]
    many = Distribution(Histogram.of([each * 10_000 for each in range(1, 1001)]))
    assert list(many.quantiles) == [0.5, 0.75, 0.9, 0.95, 0.99, 0.999]
    assert many.quantiles[0.95] == pytest.approx(0.0095, rel=0.001)
    assert Distribution(EMPTY).count == 0


@pytest.mark.parametrize("place", range(len(BOUNDS_S)))
def test_a_value_on_a_bound_is_below_it(place: int) -> None:
    on = Distribution(Histogram.of([round(BOUNDS_S[place] * 1e9)]))
    assert on.counts == (0,) * place + (1,) * (len(BOUNDS_S) - place)
    above = Distribution(Histogram.of([round(BOUNDS_S[place] * 1.002e9)]))
    assert above.counts[place] == 0
