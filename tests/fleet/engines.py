"""Engines for tests of the fleet: they send nothing and report as real ones do. Run in worker processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from webui.engine import Control, ShardSpec
from webui.engine.messages import finished, snapshot_taken, started
from webui.metrics.snapshot import Snapshot

Emit = Callable[[dict[str, Any]], None]
INTERVAL_NS = 20_000_000


def steady(spec: ShardSpec, emit: Emit, control: Control) -> None:
    """Reports an empty interval every 20 ms until it is stopped. `at` is the wall clock."""
    emit(started(spec))
    index = 0
    while not control.stopped:
        time.sleep(INTERVAL_NS / 1e9)
        empty = Snapshot(index * INTERVAL_NS, (index + 1) * INTERVAL_NS)
        emit({**snapshot_taken(spec, index, empty), "at": time.time()})
        index += 1
    emit(finished(spec, index * INTERVAL_NS, "stopped"))


def burst(spec: ShardSpec, emit: Emit, control: Control) -> None:
    """Reports 500 intervals as fast as it can, and ends."""
    emit(started(spec))
    for index in range(500):
        emit(snapshot_taken(spec, index, Snapshot(index, index + 1)))
    emit(finished(spec, 500, "duration"))


def spinning(spec: ShardSpec, emit: Emit, control: Control) -> None:
    """Never gives the interpreter away by itself, and reports every 20 ms until it is stopped."""
    emit(started(spec))
    index, due = 0, time.monotonic_ns() + INTERVAL_NS
    while not control.stopped:
        if time.monotonic_ns() >= due:
            emit({**snapshot_taken(spec, index, Snapshot(index, index + 1)), "at": time.time()})
            index, due = index + 1, due + INTERVAL_NS
    emit(finished(spec, index, "stopped"))


def deaf(spec: ShardSpec, emit: Emit, control: Control) -> None:
    """Does not listen to Stop."""
    emit(started(spec))
    while True:
        time.sleep(0.1)


def broken(spec: ShardSpec, emit: Emit, control: Control) -> None:
    """Fails after its start."""
    emit(started(spec))
    raise OSError("too many open files")
