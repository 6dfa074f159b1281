"""Five weighted JSON POST requests, each with a status check and a body check, beside wrk's plain GET."""

from typing import Any

from benchmarks.closed_loop import LOAD
from benchmarks.dashboard import running_dashboard
from benchmarks.katydid import katydid
from benchmarks.machine import GENERATOR_CORE
from benchmarks.nginx import running_nginx
from benchmarks.peers import CONNECTIONS, WRK, generators
from benchmarks.report import Section
from benchmarks.rounds import alternate, compared
from benchmarks.session import Session


def run(session: Session) -> Section:
    """wrk has the easier task: one request, no body, nothing checked."""
    with running_nginx(session.tools) as nginx, running_dashboard(core=GENERATOR_CORE) as dashboard:
        requests = [_request(number) for number in range(1, 6)]
        ours = katydid(dashboard, nginx, {"base_url": nginx.url, "requests": requests, "load": LOAD})
        all_of_them = [ours, *generators(session.tools, nginx.url, WRK)]
        found = alternate(nginx, all_of_them, session.rounds, session.seconds)
    title = f"Five weighted JSON POST requests with checks, {CONNECTIONS} connections, beside plain GET"
    return compared(title, found, all_of_them, {"wrk": 0.5}, session.seconds)


def _request(number: int) -> dict[str, Any]:
    item = {"id": number, "name": "lamp", "price": 12.5, "tags": ["home", "light"], "stock": {"amount": 3}}
    return {
        "method": "POST",
        "path": f"/items/{number}",
        "weight": number,
        "body": {"type": "json", "value": item},
        "checks": [{"on": "status", "is": "== 200"}, {"on": "body", "is": "contains Hello"}],
    }
