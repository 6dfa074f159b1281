"""Events to viewers: bounded, newest kept, resumable."""

from __future__ import annotations

import asyncio

import pytest

from tests.runs.fakes import START, plan
from webui.runs.broadcast import HISTORY_LENGTH, QUEUE_LENGTH, Channel, RunEvent, Subscription
from webui.runs.model import RunView
from webui.runs.state import RunStatus

pytestmark = pytest.mark.anyio

VIEW = RunView(id="r_1", name="x", plan=plan(), status=RunStatus.RUNNING, created_at=START)


def publish(channel: Channel, count: int = 1) -> None:
    for _ in range(count):
        channel.publish(RunEvent("r_1", channel.seq + 1, "snapshot", VIEW))


async def read(events: Subscription, count: int) -> list[int]:
    return [(await anext(events)).seq for _ in range(count)]


async def test_every_viewer_gets_every_event_in_order() -> None:
    channel = Channel()
    async with channel.subscribe() as one, channel.subscribe() as two:
        publish(channel, 3)
        assert await read(one, 3) == await read(two, 3) == [1, 2, 3]


async def test_a_viewer_that_waits_is_woken() -> None:
    channel = Channel()
    async with channel.subscribe() as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        assert not waiting.done()
        publish(channel)
        assert (await waiting).seq == 1


async def test_a_slow_viewer_loses_the_oldest_and_never_the_newest() -> None:
    channel = Channel()
    async with channel.subscribe() as slow, channel.subscribe() as quick:
        publish(channel, 5)
        assert await read(quick, 5) == [1, 2, 3, 4, 5]
        publish(channel, QUEUE_LENGTH)
        assert await read(slow, QUEUE_LENGTH) == list(range(6, 6 + QUEUE_LENGTH))
        assert (await anext(quick)).seq == 6


async def test_who_joins_late_begins_with_the_newest() -> None:
    channel = Channel()
    publish(channel, 7)
    async with channel.subscribe() as events:
        assert (await anext(events)).seq == 7


async def test_who_comes_back_gets_what_was_missed() -> None:
    channel = Channel()
    publish(channel, 7)
    async with channel.subscribe(5) as events:
        assert await read(events, 2) == [6, 7]


async def test_who_was_away_for_long_sees_the_gap_in_the_numbers() -> None:
    channel = Channel()
    publish(channel, HISTORY_LENGTH + 10)
    async with channel.subscribe(1) as events:
        assert (await anext(events)).seq == 11


async def test_a_number_from_before_a_restart_begins_with_the_newest() -> None:
    channel = Channel()
    publish(channel, 2)
    async with channel.subscribe(50) as events:
        assert (await anext(events)).seq == 2


async def test_a_closed_channel_ends_after_what_waits() -> None:
    channel = Channel()
    async with channel.subscribe() as events:
        publish(channel, 2)
        channel.close()
        assert [event.seq async for event in events] == [1, 2]
    async with channel.subscribe(0) as events:
        assert [event.seq async for event in events] == [1, 2]


async def test_closing_wakes_a_viewer_that_waits() -> None:
    channel = Channel()
    async with channel.subscribe() as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        channel.close()
        with pytest.raises(StopAsyncIteration):
            await waiting


async def test_who_has_left_costs_nothing() -> None:
    channel = Channel()
    async with channel.subscribe() as events:
        pass
    publish(channel)
    channel.close()
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_an_event_of_another_channel_gets_a_number_of_its_own_and_keeps_its_memo() -> None:
    run, everything = Channel(), Channel()
    publish(everything, 3)
    event = RunEvent("r_1", 1, "status", VIEW)
    run.publish(event)
    everything.publish(event)
    async with everything.subscribe() as events:
        relayed = await anext(events)
    event.memo["html"] = "rendered once"
    assert (relayed.seq, relayed.memo) == (4, {"html": "rendered once"})
