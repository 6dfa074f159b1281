"""Whether a run's numbers can be trusted: measurement rule 7. Pure.

Each check yields one sentence, or nothing when it holds or when there is too little data to tell.
"""

from collections.abc import Iterator, Sequence

from webui.analysis.document import AuditPart, CpuPercent, Lag, MeanInFlight
from webui.metrics.histogram import Histogram
from webui.metrics.limits import MACHINE_LIMIT
from webui.metrics.percentiles import supported
from webui.metrics.snapshot import EndpointStats, Snapshot
from webui.plan.load import ConstantRate, RampingRate
from webui.plan.model import Plan
from webui.runs.signatures import signature_hints
from webui.units import NS_PER_MS, count, milliseconds, percent, plural, significant

CPU_LIMIT_PERCENT = 90.0
CPU_SUSTAINED = 0.2  # the share of the run's time over the limit that counts as sustained
LOOP_LAG_LIMIT_MS = 10.0
WAIT_SHARE = 0.1  # of the time, from which on it is named that processors were taken
SCHEDULE_LAG_LIMIT_MS = 5.0
OPEN_LAG_LIMIT_MS = 1.0  # open model, where the lag is part of each response time; or, when that is more,
OPEN_LAG_SHARE = 0.1  # this share of the response times' p99
LITTLE_TOLERANCE = 0.1  # relative
LITTLE_SLACK = 0.25  # requests: in flight is sampled, and the edges of a run are not in the sums
LITTLE_MIN_ENDED = 500
LITTLE_MIN_S = 3.0
CONNECTIONS_TOLERANCE = 0.9
_CONNECT_KINDS = frozenset({"dns_error", "connect_refused", "connect_timeout", "connect_error", "tls_error"})


def audit_of(
    plan: Plan,
    rows: Sequence[Snapshot],
    total: Snapshot | None,
    shards: int,
    shards_lost: int,
    live: bool,
) -> AuditPart:
    """The audit of a run from its series and their sum. `trustworthy` is None when nothing was sent."""
    if total is None or not total.totals.sent:
        return AuditPart()
    in_flight = _mean_in_flight(total)
    generator = list(_generator_reasons(plan, rows, total))
    reasons = [
        *generator,
        *_book_reasons(total, live),
        *_little_reasons(total, in_flight),
        *_connection_reasons(plan, rows, total),
        *_machine_reasons(total),
        *_shard_reasons(shards, shards_lost),
    ]
    health = total.health
    return AuditPart(
        trustworthy=not reasons,
        reasons=tuple(reasons),
        hints=tuple(_hints(plan, total, generator_is_limit=bool(generator))),
        schedule_lag_ms=_lag(health.schedule_lag),
        loop_lag_ms=_lag(health.loop_lag),
        generator_cpu_percent=CpuPercent(
            mean=health.cpu_percent, max=health.cpu_peak_percent if health.wall_ns else None
        ),
        generator_wait_percent=100.0 * health.wait_ns / health.wall_ns if health.wall_ns else None,
        mean_in_flight=in_flight,
        connections_open=_peak_connections(rows),
        connections_opened=total.connections_opened,
    )


def _lag(histogram: Histogram) -> Lag:
    if not histogram:
        return Lag()
    return Lag(
        p50=_ms(histogram.percentile_ns(50)),
        p99=_ms(histogram.percentile_ns(99)) if supported(99, histogram.total) else None,
        max=_ms(histogram.max_ns),
    )


def _ms(value_ns: int | None) -> float | None:
    return None if value_ns is None else value_ns / NS_PER_MS


def _generator_reasons(plan: Plan, rows: Sequence[Snapshot], total: Snapshot) -> Iterator[str]:
    busy = _busy_share(rows)
    if busy >= CPU_SUSTAINED:
        yield _busy_reason(busy, total)
    loop = _lag(total.health.loop_lag).p99
    if loop is not None and loop > LOOP_LAG_LIMIT_MS:
        yield (
            f"The generator's own loop was late by {milliseconds(loop)} at p99 (limit "
            f"{LOOP_LAG_LIMIT_MS:.0f} ms): response times include waits inside the generator."
        )
    schedule = _lag(total.health.schedule_lag).p99
    limit = schedule_lag_limit_ms(plan, total)
    if schedule is not None and schedule > limit:
        yield (
            f"Requests started {milliseconds(schedule)} late at p99 (limit {milliseconds(limit)}): "
            "the planned load was not kept exactly."
        )


def _busy_reason(busy: float, total: Snapshot) -> str:
    health, limit = total.health, f"{CPU_LIMIT_PERCENT:.0f}%"
    waited = health.wait_ns / health.wall_ns if health.wall_ns else 0.0
    if waited < WAIT_SHARE:
        return (
            f"The generator used over {limit} of a core for {busy * 100:.0f}% of the test: it may have been "
            "the limit, not the target."
        )
    return (
        f"The generator used or waited for over {limit} of a core for {busy * 100:.0f}% of the test; other "
        f"processes kept it waiting {waited * 100:.0f}% of its time: it was the limit, not the target."
    )


def _busy_share(rows: Sequence[Snapshot]) -> float:
    """The share of the measured time in which the busiest engine used, or waited for, more than its limit
    of CPU. Of a row of several intervals it is the most that its CPU time can make."""
    timed = [row for row in rows if row.health.wall_ns]
    whole = sum(row.end_ns - row.start_ns for row in timed)
    return sum(map(_busy_ns, timed)) / whole if whole else 0.0


def _busy_ns(row: Snapshot) -> float:
    health = row.health
    if max(health.cpu_peak_percent, health.demand_peak_percent) <= CPU_LIMIT_PERCENT:
        return 0.0
    most = (health.cpu_ns + health.wait_ns) / (CPU_LIMIT_PERCENT / 100)
    return min(row.end_ns - row.start_ns, most)


def schedule_lag_limit_ms(plan: Plan, total: Snapshot) -> float:
    """How late requests may start at p99. In the open model a lag shows in every response time, so it is held
    against those."""
    if not _is_open(plan):
        return SCHEDULE_LAG_LIMIT_MS
    times = total.all_endpoints.response
    allowed = OPEN_LAG_SHARE * (_ms(times.percentile_ns(99)) or 0.0)
    return min(SCHEDULE_LAG_LIMIT_MS, max(OPEN_LAG_LIMIT_MS, allowed))


def _is_open(plan: Plan) -> bool:
    return isinstance(plan.load, ConstantRate | RampingRate)


def _hints(plan: Plan, total: Snapshot, *, generator_is_limit: bool) -> Iterator[str]:
    """What makes no figure wrong and yet explains some."""
    totals, load = total.totals, plan.load
    yield from signature_hints(total)
    if not totals.dropped or not isinstance(load, ConstantRate | RampingRate):
        return
    share = percent(100.0 * totals.dropped / totals.offered)
    dropped = f"{count(totals.dropped)} of {count(totals.offered)} starts ({share})"
    users = plural(load.max_users, "user")
    if generator_is_limit:
        yield f"{dropped} found none of {users} free, or came too late, and were dropped."
    else:
        yield (
            f"{dropped} found none of {users} free and were dropped: the target was too slow for this rate "
            "with so few users."
        )


def _book_reasons(total: Snapshot, live: bool) -> Iterator[str]:
    """Sums that must agree exactly."""
    totals = total.totals
    if totals.offered != totals.sent + totals.dropped:
        yield (
            f"The books do not balance: {count(totals.offered)} offered, but {count(totals.sent)} sent "
            f"and {count(totals.dropped)} dropped."
        )
    open_ones = totals.in_flight
    if open_ones < 0 or (open_ones and not live):
        yield (
            f"The books do not balance: {count(totals.sent)} sent, but "
            f"{count(totals.sent - open_ones)} ended or cut off."
        )
    if any(not _sums_agree(endpoint) for endpoint in total.endpoints):
        yield "The times recorded do not agree with the number of requests."
    if any(_mean_above_max(histogram) for histogram in _histograms(total)):
        yield "A mean time is above its maximum: the recorded times are damaged."


def _sums_agree(endpoint: EndpointStats) -> bool:
    totals = endpoint.totals
    return endpoint.response.total == totals.successes and endpoint.failed.total == totals.failures


def _histograms(total: Snapshot) -> Iterator[Histogram]:
    for endpoint in total.endpoints:
        yield from (endpoint.response, endpoint.service, endpoint.failed, endpoint.first_byte)
    yield from (total.connect, total.tls)


def _mean_above_max(histogram: Histogram) -> bool:
    mean = histogram.mean_ns
    return mean is not None and not histogram.min_ns <= mean <= histogram.max_ns


def _mean_in_flight(total: Snapshot) -> MeanInFlight:
    """Sampled, and from Little's law: the time that all requests took together, over the run's time."""
    elapsed_ns = total.end_ns - total.start_ns
    if elapsed_ns <= 0:
        return MeanInFlight()
    taken_ns = sum(e.service.sum_ns + e.failed.sum_ns for e in total.endpoints)
    return MeanInFlight(measured=total.in_flight_ns / elapsed_ns, littles_law=taken_ns / elapsed_ns)


def _little_reasons(total: Snapshot, in_flight: MeanInFlight) -> Iterator[str]:
    measured, expected = in_flight.measured, in_flight.littles_law
    totals = total.totals
    ended = totals.successes + totals.failures
    if measured is None or expected is None or ended < LITTLE_MIN_ENDED or total.seconds < LITTLE_MIN_S:
        return
    # The time that open and cut off requests took is in no sum; each had at most the whole run.
    unknown = totals.cut_off + max(0, totals.in_flight)
    slack = max(LITTLE_TOLERANCE * max(measured, expected), LITTLE_SLACK)
    if expected - measured > slack or measured - expected > slack + unknown:
        yield (
            f"{significant(measured)} requests were in flight on average, but throughput and response time "
            f"make it {significant(expected)} (Little's law): some times were not measured right."
        )


def _machine_reasons(total: Snapshot) -> Iterator[str]:
    """Requests that failed for want of something on the generator's machine say nothing about the target."""
    lacking = {error.sample.partition(MACHINE_LIMIT)[2] for error in total.errors.values()} - {""}
    for lack in sorted(lacking):
        yield f"The generator's machine ran out of something: {lack}."


def _connection_reasons(plan: Plan, rows: Sequence[Snapshot], total: Snapshot) -> Iterator[str]:
    """With kept connections each request in flight has one of its own, so the peaks must agree.

    A target that refuses, or closes connections again and again, says nothing about the generator: requests
    that wait for a new connection are in flight without one. Nor does HTTP/2, where requests share one.
    """
    users = max((row.users for row in rows), default=0)
    refused = any(kind in _CONNECT_KINDS for _, kind in total.errors)
    if (
        not plan.http.keepalive
        or plan.http.needs_httpx
        or refused
        or total.connections_opened > 2 * max(users, 1)
        or total.connections_opened * 2 > total.totals.completed
    ):
        return
    opened = _peak_connections(rows) or 0
    wanted = max((row.in_flight for row in rows), default=0)
    if opened < CONNECTIONS_TOLERANCE * wanted:
        yield (
            f"At most {plural(opened, 'connection was', 'connections were')} open for {count(wanted)} "
            "requests in flight: fewer ran side by side than was planned."
        )


def _peak_connections(rows: Sequence[Snapshot]) -> int | None:
    return max((row.connections_open for row in rows), default=None)


def _shard_reasons(shards: int, shards_lost: int) -> Iterator[str]:
    if shards_lost:
        were = "was" if shards_lost == 1 else "were"
        yield (
            f"{shards_lost} of {plural(shards, 'engine process', 'engine processes')} {were} lost during the "
            "test: from then on the load was lower than planned."
        )
