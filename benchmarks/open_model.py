"""20,000 starts a second on a schedule, against a target that keeps up: what the generator itself adds."""

import statistics
from typing import Any

from benchmarks.dashboard import running_dashboard
from benchmarks.katydid import timed_run
from benchmarks.machine import GENERATOR_CORE, TARGET_CORE, enough_cores
from benchmarks.nginx import running_nginx
from benchmarks.report import Limit, Section
from benchmarks.session import Session

RATE = 20_000
_SHORTEST_S = 10  # of a round; in shorter runs snapshots come five times a second and are much of the load


def run(session: Session) -> Section:
    """The engines have a core to themselves; the dashboard has what the target leaves of the other one."""
    with running_nginx(session.tools) as nginx, running_dashboard(core=TARGET_CORE) as dashboard:
        dashboard.pin_engines(GENERATOR_CORE)
        dashboard.give_way()
        load = {"shape": "constant-rate", "rate_rps": RATE}
        plan = {"base_url": nginx.url, "requests": [{}], "load": load}
        timed_run(dashboard, plan, 1)
        seconds = max(_SHORTEST_S, session.seconds)
        documents = [timed_run(dashboard, plan, seconds) for _ in range(session.rounds)]
    return _section(documents, seconds)


def _section(documents: list[dict[str, Any]], seconds: int) -> Section:
    rows = [_figures(document) for document in documents]
    lag, added = statistics.median(row[2] for row in rows), statistics.median(row[4] - row[3] for row in rows)
    return Section(
        f"Open model, {RATE:,} starts/s; {len(documents)} rounds of {seconds} s",
        ["round", "sent/s", "dropped", "schedule lag p99", "service p99", "response p99"],
        [_row(number, row) for number, row in enumerate(rows, 1)],
        [
            Limit("dropped starts", sum(row[1] for row in rows), 0, at_least=False),
            Limit("schedule lag p99 (median of rounds)", lag * 1000, 100, at_least=False, unit=" µs"),
            Limit("response p99 beyond service p99", added * 1000, 100, at_least=False, unit=" µs"),
        ],
        [] if enough_cores() else ["fewer than two cores: generator and target shared one"],
    )


def _figures(document: dict[str, Any]) -> tuple[float, int, float, float, float]:
    """Rate, dropped starts, and the 99th percentiles of lag, service and response time in ms."""
    totals = document["totals"]
    return (
        totals["rate_rps"],
        totals["dropped"],
        document["audit"]["schedule_lag_ms"]["p99"],
        document["service_time_ms"]["p99"],
        document["response_time_ms"]["p99"],
    )


def _row(number: int, figures: tuple[float, int, float, float, float]) -> list[str]:
    rate, dropped, *times = figures
    return [str(number), f"{rate:,.0f}", f"{dropped:,}", *(f"{time * 1000:,.0f} µs" for time in times)]
