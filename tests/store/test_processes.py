"""Several processes with one database file, and one of them killed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.store.samples import record
from webui.store import RunQuery, Store

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).resolve().parents[2]


def writer(database: Path, run_id: str, count: int) -> subprocess.Popen[str]:
    """Another process that writes; see writer.py."""
    command = [sys.executable, "-m", "tests.store.writer", f"sqlite:///{database}", run_id, str(count)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


async def test_a_killed_writer_leaves_all_that_it_wrote_and_nothing_to_repair(database: Path) -> None:
    process = writer(database, "r_killed", 1_000_000)
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            if int(line) >= 40:
                process.kill()
                break
        written = max([int(line), *(int(rest) for rest in process.stdout if rest.endswith("\n"))])
    assert process.returncode == -9

    store = await Store.open(f"sqlite:///{database}")
    found = await store.snapshots("r_killed")
    [live] = await store.live_runs()
    await store.put_snapshots("r_killed", [(len(found), b"goes on")])
    await store.close()
    assert live.owner == "writer"
    # The one that was under way may be there too.
    assert len(found) - 1 in (written, written + 1)
    assert found == [b"%d" % position * 500 for position in range(len(found))]
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_three_processes_write_at_the_same_time(database: Path) -> None:
    store = await Store.open(f"sqlite:///{database}")
    with ExitStack() as stack:
        writers = [stack.enter_context(writer(database, f"r_{name}", 150)) for name in "ab"]
        await store.add_run(record(id="r_own"))
        for position in range(150):
            await store.put_snapshots("r_own", [(position, b"own")])
            assert (await store.list_runs(RunQuery())).total >= 1
        for process in writers:
            process.communicate(timeout=60)
            assert process.returncode == 0
    for name in ("a", "b", "own"):
        assert len(await store.snapshots(f"r_{name}")) == 150
    await store.close()


async def test_processes_that_create_the_database_at_the_same_time(database: Path) -> None:
    with ExitStack() as stack:
        for process in [stack.enter_context(writer(database, "open", 0)) for _ in range(4)]:
            process.communicate(timeout=60)
            assert process.returncode == 0
    store = await Store.open(f"sqlite:///{database}")
    assert (await store.list_runs(RunQuery())).total == 0
    await store.close()
