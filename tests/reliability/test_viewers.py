"""Many viewers of one live run, some of whom never read: frames come in time, memory is bounded, and the load
is what it was.

`KATYDID_RELIABILITY_VIEWERS=500 KATYDID_RELIABILITY_SILENT=50` is the full size.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.reliability.served import Served, patience, setting

pytestmark = pytest.mark.anyio

VIEWERS = int(setting("VIEWERS", 80))
SILENT = int(setting("SILENT", 8))
WATCH_S = setting("WATCH_S", 5)
LATE_S = 0.5
MIB = 1024 * 1024
HELD = 1  # MiB that a viewer may cost: its connection and one frame of the page


async def test_frames_come_in_time_and_the_load_is_what_it_was(served: Served, port: int) -> None:
    load = {"shape": "constant-rate", "rate_rps": 500, "duration_s": 300, "max_users": 50}
    run_id = served.start(f"http://127.0.0.1:{port}", load=load, think_time_s=[0, 0])
    served.measured(run_id, 4)
    alone = served.run(run_id)
    began_s = datetime.fromisoformat(alone["started_at"]).timestamp()
    memory = served.process.memory_full_info().uss
    silent = [await connected(served, run_id) for _ in range(SILENT)]
    watching = [asyncio.create_task(watch(served, run_id, began_s)) for _ in range(VIEWERS - SILENT)]
    await asyncio.sleep(WATCH_S + 1)
    grown = served.process.memory_full_info().uss - memory
    watched = await asyncio.to_thread(served.run, run_id)
    late_s = [each for viewer in watching for each in await viewer]
    for writer in silent:
        writer.close()
    served.stop(run_id)
    served.ended(run_id)
    p95_s = statistics.quantiles(late_s, n=20)[-1]
    before, during = rate(alone["snapshots"][1:]), rate(watched["snapshots"][len(alone["snapshots"]) + 1 :])
    print(f"{VIEWERS} viewers, {SILENT} silent: frames {p95_s * 1000:.0f} ms after their interval at p95")
    print(f"memory + {grown / MIB:.1f} MiB; rate {before:.1f}/s alone, {during:.1f}/s watched")
    assert len(late_s) >= (VIEWERS - SILENT) * (WATCH_S - 2) / patience()
    assert p95_s < LATE_S * patience()
    assert grown < (20 + VIEWERS * HELD) * MIB
    assert during == pytest.approx(before, rel=0.05)


def rate(rows: list[dict[str, Any]]) -> float:
    """Requests per second over these intervals."""
    return float(
        sum(row["rate_rps"] * row["interval_s"] for row in rows) / sum(row["interval_s"] for row in rows)
    )


async def connected(served: Served, run_id: str) -> asyncio.StreamWriter:
    """A viewer that asks for the stream and reads nothing of it."""
    return (await opened(served, run_id))[1]


async def opened(served: Served, run_id: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host = urlsplit(served.url).netloc
    reader, writer = await asyncio.open_connection(*host.split(":"), limit=1 << 20)
    writer.write(f"GET /runs/{run_id}/stream HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return reader, writer


async def watch(served: Served, run_id: str, began_s: float) -> list[float]:
    """How long after the end of its newest interval each frame came, but for the first one."""
    reader, writer = await opened(served, run_id)
    until, late_s = time.monotonic() + WATCH_S, []
    event = b""
    while time.monotonic() < until:
        line = await asyncio.wait_for(reader.readline(), 10)
        assert line, "the stream ended"
        if line.startswith(b"event:"):
            event = line[6:].strip()
        elif line.startswith(b"data:") and event == b"rows":
            end_s = newest_end_s(json.loads(line[5:]))
            late_s.append(time.time() - began_s - end_s)
            event = b""
    writer.close()
    return late_s[1:]


def newest_end_s(update: dict[str, Any]) -> float:
    """The end of the newest interval in a chart's update."""
    return float(update["rows"][-1][1])  # start_s, end_s, …
