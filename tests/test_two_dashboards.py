"""Two real dashboards on one PostgreSQL: each shows the other's live runs, and has their owner act."""

from __future__ import annotations

import itertools
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.postgres import Server
from tests.reliability.served import target_process
from tests.server import Dashboard, dashboard

SILENT_S = 3  # after which a dashboard is taken for dead
# A real dashboard that has a machine of its own: another one cannot look its process up.
_RENAMED = (
    "import sys, webui.runs.ownership as owning; owning.machine = lambda: 'elsewhere 1'; "
    "sys.argv = ['katydid', *sys.argv[4:]]; from webui.cli import main; main()"
)
WITHIN = {"a": (sys.executable, "-c", _RENAMED), "b": ()}


@dataclass
class Pair:
    """Dashboards A and B, and where a target listens."""

    a: Dashboard
    b: Dashboard
    port: int

    def get(self, which: Dashboard, path: str) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{which.url}{path}").json()
        return found

    def start(self, name: str, users: int = 2, duration_s: float = 60) -> str:
        """A run on A; its id."""
        plan = {
            "name": name,
            "base_url": f"http://127.0.0.1:{self.port}",
            "requests": [{"path": "/ping"}],
            "load": {"shape": "constant-users", "users": users, "duration_s": duration_s},
            "think_time_s": [0.01, 0.01],
        }
        answer = httpx.post(f"{self.a.url}/api/v1/runs", json=plan)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


@pytest.fixture(scope="module")
def pair(postgres_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    name = postgres_server.new_database()
    folder = tmp_path_factory.mktemp("dashboards")
    environment = {
        "KATYDID_DATABASE_URL": postgres_server.address(name),
        "KATYDID_OWNER_SILENT_S": str(SILENT_S),
    }
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        _, port = stack.enter_context(target_process())
        # Both at once: the one that comes second waits for the first one's migration.
        a, b = pool.map(
            lambda name: stack.enter_context(
                dashboard(folder / name, practice=False, environment=environment, within=WITHIN[name])
            ),
            WITHIN,
        )
        yield Pair(a, b, port)
    postgres_server.drop(name)


def until(condition: Callable[[], bool], seconds: float) -> float:
    """How long it took to become true. Fails after `seconds`."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds
        time.sleep(0.02)
    return time.monotonic() - started


def test_a_run_of_one_is_seen_live_on_the_other_and_is_stopped_there(pair: Pair) -> None:
    run_id = pair.start("Shared")
    address = f"/api/v1/runs/{run_id}"
    until(lambda: pair.get(pair.b, address).get("status") == "running", 2)
    until(lambda: pair.get(pair.b, address)["totals"]["successes"] > 0, 3)
    listed = pair.get(pair.b, "/api/v1/runs?status=live")["items"]
    assert [(item["name"], item["throughput_rps"] > 0) for item in listed] == [("Shared", True)]
    ours, theirs = pair.get(pair.a, address), pair.get(pair.b, address)
    assert len(ours["snapshots"]) - len(theirs["snapshots"]) <= 2
    assert abs(ours["duration_s"] - theirs["duration_s"]) < 1

    changed = httpx.patch(f"{pair.b.url}{address}", json={"users": 4})
    assert changed.status_code == 200, changed.text
    assert [(change["kind"], change["value"]) for change in changed.json()["changes"]] == [("users", 4)]
    until(lambda: pair.get(pair.b, address)["changes"][0]["applied"], 3)
    refused = httpx.patch(f"{pair.b.url}{address}", json={"rate_rps": 5})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:katydid:problem:conflict")
    named = httpx.patch(f"{pair.b.url}{address}", json={"name": "Renamed", "tags": ["x"]})
    assert named.json()["name"] == pair.get(pair.a, address)["name"] == "Renamed"

    asked = time.monotonic()
    stopped = httpx.post(f"{pair.b.url}{address}/stop")
    assert (stopped.status_code, stopped.json()["status"]) == (202, "stopping")
    assert time.monotonic() - asked < 1
    for which in (pair.a, pair.b):
        until(lambda which=which: pair.get(which, address)["status"] == "stopped", 3)  # type: ignore[misc]
    assert pair.get(pair.a, address)["totals"] == pair.get(pair.b, address)["totals"]


def test_the_live_page_of_the_other_follows_within_a_second(pair: Pair) -> None:
    run_id = pair.start("Streamed")
    with httpx.stream("GET", f"{pair.b.url}/api/v1/runs/{run_id}/stream", timeout=10) as stream:
        moments = [time.monotonic() for line in _first(stream.iter_lines(), "event: snapshot", 5)]
    gaps = [after - before for before, after in itertools.pairwise(moments)]
    assert max(gaps) < 2.5  # a row a second, on a busy machine too
    with httpx.stream("GET", f"{pair.b.url}/runs/{run_id}/stream", timeout=10) as stream:
        assert list(_first(stream.iter_lines(), "event: rows", 3))
    httpx.post(f"{pair.b.url}/api/v1/stop")
    until(lambda: pair.get(pair.b, f"/api/v1/runs/{run_id}")["status"] == "stopped", 3)


def _first(lines: Iterator[str], text: str, number: int) -> Iterator[str]:
    for line in lines:
        if line == text:
            yield line
            number -= 1
        if number == 0:
            return


def test_a_dashboard_that_hangs_is_said_not_to_answer_and_one_that_is_gone_left_its_run(pair: Pair) -> None:
    run_id = pair.start("Left")
    address = f"/api/v1/runs/{run_id}"
    until(lambda: len(pair.get(pair.b, address)["snapshots"]) >= 2, 6)
    pair.a.process.send_signal(signal.SIGSTOP)
    asked = time.monotonic()
    silent = httpx.post(f"{pair.b.url}{address}/stop")
    assert time.monotonic() - asked < 2
    assert (silent.status_code, silent.json()["type"]) == (503, "urn:katydid:problem:owner-silent")
    assert "does not answer, so nothing was changed" in silent.json()["detail"]
    page = httpx.post(f"{pair.b.url}/runs/{run_id}/stop")
    assert page.status_code == 503
    assert "does not answer" in page.text

    pair.a.process.kill()
    until(lambda: pair.get(pair.b, address)["status"] == "interrupted", SILENT_S + 4)
    left = pair.get(pair.b, address)
    assert left["totals"]["successes"] > 0
    assert left["totals"]["offered"] == left["totals"]["sent"] + left["totals"]["dropped"]
