"""Beside Locust: the closed loop of 50 users, with FastHttpUser and with HttpUser."""

import json
from dataclasses import replace
from pathlib import Path

from benchmarks.closed_loop import LOAD
from benchmarks.dashboard import running_dashboard
from benchmarks.katydid import katydid
from benchmarks.machine import GENERATOR_CORE
from benchmarks.nginx import running_nginx
from benchmarks.peers import CONNECTIONS, Peer, generators
from benchmarks.report import Section
from benchmarks.rounds import Generator, alternate, compared
from benchmarks.session import Session
from webui.cli.scratch import scratch_folder

_SHORTEST_S = 3  # one second is over before all its users have started
LIMITS = {"FastHttpUser": 5.0, "HttpUser": 25.0}
_LOCUSTFILE = """
from locust import FastHttpUser, HttpUser, constant, task


class Plain(HttpUser):
    wait_time = constant(0)

    @task
    def get(self):
        self.client.get("/")


class Fast(FastHttpUser):
    wait_time = constant(0)

    @task
    def get(self):
        self.client.get("/")
"""


def run(session: Session) -> Section:
    """Locust runs headless in one process, as Katydid's engine does."""
    with (
        scratch_folder("katydid-bench-") as folder,
        running_nginx(session.tools) as nginx,
        running_dashboard(core=GENERATOR_CORE) as dashboard,
    ):
        (folder / "locustfile.py").write_text(_LOCUSTFILE)
        ours = katydid(dashboard, nginx, {"base_url": nginx.url, "requests": [{}], "load": LOAD})
        all_of_them = [ours, *_locusts(session, folder, nginx.url)]
        found = alternate(nginx, all_of_them, session.rounds, session.seconds)
    title = f"Locust, {CONNECTIONS} users without waiting times"
    section = compared(title, found, all_of_them, LIMITS, session.seconds)
    return replace(
        section, remarks=[*section.remarks, "Locust's CPU-seconds include its start, of about one"]
    )


def _locusts(session: Session, folder: Path, url: str) -> list[Generator]:
    found = []
    for name, user in (("FastHttpUser", "Fast"), ("HttpUser", "Plain")):
        for locust in generators(session.tools, url, _peer(folder, user)):
            command = locust.command.replace(str(folder), "FOLDER")
            found.append(Generator(name, command, locust.go))
    return found


def _peer(folder: Path, user: str) -> Peer:
    return Peer(
        "locust",
        lambda url, seconds: [
            "locust", "-f", str(folder / "locustfile.py"), user, "--headless", "--only-summary", "--json",
            "-u", str(CONNECTIONS), "-r", "100", "-t", f"{max(seconds, _SHORTEST_S)}s", "-H", url.rstrip("/"),
        ],
        _rate,
    )  # fmt: skip


def _rate(output: str) -> float:
    entry = json.loads(output)[0]
    return float(entry["num_requests"] / (entry["last_request_timestamp"] - entry["start_time"]))
