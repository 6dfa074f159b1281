"""`katydid run` against real services: what it prints, what it keeps, what it exits with."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.conftest import Katydid, Target, alive, start, wait_for
from webui.cli import main

Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def passed(katydid: Katydid, target: Target) -> Done:
    """A run that passes, with the document on standard output."""
    return katydid(
        "run", f"{target.url}/ok", "-u", "5", "--iterations", "300", "--think-time", "20ms",
        "--threshold", "success>=100%", "--name", "Short one", "--tag", "cli", "--json", "-",
    )  # fmt: skip


def test_a_run_that_passes(passed: Done, target: Target) -> None:
    assert passed.returncode == 0, passed.stderr
    document: dict[str, Any] = json.loads(passed.stdout)  # and nothing else
    assert document["schema"] == "katydid.run/1"
    assert document["status"] == "passed"
    assert document["totals"]["sent"] == document["totals"]["successes"] == 300
    assert target.answered["/ok"] == 300
    assert document["thresholds"][0]["passed"] is True


def test_the_summary_is_on_standard_error_then(passed: Done) -> None:
    assert "Short one  passed" in passed.stderr
    assert "300 sent, 300 succeeded, 0 failed" in passed.stderr.replace("\u00a0", " ")
    assert " users  " in passed.stderr.replace("\u00a0", " ")  # a line of progress


def test_it_is_kept_where_the_dashboard_sees_it(passed: Done, data_dir: Path) -> None:
    run_id = json.loads(passed.stdout)["id"]
    assert f"/runs/{run_id}" in passed.stderr
    with sqlite3.connect(data_dir / "katydid.db") as database:
        found = database.execute("SELECT name, status FROM runs WHERE id = ?", [run_id]).fetchall()
    database.close()
    assert found == [("Short one", "passed")]


def test_a_broken_threshold(
    katydid: Katydid, passed: Done, target: Target, tmp_path: Path, data_dir: Path
) -> None:
    done = katydid(
        "run", f"{target.url}/ok", "--iterations", "20", "--threshold", "max<1ms", "--quiet", "--no-save",
        "--json", str(tmp_path / "result.json"), "--name", "Not kept",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert "broken" in done.stdout
    assert json.loads((tmp_path / "result.json").read_text())["status"] == "failed"
    with sqlite3.connect(data_dir / "katydid.db") as database:
        assert database.execute("SELECT count(*) FROM runs WHERE name = 'Not kept'").fetchone() == (0,)
    database.close()


@pytest.mark.parametrize(
    ("flags", "sent"),
    [
        ("--rate 40/s -d 1s", 40),
        ("--stages 500ms:40/s,500ms:40/s", 30),
        ("--burst 10 --count 3 --pause 100ms", 30),
        ("-u 4 --iterations-per-user 5 --think-time 10ms", 20),
    ],
)
def test_a_shape_sends_as_many_as_it_says(
    katydid_here: Katydid, target: Target, flags: str, sent: int
) -> None:
    before = target.answered["/ok"]
    done = katydid_here("run", f"{target.url}/ok", *flags.split(), "--no-save", "--json", "-")
    assert done.returncode == 0, done.stderr
    totals = json.loads(done.stdout)["totals"]
    assert totals["offered"] == totals["sent"] == totals["successes"] == sent
    assert target.answered["/ok"] - before == sent


def test_a_sweep_shows_its_levels_and_checks_decide(katydid_here: Katydid, target: Target) -> None:
    done = katydid_here(
        "run", f"{target.url}/ok", "--sweep", "1..4", "--step", "300ms", "--no-save", "--json", "-",
        "--check", "status == 200", "--check", "body contains hello", "--check", "header Content-Length 5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)["steps"]
    assert {1, 2, 4} <= {step["users"] for step in steps}
    assert all(step["success_percent"] == 100 for step in steps)
    assert "levels measured, at best" in done.stderr
    assert "Successes/s" in done.stderr


def test_a_check_that_does_not_hold_fails_the_run(katydid_here: Katydid, target: Target) -> None:
    done = katydid_here("run", f"{target.url}/ok", "--iterations", "20", "--check", "size > 1kB", "--no-save")
    assert done.returncode == 1, done.stderr
    assert "check_failed" in done.stdout


def test_a_run_is_ended_when_a_threshold_breaks(katydid_here: Katydid, target: Target) -> None:
    started = time.monotonic()
    done = katydid_here(
        "run", f"{target.url}/ok", "-d", "60s", "--think-time", "20ms", "--no-save",
        "--threshold", "max<1ms", "--abort-on-fail-after", "500ms",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert time.monotonic() - started < 30
    assert "max<1ms" in done.stdout


def test_every_request_failed(katydid_here: Katydid, target: Target) -> None:
    done = katydid_here("run", f"{target.url}/missing", "--iterations", "20")
    assert done.returncode == 1, done.stderr
    assert "http_404" in done.stdout


def test_a_target_that_refuses(katydid_here: Katydid) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = katydid_here("run", f"http://127.0.0.1:{port}/", "-d", "500ms", "-u", "2", "--think-time", "100ms")
    assert done.returncode == 3, done.stderr
    assert "connect_refused" in done.stdout


def test_ctrl_c_keeps_the_results_so_far(target: Target, data_dir: Path, tmp_path: Path) -> None:
    before = target.answered["/ok"]
    result = tmp_path / "result.json"
    process = start(
        data_dir, "run", f"{target.url}/ok", "-d", "60s", "--think-time", "50ms", "--json", str(result)
    )
    try:
        wait_for(lambda: target.answered["/ok"] > before + 20)
        time.sleep(0.5)  # a few intervals
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: every process of the command gets it
        asked = time.monotonic()
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()
    assert process.returncode == 130, err
    assert time.monotonic() - asked < 5
    document = json.loads(result.read_text())
    totals = document["totals"]
    assert document["status"] == "stopped"
    assert totals["completed"] == target.answered["/ok"] - before
    assert totals["sent"] == totals["successes"] + totals["failures"] + totals["cut_off"]
    assert "succeeded" in out
    assert "Traceback" not in err


def test_a_second_ctrl_c_ends_everything_at_once(target: Target, data_dir: Path) -> None:
    before = target.answered["/ok"]
    process = start(data_dir, "run", f"{target.url}/ok", "-d", "60s", "--think-time", "50ms")
    try:
        wait_for(lambda: target.answered["/ok"] > before + 20)
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)  # two alike could arrive as one
        asked = time.monotonic()
        process.communicate(timeout=10)
        assert process.returncode == 130
        assert time.monotonic() - asked < 1
        wait_for(lambda: not alive(children), 2)
    finally:
        process.kill()


def test_lost_engines_are_the_generators_failure(target: Target, data_dir: Path) -> None:
    before = target.answered["/ok"]
    process = start(data_dir, "run", f"{target.url}/ok", "-d", "60s", "--think-time", "50ms")
    try:
        wait_for(lambda: target.answered["/ok"] > before + 20)
        for child in psutil.Process(process.pid).children(recursive=True):
            if has_connection_to(child, target):
                child.kill()
        out, err = process.communicate(timeout=15)
    finally:
        process.kill()
    assert process.returncode == 4, err
    assert "interrupted" in out


def has_connection_to(process: psutil.Process, target: Target) -> bool:
    port = int(target.url.rpartition(":")[2])
    return any(each.raddr and each.raddr.port == port for each in process.net_connections("tcp"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "http://h/", "--users", "0"], "katydid: --users: must be 1 or more, not 0"),
        (["run", "localhost"], "katydid: URL: start the address with http:// or https://"),
        (["run"], "katydid run: Missing argument 'URL|PLAN'."),
        (["run", "http://h/", "--sers", "1"], "katydid run: No such option: --sers"),
        (["run", "http://h/", "--json", "/nowhere/x.json"], "katydid: --json: there is no folder '/nowhere'"),
        (["run", "http://h/", "--json", "/"], "katydid: --json: '/' is a folder"),
        (["lab", "nothing"], "katydid: there is no practice target 'nothing'; there are gather, "),
        (["serve", "--access-token", "x"], "katydid: --access-token: must have 16 characters or more, not 1"),
        (["serve", "--port", "99999"], "katydid: --port: should be less than or equal to 65535, not '99999'"),
        (["db", "upgrade", "--database-url", "mysql://x"], "katydid: --database-url: write an address"),
    ],
)  # fmt: skip
def test_wrong_usage(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    shown = capsys.readouterr()
    assert ended.value.code == 2
    assert shown.out == ""
    assert shown.err.startswith(message)


def test_wrong_usage_in_a_process_of_its_own(katydid: Katydid) -> None:
    done = katydid("run", "http://h/", "--users", "0")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "katydid: --users: must be 1 or more, not 0\n"


def test_an_unusable_database_offers_a_way_out(katydid_here: Katydid, target: Target, tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database" * 1000)
    before = target.answered.total()
    done = katydid_here("run", f"{target.url}/ok", "--database-url", f"sqlite:///{tmp_path / 'broken.db'}")
    assert done.returncode == 2
    assert "is not a Katydid database" in done.stderr
    assert "--no-save" in done.stderr
    assert target.answered.total() == before


def test_no_command_shows_the_help(katydid: Katydid) -> None:
    done = katydid()
    assert done.returncode == 0
    assert "serve" in done.stdout
