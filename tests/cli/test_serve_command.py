"""`katydid serve` as a process: its start, its end, and what stands in its way."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.conftest import Katydid, alive, start, wait_for


@contextlib.contextmanager
def serving(data_dir: Path, *flags: str) -> Iterator[tuple[subprocess.Popen[str], str, str | None]]:
    """A dashboard: its process, its URL, and that of the practice target async-io."""
    process = start(data_dir, "serve", "--port", "0", *flags)
    try:
        assert process.stdout is not None
        found: dict[str, str] = {}
        for line in process.stdout:
            if url := re.search(r"http://[^/\s]+", line):
                found.setdefault("practice" if "practice" in line else "url", url[0])
            if line.startswith("Press Ctrl-C"):
                break
        assert found, process.stderr.read() if process.stderr else ""
        yield process, found["url"], found.get("practice")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=10)


def started_run(url: str, target: str) -> str:
    plan = {"base_url": target, "requests": [{}], "load": {"users": 2, "duration_s": 60}}
    answer = httpx.post(f"{url}/api/v1/runs", json={**plan, "think_time_s": [0.05, 0.05]})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_ctrl_c_with_an_open_stream_ends_it_in_order(tmp_path: Path) -> None:
    received: list[bytes] = []
    with serving(tmp_path) as (process, url, practice):
        assert practice is not None
        assert httpx.get(f"{practice}/async").status_code == 200
        children = psutil.Process(process.pid).children(recursive=True)
        run_id = started_run(url, f"{practice}/async")

        def watch() -> None:
            with contextlib.suppress(httpx.HTTPError):
                with httpx.stream("GET", f"{url}/runs/{run_id}/stream", timeout=20) as response:
                    received.extend(response.iter_bytes())

        viewer = threading.Thread(target=watch)
        viewer.start()
        wait_for(lambda: len(received) > 3)
        os.killpg(process.pid, signal.SIGINT)
        asked = time.monotonic()
        _, err = process.communicate(timeout=10)
        assert time.monotonic() - asked < 2
        viewer.join(5)
        assert process.returncode == 0
        assert "Traceback" not in err
        wait_for(lambda: not alive(children), 1)
    with sqlite3.connect(tmp_path / "katydid.db") as database:
        [(status,)] = database.execute("SELECT status FROM runs").fetchall()
    database.close()
    assert status in ("stopped", "interrupted")


def test_a_second_ctrl_c_ends_it_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url, practice):
        children = psutil.Process(process.pid).children(recursive=True)
        started_run(url, f"{practice}/async")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        process.communicate(timeout=10)
        assert time.monotonic() - asked < 1
        assert process.returncode == 130
        wait_for(lambda: not alive(children), 2)


def test_nothing_outlives_a_dashboard_that_was_killed(tmp_path: Path) -> None:
    with serving(tmp_path) as (process, url, practice):
        children = psutil.Process(process.pid).children(recursive=True)
        started_run(url, f"{practice}/async")
        assert len(children) >= 3  # engines and the practice targets
        process.kill()
        wait_for(lambda: not alive(children), 5)


def test_a_port_in_use(katydid: Katydid) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = katydid("serve", "--port", str(port))
        assert done.returncode == 2
        assert done.stderr.startswith(f"katydid: port {port} is")
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("content", [b"no database" * 1000])
def test_a_database_that_is_none(katydid: Katydid, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.db").write_bytes(content)
    done = katydid("serve", "--port", "0", "--database-url", f"sqlite:///{tmp_path / 'broken.db'}")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "is not a Katydid database" in done.stderr


def test_db_upgrade_makes_a_database(katydid_here: Katydid, tmp_path: Path) -> None:
    done = katydid_here("db", "upgrade", "--database-url", f"sqlite:///{tmp_path / 'new.db'}")
    assert done.returncode == 0
    with sqlite3.connect(tmp_path / "new.db") as database:
        assert database.execute("SELECT count(*) FROM runs").fetchone() == (0,)
    database.close()
