"""A target that dies and comes back, hangs, or answers garbage."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.reliability.served import Served, balanced, target_process
from tests.targets import Target, always

USERS = 5


def kinds(run: Mapping[str, Any]) -> dict[str, int]:
    """How many errors of each kind."""
    return {error["kind"]: error["count"] for error in run["errors"]}


def throughput(run: Mapping[str, Any]) -> list[int]:
    """Successes of each interval."""
    return [round(row["throughput_rps"] * row["interval_s"]) for row in run["snapshots"]]


def test_a_target_that_dies_and_comes_back(served: Served) -> None:
    usual_s, steady_s = (0.1, 1.0), (0.4, 0.4)
    with target_process() as (target, port):
        runs = {
            backoff_s: served.start(
                f"http://127.0.0.1:{port}", users=USERS, http={"reconnect_backoff_s": backoff_s}
            )
            for backoff_s in (usual_s, steady_s)
        }
        for run_id in runs.values():
            served.measured(run_id, 1)
        target.kill()
        target.wait()
        died = time.monotonic()
        served.measured(runs[usual_s], 6)
        with target_process(port):
            down_s = time.monotonic() - died
            back = len(served.run(runs[usual_s])["snapshots"])
            served.measured(runs[usual_s], back + 4)
            for run_id in runs.values():
                served.stop(run_id)
    for backoff_s, run_id in runs.items():
        run = served.ended(run_id)
        assert (run["status"], balanced(run)) == ("stopped", True)
        found, successes = kinds(run), throughput(run)
        assert set(found) <= {"connect_refused", "connection_reset", "connection_closed"}
        tries = tries_within(down_s, *backoff_s)
        assert USERS * (tries - 2) <= found["connect_refused"] <= USERS * (tries + 3)
        assert 0 in successes[1:back]
        assert max(successes[back:]) > 50  # it recovered
        print(f"down for {down_s:.1f} s: {found}; successes in each 0.5 s: {successes}")


def tries_within(seconds: float, first_s: float, longest_s: float) -> int:
    """How often one user tries to connect: 0.1, 0.2, 0.4, 0.8, 1, 1 … s after the last time, say."""
    tries, waited_s = 1, 0.0
    while (waited_s := waited_s + min(first_s * 2 ** (tries - 1), longest_s)) < seconds:
        tries += 1
    return tries


def test_a_target_that_hangs_and_goes_on(served: Served) -> None:
    with target_process() as (target, port):
        run_id = served.start(f"http://127.0.0.1:{port}", users=USERS, http={"timeout_s": 0.5})
        served.measured(run_id, 1)
        target.send_signal(signal.SIGSTOP)
        hung = len(served.run(run_id)["snapshots"])
        served.measured(run_id, hung + 6)
        target.send_signal(signal.SIGCONT)
        back = len(served.run(run_id)["snapshots"])
        served.measured(run_id, back + 4)
        served.stop(run_id)
        run = served.ended(run_id)
    assert balanced(run)
    # Each user's request times out; then the system takes connections for a target that accepts none.
    assert set(kinds(run)) == {"timeout"}
    assert kinds(run)["timeout"] >= 4 * USERS
    assert throughput(run)[back - 1] < 50
    assert max(throughput(run)[back:]) > 50  # it recovered
    print(f"hung for 3 s: {kinds(run)}; successes in each 0.5 s: {throughput(run)}")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"\x16\x03\x01 no HTTP at all\r\n\r\n", {"protocol_error"}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc", {"protocol_error"}),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", {"timeout"}),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", {"http_503"}),
    ],
)
def test_a_target_that_answers_garbage(served: Served, answer: bytes, expected: set[str]) -> None:
    with Target(always(answer)) as target:
        run_id = served.start(target.url, load={"users": USERS, "iterations": 20}, http={"timeout_s": 0.3})
        run = served.ended(run_id)
    assert set(kinds(run)) == expected
    assert run["totals"]["failures"] == 20
    assert balanced(run)
