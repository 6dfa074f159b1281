"""Pass-fail rules on a run: `p95<200ms`, `p(99.9)<1s`, `success>99.9%`, `throughput>500/s`,
`errors<10`, `endpoint("GET /items").p95<100ms`, `audit.trustworthy`, and against the plan's baseline:
`p95<baseline+10%`, `throughput>baseline-5%`, `success>=baseline-0.1%`, `max<baseline+20ms`.

Parsed once, evaluated on merged figures. A rule whose figure cannot be had does not hold. One against a
baseline that there is not is not judged: it passes, and says so by having no limit.
"""

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from webui.metrics.percentiles import supported
from webui.metrics.snapshot import EndpointStats
from webui.units import parse_count, parse_duration

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_PARTS = (  # of a rule, each with what is said where it should be and is not
    (r'(?:endpoint\(\s*(?P<endpoint>"(?:[^"\\]|\\.)*")\s*\)\s*\.\s*)?', ""),
    (
        r"(?P<metric>(?!endpoint\()p\(\s*[\d.]+\s*\)|p[\d.]+|(?!endpoint\()[a-z_]+)\s*",
        "a measure such as p95",
    ),
    (r"(?P<op><=|>=|<|>)\s*", "<, <=, > or >="),
    (r"(?P<limit>.+?)\s*", "a limit such as 200ms"),
)
_RULE = re.compile(r"\s*" + "".join(part for part, _ in _PARTS))
_SHIFT = re.compile(r"baseline(?:\s*(?P<sign>[+-])\s*(?P<by>.+))?")
_TIMES = ("mean", "min", "max")
_RATES = ("throughput", "rate")
_COUNTS = ("errors", "requests")
_AUDIT = "audit.trustworthy"
KNOWN = f"p50 to p99.9 (any pNN), mean, min, max, success, throughput, rate, errors, requests, {_AUDIT}"


@dataclass(frozen=True, slots=True)
class Shift:
    """How far from the baseline's figure the limit lies: times `scale`, plus `offset` in the rule's unit."""

    scale: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Threshold:
    """One rule. `limit` is in ms for times, percent for success, per second for rates; None for a rule with a
    `shift`, until `resolved` has found it from the baseline's figure."""

    expression: str
    metric: str  # "p", "mean", "min", "max", "success", "throughput", "rate", "errors", "requests", "audit"
    percentile: float | None
    op: str
    limit: float | None
    endpoint: str | None = None
    shift: Shift | None = None

    @property
    def unit(self) -> str:
        """`ms`, `%`, `/s` or nothing."""
        if self.metric in ("p", *_TIMES):
            return "ms"
        return {"success": "%", "throughput": "/s", "rate": "/s"}.get(self.metric, "")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a rule did; `actual` is in the threshold's unit, None when there is no figure."""

    expression: str
    passed: bool
    actual: float | None


def parse(expression: str) -> Threshold:
    """The rule that `expression` states. Raises ValueError with a sentence that points at the place."""
    if expression.strip() == _AUDIT:
        return Threshold(_AUDIT, "audit", None, ">=", 1.0)
    match = _RULE.fullmatch(expression)
    if match is None:
        raise ValueError(_misfit(expression))
    metric, percentile = _metric(match["metric"], match.start("metric") + 1)
    endpoint = None if match["endpoint"] is None else _unquoted(match["endpoint"])
    text, place = match["limit"], match.start("limit") + 1
    shift = _shift(metric, text, place) if text.startswith("baseline") else None
    limit = None if shift is not None else _limit(metric, text, place)
    if limit is not None and metric == "success" and limit > 100:
        raise ValueError(f"at character {place}: no share is over 100%")
    return Threshold(expression.strip(), metric, percentile, match["op"], limit, endpoint, shift)


def _misfit(expression: str) -> str:
    """What stands in the place of what should."""
    if not expression.strip():
        return "write a rule such as p95<200ms or success>99.9%"
    place = len(expression) - len(expression.lstrip())
    for part, wanted in _PARTS:
        match = re.compile(part).match(expression, place)
        if match is None:
            return _missing(expression, place, wanted)
        start, place = place, match.end()
    return _missing(expression, expression.index("\n", start), "the end of the rule")  # one to a line


def _missing(expression: str, place: int, wanted: str) -> str:
    if expression.startswith("endpoint(", place):
        wanted = 'the name in quotes, then a measure, such as endpoint("GET /items").p95'
    found = repr(expression[place : place + 40]) if expression[place:] else "the end"
    return f"at character {place + 1}: here should be {wanted}, not {found}; write a rule such as p95<200ms"


def _unquoted(text: str) -> str:
    """A name as JSON writes it: quotes in it stand after a backslash."""
    try:
        return str(json.loads(text))
    except json.JSONDecodeError as error:
        raise ValueError(f"{text[:60]} is no quoted name: {error.msg}") from error


def _metric(text: str, place: int) -> tuple[str, float | None]:
    if text[0] == "p" and text[1:2] in {"(", *"0123456789."}:
        number = text[1:].strip("() ")
        try:
            percentile = float(number)
        except ValueError:
            raise ValueError(
                f"at character {place}: {text!r} is no percentile; write p95 or p(99.9)"
            ) from None
        if not 0 < percentile <= 100:
            raise ValueError(f"at character {place}: a percentile lies between 0 and 100, {number} does not")
        return "p", percentile
    if text in ("success", *_TIMES, *_RATES, *_COUNTS):
        return text, None
    raise ValueError(f"at character {place}: unknown measure {text!r}; known are {KNOWN}")


def _shift(metric: str, text: str, place: int) -> Shift:
    """What follows `baseline`. A percentage is one of its figure, but of success, which is one: points."""
    match = _SHIFT.fullmatch(text)
    if match is None:
        raise ValueError(
            f"at character {place + len('baseline')}: after baseline comes nothing, or a distance such as "
            f"+10% or -5%, not {text[len('baseline') :][:40].strip()!r}"
        )
    if match["by"] is None:
        return Shift()
    sign = -1.0 if match["sign"] == "-" else 1.0
    by, at = match["by"], place + match.start("by")
    if not by.endswith("%") or metric == "success":
        return Shift(offset=sign * _limit(metric, by, at))
    try:
        share = _number(by.removesuffix("%")) / 100
    except ValueError:
        raise ValueError(f"at character {at}: the distance {by[:40]!r} should look like 10%") from None
    if sign * share < -1:
        raise ValueError(f"at character {at}: nothing lies more than 100% below the baseline")
    return Shift(scale=1 + sign * share)


def _limit(metric: str, text: str, place: int) -> float:
    try:
        if metric == "p" or metric in _TIMES:
            return parse_duration(text) * 1000 if re.search("[a-z]", text) else _number(text)
        if metric == "success":
            return _number(text.removesuffix("%"))
        if metric in _RATES:
            return _number(re.sub(r"\s*/\s*s$", "", text))
        return _number(str(parse_count(text)))
    except ValueError:
        wanted = {"success": "99.9%", "errors": "10", "requests": "1,000"}
        example = wanted.get(metric, "500/s" if metric in _RATES else "200ms")
        raise ValueError(
            f"at character {place}: the limit {text[:40]!r} should look like {example}"
        ) from None


def _number(text: str) -> float:
    # Plain decimals only: Python would also read nan, inf and 1e999.
    if not re.fullmatch(r"\d{1,15}(?:\.\d{1,15})?", cleaned := text.strip().replace(",", "")):
        raise ValueError(text)
    return float(cleaned)


def resolved(threshold: Threshold, against: Mapping[str, float | None]) -> Threshold:
    """The rule with its limit, where it lies at a distance from the baseline's figure. `against` holds the
    baseline's figures by the expressions of the rules; without one the limit stays open."""
    figure = against.get(threshold.expression)
    if threshold.shift is None or figure is None:
        return threshold
    return replace(threshold, limit=max(0.0, figure * threshold.shift.scale + threshold.shift.offset))


def evaluate(
    threshold: Threshold,
    total: EndpointStats,
    endpoints: Mapping[str, EndpointStats],
    seconds: float,
    trustworthy: bool | None = None,
) -> Outcome:
    """Whether the rule, resolved, holds for a run that sent load for `seconds` and whose audit said
    `trustworthy`."""
    if threshold.metric == "audit":
        return Outcome(threshold.expression, trustworthy is True, _as_number(trustworthy))
    actual = measured(threshold, total, endpoints, seconds)
    if threshold.limit is None:
        return Outcome(threshold.expression, passed=True, actual=actual)
    passed = actual is not None and _OPERATORS[threshold.op](actual, threshold.limit)
    return Outcome(threshold.expression, passed, actual)


def measured(
    threshold: Threshold, total: EndpointStats, endpoints: Mapping[str, EndpointStats], seconds: float
) -> float | None:
    """The figure that the rule is about, in its unit; None where it cannot be had."""
    figures = total if threshold.endpoint is None else endpoints.get(threshold.endpoint)
    return None if figures is None else _actual(threshold, figures, seconds)


def _as_number(verdict: bool | None) -> float | None:
    return None if verdict is None else float(verdict)


def _actual(threshold: Threshold, figures: EndpointStats, seconds: float) -> float | None:
    totals, response = figures.totals, figures.response
    match threshold.metric:
        case "p":
            wanted = threshold.percentile or 0.0
            return _ms(response.percentile_ns(wanted)) if supported(wanted, response.total) else None
        case "mean":
            return _ms(response.mean_ns)
        case "min":
            return _ms(response.min_ns) if response else None
        case "max":
            return _ms(response.max_ns) if response else None
        case "success":
            return totals.success_percent
        case "throughput":
            return totals.successes / seconds if seconds > 0 else None
        case "rate":
            return totals.sent / seconds if seconds > 0 else None
        case "errors":
            return float(totals.failures)
        case _:
            return float(totals.sent)


def _ms(value_ns: float | None) -> float | None:
    return None if value_ns is None else value_ns / 1e6
