"""One interval's immutable totals and histograms, mergeable over shards and over time.

Counters and histograms add in both directions. Gauges (users, in flight, open connections) add over
shards and keep the later value over time. Both merges are associative.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import add, attrgetter

from webui.metrics.histogram import EMPTY, Histogram, merge
from webui.metrics.probing import NOTHING, Block, Probing


@dataclass(frozen=True, slots=True)
class Totals:
    """The books: offered = sent + dropped, sent = successes + failures + cut_off + in flight."""

    offered: int = 0
    sent: int = 0
    completed: int = 0  # full responses, whatever their status
    successes: int = 0
    failures: int = 0
    cut_off: int = 0
    dropped: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    redirects: int = 0  # followed; each is part of the request that it began with

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(*map(add, _figures(self), _figures(other)))

    @property
    def in_flight(self) -> int:
        """Requests begun and not yet ended."""
        return self.sent - self.successes - self.failures - self.cut_off

    @property
    def balanced(self) -> bool:
        """Whether the books of a finished run close exactly."""
        return self.offered == self.sent + self.dropped and self.in_flight == 0

    @property
    def success_percent(self) -> float | None:
        """Successes among the ended requests, 0 to 100; None when none has ended."""
        ended = self.successes + self.failures
        return 100.0 * self.successes / ended if ended else None


_figures = attrgetter(*(each.name for each in fields(Totals)))


@dataclass(frozen=True, slots=True)
class EndpointStats:
    """One named request's figures. Durations of successes and of failures are kept apart."""

    totals: Totals = Totals()
    status_codes: Mapping[int, int] = field(default_factory=dict)
    response: Histogram = EMPTY  # successes: end - intended start
    service: Histogram = EMPTY  # successes: end - actual send; the same object in the closed model
    failed: Histogram = EMPTY  # failures: end - intended start
    first_byte: Histogram = EMPTY  # full responses: first byte - actual send; the same object where equal


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Failures of one kind at one endpoint; times are since the start of the run."""

    count: int
    first_ns: int
    last_ns: int
    sample: str


@dataclass(frozen=True, slots=True)
class Health:
    """How the generator itself did: CPU of one core, lags of its event loop and of its schedule."""

    cpu_ns: int = 0
    wall_ns: int = 0
    cpu_peak_percent: float = 0.0  # the highest of any shard and interval merged into this
    loop_lag: Histogram = EMPTY
    schedule_lag: Histogram = EMPTY
    wait_ns: int = 0  # had work and no processor: others used it; 0 where the system does not tell
    demand_peak_percent: float = 0.0  # the highest of CPU used and waited for, as `cpu_peak_percent`

    @property
    def cpu_percent(self) -> float | None:
        """Mean CPU use of one engine's core, 0 to 100; None when nothing was timed."""
        return 100.0 * self.cpu_ns / self.wall_ns if self.wall_ns else None


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was changed while the run went on: users, rate, paused, resumed, added time.

    `number` counts a run's changes; all shards report the same change under the same number.
    """

    number: int
    t_ns: int
    kind: str  # "users", "rate", "pause", "resume", "add_time"
    value: float | None = None  # users, starts per second, or seconds


@dataclass(frozen=True, slots=True)
class StepStats:
    """What one level of a sweep measured in [start_ns, end_ns), after `settle_ns` that are not counted."""

    users: int
    start_ns: int
    end_ns: int
    settle_ns: int
    stats: EndpointStats
    kind: str = "level"  # of acts.LevelKind
    blocks: tuple[Block, ...] = ()  # of equal length, in order
    block_ns: int = 0  # their length
    per_user: tuple[int, ...] = ()  # successes of each user, rising: whether they are served evenly
    canary: Histogram = EMPTY  # the canary's answers meanwhile
    canary_failures: int = 0
    connections_lost: int = 0  # closed by the target, whatever the reason
    demand_percent: float | None = None  # CPU used and waited for by the generator, of one core


@dataclass(frozen=True, slots=True)
class WarmUp:
    """What was sent before the run's measured part: of `length_ns`, and in no other figure."""

    length_ns: int = 0
    totals: Totals = Totals()


NO_WARMUP = WarmUp()

ErrorKey = tuple[int, str]  # (endpoint's index in the plan, error kind)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What happened in [start_ns, end_ns) since the start of the run."""

    start_ns: int
    end_ns: int
    users: int = 0  # gauge: active users
    in_flight: int = 0  # gauge
    connections_open: int = 0  # gauge
    connections_opened: int = 0
    in_flight_ns: int = 0  # integral of requests in flight over the interval, sampled
    endpoints: tuple[EndpointStats, ...] = ()  # by the plan's order of requests
    errors: Mapping[ErrorKey, ErrorCount] = field(default_factory=dict)
    connect: Histogram = EMPTY  # name resolution and TCP
    tls: Histogram = EMPTY
    health: Health = Health()
    marks: tuple[Mark, ...] = ()
    steps: tuple[StepStats, ...] = ()  # those that ended in this interval
    probing: Probing = NOTHING  # of a sweep, and of any run with a canary
    warmup: WarmUp = NO_WARMUP  # before the start; in the first snapshots, until all of it has ended

    @property
    def seconds(self) -> float:
        """The interval's length."""
        return (self.end_ns - self.start_ns) / 1e9

    @property
    def totals(self) -> Totals:
        """The sum over the endpoints."""
        return sum((endpoint.totals for endpoint in self.endpoints), Totals())

    @property
    def all_endpoints(self) -> EndpointStats:
        """The figures of all endpoints merged into one."""
        return merge_endpoints(self.endpoints)


def merge_endpoints(parts: Sequence[EndpointStats]) -> EndpointStats:
    """Figures of several endpoints, shards or intervals as one."""
    if len(parts) == 1:
        return parts[0]
    response = merge(part.response for part in parts)
    closed = all(part.service is part.response for part in parts)
    service = response if closed else merge(part.service for part in parts)
    in_one_piece = all(part.first_byte is part.service for part in parts)
    return EndpointStats(
        sum((part.totals for part in parts), Totals()),
        _add_counts(part.status_codes for part in parts),
        response,
        service,
        merge(part.failed for part in parts),
        service if in_one_piece else merge(part.first_byte for part in parts),
    )


def merge_shards(parts: Sequence[Snapshot]) -> Snapshot:
    """The same interval of several shards as one. `parts` is not empty; all have the plan's endpoints."""
    return _merge(parts, sum_gauges=True)


def merge_time(parts: Sequence[Snapshot]) -> Snapshot:
    """Neighbouring intervals, in order, as one. `parts` is not empty."""
    return _merge(parts, sum_gauges=False)


def _merge(parts: Sequence[Snapshot], *, sum_gauges: bool) -> Snapshot:
    if len(parts) == 1:
        return parts[0]
    gauged = parts if sum_gauges else parts[-1:]
    return Snapshot(
        min(part.start_ns for part in parts),
        max(part.end_ns for part in parts),
        sum(part.users for part in gauged),
        sum(part.in_flight for part in gauged),
        sum(part.connections_open for part in gauged),
        sum(part.connections_opened for part in parts),
        sum(part.in_flight_ns for part in parts),
        _merge_columns(parts),
        _merge_errors(parts),
        merge(part.connect for part in parts),
        merge(part.tls for part in parts),
        _merge_health([part.health for part in parts]),
        _merge_marks(parts),
        tuple(step for part in parts for step in part.steps),
        sum((part.probing for part in parts), NOTHING),
        _merge_warmups(parts),
    )


def _merge_warmups(parts: Sequence[Snapshot]) -> WarmUp:
    found = [part.warmup for part in parts if part.warmup is not NO_WARMUP]
    if not found:
        return NO_WARMUP
    longest = max(warmup.length_ns for warmup in found)
    return WarmUp(longest, sum((warmup.totals for warmup in found), Totals()))


def _merge_columns(parts: Sequence[Snapshot]) -> tuple[EndpointStats, ...]:
    width = max(len(part.endpoints) for part in parts)
    return tuple(
        merge_endpoints([part.endpoints[i] for part in parts if i < len(part.endpoints)])
        for i in range(width)
    )


def _merge_errors(parts: Sequence[Snapshot]) -> dict[ErrorKey, ErrorCount]:
    merged: dict[ErrorKey, ErrorCount] = {}
    for part in parts:
        for key, error in part.errors.items():
            seen = merged.get(key)
            merged[key] = error if seen is None else _add_errors(seen, error)
    return merged


def _add_errors(a: ErrorCount, b: ErrorCount) -> ErrorCount:
    sample = a.sample if a.first_ns <= b.first_ns else b.sample
    return ErrorCount(a.count + b.count, min(a.first_ns, b.first_ns), max(a.last_ns, b.last_ns), sample)


def _merge_marks(parts: Sequence[Snapshot]) -> tuple[Mark, ...]:
    merged: dict[int, Mark] = {}
    for mark in (mark for part in parts for mark in part.marks):
        seen = merged.get(mark.number)
        if seen is None or mark.t_ns < seen.t_ns:
            merged[mark.number] = mark
    return tuple(merged[number] for number in sorted(merged))


def _merge_health(parts: Sequence[Health]) -> Health:
    return Health(
        sum(part.cpu_ns for part in parts),
        sum(part.wall_ns for part in parts),
        max(part.cpu_peak_percent for part in parts),
        merge(part.loop_lag for part in parts),
        merge(part.schedule_lag for part in parts),
        sum(part.wait_ns for part in parts),
        max(part.demand_peak_percent for part in parts),
    )


def _add_counts(parts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    merged: dict[int, int] = {}
    for part in parts:
        for key, count in part.items():
            merged[key] = merged.get(key, 0) + count
    return merged
