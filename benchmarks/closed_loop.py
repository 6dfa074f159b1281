"""50 connections that always have a request under way, keep-alive, a small response, everything measured."""

from benchmarks.dashboard import running_dashboard
from benchmarks.katydid import katydid
from benchmarks.machine import GENERATOR_CORE
from benchmarks.nginx import running_nginx
from benchmarks.peers import AB, AUTOCANNON, CONNECTIONS, H2LOAD, HEY, WRK, generators
from benchmarks.report import Section
from benchmarks.rounds import alternate, compared
from benchmarks.session import Session

LIMITS = {"wrk": 0.9, "autocannon": 1.0, "hey": 1.0, "h2load": 1.0}
LOAD = {"users": CONNECTIONS, "spawn_rate": 10_000}


def run(session: Session) -> Section:
    """nginx has one core, each generator in turn the other."""
    with running_nginx(session.tools) as nginx, running_dashboard(core=GENERATOR_CORE) as dashboard:
        ours = katydid(dashboard, nginx, {"base_url": nginx.url, "requests": [{}], "load": LOAD})
        all_of_them = [ours, *generators(session.tools, nginx.url, WRK, AB, H2LOAD, HEY, AUTOCANNON)]
        found = alternate(nginx, all_of_them, session.rounds, session.seconds)
    title = f"Closed loop, {CONNECTIONS} connections, keep-alive"
    return compared(title, found, all_of_them, LIMITS, session.seconds)
