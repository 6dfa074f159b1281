"""Snapshots as bytes, for messages between processes and for the store: msgpack, then zlib.

Nothing in the format can execute; a damaged or foreign document raises ValueError.
"""

import zlib
from typing import Any

import msgpack

from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, ErrorCount, Health, Mark, Snapshot, StepStats, Totals

FORMAT = 2
_LARGEST = 256 * 1024 * 1024  # what a decoded snapshot may take


def encode(snapshot: Snapshot) -> bytes:
    """One snapshot as a self-contained document."""
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
        [
            [step.users, step.start_ns, step.end_ns, step.settle_ns, _endpoint_data(step.stats)]
            for step in snapshot.steps
        ],
    ]
    return zlib.compress(msgpack.packb(document), 1)


def decode(data: bytes) -> Snapshot:
    """The snapshot that `encode` made `data` from. Raises ValueError when it is none."""
    try:
        return _snapshot(_unpack(data))
    except (KeyError, IndexError, TypeError, OverflowError, zlib.error, msgpack.UnpackException) as error:
        raise ValueError(f"not a snapshot: {error}") from error


def _unpack(data: bytes) -> list[Any]:
    stream = zlib.decompressobj()
    raw = stream.decompress(data, _LARGEST)
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError("not a snapshot: too large or cut short")
    document = msgpack.unpackb(raw, strict_map_key=False)
    if not isinstance(document, list) or document[0] != FORMAT:
        raise ValueError("not a snapshot of a known format")
    return document


def _snapshot(document: list[Any]) -> Snapshot:
    _, gauges, endpoints, errors, connect, tls, health, marks, steps = document
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
        connect=Histogram.from_data(connect),
        tls=Histogram.from_data(tls),
        health=_health(health),
        marks=tuple(Mark(*mark) for mark in marks),
        steps=tuple(_step(data) for data in steps),
    )


def _step(data: list[Any]) -> StepStats:
    users, start_ns, end_ns, settle_ns, stats = data
    return StepStats(users, start_ns, end_ns, settle_ns, _endpoint(stats))


def _endpoint_data(endpoint: EndpointStats) -> list[Any]:
    totals = endpoint.totals
    return [
        [
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
        ],
        dict(endpoint.status_codes),
        endpoint.response.to_data(),
        None if endpoint.service is endpoint.response else endpoint.service.to_data(),
        endpoint.failed.to_data(),
        endpoint.first_byte.to_data(),
    ]


def _endpoint(data: list[Any]) -> EndpointStats:
    totals, codes, response_data, service_data, failed, first_byte = data
    response = Histogram.from_data(response_data)
    service = response if service_data is None else Histogram.from_data(service_data)
    return EndpointStats(
        Totals(*totals),
        codes,
        response,
        service,
        Histogram.from_data(failed),
        Histogram.from_data(first_byte),
    )


def _health_data(health: Health) -> list[Any]:
    lags = [health.loop_lag.to_data(), health.schedule_lag.to_data()]
    demand = [health.wait_ns, health.demand_peak_percent]
    return [health.cpu_ns, health.wall_ns, health.cpu_peak_percent, *lags, *demand]


def _health(data: list[Any]) -> Health:
    cpu_ns, wall_ns, peak, loop_lag, schedule_lag, *demand = data  # the last two came later
    lags = Histogram.from_data(loop_lag), Histogram.from_data(schedule_lag)
    return Health(cpu_ns, wall_ns, peak, *lags, *demand)
