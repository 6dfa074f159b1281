"""Memory per user who only waits, and the time until all of them are connected, by nginx's own count."""

import time
from typing import Any

from benchmarks.dashboard import Dashboard, running_dashboard
from benchmarks.nginx import Nginx, running_nginx
from benchmarks.report import Limit, Section

USERS = 5000
_WITHIN_S = 30.0
_SETTLE_S = 3.0


def run(rounds: int, seconds: int) -> Section:
    """A single round says it, since the figures hardly vary."""
    with running_nginx() as nginx, running_dashboard() as dashboard:
        _connected_for(dashboard, nginx, 1)  # everything is imported and has its buffers
        before = _memory(dashboard)
        seconds_taken, after, failures = _connected_for(dashboard, nginx, USERS)
    per_user = (after - before) / USERS / 1000
    return Section(
        f"{USERS:,} users that wait",
        ["figure", "value"],
        [
            ["memory of all engines before", f"{before / 1e6:.1f} MB"],
            ["memory of all engines with every user connected", f"{after / 1e6:.1f} MB"],
            ["memory per user", f"{per_user:.1f} KB"],
            ["from the request to start until all are connected", f"{seconds_taken:.2f} s"],
            ["failures", str(failures)],
        ],
        [
            Limit("memory per idle user", per_user, 20, at_least=False, unit=" KB"),
            Limit("all users connected after", seconds_taken, 3, at_least=False, unit=" s"),
            Limit("failures", failures, 0, at_least=False),
        ],
    )


def _connected_for(dashboard: Dashboard, nginx: Nginx, users: int) -> tuple[float, int, int]:
    """Seconds until `users` are connected, the engines' memory then, and failures."""
    started = time.monotonic()
    run_id = dashboard.start_run(_plan(nginx.url, users))
    while nginx.status().connections < users + 1:  # ours asks for the status
        if time.monotonic() - started > _WITHIN_S:
            raise TimeoutError(f"{nginx.status().connections - 1} of {users} users are connected")
        time.sleep(0.02)
    taken = time.monotonic() - started
    time.sleep(_SETTLE_S)  # the last answers, and a few snapshots on their way
    memory = _memory(dashboard)
    dashboard.stop_run(run_id)
    return taken, memory, dashboard.ended(run_id, 10)["totals"]["failures"]


def _plan(url: str, users: int) -> dict[str, Any]:
    load = {"users": users, "duration_s": 120}
    return {"base_url": url, "requests": [{}], "load": load, "think_time_s": [3600, 3600]}


def _memory(dashboard: Dashboard) -> int:
    """Private memory of every process below the dashboard, in bytes."""
    return sum(child.memory_full_info().uss for child in dashboard.process.children(recursive=True))
