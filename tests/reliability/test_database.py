"""A database that cannot be written while a run goes on: locked, on a full disk, read-only."""

from __future__ import annotations

import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.reliability.served import Served, balanced, setting, until
from tests.server import dashboard

LOCKED_S = setting("LOCKED_S", 10)
NOTE = "The newest results are not on disk yet."
# Where SQLite's header says which version a writer must know, see "File Format Version Numbers" in its docs.
# Root may write to any file: this way it is SQLite that says no.
WRITERS, ANYBODY, NOBODY = 18, 2, 3


def survives(served: Served, port: int, fault: Callable[[], object], repair: Callable[[], object]) -> float:
    """A run through a fault of the store: goes on, says so, and is whole on disk afterwards. Returns how
    long the fault was not shown. `fault` may be called again."""
    run_id = served.start(f"http://127.0.0.1:{port}")
    served.measured(run_id, 1)

    def told() -> bool:
        fault()  # once more where a write came in between
        return NOTE in served.page(run_id)

    try:
        told_s = until(told, 10, "the page says that nothing is saved")
        on_disk = len(served.stored_rows(run_id))
        more = served.measured(run_id, on_disk + 1)
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
    print(f"locked {LOCKED_S:g} s: told after {told_s:.1f} s, saved {saved_s:.1f} s after its end")
    print(f"the page took up to {max(pages) * 1000:.0f} ms meanwhile")


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def test_a_file_that_may_not_grow(served: Served, port: int) -> None:
    whole = served.process.rlimit(resource.RLIMIT_FSIZE)
    told_s = survives(
        served,
        port,
        # The write-ahead log is written from its beginning again and again: no byte of it may be allowed.
        lambda: served.process.rlimit(resource.RLIMIT_FSIZE, (1, whole[1])),
        lambda: served.process.rlimit(resource.RLIMIT_FSIZE, whole),
    )
    print(f"no byte more: told after {told_s:.1f} s")


def private_mounts() -> bool:
    """Whether this system lets anybody mount for themselves."""
    tool = shutil.which("unshare")
    return tool is not None and subprocess.run([tool, "-rm", "true"], capture_output=True).returncode == 0


class OnItsOwnDisk(Served):
    """A dashboard whose files only itself can open by their name: they are read through it."""

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a copy of the file, taken while nothing can be written to it or nothing is."""
        with TemporaryDirectory() as folder:
            for name in ("katydid.db", "katydid.db-wal"):
                shutil.copy(self.disk / name, folder)
            with closing(sqlite3.connect(Path(folder, "katydid.db"))) as connection:
                return connection.execute(sql, values).fetchall()

    @property
    def disk(self) -> Path:
        """Its data folder, as it sees it."""
        return Path(f"/proc/{self.process.pid}/root{self.database.parent}")


@pytest.mark.skipif(not private_mounts(), reason="needs a mount namespace of its own, for a small disk")
def test_a_full_disk(tmp_path: Path, port: int) -> None:
    mount = 'mount -t tmpfs -o size=8m katydid "$0" && exec "$@"'
    within = ["unshare", "-rm", "sh", "-c", mount, str(tmp_path)]
    with dashboard(tmp_path, practice=False, within=within) as started:
        served = OnItsOwnDisk(started, tmp_path)
        ballast = served.disk / "ballast"
        told_s = survives(served, port, lambda: fill(ballast), ballast.unlink)
        served.http.close()
    print(f"disk full: told after {told_s:.1f} s")


def fill(ballast: Path) -> None:
    """Leaves no room on its disk."""
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def checkpoint(database: Path) -> None:
    """Empties the write-ahead log into the file."""
    with closing(sqlite3.connect(database, timeout=5)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def set_writers(database: Path, version: int) -> None:
    """Says in the file's header who may write to it."""
    with database.open("r+b") as file:
        file.seek(WRITERS)
        file.write(bytes([version]))


def test_a_database_that_becomes_read_only(served: Served, port: int) -> None:
    def forbid() -> None:
        with suppress(sqlite3.OperationalError):  # it is read-only already
            checkpoint(served.database)
        set_writers(served.database, NOBODY)

    survives(served, port, forbid, lambda: set_writers(served.database, ANYBODY))
