"""Thresholds: what parses, what is refused and why, how they judge."""

import pytest

from webui.metrics.histogram import Histogram
from webui.metrics.percentiles import supported
from webui.metrics.snapshot import EndpointStats, Totals
from webui.metrics.thresholds import evaluate, parse

MS = 1_000_000
FIGURES = EndpointStats(
    Totals(sent=1010, successes=1000, failures=10), response=Histogram.of([k * MS for k in range(1, 1001)])
)
NAMED = {"GET /items": EndpointStats(Totals(sent=1, successes=1), response=Histogram.of([7 * MS]))}


@pytest.mark.parametrize(
    ("expression", "limit", "unit"),
    [
        ("p95<200ms", 200, "ms"),
        ("p(99.9) < 1s", 1000, "ms"),
        ("p50<=0.5", 0.5, "ms"),
        ("success>99.9%", 99.9, "%"),
        ("throughput>500/s", 500, "/s"),
        ("rate>=1,000", 1000, "/s"),
        ("errors<10", 10, ""),
        ('endpoint("GET /items").p95<100ms', 100, "ms"),
    ],
)
def test_limits_and_units(expression: str, limit: float, unit: str) -> None:
    threshold = parse(expression)
    assert (threshold.limit, threshold.unit) == (limit, unit)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("p95<abc", "at character 5"),
        ("speed<3", "unknown measure 'speed'"),
        ("p0<3ms", "between 0 and 100"),
        ("p101<3ms", "between 0 and 100"),
        ("p95", "write a rule such as"),
        ("", "write a rule such as"),
        ("p95=3ms", "write a rule such as"),
        ("success>many", "99.9%"),
        ("success>nan", "99.9%"),
        ("success>inf", "99.9%"),
        ("rate<infinity", "500/s"),
        ("p95<1e999", "200ms"),
        ("p95<" + "9" * 400, "200ms"),
        ("p95<" + "9" * 400 + "s", "200ms"),
        ("errors<-1", "10"),
    ],
)
def test_a_wrong_rule_is_refused_in_words(expression: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse(expression)


@pytest.mark.parametrize(
    ("expression", "passed", "actual"),
    [
        ("p95<950ms", False, 950),
        ("p95<=951ms", True, 950),
        ("mean<501ms", True, 500.5),
        ("max<1s", False, 1000),
        ("min>=1", True, 1),
        ("success>99%", True, 100_000 / 1010),
        ("throughput>99/s", True, 100),
        ("rate>101", False, 101),
        ("errors<10", False, 10),
        ("requests>=1010", True, 1010),
        ('endpoint("GET /items").max<8ms', True, 7),
    ],
)
def test_judgement(expression: str, passed: bool, actual: float) -> None:
    outcome = evaluate(parse(expression), FIGURES, NAMED, 10.0)
    assert outcome.passed is passed
    assert outcome.actual == pytest.approx(actual, rel=1e-3)


@pytest.mark.parametrize(
    "expression", ['endpoint("nowhere").p50<1s', 'endpoint("GET /items").p99<1s', "p(99.99)<10s"]
)
def test_a_rule_without_a_figure_does_not_hold(expression: str) -> None:
    outcome = evaluate(parse(expression), FIGURES, NAMED, 10.0)
    assert outcome.passed is False
    assert outcome.actual is None


@pytest.mark.parametrize(("percentile", "needed"), [(50, 1), (90, 10), (95, 20), (99, 100), (99.9, 1000)])
def test_a_percentile_needs_its_sample(percentile: float, needed: int) -> None:
    assert supported(percentile, needed)
    assert not supported(percentile, needed - 1)


@pytest.mark.parametrize(("verdict", "passed"), [(True, True), (False, False), (None, False)])
def test_the_audit_can_be_a_rule(verdict: bool | None, passed: bool) -> None:
    rule = parse(" audit.trustworthy ")
    assert evaluate(rule, FIGURES, NAMED, 10.0, verdict).passed is passed
