"""A generator that is the bottleneck is caught: an engine on a core that it has to share, for real."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.runs.fakes import plan
from webui.fleet import Fleet
from webui.runs.manager import RunManager
from webui.runs.state import RunStatus
from webui.settings import Settings
from webui.store import Store

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux pins processes to cores"),
]

# Dear to check and cheap to send, so that the engine has more to do than the server.
ITEMS = b",".join(b'{"id":%d,"name":"thing"}' % number for number in range(4000))
BODY = b'{"items":[' + ITEMS + b"]}"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
CHECK = {"on": "json", "path": "$.items[0].id", "is": "== 0"}
BUSY = "import time\nend = time.monotonic() + 10\nwhile time.monotonic() < end: pass"


class Server(asyncio.Protocol):
    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER * data.count(b"\r\n\r\n"))


@asynccontextmanager
async def server() -> AsyncIterator[int]:
    listening = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    yield listening.sockets[0].getsockname()[1]
    listening.close()


@contextmanager
def competitor(pid: int) -> Iterator[None]:
    """Holds that process to one core together with one that never rests, for ten seconds at most."""
    core = {max(os.sched_getaffinity(0))}
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), core)
    with subprocess.Popen([sys.executable, "-c", BUSY]) as busy:
        os.sched_setaffinity(busy.pid, core)
        try:
            yield
        finally:
            busy.kill()


async def test_an_engine_that_has_to_share_its_core_is_not_trusted_live_and_in_the_result(
    tmp_path: Path,
) -> None:
    store = await Store.open(f"sqlite:///{tmp_path}/katydid.db")
    fleet = await Fleet.start()
    manager = RunManager(store, fleet, Settings())
    [pid] = fleet.pids.values()
    load = {"shape": "constant-users", "users": 5, "duration_s": 2.5}
    try:
        async with server() as port:
            with competitor(pid):
                the_plan = plan(
                    base_url=f"http://127.0.0.1:{port}",
                    requests=[{"path": "/", "checks": [CHECK]}],
                    load=load,
                    thresholds=["audit.trustworthy"],
                )
                run_id = (await manager.create(the_plan)).id
                seen_live = []
                async with manager.subscribe(run_id) as events:
                    async for event in events:
                        if event.kind == "snapshot" and event.view.live:
                            seen_live.append(event.view.result().audit)
        async with asyncio.timeout(10):
            while manager.get_live(run_id) is not None:
                await asyncio.sleep(0.01)
        view = await manager.view(run_id)
        record = await store.get_run(run_id)
    finally:
        await manager.close()
        await fleet.close()
        await store.close()
    assert record is not None
    assert record.result is not None
    audit = record.result["audit"]
    assert audit["trustworthy"] is False
    assert any("other processes kept it waiting" in reason for reason in audit["reasons"]), audit
    assert audit["generator_wait_percent"] > 20
    assert audit["generator_cpu_percent"]["mean"] < 80  # CPU use alone does not show it
    late = seen_live[len(seen_live) // 2 :]
    assert any(found.trustworthy is False and found.reasons for found in late)
    assert (view.status, view.audit.trustworthy) == (RunStatus.FAILED, False)
    assert view.status_reason == "1 of 1 threshold did not hold."
