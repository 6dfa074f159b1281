"""A database of the first released schema, with data, under today's dashboard. tests/store/test_upgrade.py
shows what becomes of each part of it."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.reliability.ending import ends_in_order
from tests.reliability.served import balanced, serving

OLD = Path(__file__).parents[1] / "store" / "schema_0001.sql"


def test_an_old_database_is_served_in_place(tmp_path: Path, port: int) -> None:
    with closing(sqlite3.connect(tmp_path / "katydid.db")) as connection:
        connection.executescript(OLD.read_text(encoding="utf-8"))
    with serving(tmp_path) as served:
        run = served.run("r_0000000001")
        assert (run["status"], run["totals"]["successes"], balanced(run)) == ("passed", 600, True)
        assert "Items" in served.page("r_0000000001")
        # One that was queued when its dashboard went away, long ago.
        [waiting] = served.query("SELECT id FROM runs WHERE name = 'Waiting'")
        assert served.run(waiting[0])["status"] == "interrupted"
        new = served.ended(served.start(f"http://127.0.0.1:{port}", duration_s=0.5))
        assert new["status"] == "passed"
        assert served.query("PRAGMA integrity_check") == [("ok",)]
        ends_in_order(served, port, signal.SIGINT)
