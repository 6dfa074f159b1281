"""Each practice target, really started, behaves as it says it does.

All are started at once, for all tests. That something takes its time holds on any machine; that it takes no
longer may need a second look where the machine is busy, and a single one that is quick enough shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest

from tests.lab.bursts import Answered, ask, burst, opened, rush
from webui.lab import manager
from webui.lab.manager import LabManager, RunningTarget
from webui.lab.registry import TARGETS

pytestmark = pytest.mark.anyio

Running = Mapping[str, RunningTarget]
SETUPS: Mapping[str, Mapping[str, Any]] = {
    **{target.name: {} for target in TARGETS},
    "threads": {"options": {"threads": 5}},
    "limit-concurrency": {"options": {"limit": 5}},
    "backlog": {"options": {"backlog": 4}},
    "under uvicorn": {"workers": 2, "server": "uvicorn"},
    "under gunicorn": {"workers": 2, "server": "gunicorn"},
}
LOOKS = 6


@pytest.fixture(scope="module")
async def running() -> AsyncIterator[Running]:
    """Every practice target, and one with two workers under each server."""
    lab = LabManager(start_timeout_s=120)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manager, "MAX_TARGETS", len(SETUPS))
        patch.setattr(manager, "MAX_PROCESSES", 3 * len(SETUPS))
        # Settings of servers in the environment do not reach them: with these, much below would fail.
        patch.setenv("UVICORN_LIMIT_CONCURRENCY", "1")
        patch.setenv("WEB_CONCURRENCY", "3")
        try:
            started = await asyncio.gather(*(_start(lab, *each) for each in SETUPS.items()))
            yield dict(zip(SETUPS, started, strict=True))
        finally:
            await lab.close()


async def _start(lab: LabManager, name: str, setup: Mapping[str, Any]) -> RunningTarget:
    return await lab.start("one-at-a-time" if name.startswith("under") else name, **setup)


async def seen(look: Callable[[], Awaitable[bool]], looks: int = LOOKS) -> bool:
    """Whether one of several looks shows it."""
    for _ in range(looks):
        if await look():
            return True
    return False


def in_turn(answers: list[Answered], size: int, alone_s: float) -> bool:
    """Whether no answer came before its turn: `size` at a time, `alone_s` each."""
    return all(each.after_s >= (place // size + 1) * alone_s * 0.98 for place, each in enumerate(answers))


async def under_load(target: RunningTarget, requests: int) -> tuple[list[Answered], float]:
    """The answers to so many requests at once, and when the canary was answered, which came soon after."""
    async with opened(target.port, requests) as connections, opened(target.port, 1) as [canary]:
        load = asyncio.create_task(ask(connections, target.target.path))
        await asyncio.sleep(0.02)
        [answer] = await ask([canary], target.canary)
        answers = await load
    assert {each.status for each in [answer, *answers]} == {200}
    return answers, answer.after_s


@pytest.mark.parametrize(
    ("name", "canary_waits"),
    [
        ("threads", False),
        ("semaphore", False),
        ("lock", False),
        ("blocked-loop", True),
        ("database-pool", False),
        ("flask-threads", True),
    ],
)
async def test_so_many_at_a_time(running: Running, name: str, canary_waits: bool) -> None:
    target, alone_s = running[name], running[name].target.service_time_ms / 1000
    size = int(target.at_a_time or 0)
    requests = max(40, 4 * size)
    shown = {"side by side": size == 1, "canary": False}

    async def look() -> bool:
        answers, canary_s = await under_load(target, requests)
        assert in_turn(answers, size, alone_s)
        last_s = answers[-1].after_s
        shown["side by side"] |= last_s < requests * alone_s / 2
        shown["canary"] |= (canary_s > last_s / 2) is canary_waits
        return all(shown.values())

    assert await seen(look), shown


async def test_sync_workers_serve_one_each(running: Running) -> None:
    async def look() -> bool:
        answers = await burst(running["flask-sync"].port, "/items", 12)
        assert {each.status for each in answers} == {200}
        assert in_turn(answers, 4, 0.050)
        return answers[-1].after_s < 0.050 * 12

    assert await seen(look)


@pytest.mark.parametrize("name", ["gather", "async-io"])
async def test_any_number_at_once(running: Running, name: str) -> None:
    target, alone_s = running[name], running[name].target.service_time_ms / 1000

    async def look() -> bool:
        answers = await burst(target.port, target.target.path, 80)
        assert answers[0].after_s >= alone_s * 0.98
        # Five sleeps one after the other, or 80 requests in a line, would take longer.
        return answers[-1].after_s < alone_s + 1

    assert await seen(look)


async def test_computing_in_threads_is_one_at_a_time(running: Running) -> None:
    answers = await burst(running["cpu"].port, "/report", 40)
    assert answers[-1].after_s >= 40 * 0.004 * 0.98


async def test_who_is_not_admitted_is_refused_at_once(running: Running) -> None:
    async def look() -> bool:
        answers = await burst(running["one-at-a-time"].port, "/render", 10)
        admitted = [each.after_s for each in answers if each.status == 200]
        assert all(after_s >= 0.049 for after_s in admitted)
        return len(admitted) == 1 and [each.status for each in answers[:9]] == [503] * 9

    assert await seen(look)


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
async def test_two_workers_serve_two_at_a_time(running: Running, server: str) -> None:
    target = running[f"under {server}"]
    assert target.at_a_time == 2

    async def look() -> bool:
        # Who accepts a connection is up to the kernel, so not each burst finds both.
        answers = await rush(target.port, "/render", 12)
        admitted = [each.after_s for each in answers if each.status == 200]
        return len(admitted) == 2 and admitted[1] < 2 * 0.050  # one after the other would take longer

    assert await seen(look, 10 * LOOKS)


async def test_open_connections_count_for_the_limit_of_uvicorn(running: Running) -> None:
    target = running["limit-concurrency"]

    async def statuses(requests: int) -> list[int]:
        return [each.status for each in await burst(target.port, "/search", requests)]

    async with opened(target.port, 4):
        assert await seen(lambda: _is(statuses(1), [503]))  # not before the server knows of all four
    assert await seen(lambda: _is(statuses(4), [200] * 4))


async def _is(found: Awaitable[list[int]], wanted: list[int]) -> bool:
    await asyncio.sleep(0.02)
    return await found == wanted


async def test_who_finds_the_backlog_full_waits_for_a_second(running: Running) -> None:
    target = running["backlog"]

    async def look() -> bool:
        busy = asyncio.create_task(burst(target.port, "/convert", 4))
        await asyncio.sleep(0.01)
        answers = await rush(target.port, "/convert", 30)
        await busy
        # 34 requests of 10 ms are over in 0.4 s; TCP tries again after 1 s.
        return answers[0].after_s < 0.5 and answers[-1].after_s > 0.9

    assert await seen(look)


async def test_throughput_falls_where_the_line_makes_each_turn_longer(running: Running) -> None:
    async def each_s(requests: int) -> float:
        return (await burst(running["contention"].port, "/transfer", requests))[-1].after_s / requests

    with_many_s = await each_s(120)

    async def look() -> bool:
        return await each_s(10) < with_many_s / 1.5

    assert await seen(look)
