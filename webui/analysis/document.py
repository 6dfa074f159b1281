"""The result document (`katydid.run/1`): one run's figures as JSON, the same for API, page and files.

Times are in ms, rates per second, percentages 0 to 100. What could not be measured, or what the sample
cannot support, is null and never 0. Pure.
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, PlainSerializer

from webui.analysis.baseline import BaselinePart
from webui.analysis.diagnosed import DiagnosisPart
from webui.analysis.part import Part

Status = Literal["queued", "running", "stopping", "passed", "failed", "stopped", "interrupted", "error"]


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_rfc3339, return_type=str, when_used="json")]


class TotalsPart(Part):
    """The books: offered = sent + dropped, sent = successes + failures + cut_off (+ in flight)."""

    offered: int = 0
    sent: int = 0
    completed: int = 0
    successes: int = 0
    failures: int = 0
    cut_off: int = 0
    dropped: int = 0
    rate_rps: float | None = None
    throughput_rps: float | None = None
    success_percent: float | None = None
    bytes_sent: int = 0
    bytes_received: int = 0
    redirects: int = 0


class WarmUpPart(Part):
    """What the plan's warm-up sent before the run began, with books of its own that balance. It is in no
    other figure. While it is `under_way`, only `sent` is known."""

    under_way: bool = False
    duration_s: float | None = None
    offered: int | None = None
    sent: int = 0
    successes: int | None = None
    failures: int | None = None
    cut_off: int | None = None
    dropped: int | None = None


class TimesPart(Part):
    """The distribution of `count` durations in ms."""

    count: int = 0
    min: float | None = None
    mean: float | None = None
    stdev: float | None = None
    p50: float | None = None
    p75: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p99_9: Annotated[float | None, Field(alias="p99.9")] = None
    max: float | None = None


class EndpointPart(Part):
    """One named request of the plan."""

    name: str
    method: str
    totals: TotalsPart
    response_time_ms: TimesPart
    service_time_ms: TimesPart
    failure_time_ms: TimesPart
    first_byte_ms: TimesPart
    status_codes: dict[str, int] = Field(default_factory=dict)


class ErrorPlace(Part):
    """Where and when failures of one kind happened; times since the start of the run."""

    endpoint: str
    count: int
    first_s: float
    last_s: float
    sample: str


class ErrorPart(Part):
    """Failures of one kind."""

    kind: str
    count: int
    sample: str
    endpoints: tuple[ErrorPlace, ...] = ()


class ThresholdPart(Part):
    """One rule and how it did; `actual` is in `unit`. A rule against a baseline that there was not has no
    limit: it passes, and `note` says so."""

    expression: str
    passed: bool
    actual: float | None
    limit: float | None
    unit: str
    note: str = ""


class Lag(Part):
    """A lag of the generator in ms."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None


class CpuPercent(Part):
    """CPU use in percent of one core: the engines' mean, and the busiest one in its busiest interval."""

    mean: float | None = None
    max: float | None = None


class MeanInFlight(Part):
    """Requests in flight: sampled, and throughput times mean response time (Little's law)."""

    measured: float | None = None
    littles_law: float | None = None


class AuditPart(Part):
    """Whether the numbers can be trusted; `reasons` are sentences, empty when they can. `hints` are worth
    knowing and take nothing away."""

    trustworthy: bool | None = None
    reasons: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    schedule_lag_ms: Lag = Lag()
    loop_lag_ms: Lag = Lag()
    generator_cpu_percent: CpuPercent = CpuPercent()
    generator_wait_percent: float | None = None  # of its time, it had work and no processor
    mean_in_flight: MeanInFlight = MeanInFlight()
    connections_open: int | None = None
    connections_opened: int = 0


class RowPart(Part):
    """One interval of the run, which ended `t_s` after its start and lasted `interval_s`."""

    t_s: float
    interval_s: float
    users: int
    in_flight: int
    rate_rps: float | None
    throughput_rps: float | None
    failures: int
    p50_ms: float | None
    p90_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    mean_ms: float | None
    service_p50_ms: float | None = None  # open model only: there the times above start when they should have
    service_p99_ms: float | None = None
    dropped: int = 0  # starts that found no free user
    status_codes: dict[str, int] = Field(default_factory=dict)
    no_response: int = 0  # failures without a status: refused, reset, timed out
    bytes_received: int = 0


class QueueInside(Part):
    """How many requests waited in line inside the target, estimated from outside: those in flight times
    (1 - fastest / mean service time). `mean` is over the run, `newest` of its last interval with answers."""

    mean: float
    newest: float
    fastest_ms: float


class ProbePart(Part):
    """Requests beside the load, under a name of their own; they are in no other figure."""

    name: str
    sent: int
    successes: int
    failures: int
    response_time_ms: TimesPart


class StepPart(Part):
    """One level of a sweep, measured from `t_s` for `duration_s` after `settle_s` that are not counted.

    `in_service` and `waiting` are how many of its users' requests the target worked on and kept in line, by
    the diagnosis; null where that is not known."""

    users: int
    t_s: float
    duration_s: float
    settle_s: float
    throughput_rps: float | None
    success_percent: float | None
    totals: TotalsPart
    response_time_ms: TimesPart
    kind: str = "level"
    in_service: float | None = None
    waiting: float | None = None
    canary_p50_ms: float | None = None


class ChangePart(Part):
    """Something changed while the run went on. `value` is users, starts per second or seconds.

    `t_s` is when it took effect; while it is not `applied` yet, when it was asked for.
    """

    number: int
    t_s: float
    kind: Literal["users", "rate", "pause", "resume", "add_time"]
    value: float | None = None
    applied: bool = True


class RunDocument(Part):
    """One run with its results, finished or so far."""

    schema_: Annotated[Literal["katydid.run/1"], Field(alias="schema")] = "katydid.run/1"
    id: str
    name: str
    status: Status
    status_reason: str = ""
    plan: dict[str, Any]
    tags: tuple[str, ...] = ()
    note: str = ""
    created_at: Moment
    started_at: Moment | None = None
    ended_at: Moment | None = None
    duration_s: float | None = None
    shards: int = 0
    shards_lost: int = 0
    queue_position: int | None = None
    planned_s: float | None = None
    paused: bool = False
    warmup: WarmUpPart | None = None
    totals: TotalsPart = TotalsPart()
    response_time_ms: TimesPart = TimesPart()
    service_time_ms: TimesPart = TimesPart()
    failure_time_ms: TimesPart = TimesPart()
    first_byte_ms: TimesPart = TimesPart()
    connect_ms: TimesPart = TimesPart()
    tls_ms: TimesPart = TimesPart()
    endpoints: tuple[EndpointPart, ...] = ()
    status_codes: dict[str, int] = Field(default_factory=dict)
    errors: tuple[ErrorPart, ...] = ()
    thresholds: tuple[ThresholdPart, ...] = ()
    baseline: BaselinePart | None = None
    steps: tuple[StepPart, ...] = ()
    probes: tuple[ProbePart, ...] = ()
    queue_inside: QueueInside | None = None
    diagnosis: DiagnosisPart | None = None
    changes: tuple[ChangePart, ...] = ()
    audit: AuditPart = AuditPart()
    snapshots: tuple[RowPart, ...] = ()
