"""Hints of known signatures in an ordinary run."""

from __future__ import annotations

from webui.metrics.histogram import Histogram
from webui.metrics.snapshot import EndpointStats, Snapshot, Totals
from webui.runs.signatures import signature_hints

MS = 1_000_000


def snapshot(
    success_ms: list[float], failed_ms: list[float], status: int = 503, connect_ms: list[float] | None = None
) -> Snapshot:
    response = Histogram.of([int(value * MS) for value in success_ms])
    failed = Histogram.of([int(value * MS) for value in failed_ms])
    ended = len(success_ms) + len(failed_ms)
    totals = Totals(ended, ended, ended, len(success_ms), len(failed_ms))
    stats = EndpointStats(totals, {200: len(success_ms), status: len(failed_ms)}, response, response, failed)
    connect = Histogram.of([int(value * MS) for value in connect_ms or []])
    return Snapshot(0, 10**9, endpoints=(stats,), connect=connect)


def test_quick_refusals_beside_flat_successes() -> None:
    [hint] = signature_hints(snapshot([50.0] * 100, [1.0] * 100))
    assert hint.startswith("100 requests (50.00%) were refused in about 1.00")


def test_slow_failures_and_growing_latency_are_no_refusals() -> None:
    assert not list(signature_hints(snapshot([50.0] * 100, [900.0] * 100)))
    assert not list(signature_hints(snapshot([50.0] * 90 + [500.0] * 10, [1.0] * 100)))
    assert not list(signature_hints(snapshot([50.0] * 100, [1.0] * 100, status=404)))
    assert not list(signature_hints(snapshot([50.0] * 100, [1.0] * 2)))


def test_connections_that_tcp_tried_again() -> None:
    [hint] = signature_hints(snapshot([5.0], [], connect_ms=[0.2] * 50 + [1015.0] * 4 + [3040.0] * 2))
    assert hint.startswith("6 connections took about 1, 3 or 7 s to open")


def test_a_far_network_is_no_backlog() -> None:
    assert not list(signature_hints(snapshot([5.0], [], connect_ms=[1010.0] * 50)))
    assert not list(signature_hints(snapshot([5.0], [], connect_ms=[0.2] * 50 + [600.0] * 9)))
