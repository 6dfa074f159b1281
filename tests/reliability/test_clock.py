"""The wall clock set forward and back, as NTP does, while a run goes on."""

from __future__ import annotations

import struct
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.reliability.ending import ends_at_once
from tests.reliability.served import balanced, patience, serving

CLOCK = Path(__file__).parent / "clock"
HOUR_S = 3600


def test_times_do_not_heed_the_wall_clock(tmp_path: Path, port: int) -> None:
    offset = tmp_path / "offset"

    def step(seconds: float) -> None:
        with offset.open("r+b") as file:
            file.write(struct.pack("d", seconds))

    offset.write_bytes(struct.pack("d", 0))
    environment = {"PYTHONPATH": str(CLOCK), "KATYDID_TEST_CLOCK": str(offset)}
    with serving(tmp_path / "data", environment) as served:
        load = {"shape": "constant-rate", "rate_rps": 200, "duration_s": 3, "max_users": 20}
        run_id = served.start(f"http://127.0.0.1:{port}", load=load, think_time_s=[0, 0])
        served.measured(run_id, 1)
        step(HOUR_S)
        time.sleep(1)
        assert served.run(run_id)["duration_s"] < 10
        step(-2 * HOUR_S)
        run = served.ended(run_id)
        # The clock was set: the moments that are shown say so.
        ago = datetime.now(UTC) - datetime.fromisoformat(run["ended_at"])
        assert ago.total_seconds() == pytest.approx(2 * HOUR_S, abs=60)
        assert (run["status"], balanced(run)) == ("passed", True)
        assert run["duration_s"] == pytest.approx(3, abs=0.2)
        assert run["totals"]["offered"] == pytest.approx(600, abs=1)  # as planned, whatever the clock says
        assert 0 <= run["response_time_ms"]["min"] <= run["response_time_ms"]["max"] < 1000 * patience()
        ends = [row["t_s"] for row in run["snapshots"]]
        assert ends == sorted(ends)
        assert ends[-1] == pytest.approx(3, abs=0.2)
        # And the next one starts, runs and ends as any other, also when a stored run is from the future.
        assert served.ended(served.start(f"http://127.0.0.1:{port}", duration_s=0.5))["status"] == "passed"
        print(
            f"set by + 1 h and - 3 h: {run['duration_s']:.2f} s, max {run['response_time_ms']['max']:.1f} ms"
        )
        ends_at_once(served, port)
