"""Katydid as a generator in the rounds: a run over the API of a real dashboard, with a viewer of its page.

Everything that it measures, its store and the viewer share the generator's core, as they do in use.
"""

import json
import time
from typing import Any

from benchmarks.dashboard import Dashboard
from benchmarks.nginx import Nginx
from benchmarks.rounds import Generator, Taken


def katydid(dashboard: Dashboard, nginx: Nginx, plan: dict[str, Any]) -> Generator:
    """Runs of `plan`, whose load gets the round's length. Each count must be nginx's own."""

    def go(seconds: int) -> Taken:
        served_before, before = nginx.status().requests, (dashboard.cpu_s(), dashboard.cpu_s_of_engines())
        document = timed_run(dashboard, plan, seconds)
        cpu_s, engines_cpu_s = dashboard.cpu_s() - before[0], dashboard.cpu_s_of_engines() - before[1]
        served = nginx.status().requests - served_before - 1  # the second look is counted too
        totals = document["totals"]
        if totals["completed"] != served or totals["failures"]:
            raise AssertionError(f"nginx answered {served}, but Katydid's books say {totals}")
        return Taken(float(totals["throughput_rps"]), cpu_s, engines_cpu_s)

    shown = {**plan, "base_url": "URL"}
    return Generator("katydid", f"POST /api/v1/runs {json.dumps(shown)}", go)


def timed_run(dashboard: Dashboard, plan: dict[str, Any], seconds: int) -> dict[str, Any]:
    """The result of a run of that length, watched by a viewer."""
    run_id = dashboard.start_run({**plan, "load": {**plan["load"], "duration_s": seconds}})
    with dashboard.watched(run_id) as received:
        time.sleep(seconds)  # asking for the result meanwhile would take from the generator's core
        document = dashboard.ended(run_id, 15)
    if not received:
        raise AssertionError("the viewer of the run's page received nothing")
    return document
