"""From snapshots to the result document's parts. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from webui.analysis.diagnosed import DiagnosisPart
from webui.analysis.diagnosis import diagnose, in_service
from webui.analysis.document import (
    EndpointPart,
    ErrorPart,
    ErrorPlace,
    ProbePart,
    QueueInside,
    RowPart,
    StepPart,
    ThresholdPart,
    TimesPart,
    TotalsPart,
    WarmUpPart,
)
from webui.metrics import thresholds
from webui.metrics.histogram import Histogram
from webui.metrics.percentiles import SHOWN, supported
from webui.metrics.snapshot import NO_WARMUP, EndpointStats, Snapshot, StepStats, Totals
from webui.plan.model import Plan
from webui.sweep.figures import point_of
from webui.units import NS_PER_MS, NS_PER_S

NO_BASELINE = "not judged: there was no baseline with this figure when the run began"
NOTHING: Mapping[str, float | None] = MappingProxyType({})


def measured_parts(
    plan: Plan,
    total: Snapshot | None,
    load_s: float | None,
    trustworthy: bool | None = None,
    against: Mapping[str, float | None] = NOTHING,
    *,
    ended: bool = False,
) -> dict[str, Any]:
    """The document's fields that come from the run's merged figures; nothing when there are none.

    `load_s`, how long load was offered, is what counts are divided by to give rates; `trustworthy` is the
    audit's verdict, for a threshold on it; `against` is the baseline's figures for the rules that refer to
    it, by their expressions. A sweep is diagnosed when it has `ended`.
    """
    if total is None:
        return {}
    diagnosis = diagnose(plan, total, trustworthy=trustworthy) if ended else None
    figures = total.all_endpoints
    labels = [request.label for request in plan.requests]
    return {
        "totals": totals_part(figures.totals, load_s),
        **_time_parts(figures),
        "connect_ms": times_part(total.connect),
        "tls_ms": times_part(total.tls),
        "endpoints": tuple(
            EndpointPart(
                name=request.label,
                method=request.method,
                totals=totals_part(stats.totals, load_s),
                **_time_parts(stats),
                status_codes=_codes(stats.status_codes),
            )
            for request, stats in zip(plan.requests, total.endpoints, strict=False)
        ),
        "status_codes": _codes(figures.status_codes),
        "errors": error_parts(total, labels),
        "thresholds": threshold_parts(plan, total, load_s, trustworthy, against),
        "steps": step_parts(total.steps, diagnosis),
        "probes": probe_parts(total),
        "diagnosis": diagnosis,
    }


def warmup_part(total: Snapshot | None) -> WarmUpPart | None:
    """The warm-up before the run; None where there was none."""
    if total is None or total.warmup is NO_WARMUP:
        return None
    totals = total.warmup.totals
    return WarmUpPart(
        duration_s=total.warmup.length_ns / NS_PER_S,
        offered=totals.offered,
        sent=totals.sent,
        successes=totals.successes,
        failures=totals.failures,
        cut_off=totals.cut_off,
        dropped=totals.dropped,
    )


def headline(total: Snapshot | None, load_s: float | None) -> dict[str, float | None]:
    """The figures that runs are listed and compared by; nothing when nothing was measured."""
    if total is None:
        return {}
    figures = total.all_endpoints
    totals, times = totals_part(figures.totals, load_s), times_part(figures.response)
    return {
        "throughput_rps": totals.throughput_rps,
        "success_percent": totals.success_percent,
        "p50_ms": times.p50,
        "p95_ms": times.p95,
        "p99_ms": times.p99,
    }


def _time_parts(stats: EndpointStats) -> dict[str, TimesPart]:
    return {
        "response_time_ms": times_part(stats.response),
        "service_time_ms": times_part(stats.service),
        "failure_time_ms": times_part(stats.failed),
        "first_byte_ms": times_part(stats.first_byte),
    }


def totals_part(totals: Totals, seconds: float | None) -> TotalsPart:
    """The books with their rates over `seconds`."""
    return TotalsPart(
        offered=totals.offered,
        sent=totals.sent,
        completed=totals.completed,
        successes=totals.successes,
        failures=totals.failures,
        cut_off=totals.cut_off,
        dropped=totals.dropped,
        rate_rps=_rate(totals.sent, seconds),
        throughput_rps=_rate(totals.successes, seconds),
        success_percent=totals.success_percent,
        bytes_sent=totals.bytes_sent,
        bytes_received=totals.bytes_received,
        redirects=totals.redirects,
    )


def times_part(histogram: Histogram) -> TimesPart:
    """A histogram's figures in ms; percentiles that the sample cannot support are left out."""
    if not histogram:
        return TimesPart()
    values = histogram.percentiles_ns(SHOWN)
    shown = [
        _ms(value) if supported(wanted, histogram.total) else None
        for wanted, value in zip(SHOWN, values, strict=True)
    ]
    return TimesPart(
        count=histogram.total,
        min=_ms(histogram.min_ns),
        mean=_ms(histogram.mean_ns),
        stdev=_ms(histogram.stdev_ns),
        p50=shown[0],
        p75=shown[1],
        p90=shown[2],
        p95=shown[3],
        p99=shown[4],
        p99_9=shown[5],
        max=_ms(histogram.max_ns),
    )


def error_parts(total: Snapshot, labels: Sequence[str]) -> tuple[ErrorPart, ...]:
    """Failures by kind, the most frequent first."""
    places: dict[str, list[ErrorPlace]] = {}
    for (index, kind), error in total.errors.items():
        name = labels[index] if index < len(labels) else ""
        first, last = error.first_ns / 1e9, error.last_ns / 1e9
        places.setdefault(kind, []).append(
            ErrorPlace(endpoint=name, count=error.count, first_s=first, last_s=last, sample=error.sample)
        )
    parts = [_error_part(kind, found) for kind, found in places.items()]
    return tuple(sorted(parts, key=lambda part: (-part.count, part.kind)))


def _error_part(kind: str, places: list[ErrorPlace]) -> ErrorPart:
    ordered = sorted(places, key=lambda place: (-place.count, place.endpoint))
    total = sum(place.count for place in ordered)
    return ErrorPart(kind=kind, count=total, sample=ordered[0].sample, endpoints=tuple(ordered))


def probe_parts(total: Snapshot) -> tuple[ProbePart, ...]:
    """Requests beside the load, by name."""
    return tuple(
        ProbePart(
            name=name,
            sent=stats.sent,
            successes=stats.successes,
            failures=stats.failures,
            response_time_ms=times_part(stats.times),
        )
        for name, stats in sorted(total.probing.probes.items())
    )


def step_parts(steps: Iterable[StepStats], diagnosis: DiagnosisPart | None = None) -> tuple[StepPart, ...]:
    """The levels of a sweep by rising number of users."""
    return tuple(_step_part(step, diagnosis) for step in sorted(steps, key=lambda step: step.users))


def _step_part(step: StepStats, diagnosis: DiagnosisPart | None) -> StepPart:
    seconds = (step.end_ns - step.start_ns) / NS_PER_S
    totals = totals_part(step.stats.totals, seconds)
    working = (
        in_service(diagnosis, step.users, point_of(step).rate) if not step.stats.totals.failures else None
    )
    return StepPart(
        users=step.users,
        t_s=step.start_ns / NS_PER_S,
        duration_s=seconds,
        settle_s=step.settle_ns / NS_PER_S,
        throughput_rps=totals.throughput_rps,
        success_percent=totals.success_percent,
        totals=totals,
        response_time_ms=times_part(step.stats.response),
        kind=step.kind,
        in_service=working,
        waiting=None if working is None else step.users - working,
        canary_p50_ms=_ms(step.canary.percentile_ns(50)),
    )


def threshold_parts(
    plan: Plan,
    total: Snapshot,
    seconds: float | None,
    trustworthy: bool | None = None,
    against: Mapping[str, float | None] = NOTHING,
) -> tuple[ThresholdPart, ...]:
    """Each of the plan's rules and how it did; `trustworthy` is what the audit says, and `against` holds the
    baseline's figures."""
    named = dict(zip((request.label for request in plan.requests), total.endpoints, strict=False))
    figures = total.all_endpoints
    parts = []
    for expression in plan.thresholds:
        rule = thresholds.resolved(thresholds.parse(expression), against)
        outcome = thresholds.evaluate(rule, figures, named, seconds or 0.0, trustworthy)
        parts.append(
            ThresholdPart(
                expression=expression,
                passed=outcome.passed,
                actual=outcome.actual,
                limit=rule.limit,
                unit=rule.unit,
                note="" if rule.limit is not None else NO_BASELINE,
            )
        )
    return tuple(parts)


def queue_inside(total: Snapshot | None, snapshots: Sequence[Snapshot]) -> QueueInside | None:
    """The queue inside the target: L (1 - fastest / mean), as TCP Vegas estimates what its packets wait for.
    None without successes. A load that never lets the target rest has no fastest answer to compare with, so
    this is a lower bound."""
    if total is None:
        return None
    service = total.all_endpoints.service
    newest = next((part for part in reversed(snapshots) if part.all_endpoints.service), None)
    if not service or newest is None:
        return None
    fastest = service.min_ns
    return QueueInside(
        mean=_waiting(total, fastest), newest=_waiting(newest, fastest), fastest_ms=fastest / NS_PER_MS
    )


def _waiting(part: Snapshot, fastest_ns: int) -> float:
    mean_ns = part.all_endpoints.service.mean_ns or 1.0
    length_ns = max(1, part.end_ns - part.start_ns)
    return part.in_flight_ns / length_ns * max(0.0, 1.0 - fastest_ns / mean_ns)


def rows(snapshots: Iterable[Snapshot]) -> tuple[RowPart, ...]:
    """The document's `snapshots`, one for each interval."""
    return tuple(row(snapshot) for snapshot in snapshots)


def row(snapshot: Snapshot) -> RowPart:
    """One interval's figures."""
    figures = snapshot.all_endpoints
    totals, response = figures.totals, figures.response
    p50, p90, p95, p99 = _percentiles(response)
    service_p50, _, _, service_p99 = (
        (None,) * 4 if figures.service is response else _percentiles(figures.service)
    )
    return RowPart(
        t_s=snapshot.end_ns / 1e9,
        interval_s=snapshot.seconds,
        users=snapshot.users,
        in_flight=snapshot.in_flight,
        rate_rps=_rate(totals.sent, snapshot.seconds),
        throughput_rps=_rate(totals.successes, snapshot.seconds),
        failures=totals.failures,
        p50_ms=p50,
        p90_ms=p90,
        p95_ms=p95,
        p99_ms=p99,
        mean_ms=_ms(response.mean_ns),
        service_p50_ms=service_p50,
        service_p99_ms=service_p99,
        dropped=totals.dropped,
        status_codes=_codes(figures.status_codes),
        no_response=sum(
            error.count
            for (_, kind), error in snapshot.errors.items()
            if not kind.startswith("http_") and kind != "check_failed"
        ),
        bytes_received=totals.bytes_received,
    )


_ROW = (50.0, 90.0, 95.0, 99.0)


def _percentiles(histogram: Histogram) -> Sequence[float | None]:
    values = histogram.percentiles_ns(_ROW)
    return [
        _ms(value) if supported(wanted, histogram.total) else None
        for wanted, value in zip(_ROW, values, strict=True)
    ]


def _codes(codes: Mapping[int, int]) -> dict[str, int]:
    return {str(code): codes[code] for code in sorted(codes)}


def _rate(count: int, seconds: float | None) -> float | None:
    return count / seconds if seconds else None


def _ms(value_ns: float | None) -> float | None:
    return None if value_ns is None else value_ns / NS_PER_MS
