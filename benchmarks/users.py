"""10,000 users who wait: memory of each, time until all are connected by nginx's own count, time to stop."""

import time
from typing import Any

from benchmarks.dashboard import Dashboard, running_dashboard
from benchmarks.nginx import Nginx, running_nginx
from benchmarks.report import Limit, Section
from benchmarks.session import Session

USERS = 10_000
_WITHIN_S = 30.0
_SETTLE_S = 3.0


def run(session: Session) -> Section:
    """A single round says it, since the figures hardly vary."""
    with running_nginx(session.tools) as nginx, running_dashboard() as dashboard:
        _connected_for(dashboard, nginx, 1)  # everything is imported and has its buffers
        before = dashboard.memory_of_engines()
        connected_s, after, stopped_s, failures = _connected_for(dashboard, nginx, USERS)
    per_user = (after - before) / USERS / 1000
    return Section(
        f"{USERS:,} connected users who wait",
        ["figure", "value"],
        [
            ["memory of all engines before", f"{before / 1e6:.1f} MB"],
            ["memory of all engines with every user connected", f"{after / 1e6:.1f} MB"],
            ["memory per user", f"{per_user:.1f} KB"],
            ["from the request to start until all are connected", f"{connected_s:.2f} s"],
            ["from the request to stop until the run has ended", f"{stopped_s:.2f} s"],
            ["failures", str(failures)],
        ],
        [
            Limit("memory per connected user", per_user, 12, at_least=False, unit=" KB"),
            Limit("all users connected after", connected_s, 5, at_least=False, unit=" s"),
            Limit("stopped after", stopped_s, 1, at_least=False, unit=" s"),
            Limit("failures", failures, 0, at_least=False),
        ],
    )


def _connected_for(dashboard: Dashboard, nginx: Nginx, users: int) -> tuple[float, int, float, int]:
    """Seconds until `users` are connected, the engines' memory then, seconds to stop, and failures."""
    started = time.monotonic()
    run_id = dashboard.start_run(_plan(nginx.url, users))
    while nginx.status().connections < users + 1:  # ours asks for the status
        if time.monotonic() - started > _WITHIN_S:
            raise TimeoutError(f"{nginx.status().connections - 1} of {users} users are connected")
        time.sleep(0.02)
    connected_s = time.monotonic() - started
    time.sleep(_SETTLE_S)  # the last answers, and a few snapshots on their way
    memory = dashboard.memory_of_engines()
    asked = time.monotonic()
    dashboard.stop_run(run_id)
    document = dashboard.ended(run_id, 10, every_s=0.02)
    return connected_s, memory, time.monotonic() - asked, document["totals"]["failures"]


def _plan(url: str, users: int) -> dict[str, Any]:
    load = {"users": users, "duration_s": 120}
    return {"base_url": url, "requests": [{}], "load": load, "think_time_s": [3600, 3600]}
