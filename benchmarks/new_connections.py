"""A new connection for each request, 50 at a time."""

from benchmarks.closed_loop import LOAD
from benchmarks.dashboard import running_dashboard
from benchmarks.katydid import katydid
from benchmarks.machine import GENERATOR_CORE
from benchmarks.nginx import running_nginx
from benchmarks.peers import AB_CLOSE, CONNECTIONS, WRK_CLOSE, generators
from benchmarks.report import Section
from benchmarks.rounds import alternate, compared
from benchmarks.session import Session


def run(session: Session) -> Section:
    """wrk does so when the server closes, which `Connection: close` asks for."""
    with running_nginx(session.tools) as nginx, running_dashboard(core=GENERATOR_CORE) as dashboard:
        plan = {"base_url": nginx.url, "requests": [{}], "load": LOAD, "http": {"keepalive": False}}
        peers = generators(session.tools, nginx.url, WRK_CLOSE, AB_CLOSE)
        all_of_them = [katydid(dashboard, nginx, plan), *peers]
        found = alternate(nginx, all_of_them, session.rounds, session.seconds)
    title = f"New connection per request, {CONNECTIONS} at a time"
    return compared(title, found, all_of_them, {"wrk": 0.9}, session.seconds)
