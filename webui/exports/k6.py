"""The summary as k6 gives it to `handleSummary`: metrics under k6's names where they mean the same. Pure.

Layout: https://grafana.com/docs/k6/latest/results-output/end-of-test/custom-summary/. Durations are in ms.
What k6 has no word for stands under `katydid`.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from webui.exports.escaping import for_terminals
from webui.exports.percentiles import value_ms
from webui.exports.source import Source
from webui.metrics import thresholds
from webui.metrics.histogram import Histogram, merge
from webui.metrics.snapshot import EndpointStats, Totals
from webui.metrics.thresholds import Threshold

TREND = ("avg", "min", "med", "max", "p(90)", "p(95)", "p(99)")
Metric = dict[str, Any]
# A threshold's measure -> the metric that it is shown at.
_METRICS = {
    "p": "http_req_duration{expected_response:true}",
    "mean": "http_req_duration{expected_response:true}",
    "min": "http_req_duration{expected_response:true}",
    "max": "http_req_duration{expected_response:true}",
    "success": "http_req_failed",
    "errors": "http_req_failed",
    "throughput": "http_reqs",
    "rate": "http_reqs",
    "requests": "http_reqs",
    "audit": "katydid_trustworthy",
}


def k6_summary(source: Source) -> bytes:
    """The document, indented."""
    document = {
        "root_group": _root_group(),
        "options": {"summaryTrendStats": list(TREND), "summaryTimeUnit": "ms", "noColor": True},
        "state": {
            "isStdOutTTY": False,
            "isStdErrTTY": False,
            "testRunDurationMs": (source.document.duration_s or 0.0) * 1000,
        },
        "metrics": _with_thresholds(source, _metrics(source)),
        "katydid": _own(source),
    }
    return f"{for_terminals(json.dumps(document, ensure_ascii=False, indent=2))}\n".encode()


def _root_group() -> dict[str, Any]:
    # k6 names a group by the MD5 of its path, which is empty here.
    name = hashlib.md5(b"", usedforsecurity=False).hexdigest()
    return {"name": "", "path": "", "id": name, "groups": [], "checks": []}


def _own(source: Source) -> dict[str, Any]:
    document = source.document
    return {
        "id": document.id,
        "name": document.name,
        "status": document.status,
        "partial": source.partial,
        "trustworthy": document.audit.trustworthy,
        "reasons": list(document.audit.reasons),
        "cut_off": document.totals.cut_off,
        "warmup": None if document.warmup is None else document.warmup.model_dump(mode="json"),
    }


def _metrics(source: Source) -> dict[str, Metric]:
    figures, seconds = source.figures, source.load_s
    totals = figures.totals
    found = {
        "http_reqs": _counter(_ended(totals), seconds),
        "http_req_failed": _failed(totals),
        "http_req_duration": _trend(merge((figures.service, figures.failed))),
        "http_req_duration{expected_response:true}": _trend(figures.service),
        "http_req_waiting": _trend(figures.first_byte),
        "data_sent": _counter(totals.bytes_sent, seconds, "data"),
        "data_received": _counter(totals.bytes_received, seconds, "data"),
        "dropped_iterations": _counter(totals.dropped, seconds),
        "vus": _gauge([row.users for row in source.snapshots]),
    }
    for _, name, stats in source.endpoints if len(source.endpoints) > 1 else ():
        found[f"http_reqs{{name:{name}}}"] = _counter(_ended(stats.totals), seconds)
        found[f"http_req_failed{{name:{name}}}"] = _failed(stats.totals)
        found[f"http_req_duration{{name:{name}}}"] = _trend(merge((stats.service, stats.failed)))
    trustworthy = source.document.audit.trustworthy
    if trustworthy is not None:
        found["katydid_trustworthy"] = _share(int(trustworthy), int(not trustworthy))
    return found


def _ended(totals: Totals) -> int:
    return totals.successes + totals.failures


def _failed(totals: Totals) -> Metric:
    """As in k6, `passes` are the requests of which it is true that they failed."""
    return _share(totals.failures, totals.successes)


def _share(passes: int, fails: int) -> Metric:
    count = passes + fails
    values = {"rate": passes / count if count else None, "passes": passes, "fails": fails}
    return {"type": "rate", "contains": "default", "values": values}


def _counter(count: int, seconds: float, contains: str = "default") -> Metric:
    rate = count / seconds if seconds > 0 else None
    return {"type": "counter", "contains": contains, "values": {"count": count, "rate": rate}}


def _gauge(values: Sequence[int]) -> Metric:
    shown = (values[-1], min(values), max(values)) if values else (None, None, None)
    named = dict(zip(("value", "min", "max"), shown, strict=True))
    return {"type": "gauge", "contains": "default", "values": named}


def _trend(times: Histogram) -> Metric:
    median, p90, p95, p99 = (value_ms(times, percentile) for percentile in (50.0, 90.0, 95.0, 99.0))
    low, high = (_ms(value) if times else None for value in (times.min_ns, times.max_ns))
    values = dict(zip(TREND, (_ms(times.mean_ns), low, median, high, p90, p95, p99), strict=True))
    return {"type": "trend", "contains": "time", "values": values}


def _ms(value_ns: float | None) -> float | None:
    return None if value_ns is None else value_ns / 1e6


def _with_thresholds(source: Source, metrics: dict[str, Metric]) -> dict[str, Metric]:
    """The same, each threshold at its metric; one of a single request at that request's."""
    stats = {name: part for _, name, part in source.endpoints}
    for part in source.document.thresholds:
        rule = thresholds.parse(part.expression)
        name = _metric_of(rule)
        metric = metrics.setdefault(name, _empty(rule, stats, source.load_s))
        metric.setdefault("thresholds", {})[part.expression] = {"ok": part.passed}
    return metrics


def _metric_of(rule: Threshold) -> str:
    name = _METRICS[rule.metric]
    if rule.endpoint is None:
        return name
    return f"{name.partition('{')[0]}{{name:{rule.endpoint}}}"


def _empty(rule: Threshold, stats: dict[str, EndpointStats], seconds: float) -> Metric:
    """The metric of a rule that has none yet: the plan's only request, or a verdict that is not there."""
    figures = stats.get(rule.endpoint or "", EndpointStats())
    match _METRICS[rule.metric].partition("{")[0]:
        case "http_reqs":
            return _counter(_ended(figures.totals), seconds)
        case "http_req_duration":
            return _trend(merge((figures.service, figures.failed)))
        case "http_req_failed":
            return _failed(figures.totals)
        case _:
            return _share(0, 0)
