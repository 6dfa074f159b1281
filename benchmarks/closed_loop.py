"""Requests per second of 50 connections that always have a request under way: Katydid, wrk, ab, hey.

nginx has one core, each generator the other. Katydid runs as it does in use: a dashboard with everything
that it measures, its store, and a viewer of the run's page, all on the generator's core.
"""

import re
import statistics
import subprocess
from collections.abc import Callable

from benchmarks.dashboard import Dashboard, running_dashboard
from benchmarks.machine import GENERATOR_CORE, enough_cores, on_core
from benchmarks.nginx import Nginx, running_nginx
from benchmarks.report import Limit, Section
from benchmarks.tools import find

CONNECTIONS = 50
_RATE = re.compile(r"Requests(?:/sec| per second):\s*([\d.]+)")
_MOST_REQUESTS = 100_000_000

Generator = Callable[[str, int], float]


def run(rounds: int, seconds: int) -> Section:
    """Rounds alternate, so that whatever else the machine does meets all of them."""
    with running_nginx() as nginx, running_dashboard(core=GENERATOR_CORE) as dashboard:
        generators = _generators(dashboard, nginx)
        for generate in generators.values():
            generate(nginx.url, 1)  # caches warm, processes up
        rates: dict[str, list[float]] = {name: [] for name in generators}
        for _ in range(rounds):
            for name, generate in generators.items():
                rates[name].append(generate(nginx.url, seconds))
    return _section(rates, seconds)


def _generators(dashboard: Dashboard, nginx: Nginx) -> dict[str, Generator]:
    found: dict[str, Generator] = {
        "katydid": lambda url, seconds: katydid(dashboard, nginx, url, seconds),
        "wrk": lambda url, s: _peer(["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{s}s", url], s),
        "ab": lambda url, s: _peer(
            ["ab", "-k", "-q", f"-c{CONNECTIONS}", f"-t{s}", f"-n{_MOST_REQUESTS}", url], s
        ),
        "hey": lambda url, s: _peer(["hey", "-cpus", "1", "-c", str(CONNECTIONS), "-z", f"{s}s", url], s),
    }
    return {name: generate for name, generate in found.items() if name == "katydid" or find(name)}


def katydid(dashboard: Dashboard, nginx: Nginx, url: str, seconds: int) -> float:
    """Successes per second of one run, whose count must be nginx's own."""
    before = nginx.status()
    run_id = dashboard.start_run(
        {
            "base_url": url,
            "requests": [{}],
            "load": {"users": CONNECTIONS, "spawn_rate": 10_000, "duration_s": seconds},
        }
    )
    with dashboard.watched(run_id) as received:
        document = dashboard.ended(run_id, seconds + 10)
    totals = document["totals"]
    served = nginx.status().requests - before.requests - 1  # the second look is counted too
    if totals["completed"] != served or not received:
        raise AssertionError(f"Katydid counted {totals['completed']}, nginx {served}, viewer {len(received)}")
    return float(totals["throughput_rps"])


def _peer(words: list[str], seconds: int) -> float:
    program = find(words[0])
    assert program is not None
    shown = subprocess.run(
        [program, *words[1:]],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 30,
        preexec_fn=on_core(GENERATOR_CORE),
    )
    found = _RATE.search(shown.stdout)
    assert found is not None, shown.stdout
    return float(found[1])


def _section(rates: dict[str, list[float]], seconds: int) -> Section:
    medians = {name: statistics.median(values) for name, values in rates.items()}
    ours = medians["katydid"]
    rows = [
        [
            name,
            f"{medians[name]:,.0f}",
            f"{min(values):,.0f}",
            f"{max(values):,.0f}",
            f"{ours / medians[name]:.2f}",
        ]
        for name, values in rates.items()
    ]
    wanted = {"wrk": 0.7, "hey": 1.0}
    limits = [
        Limit(f"Katydid's rate over {name}'s", ours / medians[name], ratio, at_least=True)
        for name, ratio in wanted.items()
        if name in medians
    ]
    remarks = [] if enough_cores() else ["fewer than two cores: generator and target shared one"]
    count = len(rates["katydid"])
    return Section(
        f"Closed loop, {CONNECTIONS} connections, keep-alive, {count} rounds of {seconds} s",
        ["generator", "median/s", "lowest", "highest", "Katydid's share of it"],
        rows,
        limits,
        remarks,
    )
