"""What becomes of a launched run's shards, without processes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from webui.fleet import launch as module
from webui.fleet.launch import ChangeData, Launch

pytestmark = pytest.mark.anyio


class Harness:
    """A launch of so many shards whose messages are kept."""

    def __init__(self, shards: int = 2) -> None:
        self.events: list[tuple[int, str]] = []
        self.stops: list[tuple[list[str], list[tuple[str, int]]]] = []
        self.killed: list[str] = []
        self.told: list[tuple[int, ChangeData]] = []
        self.away: set[int] = set()  # shards that are not in their process yet
        self.launch = Launch("r_1", self._event, self._stop, self._change, self._kill)
        for shard in range(shards):
            self.launch.place(shard, f"tls://127.0.0.1:{shard}")

    def _event(self, event: dict[str, Any]) -> None:
        self.events.append((event["shard"], event["type"]))

    async def _stop(self, addresses: list[str], keys: list[tuple[str, int]]) -> None:
        self.stops.append((addresses, keys))

    async def _change(
        self, addresses: list[str], keys: list[tuple[str, int]], change: ChangeData
    ) -> set[tuple[str, int]]:
        await asyncio.sleep(0)
        reached = {key for key in keys if key[1] not in self.away}
        self.told += [(key[1], change) for key in sorted(reached)]
        return reached

    async def _kill(self, address: str) -> None:
        self.killed.append(address)
        self.launch.settle(int(address.rpartition(":")[2]))

    def tell(self, shard: int, kind: str) -> None:
        self.launch.receive({"run": "r_1", "shard": shard, "type": kind})


async def test_a_shard_has_exactly_one_last_event() -> None:
    h = Harness()
    h.tell(0, "started")
    h.tell(0, "finished")
    h.tell(0, "snapshot")
    h.tell(0, "finished")
    h.launch.settle(0)
    assert h.events == [(0, "started"), (0, "finished")]
    assert not h.launch.ended


async def test_a_process_that_ends_without_a_word_loses_its_shard_once() -> None:
    h = Harness()
    h.tell(1, "failed")
    h.launch.settle(0)
    h.launch.settle(0)
    h.tell(0, "finished")
    h.launch.settle(1)
    assert h.events == [(1, "failed"), (0, "lost")]
    assert h.launch.ended


async def test_an_event_of_no_shard_is_dropped() -> None:
    h = Harness()
    h.tell(7, "finished")
    assert h.events == []


async def test_stop_tells_each_open_shard_and_waits_for_its_end() -> None:
    h = Harness(3)
    h.tell(0, "finished")
    stopping = [asyncio.ensure_future(h.launch.stop()) for _ in range(2)]
    while not h.stops:
        await asyncio.sleep(0)
    h.tell(1, "finished")
    await asyncio.sleep(0)
    assert not stopping[0].done()
    h.tell(2, "finished")
    await asyncio.gather(*stopping)
    assert h.stops == [(["tls://127.0.0.1:1", "tls://127.0.0.1:2"], [("r_1", 1), ("r_1", 2)])]
    assert h.killed == []


async def test_who_does_not_stop_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_REPEAT_S", 0.001)
    monkeypatch.setattr(module, "STOP_LIMIT_S", 0.003)
    h = Harness(1)
    await h.launch.stop()
    assert len(h.stops) == 3
    assert (h.killed, h.events) == (["tls://127.0.0.1:0"], [(0, "lost")])


async def told(h: Harness, count: int) -> None:
    async with asyncio.timeout(5):
        while len(h.told) < count:
            await asyncio.sleep(0)


async def test_changes_reach_each_open_shard_in_order() -> None:
    h = Harness(3)
    h.tell(1, "finished")
    h.launch.change(1, "users", 20.0)
    h.launch.change(2, "pause", None)
    await told(h, 4)
    h.launch.change(3, "resume", None)
    await told(h, 6)
    assert [change[0] for _, change in h.told] == [1, 1, 2, 2, 3, 3]
    assert {shard for shard, _ in h.told} == {0, 2}
    assert h.told[0] == (0, (1, "users", 20.0))


async def test_a_shard_on_its_way_is_told_when_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHANGE_REPEAT_S", 0.0)
    h = Harness(2)
    h.away = {1}
    h.launch.change(1, "users", 20.0)
    h.launch.change(2, "users", 30.0)
    await told(h, 1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert h.told == [(0, (1, "users", 20.0))]
    h.away = set()
    await told(h, 4)
    assert h.told[1:] == [(1, (1, "users", 20.0)), (0, (2, "users", 30.0)), (1, (2, "users", 30.0))]


async def test_a_shard_that_ends_before_it_is_told_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHANGE_REPEAT_S", 0.0)
    h = Harness(2)
    h.away = {1}
    h.launch.change(1, "users", 20.0)
    h.launch.change(2, "pause", None)
    await told(h, 1)
    h.launch.settle(1)
    await told(h, 2)
    assert h.told == [(0, (1, "users", 20.0)), (0, (2, "pause", None))]
