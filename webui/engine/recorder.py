"""What happened, counted: every begun request ends in exactly one of success, failure or cut-off.

Counters only grow; a snapshot is the difference to the one before. In the closed model a request is due
when it is sent, so offered = sent and the service time is the response time. In the open model offered
counts every start that was due, those that no user was free for (dropped) too.

A sweep's step is recorded by cutting the present interval in two where the step begins and where it ends:
the parts in between, merged, are the step; the parts of an interval, merged, are its snapshot.
"""

from array import array
from collections.abc import Iterator
from itertools import compress

from webui.engine.tally import Tally, fold
from webui.engine.template import STATUSES
from webui.metrics.probing import NOTHING, Probing
from webui.metrics.snapshot import (
    NO_WARMUP,
    EndpointStats,
    ErrorCount,
    ErrorKey,
    Health,
    Mark,
    Snapshot,
    StepStats,
    Totals,
    WarmUp,
    merge_endpoints,
)
from webui.security.hiding import hide

SAMPLE_CHARS = 200
WARMUP = -1  # the index of an endpoint's log that belongs to the warm-up

Columns = tuple[EndpointStats, ...]  # by the plan's order of requests


class EndpointLog:
    """One endpoint's counts. Users write them directly; `add_…` take one duration in nanoseconds."""

    __slots__ = (
        "_open",
        "_taken",
        "_usual_size",
        "_usual_status",
        "add_failed",
        "add_first_byte",
        "add_response",
        "add_service",
        "add_usual",
        "begun",
        "codes",
        "completed_failures",
        "cut_off",
        "dropped",
        "extra_sent",
        "failed",
        "failures",
        "first_byte",
        "index",
        "received",
        "redirects",
        "request_bytes",
        "response",
        "service",
        "unwritten",
        "usual",
    )

    def __init__(self, index: int, request_bytes: int, *, open_model: bool) -> None:
        self.index = index
        self.request_bytes = request_bytes
        self._open = open_model
        # since the start
        self.dropped = 0  # due starts that no user was free for
        self.begun = 0  # requests begun, those whose connection failed included
        self.unwritten = 0  # of these, those that have not come to a connection
        self.failures = 0
        self.completed_failures = 0  # full responses that count as failures
        self.cut_off = 0
        self.received = 0  # bytes
        self.extra_sent = 0  # bytes beside those that every request has: cookies, redirected requests
        self.redirects = 0  # followed
        self._taken = Totals()
        # since the last snapshot
        self.codes = [0] * STATUSES
        self.response = Tally()  # successes, from the intended start
        self.service = Tally()  # successes, from the actual start; in the open model only
        self.failed = Tally()  # failures
        self.first_byte = Tally()  # full responses
        self.add_response = self.response.add
        self.add_service = self.service.add
        # Usual responses, all alike: from send to the first byte, which is the end. Not counted further yet.
        self.usual: array[int] = array("q")
        self._usual_status = self._usual_size = 0
        self.add_usual = self.usual.append
        self.add_failed = self.failed.add
        self.add_first_byte = self.first_byte.add

    @property
    def successes(self) -> int:
        """Since the start."""
        return self.response.folded + len(self.response.pending) + len(self.usual)

    @property
    def in_flight(self) -> int:
        """Requests begun and not yet ended."""
        return self.begun - self.successes - self.failures - self.cut_off

    def expect(self, status: int, size: int) -> None:
        """From now on a usual response has that status and so many bytes."""
        self._count_usual()
        self._usual_status, self._usual_size = status, size

    def _count_usual(self) -> None:
        number = len(self.usual)
        if number:
            self.response.pending.extend(self.usual)
            self.first_byte.pending.extend(self.usual)
            self.codes[self._usual_status] += number
            self.received += number * self._usual_size
            del self.usual[:]

    def tallies(self) -> tuple[Tally, ...]:
        """All of them, with everything in them that has come."""
        self._count_usual()
        return self.response, self.service, self.failed, self.first_byte

    def take(self) -> EndpointStats:
        """What happened since the last `take`."""
        fold(self.tallies())
        now, before = self._totals(), self._taken
        self._taken = now
        codes = {status: self.codes[status] for status in compress(range(STATUSES), self.codes)}
        for status in codes:
            self.codes[status] = 0
        response = self.response.take()
        service = self.service.take() if self._open else response
        failed, first_byte = self.failed.take(), self.first_byte.take()
        if first_byte == service:  # each response came in one piece
            first_byte = service
        return EndpointStats(_difference(now, before), codes, response, service, failed, first_byte)

    def successor(self) -> "EndpointLog":
        """A log that begins at nothing, in place of this one. What is under way ends in this one."""
        log = EndpointLog(self.index, self.request_bytes, open_model=self._open)
        log._usual_status, log._usual_size = self._usual_status, self._usual_size
        self.index = WARMUP
        return log

    def _totals(self) -> Totals:
        return Totals(
            offered=self.begun + self.dropped,
            sent=self.begun,
            completed=self.successes + self.completed_failures,
            successes=self.successes,
            failures=self.failures,
            cut_off=self.cut_off,
            dropped=self.dropped,
            bytes_sent=(self.begun - self.unwritten) * self.request_bytes + self.extra_sent,
            bytes_received=self.received,
            redirects=self.redirects,
        )


def _difference(now: Totals, before: Totals) -> Totals:
    return Totals(
        now.offered - before.offered,
        now.sent - before.sent,
        now.completed - before.completed,
        now.successes - before.successes,
        now.failures - before.failures,
        now.cut_off - before.cut_off,
        now.dropped - before.dropped,
        now.bytes_sent - before.bytes_sent,
        now.bytes_received - before.bytes_received,
        now.redirects - before.redirects,
    )


class Recorder:
    """Everything one shard counts. Times given to it are the clock's; `origin_ns` is the shard's start."""

    def __init__(self, request_bytes: list[int], origin_ns: int, *, open_model: bool = False) -> None:
        self.logs = [
            EndpointLog(index, size, open_model=open_model) for index, size in enumerate(request_bytes)
        ]
        self.connect = Tally()
        self.tls = Tally()
        self.connections_open = 0
        self.connections_opened = 0  # since the last snapshot
        self.connections_lost = 0  # since the start; closed by the target, counted by users who are tapped
        self.hidden: tuple[str, ...] = ()  # what no sample may show
        self.marks: list[Mark] = []  # since the last snapshot
        self.steps: list[StepStats] = []  # that ended since the last snapshot
        self._warmup_ns = 0
        self._warmup_logs: list[EndpointLog] = []  # until all that it began has ended
        self._parts: list[Columns] = []  # of the present interval, up to the last cut
        self._step: list[Columns] | None = None  # of the step under way, up to the last cut
        self._errors: dict[ErrorKey, ErrorCount] = {}
        self._in_flight_ns = 0
        self.begin(origin_ns)

    def begin(self, origin_ns: int) -> None:
        """Load begins then, which is what all reported times count from."""
        self.origin_ns = origin_ns
        self._last_ns = origin_ns  # the last snapshot
        self._sampled_ns = origin_ns  # the last look at how many are in flight

    def error(self, endpoint: int, kind: str, now: int, detail: str, sample: bytes = b"") -> None:
        """Counts one failure. The first of its kind in an interval leaves a sample. Not of a warm-up."""
        if endpoint == WARMUP:
            return
        elapsed = now - self.origin_ns
        seen = self._errors.get((endpoint, kind))
        if seen is None:
            self._errors[endpoint, kind] = ErrorCount(
                1, elapsed, elapsed, _sample(detail, sample, self.hidden)
            )
        else:
            last = max(seen.last_ns, elapsed)
            self._errors[endpoint, kind] = ErrorCount(seen.count + 1, seen.first_ns, last, seen.sample)

    @property
    def in_flight(self) -> int:
        """Requests begun and not yet ended."""
        return sum(log.in_flight for log in self.logs)

    def sample_in_flight(self, now: int) -> None:
        """Adds to the integral of requests in flight: their present number since the last look."""
        self._in_flight_ns += self.in_flight * (now - self._sampled_ns)
        self._sampled_ns = now

    def tallies(self) -> Iterator[Tally]:
        """Those in which durations may wait for being counted."""
        for log in self.logs:
            yield from log.tallies()
        yield self.connect
        yield self.tls

    def end_warmup(self, now: int) -> None:
        """The run begins now. What began before, and only that, is counted apart: requests under way end in
        the warm-up's books, so that both books close."""
        self._warmup_ns = now - self.origin_ns
        self._warmup_logs = self.logs
        self.logs = [log.successor() for log in self.logs]
        self.connect.take()
        self.tls.take()
        self._errors = {}
        self._in_flight_ns = self.connections_opened = 0
        self.begin(now)

    def _take_warmup(self) -> WarmUp:
        """What has ended of it since the last look."""
        if not self._warmup_logs:
            return NO_WARMUP
        totals = sum((log.take().totals for log in self._warmup_logs), Totals())
        if not any(log.in_flight for log in self._warmup_logs):
            self._warmup_logs = []
        return WarmUp(self._warmup_ns, totals)

    def begin_step(self) -> None:
        """From now on what happens belongs to a step."""
        self._cut()
        self._step = []

    def end_step(self) -> EndpointStats:
        """What happened since the step began; it is over."""
        self._cut()
        assert self._step is not None
        step, self._step = self._step, None
        return merge_endpoints(_merged(step))

    @property
    def ended(self) -> tuple[int, int]:
        """Successes and failures since the start."""
        return sum(log.successes for log in self.logs), sum(log.failures for log in self.logs)

    def answered(self) -> tuple[int, int]:
        """The successes since the start, and the sum of their response times."""
        fold(self.tallies())
        responses = [log.response for log in self.logs]
        return sum(each.folded for each in responses), sum(each.folded_ns for each in responses)

    def _cut(self) -> None:
        part = tuple(log.take() for log in self.logs)
        self._parts.append(part)
        if self._step is not None:
            self._step.append(part)

    def take(self, now: int, users: int, health: Health, probing: Probing = NOTHING) -> Snapshot:
        """The snapshot from the last one until now."""
        self.sample_in_flight(now)
        in_flight = self.in_flight
        self._cut()
        snapshot = Snapshot(
            start_ns=self._last_ns - self.origin_ns,
            end_ns=now - self.origin_ns,
            users=users,
            in_flight=in_flight,
            connections_open=self.connections_open,
            connections_opened=self.connections_opened,
            in_flight_ns=self._in_flight_ns,
            endpoints=_merged(self._parts),
            errors=self._errors,
            connect=self.connect.take(),
            tls=self.tls.take(),
            health=health,
            marks=tuple(self.marks),
            steps=tuple(self.steps),
            probing=probing,
            warmup=self._take_warmup(),
        )
        self._errors, self._last_ns, self._parts = {}, now, []
        self.marks, self.steps = [], []
        self._in_flight_ns = self.connections_opened = 0
        return snapshot


def _merged(parts: list[Columns]) -> Columns:
    return (
        parts[0] if len(parts) == 1 else tuple(merge_endpoints(column) for column in zip(*parts, strict=True))
    )


def _sample(detail: str, body: bytes, hidden: tuple[str, ...]) -> str:
    text = hide(f"{detail}: {body.decode('utf-8', 'replace')}" if body else detail, hidden)
    return "".join(char if char.isprintable() else " " for char in text)[:SAMPLE_CHARS]
