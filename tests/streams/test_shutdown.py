"""Ctrl-C with open streams: a real dashboard ends them in order and at once."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from tests.reliability.served import target_process
from tests.server import dashboard

LOAD = {"shape": "constant-users", "users": 5, "duration_s": 120}


def read_to_its_end(address: str, opened: threading.Semaphore) -> float:
    """When the stream came to its proper end; raises httpx.RemoteProtocolError for one that was cut."""
    with httpx.stream("GET", address, timeout=20) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        next(lines)
        opened.release()
        for _ in lines:
            pass
    return time.monotonic()


def test_streams_end_in_order_at_the_first_ctrl_c(tmp_path: Path) -> None:
    with target_process() as (_, port), dashboard(tmp_path, practice=False) as served:
        plan = {"base_url": f"http://127.0.0.1:{port}", "requests": [{}], "load": LOAD}
        run_id = httpx.post(f"{served.url}/api/v1/runs", json=plan).json()["id"]
        addresses = [f"{served.url}/runs/{run_id}/stream"] * 3 + [f"{served.url}/stream"]
        opened = threading.Semaphore(0)
        with ThreadPoolExecutor(len(addresses)) as pool:
            endings = [pool.submit(read_to_its_end, address, opened) for address in addresses]
            assert all(opened.acquire(timeout=10) for _ in addresses)
            asked = time.monotonic()
            served.process.send_signal(signal.SIGINT)
            delays = [ending.result(10) - asked for ending in endings]
        served.process.wait(10)
    assert max(delays) < 1.0
