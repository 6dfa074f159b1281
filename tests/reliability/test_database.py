"""A database that cannot be written while a run goes on: locked, on a full disk, read-only."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.reliability.served import Served, balanced, serving, setting, until
from tests.server import dashboard

LOCKED_S = setting("LOCKED_S", 10)
NOTE = "The newest results are not on disk yet."
PAGE_BYTES = 18  # where SQLite's header says by which version the file may be written


def survives(served: Served, port: int, fault: Callable[[], object], repair: Callable[[], object]) -> float:
    """A run through a fault of the store: goes on, says so, and is whole on disk afterwards. Returns how
    long the fault was not shown."""
    run_id = served.start(f"http://127.0.0.1:{port}")
    served.measured(run_id, 1)
    try:
        fault()
        told_s = until(lambda: NOTE in served.page(run_id), 10, "the page says that nothing is saved")
        on_disk = len(served.stored_rows(run_id))
        more = served.measured(run_id, on_disk + 2)
        assert more["status"] == "running"
        assert len(served.stored_rows(run_id)) == on_disk
    finally:
        repair()
    until(lambda: NOTE not in served.page(run_id), 10, "saving goes on")
    served.stop(run_id)
    run = served.ended(run_id)
    is_whole_on_disk(served, run)
    return told_s


def is_whole_on_disk(served: Served, run: dict[str, object]) -> None:
    """Whether every request of the result is in the file."""
    rows = served.stored_rows(str(run["id"]))
    totals = run["totals"]
    assert isinstance(totals, dict)
    assert sum(row.totals.sent for row in rows) == totals["sent"] > 0
    assert len(rows) == len(run["snapshots"])  # type: ignore[arg-type]
    assert balanced(run)


def test_a_locked_database_holds_up_nothing(served: Served, port: int) -> None:
    run_id = served.start(f"http://127.0.0.1:{port}")
    served.measured(run_id, 1)
    with closing(sqlite3.connect(served.database, isolation_level=None, timeout=5)) as other:
        other.execute("BEGIN EXCLUSIVE")
        locked = time.monotonic()
        told_s = until(lambda: NOTE in served.page(run_id), 6, "the page says that nothing is saved")
        pages = [_seconds(lambda: served.page(run_id)) for _ in range(10)]
        time.sleep(max(0.0, LOCKED_S - (time.monotonic() - locked)))
        assert len(served.run(run_id)["snapshots"]) >= LOCKED_S - 1
        other.execute("COMMIT")
    saved_s = until(lambda: NOTE not in served.page(run_id), 10, "saving goes on")
    served.stop(run_id)
    is_whole_on_disk(served, served.ended(run_id))
    print(f"locked {LOCKED_S:g} s: told after {told_s:.1f} s, page {max(pages) * 1000:.0f} ms, saved {saved_s:.1f} s later")


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_a_file_that_may_not_grow_is_a_disk_that_is_full(served: Served, port: int) -> None:
    whole = served.process.rlimit(resource.RLIMIT_FSIZE)
    told_s = survives(
        served,
        port,
        # The write-ahead log is written from its beginning again and again: no byte of it must be allowed.
        lambda: served.process.rlimit(resource.RLIMIT_FSIZE, (1, whole[1])),
        lambda: served.process.rlimit(resource.RLIMIT_FSIZE, whole),
    )
    print(f"no byte more: told after {told_s:.1f} s")
