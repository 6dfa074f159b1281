"""An engine, and the dashboard with the guards of its practice targets, killed with SIGKILL during a run."""

from __future__ import annotations

import signal
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.reliability.ending import ends_in_order
from tests.reliability.served import Served, alive, balanced, serving, target_process, until
from webui.runs.recovery import ENDED

TWO_ENGINES = {"users": 2001, "spawn_rate": 100_000, "duration_s": 3}


def test_a_killed_engine_costs_its_own_run_and_no_more_than_a_second(served: Served, port: int) -> None:
    with target_process() as (_, other):
        victim = served.start(f"http://127.0.0.1:{port}", duration_s=60)
        bystander = served.start(f"http://127.0.0.1:{other}", duration_s=3)
        served.measured(victim, 2)
        [engine] = served.engines_of(port)
        killed_s = served.run(victim)["duration_s"]
        engine.kill()
        run = served.ended(victim)
        assert (run["status"], run["shards_lost"]) == ("interrupted", 1)
        assert "was killed, or it crashed" in run["status_reason"]
        assert balanced(run)
        lost_s = killed_s - run["snapshots"][-1]["t_s"]
        print(f"engine killed at {killed_s:.2f} s; the last {max(0.0, lost_s):.2f} s are lost")
        assert lost_s <= 1.2  # an interval, and its way to the dashboard
        unhurt = served.ended(bystander)
        assert (unhurt["status"], unhurt["shards_lost"]) == ("passed", 0)
        assert unhurt["duration_s"] == pytest.approx(3, abs=0.1)
        assert balanced(unhurt)
        assert served.ended(served.start(f"http://127.0.0.1:{port}", duration_s=0.5))["status"] == "passed"


def test_a_run_of_two_engines_goes_on_without_the_one_that_was_killed(served: Served) -> None:
    with target_process() as (_, port):
        run_id = served.start(f"http://127.0.0.1:{port}", load=TWO_ENGINES, think_time_s=[5, 5])
        if served.measured(run_id, 2)["shards"] == 1:
            served.stop(run_id)
            pytest.skip("with one core, a run has one engine")
        served.engines_of(port)[0].kill()
        run = served.ended(run_id)
    assert (run["status"], run["shards"], run["shards_lost"]) == ("passed", 2, 1)
    assert run["status_reason"].startswith("Partial: engine ")
    assert " of 2 did not finish." in run["status_reason"]
    assert run["duration_s"] == pytest.approx(3, abs=0.5)
    assert balanced(run)


def test_a_killed_dashboard_loses_no_more_than_a_second_and_needs_no_repair(
    tmp_path: Path, port: int
) -> None:
    with serving(tmp_path, practice=True) as first:
        run_id = first.start(f"http://127.0.0.1:{port}", duration_s=60)
        waiting = [first.start(f"http://127.0.0.1:{port}") for _ in range(4)][-1]  # four run at a time
        started = datetime.fromisoformat(first.measured(run_id, 2)["started_at"])
        family = first.family()
        guards = [each for each in family if any("guard" in part for part in each.cmdline())]
        assert guards
        time.sleep(0.6)  # so that the kill falls into the middle of an interval
        for process in (first.process, *guards):
            process.kill()
        killed_s = time.time() - started.timestamp()
        gone_s = until(lambda: not any(map(alive, family)), 5, "its engines and practice targets end")
        rows = first.stored_rows(run_id)
        assert first.query("PRAGMA integrity_check") == [("ok",)]
    with serving(tmp_path) as second:
        run = second.run(run_id)
        assert (run["status"], run["status_reason"]) == ("interrupted", ENDED)
        assert len(run["snapshots"]) == len(rows)
        assert balanced(run)
        lost_s = killed_s - run["snapshots"][-1]["t_s"]
        print(
            f"killed at {killed_s:.2f} s, the last {lost_s:.2f} s are lost; processes gone in {gone_s:.2f} s"
        )
        # Every interval that had ended a second before: one lasts a second.
        assert lost_s < 2
        assert second.run(waiting)["status"] == "interrupted"
        assert second.ended(second.start(f"http://127.0.0.1:{port}", duration_s=0.5))["status"] == "passed"
        ends_in_order(second, port, signal.SIGTERM)
