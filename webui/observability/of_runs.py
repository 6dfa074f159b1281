"""The metrics of one run: what each is, and how it is read from a picture of the run.

Bounded: whatever a plan or a target does, a run has at most as many series as the limits here allow.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Final

from webui.metrics.snapshot import EndpointStats, Health, Snapshot, Totals, merge_endpoints
from webui.observability.model import Distribution, Kind, Labels, Metric, Readings, Sample, Samples, Value
from webui.runs.model import RunView
from webui.runs.state import RunStatus
from webui.runs.summary import target_text
from webui.security.redaction import Redactor
from webui.units import NS_PER_S

MAX_ENDPOINTS: Final = 10  # of one run, in the plan's order; the others are summed
MAX_TEXT: Final = 200  # characters of a label
OTHERS: Final = "(others)"  # endpoints beyond the limit, and status codes that are none of HTTP's
_CODES: Final = frozenset(int(status) for status in HTTPStatus)

Read = Callable[["Picture"], Iterable[Sample]]


@dataclass(frozen=True, slots=True)
class RunMetric:
    """A metric of runs, and how it is read; the label `run` is put before what is read."""

    metric: Metric
    read: Read


@dataclass(frozen=True)
class Picture:
    """One run at one moment."""

    view: RunView

    @cached_property
    def total(self) -> Snapshot:
        """All that was measured so far; zeros before that."""
        return self.view.total or Snapshot(0, 0)

    @cached_property
    def _redactor(self) -> Redactor:
        """Viewers read metrics, and monitoring keeps them."""
        return Redactor.of(self.view.plan)

    @cached_property
    def endpoints(self) -> dict[str, EndpointStats]:
        """By name, in the plan's order, the last one for all beyond the limit."""
        requests = self.view.plan.requests[:MAX_ENDPOINTS]
        named = [self._redactor.text(request.label)[:MAX_TEXT] for request in requests]
        groups: dict[str, list[EndpointStats]] = {}
        for place, stats in enumerate(self.total.endpoints):
            groups.setdefault(named[place] if place < len(named) else OTHERS, []).append(stats)
        return {name: merge_endpoints(group) for name, group in groups.items()}

    @property
    def labels(self) -> dict[str, str]:
        """What the run is, without the secrets of its plan."""
        plan = self.view.plan
        target = target_text(plan).partition("?")[0]  # a query may hold what is nobody's business
        texts = {"name": self.view.name, "target": target, "shape": plan.load.shape}
        return {name: self._redactor.text(text)[:MAX_TEXT] for name, text in texts.items()}


def readings_of(view: RunView) -> Readings:
    """All metrics of a run that there is something to say of, by their names."""
    picture = Picture(view)
    found = {
        each.metric.name: Samples(((view.id, *labels), value) for labels, value in each.read(picture))
        for each in RUN_METRICS
    }
    return {name: samples for name, samples in found.items() if samples}


# -- how they are read -------------------------------------------------------------------------------------


def _one(value: Value | None) -> list[Sample]:
    return [] if value is None else [((), value)]


def _while_live(read: Callable[[Snapshot], int]) -> Read:
    return lambda picture: _one(read(picture.total) if picture.view.live else 0)


def _books(read: Callable[[Totals], float]) -> Read:
    return lambda picture: [((name,), read(stats.totals)) for name, stats in picture.endpoints.items()]


def _requests(picture: Picture) -> Iterator[Sample]:
    for name, stats in picture.endpoints.items():
        yield (name, "success"), stats.totals.successes
        yield (name, "failure"), stats.totals.failures
        yield (name, "cut_off"), stats.totals.cut_off


def _responses(picture: Picture) -> Iterable[Sample]:
    counts: dict[Labels, int] = {}
    for stats in picture.total.endpoints:
        for code, number in stats.status_codes.items():
            labels = (_code(code),)
            counts[labels] = counts.get(labels, 0) + number
    return counts.items()


def _errors(picture: Picture) -> Iterable[Sample]:
    counts: dict[Labels, int] = {}
    for (_, kind), error in picture.total.errors.items():
        code = kind.removeprefix("http_")
        labels = (f"http_{_code(int(code))}" if code.isdecimal() else kind,)
        counts[labels] = counts.get(labels, 0) + error.count
    return counts.items()


def _code(code: int) -> str:
    return str(code) if code in _CODES else OTHERS


def _times(picture: Picture) -> Iterable[Sample]:
    return [((name,), Distribution(stats.response)) for name, stats in picture.endpoints.items()]


def _all_times(picture: Picture) -> Iterable[Sample]:
    return _one(Distribution(picture.total.all_endpoints.response)) if picture.total.endpoints else ()


def _trust(picture: Picture) -> Iterable[Sample]:
    trustworthy = None if picture.view.live else picture.view.audit.trustworthy
    return _one(None if trustworthy is None else float(trustworthy))


def _started(picture: Picture) -> Iterable[Sample]:
    started = picture.view.started_at
    return _one(None if started is None else started.timestamp())


# -- what they are -----------------------------------------------------------------------------------------


def _metric(
    name: str, kind: Kind, meaning: str, read: Read, labels: tuple[str, ...] = (), unit: str = ""
) -> RunMetric:
    return RunMetric(Metric(name, kind, meaning, ("run", *labels), unit), read)


def _of_engines(
    name: str, kind: Kind, meaning: str, read: Callable[[Health], Value | None], unit: str = "seconds"
) -> RunMetric:
    return _metric(f"generator_{name}", kind, meaning, lambda p: _one(read(p.total.health)), unit=unit)


_C, _G, _S, _E = Kind.COUNTER, Kind.GAUGE, "seconds", ("endpoint",)

RUN_METRICS: Final = (
    _metric("run", Kind.INFO, "What the run is called, what it tests and how.", lambda p: _one(p.labels)),
    _metric("run_status", Kind.STATES, "Where the run stands.", lambda p: _one(p.view.status.value)),
    _metric("run_started_timestamp_seconds", _G, "When its load began, since 1970.", _started, unit=_S),
    _metric("run_elapsed_seconds", _G, "Since its load began.", lambda p: _one(p.view.elapsed_s), unit=_S),
    _metric(
        "run_load_seconds",
        _G,
        "How long load was offered, pauses taken off: what rates of the whole run are divided by.",
        lambda p: _one(p.view.load_s),
        unit=_S,
    ),
    _metric(
        "run_planned_seconds",
        _G,
        "When its load ends, since its start.",
        lambda p: _one(p.view.planned_s),
        unit=_S,
    ),
    _metric("run_users", _G, "Virtual users at work.", _while_live(lambda total: total.users)),
    _metric("run_requests_in_flight", _G, "Requests under way.", _while_live(lambda total: total.in_flight)),
    _metric(
        "run_connections_open", _G, "Open connections.", _while_live(lambda total: total.connections_open)
    ),
    _metric("run_connections_opened", _C, "Connections opened.", lambda p: _one(p.total.connections_opened)),
    _metric(
        "run_trustworthy",
        _G,
        "Once it has ended: 1 when its audit found the figures trustworthy, 0 when not.",
        _trust,
    ),
    _metric(
        "run_response_time_seconds",
        Kind.SUMMARY,
        "Response time of successes over all endpoints since the start; exact quantiles, where the sample "
        "supports them.",
        _all_times,
        unit=_S,
    ),
    _metric("response_time_seconds", Kind.HISTOGRAM, "Response time of successes.", _times, _E, unit=_S),
    _metric("requests", _C, "Ended requests by outcome.", _requests, ("endpoint", "outcome")),
    _metric("requests_sent", _C, "Requests begun.", _books(lambda totals: totals.sent), _E),
    _metric("requests_dropped", _C, "Due, but no user was free.", _books(lambda totals: totals.dropped), _E),
    _metric("sent_bytes", _C, "Bytes sent.", _books(lambda totals: totals.bytes_sent), _E, "bytes"),
    _metric(
        "received_bytes", _C, "Bytes received.", _books(lambda totals: totals.bytes_received), _E, "bytes"
    ),
    _metric("responses", _C, "Full responses by status code.", _responses, ("code",)),
    _metric("errors", _C, "Failed requests by kind.", _errors, ("kind",)),
    _metric("run_engines", _G, "Engine processes that the load came from.", lambda p: _one(p.view.shards)),
    _metric("run_engines_lost", _G, "Engine processes lost.", lambda p: _one(p.view.shards_lost)),
    _of_engines(
        "cpu_seconds", _C, "CPU time of the load generator's engines.", lambda h: h.cpu_ns / NS_PER_S
    ),
    _of_engines(
        "wait_seconds", _C, "Time in which engines had work and no processor.", lambda h: h.wait_ns / NS_PER_S
    ),
    _of_engines(
        "cpu_peak_ratio",
        _G,
        "The busiest engine's share of a core in its busiest interval.",
        lambda h: h.cpu_peak_percent / 100 if h.wall_ns else None,
        unit="ratio",
    ),
    _of_engines(
        "loop_lag_seconds",
        Kind.SUMMARY,
        "How late the engines' event loops were.",
        lambda h: Distribution(h.loop_lag),
    ),
    _of_engines(
        "schedule_lag_seconds",
        Kind.SUMMARY,
        "How late requests began.",
        lambda h: Distribution(h.schedule_lag),
    ),
)

STATES: Final = tuple(status.value for status in RunStatus)
