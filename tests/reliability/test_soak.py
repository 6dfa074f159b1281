"""Short runs one after another: nothing grows. `KATYDID_RELIABILITY_SOAK_S=3600` is the full hour."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tests.reliability.served import Served, serving, setting

SOAK_S = setting("SOAK_S", 4)
FIRST_S = min(60.0, SOAK_S / 2)
MIB = 1024 * 1024


@dataclass(frozen=True)
class Footprint:
    """What the dashboard with all its processes holds."""

    memory: int  # bytes of its own, without what processes share
    descriptors: int
    threads: int
    processes: int


def footprint(served: Served) -> Footprint:
    """The dashboard's, at this moment."""
    all_of_it = [served.process, *served.family()]
    return Footprint(
        sum(process.memory_full_info().uss for process in all_of_it),
        sum(process.num_fds() for process in all_of_it),
        sum(process.num_threads() for process in all_of_it),
        len(all_of_it),
    )


def highest(seen: list[Footprint]) -> Footprint:
    """The most of each."""
    return Footprint(
        max(each.memory for each in seen),
        max(each.descriptors for each in seen),
        max(each.threads for each in seen),
        max(each.processes for each in seen),
    )


def test_short_runs_leave_nothing_behind(tmp_path: Path, port: int) -> None:
    with serving(tmp_path) as served:
        first, later = list[Footprint](), list[Footprint]()
        began, count = time.monotonic(), 0
        while (elapsed_s := time.monotonic() - began) < SOAK_S:
            run_id = served.start(f"http://127.0.0.1:{port}", load={"users": 3, "iterations": 30})
            assert served.ended(run_id)["status"] == "passed"
            count += 1
            (first if elapsed_s < FIRST_S else later).append(seen := footprint(served))
            if count % 100 == 1:
                print(f"{elapsed_s:.0f} s, {count} runs: {seen}", flush=True)
        before, after = highest(first), highest(later)
    print(f"{count} runs in {SOAK_S:g} s: at first {before}, later {after}")
    assert after.processes <= before.processes
    assert after.threads <= before.threads + 2  # the store's and the loop's pools fill as chance has it
    assert after.descriptors <= before.descriptors + 6  # a connection of the store's pool has three files
    assert after.memory <= before.memory + allowed(SOAK_S - FIRST_S)


def allowed(seconds: float) -> float:
    """Bytes of memory: caches fill at first, then the allocator's own slack remains."""
    return 16 * MIB if seconds < 600 else 32 * MIB
