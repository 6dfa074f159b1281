"""`katydid experiment`: services that commands start, what is printed and kept, and that nothing is left."""

from __future__ import annotations

import json
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.conftest import Katydid, Target, alive, start, wait_for
from webui.cli import main

SERVICE = "import http.server, sys, time\n" + "\n".join(
    [
        "class Handler(http.server.BaseHTTPRequestHandler):",
        "    protocol_version = 'HTTP/1.1'",
        "    def do_GET(self):",
        "        time.sleep(0.002)",
        "        self.send_response(200)",
        "        self.send_header('Content-Length', '0')",
        "        self.end_headers()",
        "    def log_message(self, *_): pass",
        "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()",
    ]
)


@pytest.fixture
def service(tmp_path: Path) -> str:
    """A start command."""
    (tmp_path / "service.py").write_text(SERVICE)
    return f"{sys.executable} {tmp_path}/service.py {{port}}"


def test_services_are_started_compared_kept_and_ended(
    katydid: Katydid, target: Target, service: str, data_dir: Path
) -> None:
    broken = f"{sys.executable} -c 'raise SystemExit(\"no database here\")' {{port}}"
    done = katydid(
        "experiment", "--start", f"mine={service}", "--start", f"broken={broken}",
        "--variant", f"there={target.url}", "--path", "/ok",
        "-u", "1,4", "--time", "500ms", "--no-diagnose", "--json", "-",
    )  # fmt: skip
    assert done.returncode == 1, done.stderr  # one variant did not start
    document: dict[str, Any] = json.loads(done.stdout)
    states = document["progress"]["variants"]
    assert [state["status"] for state in states] == ["done", "done", "failed"]
    assert "its last words: no database here" in states[2]["problem"]
    cells = document["progress"]["cells"]
    assert [cell["status"] for cell in cells] == ["done"] * 4 + ["skipped"] * 2
    assert all(cell["figures"]["success_percent"] == 100 for cell in cells[:4])
    said = document["progress"]["differences"][0]["sentence"]
    assert said
    assert " ".join(said.split()) in " ".join(done.stderr.split())
    assert f"/experiments/{document['id']}" in done.stderr
    assert "mine, 4 users: " in done.stderr
    with sqlite3.connect(data_dir / "katydid.db") as database:
        kept = database.execute("SELECT status FROM experiments WHERE id = ?", [document["id"]]).fetchall()
        runs = database.execute("SELECT count(*) FROM runs WHERE experiment_id = ?", [document["id"]])
        assert (kept, runs.fetchone()) == ([("finished",)], (4,))
    database.close()
    assert not _serving(service)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_end_from_outside_leaves_nothing_running(
    tmp_path: Path, service: str, number: signal.Signals
) -> None:
    process = start(tmp_path, "experiment", "--start", f"mine={service}", "-u", "1", "-t", "60s", "--no-save")
    try:
        wait_for(lambda: bool(_serving(service)))
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        process.communicate(timeout=20)
        assert process.returncode == (130 if number == signal.SIGINT else -number)
        wait_for(lambda: not alive(below), 10)
        assert not _serving(service)
    finally:
        process.kill()


def _serving(service: str) -> list[psutil.Process]:
    """The processes of that start command."""
    script = service.split()[1]
    return [each for each in psutil.process_iter(["cmdline"]) if script in (each.info["cmdline"] or ())]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "say what to try"),
        (["--lab", "threads", "--variant", "a=http://127.0.0.1:1"], "not both"),
        (["--lab", "nothing"], "no practice target"),
        (["--lab", "threads", "--workers", "1,99"], "--workers: must be from 1 to 8"),
        (["--lab", "threads", "--workers", ","], "--workers: write whole numbers"),
        (["--lab", "threads", "--users", ","], "--users: write whole numbers"),
        (["--lab", "threads", "--path", "/other"], "--path: goes with services of yours"),
        (["--lab", "threads", "--start-timeout", "5s"], "--start-timeout: goes with --start"),
        (["--start", "a=sleep {port}", "--start-timeout", "0s"], "--start-timeout: a service needs"),
        (["--workers", "2", "--variant", "a=http://127.0.0.1:1"], "goes with --lab"),
        (["--variant", "a=ftp://x"], "--variant: "),
        (["--start", "sleep 60 {port}"], "is LABEL=COMMAND"),
        (["--start", "a=sleep 60"], "has no {port}"),
        (["--start", "a=no-such-command-here {port}"], "no command"),
        (["--start", "a=sleep {port}", "--start", "a=sleep {port}"], "the label 'a'"),
        (["--lab", "threads", "--users", "1,many"], "--users: "),
        (["--lab", "threads", "--users", "100000"], "--users: "),
        (["--lab", "threads", "--time", "1h"], "--time: "),
        (["--lab", "threads", "--json", "/nowhere/at/all.json"], "there is no folder"),
    ],
)
def test_mistakes_are_named_before_anything_starts(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["experiment", *arguments])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_public_address_is_asked_about(data_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["experiment", "--variant", "theirs=http://192.0.9.9", "-u", "1", "--quiet"])
    assert ended.value.code == 2
    assert "--i-may-test: " in capsys.readouterr().err
