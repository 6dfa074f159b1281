"""The closed loop over TLS 1.3 with a self-signed certificate."""

from benchmarks.closed_loop import LOAD
from benchmarks.dashboard import running_dashboard
from benchmarks.katydid import katydid
from benchmarks.machine import GENERATOR_CORE
from benchmarks.nginx import running_nginx
from benchmarks.peers import AB, CONNECTIONS, H2LOAD, HEY, WRK, generators
from benchmarks.report import Section
from benchmarks.rounds import alternate, compared
from benchmarks.session import Session


def run(session: Session) -> Section:
    """As the closed loop, but for the scheme."""
    with running_nginx(session.tools) as nginx, running_dashboard(core=GENERATOR_CORE) as dashboard:
        plan = {
            "base_url": nginx.tls_url,
            "requests": [{}],
            "load": LOAD,
            "http": {"verify_tls": False},
        }
        peers = generators(session.tools, nginx.tls_url, WRK, AB, H2LOAD, HEY)
        all_of_them = [katydid(dashboard, nginx, plan), *peers]
        found = alternate(nginx, all_of_them, session.rounds, session.seconds)
    title = f"TLS, {CONNECTIONS} connections, keep-alive"
    return compared(title, found, all_of_them, {"wrk": 0.85}, session.seconds)
