"""File descriptors or ports that run out: said to be, with the limit and how to raise it; nothing crashes."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reliability.served import balanced, serving, target_process

FEW = 300
USERS = 500


def test_descriptors_that_run_out_are_said_to(tmp_path: Path) -> None:
    limit = f'ulimit -n {FEW} && exec "$0" "$@"'
    with target_process() as (_, port), serving(tmp_path, within=["sh", "-c", limit]) as served:
        assert served.process.rlimit(resource.RLIMIT_NOFILE) == (FEW, FEW)
        load = {"users": USERS, "spawn_rate": 2000, "duration_s": 2}
        run = served.ended(served.start(f"http://127.0.0.1:{port}", load=load, think_time_s=[1, 1]))
        assert (run["status"], balanced(run)) == ("passed", True)
        [error] = run["errors"]
        assert error["kind"] == "connect_error"
        assert f"{FEW}" in error["sample"]
        assert "ulimit -n" in error["sample"]
        assert run["audit"]["trustworthy"] is False
        print(error["count"], error["sample"], run["audit"]["reasons"])
        assert any("ulimit -n" in reason for reason in run["audit"]["reasons"])
        # Nothing is left of it: the next one is as any other.
        after = served.ended(served.start(f"http://127.0.0.1:{port}", duration_s=0.5))
        assert (after["status"], after["errors"]) == ("passed", [])


def private_network() -> bool:
    """Whether this system lets anybody have a network of their own."""
    try:
        return subprocess.run(["unshare", "-rn", "true"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not private_network(), reason="needs a network namespace of its own, for few ports")
def test_ports_that_run_out_are_said_to(tmp_path: Path) -> None:
    done = subprocess.run(
        ["unshare", "-rn", sys.executable, "-m", "tests.reliability.few_ports", str(tmp_path / "run.json")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    run = json.loads((tmp_path / "run.json").read_text())
    assert balanced(run)
    [error] = run["errors"]
    assert error["kind"] == "connect_error"
    assert "ip_local_port_range" in error["sample"]
    assert any("200 (61000 to 61199)" in reason for reason in run["audit"]["reasons"])
    print(error["count"], error["sample"], run["audit"]["reasons"])
