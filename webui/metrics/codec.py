"""Snapshots as bytes: msgpack for messages between processes, compressed by zlib for the store.

Nothing in the format can execute; a damaged or foreign document raises ValueError.
"""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgpack

from webui.metrics.histogram import histograms_from
from webui.metrics.probing import Activity, Block, BurstStats, CanaryRecord, ProbeStats, Probing
from webui.metrics.snapshot import (
    NO_WARMUP,
    EndpointStats,
    ErrorCount,
    Health,
    Mark,
    Snapshot,
    StepStats,
    Totals,
    WarmUp,
)

FORMAT = 4
# Format 3 had every time to the first byte, format 2 no probing, and of a step only its first five parts.
_READABLE = (2, 3, FORMAT)
_AT_ONCE = 16  # rows; with more, what is held meanwhile costs more than is won
_LARGEST = 256 * 1024 * 1024  # what a decoded snapshot may take


def encode(snapshot: Snapshot) -> bytes:
    """One snapshot as a self-contained document, compressed."""
    return zlib.compress(pack(snapshot), 1)


def pack(snapshot: Snapshot) -> bytes:
    """The same without compression, which takes an engine longer than all else of it."""
    document = [
        FORMAT,
        [
            snapshot.start_ns,
            snapshot.end_ns,
            snapshot.users,
            snapshot.in_flight,
            snapshot.connections_open,
            snapshot.connections_opened,
            snapshot.in_flight_ns,
        ],
        [_endpoint_data(endpoint) for endpoint in snapshot.endpoints],
        [
            [index, kind, error.count, error.first_ns, error.last_ns, error.sample]
            for (index, kind), error in snapshot.errors.items()
        ],
        snapshot.connect.to_data(),
        snapshot.tls.to_data(),
        _health_data(snapshot.health),
        [[mark.number, mark.t_ns, mark.kind, mark.value] for mark in snapshot.marks],
        [_step_data(step) for step in snapshot.steps],
        _probing_data(snapshot.probing),
        *_warmup_data(snapshot.warmup),
    ]
    packed: bytes = msgpack.packb(document)
    return packed


def decode(data: bytes) -> Snapshot:
    """The snapshot that `encode` made `data` from. Raises ValueError when it is none."""
    return decode_all([data])[0]


def decode_all(rows: Sequence[bytes]) -> list[Snapshot]:
    """The snapshots that `encode` made these from, faster than one by one. Raises ValueError when one is
    none."""
    found: list[Snapshot] = []
    with _checked():
        for start in range(0, len(rows), _AT_ONCE):
            documents = [_unpacked(_decompressed(data)) for data in rows[start : start + _AT_ONCE]]
            found += _snapshots(documents)
    return found


def unpack(data: bytes) -> Snapshot:
    """The snapshot that `pack` made `data` from. Raises ValueError when it is none."""
    with _checked():
        return _snapshots([_unpacked(data)])[0]


@contextmanager
def _checked() -> Iterator[None]:
    try:
        yield
    except (KeyError, IndexError, TypeError, OverflowError, zlib.error, msgpack.UnpackException) as error:
        raise ValueError(f"not a snapshot: {error}") from error


def _decompressed(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    raw = stream.decompress(data, _LARGEST)
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError("not a snapshot: too large or cut short")
    return raw


def _unpacked(raw: bytes) -> list[Any]:
    try:
        document = msgpack.unpackb(raw, strict_map_key=False)
    except ValueError as error:  # most of what msgpack finds wrong
        raise ValueError(f"not a snapshot: {error}") from error
    if not isinstance(document, list) or document[0] not in _READABLE:
        raise ValueError("not a snapshot of a known format")
    return document


def _snapshots(documents: Sequence[list[Any]]) -> list[Snapshot]:
    """Puts each histogram in its place in the documents, all at once, and then makes what stands around."""
    places = [place for document in documents for place in _histograms(document)]
    found = histograms_from([parent[key] for parent, key in places])
    for (parent, key), histogram in zip(places, found, strict=True):
        parent[key] = histogram
    return [_snapshot(document) for document in documents]


def _histograms(document: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Where histograms stand in a document: in which list or dict, and at which key."""
    _, _, endpoints, _, _, _, health, _, steps, *more = document
    for endpoint in endpoints:
        yield from _of_endpoint(endpoint)
    yield from ((document, 4), (document, 5), (health, 3), (health, 4))
    for step in steps:
        yield from _of_endpoint(step[4])
        if len(step) > 9:
            yield step, 9
    if more:
        _, canary, probes, _ = more[0]
        if canary is not None:
            yield canary, 3
        yield from ((probe, 3) for probe in probes.values())


def _of_endpoint(endpoint: list[Any]) -> Iterator[tuple[Any, Any]]:
    yield from ((endpoint, place) for place in (2, 3, 4, 5) if endpoint[place] is not None)


def _snapshot(document: list[Any]) -> Snapshot:
    """The snapshot of a document that has its histograms."""
    _, gauges, endpoints, errors, connect, tls, health, marks, steps, *more = document
    start_ns, end_ns, users, in_flight, connections_open, connections_opened, in_flight_ns = gauges
    return Snapshot(
        start_ns,
        end_ns,
        users,
        in_flight,
        connections_open,
        connections_opened,
        in_flight_ns,
        endpoints=tuple(_endpoint(data) for data in endpoints),
        errors={(index, kind): ErrorCount(*rest) for index, kind, *rest in errors},
        connect=connect,
        tls=tls,
        health=_health(health),
        marks=tuple(Mark(*mark) for mark in marks),
        steps=tuple(_step(data) for data in steps),
        probing=_probing(more[0]) if more else Probing(),
        warmup=_warmup(*more[1:]),
    )


def _warmup_data(warmup: WarmUp) -> list[Any]:
    """Nothing in most snapshots, as in those of runs from before there were warm-ups."""
    return [] if warmup is NO_WARMUP else [[warmup.length_ns, _totals_data(warmup.totals)]]


def _warmup(data: list[Any] | None = None) -> WarmUp:
    return NO_WARMUP if data is None else WarmUp(data[0], Totals(*data[1]))


def _step_data(step: StepStats) -> list[Any]:
    return [
        step.users,
        step.start_ns,
        step.end_ns,
        step.settle_ns,
        _endpoint_data(step.stats),
        step.kind,
        [[block.successes, block.response_ns] for block in step.blocks],
        step.block_ns,
        list(step.per_user),
        step.canary.to_data(),
        step.canary_failures,
        step.connections_lost,
        step.demand_percent,
    ]


def _step(data: list[Any]) -> StepStats:
    users, start_ns, end_ns, settle_ns, stats, *more = data
    if not more:
        return StepStats(users, start_ns, end_ns, settle_ns, _endpoint(stats))
    kind, blocks, block_ns, per_user, canary, *rest = more
    return StepStats(
        users,
        start_ns,
        end_ns,
        settle_ns,
        _endpoint(stats),
        kind,
        tuple(Block(*block) for block in blocks),
        block_ns,
        tuple(per_user),
        canary,
        *rest,
    )


def _probing_data(probing: Probing) -> list[Any]:
    canary, activity = probing.canary, probing.activity
    return [
        [
            [burst.kind, burst.size, burst.start_ns, list(burst.successes_ns), list(burst.failures_ns)]
            for burst in probing.bursts
        ],
        None
        if canary is None
        else [
            canary.path,
            canary.reason,
            canary.status,
            canary.idle.to_data(),
            list(canary.burst_costs_ns),
            canary.chosen_by_user,
            [list(pair) for pair in canary.excluded],
        ],
        {
            name: [stats.sent, stats.successes, stats.failures, stats.times.to_data()]
            for name, stats in probing.probes.items()
        },
        None if activity is None else [activity.why, activity.users],
    ]


def _probing(data: list[Any]) -> Probing:
    bursts, canary, probes, activity = data
    return Probing(
        tuple(
            BurstStats(kind, size, start_ns, tuple(good), tuple(bad))
            for kind, size, start_ns, good, bad in bursts
        ),
        None if canary is None else _canary(canary),
        {name: ProbeStats(*figures) for name, figures in probes.items()},
        None if activity is None else Activity(*activity),
    )


def _canary(data: list[Any]) -> CanaryRecord:
    path, reason, status, idle, costs, chosen_by_user, excluded = data
    return CanaryRecord(
        path,
        reason,
        status,
        idle,
        tuple(costs),
        chosen_by_user,
        tuple((route, why) for route, why in excluded),
    )


def _endpoint_data(endpoint: EndpointStats) -> list[Any]:
    return [
        _totals_data(endpoint.totals),
        dict(endpoint.status_codes),
        endpoint.response.to_data(),
        None if endpoint.service is endpoint.response else endpoint.service.to_data(),
        endpoint.failed.to_data(),
        None if endpoint.first_byte is endpoint.service else endpoint.first_byte.to_data(),
    ]


def _totals_data(totals: Totals) -> list[int]:
    return [
        totals.offered,
        totals.sent,
        totals.completed,
        totals.successes,
        totals.failures,
        totals.cut_off,
        totals.dropped,
        totals.bytes_sent,
        totals.bytes_received,
        totals.redirects,
    ]


def _endpoint(data: list[Any]) -> EndpointStats:
    totals, codes, response, service, failed, first_byte = data
    if service is None:
        service = response
    if first_byte is None:
        first_byte = service
    return EndpointStats(Totals(*totals), codes, response, service, failed, first_byte)


def _health_data(health: Health) -> list[Any]:
    lags = [health.loop_lag.to_data(), health.schedule_lag.to_data()]
    demand = [health.wait_ns, health.demand_peak_percent]
    return [health.cpu_ns, health.wall_ns, health.cpu_peak_percent, *lags, *demand]


def _health(data: list[Any]) -> Health:
    cpu_ns, wall_ns, peak, loop_lag, schedule_lag, *demand = data  # the last two came later
    return Health(cpu_ns, wall_ns, peak, loop_lag, schedule_lag, *demand)
