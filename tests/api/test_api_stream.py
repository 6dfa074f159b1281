"""A run as server-sent events: everything from the start for whoever joins, what is new for who returns."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st

from tests.api.conftest import Service
from tests.api.fakes import SECOND, interval
from webui.api.stream import Progress, progress_of
from webui.metrics import codec
from webui.metrics.series import Series
from webui.store import RunRecord

pytestmark = pytest.mark.anyio


@dataclass
class Event:
    kind: str
    data: dict[str, Any]
    number: str | None


def parse(text: str) -> list[Event]:
    """The events of a stream; comments, such as pings, are passed over."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
        if fields:
            found.append(Event(fields["event"], json.loads(fields["data"]), fields.get("id")))
    return found


def rows(events: list[Event]) -> list[dict[str, Any]]:
    """What a client ends up with: each row replaces those that it overlaps."""
    held: list[dict[str, Any]] = []
    for event in events:
        if event.kind == "snapshot":
            begins = event.data["t_s"] - event.data["interval_s"]
            held = [row for row in held if row["t_s"] <= begins + 1e-9]
            held.append(event.data)
    return held


async def follow(service: Service, run_id: str, **headers: str) -> list[Event]:
    """All events until the stream ends."""
    response = await service.client.get(f"/api/v1/runs/{run_id}/stream", headers=headers)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-store"
    return parse(response.text)


async def watched(service: Service, run_id: str) -> None:
    """Returns when somebody follows the run."""
    live = service.manager.get_live(run_id)
    assert live is not None
    while not live.channel._subscriptions:
        await asyncio.sleep(0)


async def test_a_follower_sees_every_row_and_the_end(service: Service) -> None:
    launch = await service.started()
    following = asyncio.create_task(follow(service, launch.run_id))
    for _ in range(5):
        launch.second_passes()
        await asyncio.sleep(0)
    launch.finish()
    events = await following
    document = (await service.client.get(f"/api/v1/runs/{launch.run_id}")).json()
    assert rows(events) == document["snapshots"]
    assert len(rows(events)) == 5
    assert [event.kind for event in events[-2:]] == ["snapshot", "finished"]
    assert events[-1].data["status"] == "passed"
    assert events[-1].data["ended_at"] == document["ended_at"]


async def test_one_who_joins_late_is_sent_the_whole_history(service: Service) -> None:
    run_id = await service.ended(await service.started(), 7)
    events = await follow(service, run_id)
    assert [event.kind for event in events] == ["status", *["snapshot"] * 7, "finished"]
    document = (await service.client.get(f"/api/v1/runs/{run_id}")).json()
    assert rows(events) == document["snapshots"]


async def test_a_slow_reader_loses_events_but_no_row(service: Service) -> None:
    """Many more events than its queue holds, before it reads the first."""
    launch = await service.started()
    following = asyncio.create_task(follow(service, launch.run_id))
    await watched(service, launch.run_id)
    for _ in range(200):
        launch.second_passes()
    launch.finish()
    assert len(rows(await following)) == 200


async def test_one_who_returns_is_sent_what_is_new(service: Service) -> None:
    run_id = await service.ended(await service.started(), 6)
    before = await follow(service, run_id)
    cut = before[:4]  # the status and three rows
    after = await follow(service, run_id, **{"Last-Event-ID": cut[-1].number or ""})
    assert [event.kind for event in after] == [*["snapshot"] * 4, "finished"]
    assert rows([*cut, *after]) == rows(before)


async def test_one_who_returns_after_the_end_is_told_to_stay_away(service: Service) -> None:
    run_id = await service.ended(await service.started())
    last = (await follow(service, run_id))[-1].number
    assert last is not None
    response = await service.client.get(f"/api/v1/runs/{run_id}/stream", headers={"Last-Event-ID": last})
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("foreign", ["", "x", "-1", "1e9", "٣", "9" * 40])
async def test_a_foreign_id_starts_from_the_beginning(service: Service, foreign: str) -> None:
    run_id = await service.ended(await service.started(), 2)
    headers = {b"Last-Event-ID": foreign.encode()}
    response = await service.client.get(f"/api/v1/runs/{run_id}/stream", headers=headers)  # type: ignore[arg-type]
    assert len(rows(parse(response.text))) == 2


async def test_a_run_that_waits_tells_when_its_turn_comes(service: Service) -> None:
    first = await service.started()
    waiting = await service.start()
    following = asyncio.create_task(follow(service, waiting))
    await watched(service, waiting)
    await service.ended(first)
    while waiting not in service.fleet.launches:
        await asyncio.sleep(0)
    service.fleet.launches[waiting].second_passes()
    service.fleet.launches[waiting].finish()
    statuses = [event.data["status"] for event in await following if event.kind == "status"]
    assert statuses[0] == "queued"
    assert statuses[-1] == "running"


async def test_a_run_of_another_process_is_followed_through_the_store(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webui.api.stream._POLL_S", 0.01)
    own = await service.start()
    plan = (await service.client.get(f"/api/v1/runs/{own}")).json()["plan"]
    other = RunRecord(
        id="r_other",
        name="Other",
        status="running",
        target="",
        created_at=datetime.now(UTC),
        started_at=datetime.now(UTC),
        owner="elsewhere:1:0",
        plan=plan,
    )
    await service.store.add_run(other)
    await service.store.put_snapshots(other.id, [(0, codec.encode(interval(0)))])
    following = asyncio.create_task(follow(service, other.id))
    await asyncio.sleep(0.05)
    await service.store.put_snapshots(other.id, [(1, codec.encode(interval(1)))])
    await service.store.update_run(other.id, status="stopped")
    events = await following
    assert [event.kind for event in events] == ["status", "snapshot", "snapshot", "finished"]
    assert events[-1].data["status"] == "stopped"


@given(
    moments=st.lists(st.integers(1, 40), max_size=12).map(sorted),
    limit=st.integers(2, 8),
    returns=st.booleans(),
)
def test_whatever_is_lost_or_merged_the_client_holds_what_the_server_holds(
    moments: list[int], limit: int, returns: bool
) -> None:
    """The client looks only at `moments`, the series merges its rows meanwhile, the connection may drop."""
    series, progress, sent = Series(limit), Progress(), []
    for second in range(41):
        series.add(second, interval(second, second + 1))
        if second in (*moments, 40):
            if returns:
                progress = progress_of(str(progress.end_ns))
            new = progress.take_new_rows(series.snapshots)
            for snapshot in new:
                sent = [kept for kept in sent if kept.end_ns <= snapshot.start_ns]
                sent.append(snapshot)
    assert sent[0].start_ns == 0
    assert all(a.end_ns == b.start_ns for a, b in pairwise(sent))
    assert sent[-1].end_ns == 41 * SECOND
    assert sum(snapshot.totals.sent for snapshot in sent) == sum(range(1, 42))


def test_nothing_is_sent_twice_while_nothing_changes() -> None:
    series, progress = Series(), Progress()
    series.add(0, interval(0))
    assert len(progress.take_new_rows(series.snapshots)) == 1
    assert progress.take_new_rows(list(series.snapshots)) == []


async def test_open_streams_end_when_the_server_shuts_down(service: Service) -> None:
    launch = await service.started()
    launch.second_passes()
    server = uvicorn.Server(
        uvicorn.Config(service.app, host="127.0.0.1", port=0, lifespan="off", log_level="warning")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"http://127.0.0.1:{port}/api/v1/runs/{launch.run_id}/stream"
    async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", address) as response:
        lines = response.aiter_lines()
        async for line in lines:
            if line.startswith("event: snapshot"):
                break
        server.should_exit = True
        async with asyncio.timeout(2):
            async for _ in lines:
                pass
            await serving
