"""The fleet with real worker processes."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.fleet import engines
from tests.runs.fakes import plan
from webui.engine import ShardSpec, shard_specs
from webui.fleet import Fleet, Launch
from webui.fleet import fleet as module
from webui.plan.documents import plan_from_data

pytestmark = pytest.mark.anyio

PLAN = {"base_url": "http://127.0.0.1:9", "requests": [{"path": "/"}]}

Events = list[dict[str, Any]]


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.002)


def specs(run_id: str = "r_1", shards: int = 1) -> list[ShardSpec]:
    return shard_specs(run_id, plan(users=10), shards)


def kinds(events: Events, shard: int = 0) -> list[str]:
    return [event["type"] for event in events if event["shard"] == shard]


@pytest.fixture
async def fleet() -> AsyncIterator[Fleet]:
    started = await Fleet.start(engine=engines.steady)
    yield started
    await started.close()


async def begin(fleet: Fleet, run_id: str = "r_1", shards: int = 1) -> tuple[Launch, Events]:
    events: Events = []
    launch = await fleet.launch(specs(run_id, shards), events.append)
    await until(lambda: all("snapshot" in kinds(events, shard) for shard in range(shards)))
    return launch, events


def shards(monkeypatch: pytest.MonkeyPatch, available: int = 8, **load: Any) -> int:
    monkeypatch.setattr(module, "cores", lambda: available)
    return Fleet.shards_for(plan_from_data({**PLAN, "load": load}).load)


@pytest.mark.parametrize(
    ("load", "expected"),
    [
        ({"shape": "constant-users", "users": 2000}, 1),
        ({"shape": "constant-users", "users": 2001}, 2),
        ({"shape": "constant-users", "users": 100_000}, 8),
        ({"shape": "ramping-users", "stages": [{"duration_s": 9, "users": 5000}]}, 3),
        ({"shape": "constant-rate", "rate_rps": 20_000, "max_users": 5000}, 1),
        ({"shape": "constant-rate", "rate_rps": 20_001}, 2),
        ({"shape": "constant-rate", "rate_rps": 1, "max_users": 30_000}, 3),
        ({"shape": "ramping-rate", "stages": [{"duration_s": 9, "rate_rps": 70_000}]}, 4),
        ({"shape": "burst", "size": 50, "count": 1000}, 1),
        ({"shape": "burst", "size": 4001}, 3),
        ({"shape": "sweep", "to": 100_000}, 1),
    ],
)
def test_engines_by_users_and_by_rate(
    monkeypatch: pytest.MonkeyPatch, load: dict[str, Any], expected: int
) -> None:
    assert shards(monkeypatch, **load) == expected
    assert shards(monkeypatch, 1, **load) == 1


async def test_events_come_in_order_once_and_soon(fleet: Fleet) -> None:
    launch, events = await begin(fleet)
    received: list[float] = []
    launch._on_event = lambda event: (events.append(event), received.append(time.time()))[0]
    await until(lambda: len(events) > 60)
    await launch.stop()
    snapshots = [event for event in events if event["type"] == "snapshot"]
    assert kinds(events)[0] == "started"
    assert kinds(events)[-1] == "finished"
    assert [event["index"] for event in snapshots] == list(range(len(snapshots)))
    timed = [event["at"] for event in events[-len(received) :] if "at" in event]
    delays = sorted(at - sent for at, sent in zip(received, timed, strict=False))
    assert delays[len(delays) // 2] < 0.05


async def test_a_flood_of_events_keeps_its_order() -> None:
    fleet = await Fleet.start(engine=engines.burst)
    try:
        events: Events = []
        launch = await fleet.launch(specs(), events.append)
        await until(lambda: launch.ended)
        assert [event.get("index") for event in events] == [None, *range(500), None]
        assert kinds(events)[-1] == "finished"
    finally:
        await fleet.close()


async def test_a_killed_process_is_lost_once_and_replaced_and_nothing_else_notices(fleet: Fleet) -> None:
    launch, events = await begin(fleet, "r_1", 2)
    other, others = await begin(fleet, "r_2")
    assert len(fleet.pids) == 3
    killed = fleet.pids[launch.addresses[0]]
    os.kill(killed, signal.SIGKILL)
    await until(lambda: "lost" in kinds(events), 2)
    assert "killed" in next(event["error"] for event in events if event["type"] == "lost")
    await until(lambda: killed not in fleet.pids.values() and len(fleet.pids) == 3, 5)
    seen, seen_others = len(kinds(events, 1)), len(others)
    await until(lambda: len(kinds(events, 1)) > seen + 5 and len(others) > seen_others + 5)
    assert kinds(events).count("lost") == 1
    assert kinds(events).count("started") == 1  # it was not run again
    assert kinds(events)[-1] == "lost"
    again, _ = await begin(fleet, "r_3")
    for running in (launch, other, again):
        await running.stop()
    assert kinds(events, 1)[-1] == kinds(others)[-1] == "finished"


async def test_two_runs_stop_each_by_itself(fleet: Fleet) -> None:
    one, ones = await begin(fleet, "r_1")
    two, twos = await begin(fleet, "r_2")
    await one.stop()
    assert kinds(ones)[-1] == "finished"
    seen = len(twos)
    await until(lambda: len(twos) > seen + 5)
    assert "finished" not in kinds(twos)
    await two.stop()


async def test_stop_in_the_moment_of_the_start_is_not_lost(fleet: Fleet) -> None:
    events: Events = []
    launch = await fleet.launch(specs(), events.append)
    await asyncio.wait_for(launch.stop(), 2)
    assert kinds(events)[-1] == "finished"


async def test_an_engine_that_never_pauses_is_heard_and_stopped() -> None:
    fleet = await Fleet.start(engine=engines.spinning)
    try:
        launch, events = await begin(fleet)
        await until(lambda: len(events) > 25)
        asked = time.monotonic()
        await launch.stop()
        assert time.monotonic() - asked < 1
        assert kinds(events)[-1] == "finished"
    finally:
        await fleet.close()


async def test_an_engine_that_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webui.fleet.launch.STOP_LIMIT_S", 0.5)
    fleet = await Fleet.start(engine=engines.deaf)
    try:
        events: Events = []
        launch = await fleet.launch(specs(), events.append)
        await until(lambda: bool(events))
        await asyncio.wait_for(launch.stop(), 3)
        assert kinds(events) == ["started", "lost"]
    finally:
        await fleet.close()


async def test_an_engines_error_is_an_event() -> None:
    fleet = await Fleet.start(engine=engines.broken)
    try:
        events: Events = []
        launch = await fleet.launch(specs(), events.append)
        await until(lambda: launch.ended)
        assert kinds(events) == ["started", "failed"]
        assert events[-1]["error"] == "The engine failed: too many open files"
    finally:
        await fleet.close()


async def test_processes_that_nothing_needs_are_ended(fleet: Fleet) -> None:
    launch, _ = await begin(fleet, "r_1", 3)
    await launch.stop()
    await until(lambda: not fleet._busy)
    await fleet._retire_idle()
    assert len(fleet.pids) == 1
    again, _ = await begin(fleet, "r_2", 2)
    await again.stop()


async def test_busy_processes_are_never_ended(fleet: Fleet) -> None:
    launch, events = await begin(fleet, "r_1", 2)
    await fleet._retire_idle()
    seen = len(events)
    await until(lambda: len(events) > seen + 5)
    assert "lost" not in kinds(events) + kinds(events, 1)
    await launch.stop()


async def test_closing_is_quick_also_while_runs_go_on_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    fleet = await Fleet.start(engine=engines.steady)
    directory = Path(fleet._workers._directory)
    _, events = await begin(fleet, "r_1", 2)
    pids = list(fleet.pids.values())
    asked = time.monotonic()
    await fleet.close()
    assert time.monotonic() - asked < 1
    assert kinds(events)[-1] == kinds(events, 1)[-1] == "lost"
    await until(lambda: not any(psutil.pid_exists(pid) for pid in pids), 2)
    assert not directory.exists()
    assert list(tmp_path.iterdir()) == []
    assert not any(str(directory) in entry for entry in sys.path)
    await fleet.close()


def listening(process: psutil.Process) -> set[tuple[str, int]]:
    return {tuple(c.laddr) for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN}


async def test_all_parts_listen_on_loopback_and_speak_tls_with_this_fleets_certificate(fleet: Fleet) -> None:
    assert fleet._workers.scheduler_address.startswith("tls://127.0.0.1:")
    worker = psutil.Process(next(iter(fleet.pids.values())))
    found = listening(psutil.Process()) | listening(worker)
    assert {host for host, _ in found} == {"127.0.0.1"}
    assert len(listening(worker)) == 1  # no HTTP server beside
    stranger = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    stranger.check_hostname, stranger.verify_mode = False, ssl.CERT_NONE
    own = fleet._workers.security.get_connection_args("client")["ssl_context"]
    for address in [fleet._workers.scheduler_address, *fleet.pids]:
        port = int(address.rpartition(":")[2])
        assert await first_byte(port, own), "who holds the certificate is answered"
        assert await first_byte(port, stranger) == b"", "TLS without the fleet's certificate"
        assert await first_byte(port, None) in (b"", TLS_ALERT), "plain text"


TLS_ALERT = b"\x15"


async def first_byte(port: int, tls: ssl.SSLContext | None) -> bytes:
    """What a peer says first to whoever connects so; nothing when it hangs up."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
            try:
                writer.write(b"\0" * 64)
                return await reader.read(1)
            finally:
                writer.close()
    except (OSError, ssl.SSLError):
        return b""
