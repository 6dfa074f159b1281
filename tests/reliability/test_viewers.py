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
WATCH_S = setting("WATCH_S", 3)
LATE_S = 0.5
FRAME = b"event: rows\r\n"
ROWS = '"rows":'
MIB = 1024 * 1024
HELD = 1  # MiB that a viewer may cost: its connection and one frame of the page


async def test_frames_come_in_time_and_the_load_is_what_it_was(served: Served, port: int) -> None:
    load = {"shape": "constant-rate", "rate_rps": 500, "duration_s": WATCH_S + 20, "max_users": 50}
    run_id = served.start(f"http://127.0.0.1:{port}", load=load, think_time_s=[0, 0])
    served.measured(run_id, 4)
    alone = served.run(run_id)
    began_s = datetime.fromisoformat(alone["started_at"]).timestamp()
    memory = served.process.memory_full_info().uss
    viewers = [await watching(served, run_id, reads=number >= SILENT) for number in range(VIEWERS)]
    await asyncio.sleep(WATCH_S)
    grown = served.process.memory_full_info().uss - memory
    watched = await asyncio.to_thread(served.run, run_id)
    for transport, _ in viewers:
        transport.close()
    late_s = [each for _, viewer in viewers for each in viewer.late_s(began_s)]
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


class Viewer(asyncio.Protocol):
    """Notes when each frame began to come, and its beginning. Reading it is left for later: 500 viewers would
    themselves be late."""

    def __init__(self) -> None:
        self.frames: list[tuple[float, bytes]] = []

    def data_received(self, data: bytes) -> None:
        begin = data.find(FRAME)
        if begin >= 0:
            self.frames.append((time.time(), data[begin + len(FRAME) : begin + 8192]))

    def late_s(self, began_s: float) -> list[float]:
        """How long after the end of its newest interval each frame came, but for the first one."""
        return [at_s - began_s - newest_end_s(frame) for at_s, frame in self.frames[1:]]


async def watching(served: Served, run_id: str, *, reads: bool) -> tuple[asyncio.Transport, Viewer]:
    """A viewer of the stream; one that does not read asks for it, and no more."""
    host, port = urlsplit(served.url).netloc.split(":")
    transport, viewer = await asyncio.get_running_loop().create_connection(Viewer, host, int(port))
    if not reads:
        transport.pause_reading()
    transport.write(f"GET /runs/{run_id}/stream HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    return transport, viewer


def newest_end_s(frame: bytes) -> float:
    """The end of the newest interval in a chart's update, whose rows are [start_s, end_s, …]."""
    text = frame.decode(errors="replace")
    rows, _ = json.JSONDecoder().raw_decode(text, text.index(ROWS) + len(ROWS))
    return float(rows[-1][1])
