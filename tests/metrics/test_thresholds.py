"""Thresholds: what parses, what is refused and why, how they judge."""

import pytest

from webui.metrics.histogram import Histogram
from webui.metrics.percentiles import supported
from webui.metrics.snapshot import EndpointStats, Totals
from webui.metrics.thresholds import evaluate, parse, resolved

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
        ("speed<3", "at character 1: unknown measure 'speed'"),
        ('endpoint("a").speed<3', "at character 15: unknown measure 'speed'"),
        ("  p0<3ms", "at character 3: a percentile lies between 0 and 100"),
        ("p101<3ms", "between 0 and 100"),
        ("p9.9.9<3ms", "at character 1: 'p9.9.9' is no percentile"),
        ("p95", "at character 4: here should be <, <=, > or >=, not the end"),
        ("", "write a rule such as"),
        ("p95=3ms", "at character 4: here should be <, <=, > or >=, not '=3ms'"),
        ("p95<", "at character 5: here should be a limit such as 200ms, not the end"),
        ("<3ms", "at character 1: here should be a measure such as p95"),
        ('endpoint("GET /).p95<3ms', "at character 1: here should be the name in quotes"),
        ('endpoint("GET /").<3ms', "at character 19: here should be a measure"),
        ("p95<3ms\np99<4ms", "at character 8: here should be the end of the rule"),
        ("audit.trusted", "at character 6: here should be <"),
        ("success>100.1%", "at character 9: no share is over 100%"),
        ("success>many", "99.9%"),
        ("success>nan", "99.9%"),
        ("success>inf", "99.9%"),
        ("rate<infinity", "500/s"),
        ("p95<1e999", "200ms"),
        ("p95<" + "9" * 400, "200ms"),
        ("p95<" + "9" * 400 + "s", "200ms"),
        ("errors<-1", "10"),
        ("p95<baselines", "at character 13: after baseline"),
        ("p95<baseline*2", "at character 13"),
        ("p95<baseline+ten%", "at character 14"),
        ("p95 < baseline + 20 parsecs", "at character 18"),
        ("p95<baseline-101%", "more than 100% below"),
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
    ("expression", "limit"),
    [
        ("p95<baseline", 200),
        ("p95<baseline+10%", 220),
        ("p95 <= baseline - 5%", 190),
        ("p95<baseline+20ms", 220),
        ("success>baseline-0.5%", 199.5),  # points: success is a percentage itself
        ("throughput>baseline-50/s", 150),
        ("errors<=baseline+3", 203),
        ("p95<baseline-100%", 0),
        ("p95<baseline-1s", 0),
        ('endpoint("GET /items").p95<baseline+50%', 300),
    ],
)
def test_a_limit_at_a_distance_from_the_baseline(expression: str, limit: float) -> None:
    rule = parse(expression)
    assert rule.limit is None
    assert resolved(rule, {rule.expression: 200.0}).limit == pytest.approx(limit)


@pytest.mark.parametrize("against", [{}, {"p95<baseline+10%": None}])
def test_a_rule_without_a_baseline_is_not_judged(against: dict[str, float | None]) -> None:
    rule = resolved(parse("p95<baseline+10%"), against)
    outcome = evaluate(rule, FIGURES, NAMED, 10.0)
    assert (rule.limit, outcome.passed, outcome.actual) == (None, True, pytest.approx(950, rel=1e-3))


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
