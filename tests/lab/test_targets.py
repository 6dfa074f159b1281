"""Each practice target, really started, behaves as it says it does."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.lab.bursts import Answered, ask, burst, opened, rush
from webui.lab.manager import LabManager, RunningTarget
from webui.lab.model import Server

pytestmark = pytest.mark.anyio


def generations(answers: list[Answered], size: int, alone_s: float) -> bool:
    """Whether no answer came before its turn: `size` at a time, `alone_s` each."""
    return all(each.after_s >= (place // size + 1) * alone_s * 0.98 for place, each in enumerate(answers))


async def canarys_wait(running: RunningTarget, requests: int) -> float:
    """The seconds that the canary takes beside so many requests, as a share of all that they take."""
    async with opened(running.port, requests) as connections, opened(running.port, 1) as [canary]:
        load = asyncio.create_task(ask(connections, running.target.path))
        await asyncio.sleep(0.02)
        [answer] = await ask([canary], running.canary)
        took_s = (await load)[-1].after_s
    assert answer.status == 200
    return answer.after_s / took_s


@pytest.mark.parametrize(
    ("name", "options", "alone_s", "canary_waits"),
    [
        ("threads", {}, 0.050, False),
        ("threads", {"threads": 5}, 0.050, False),
        ("semaphore", {}, 0.050, False),
        ("lock", {}, 0.010, False),
        ("blocked-loop", {}, 0.005, True),
        ("database-pool", {}, 0.050, False),
        ("flask-threads", {}, 0.050, True),
    ],
)
async def test_so_many_at_a_time(
    lab: LabManager, name: str, options: dict[str, int], alone_s: float, canary_waits: bool
) -> None:
    running = await lab.start(name, options=options)
    size = running.at_a_time
    assert size is not None
    answers = await burst(running.port, running.target.path, int(4 * size))
    assert {each.status for each in answers} == {200}
    assert generations(answers, int(size), alone_s)
    # Four generations, not one request at a time where there are several.
    assert answers[-1].after_s < 4 * alone_s * max(2.5, size / 2)
    assert (await canarys_wait(running, max(40, int(5 * size))) > 0.5) is canary_waits


async def test_sync_workers_serve_one_each(lab: LabManager) -> None:
    running = await lab.start("flask-sync")
    answers = await burst(running.port, "/items", 12)
    assert {each.status for each in answers} == {200}
    assert generations(answers, 4, 0.050)
    assert answers[-1].after_s < 0.050 * 12


@pytest.mark.parametrize(("name", "alone_s"), [("gather", 1.0), ("async-io", 0.020)])
async def test_any_number_at_once(lab: LabManager, name: str, alone_s: float) -> None:
    running = await lab.start(name)
    answers = await burst(running.port, running.target.path, 80)
    assert answers[0].after_s >= alone_s * 0.98
    # Five sleeps one after the other, or 80 requests in a line, would take longer.
    assert answers[-1].after_s < alone_s + 1


async def test_computing_in_threads_is_one_at_a_time(lab: LabManager) -> None:
    running = await lab.start("cpu")
    answers = await burst(running.port, running.target.path, 40)
    assert answers[-1].after_s >= 40 * 0.004 * 0.98


@pytest.mark.parametrize("admitted", [1, 3])
async def test_who_is_not_admitted_is_refused_at_once(lab: LabManager, admitted: int) -> None:
    running = await lab.start("one-at-a-time", options={"admit": admitted})
    answers = await burst(running.port, running.target.path, 10)
    assert [each.status for each in answers].count(200) == admitted
    assert all(each.after_s >= 0.049 for each in answers if each.status == 200)
    assert answers[0].status == 503


async def test_open_connections_count_for_the_limit_of_uvicorn(lab: LabManager) -> None:
    running = await lab.start("limit-concurrency", options={"limit": 5})
    idle = [await asyncio.open_connection("127.0.0.1", running.port) for _ in range(4)]
    await asyncio.sleep(0.05)
    assert [each.status for each in await burst(running.port, running.target.path, 1)] == [503]
    for _, writer in idle:
        writer.close()
    await asyncio.sleep(0.05)
    assert [each.status for each in await burst(running.port, running.target.path, 4)] == [200] * 4


async def test_who_finds_the_backlog_full_waits_for_a_second(lab: LabManager) -> None:
    running = await lab.start("backlog", options={"backlog": 4})
    busy = asyncio.create_task(burst(running.port, running.target.path, 4))
    await asyncio.sleep(0.01)
    answers = await rush(running.port, running.target.path, 30)
    await busy
    # 34 requests of 10 ms are over in 0.4 s; TCP tries again after 1 s.
    assert answers[0].after_s < 0.5
    assert answers[-1].after_s > 0.9


async def test_throughput_falls_where_the_line_makes_each_turn_longer(lab: LabManager) -> None:
    running = await lab.start("contention")
    few = (await burst(running.port, running.target.path, 6))[-1].after_s / 6
    many = (await burst(running.port, running.target.path, 90))[-1].after_s / 90
    assert many > 1.5 * few


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
async def test_two_workers_serve_two_at_a_time(lab: LabManager, server: Server) -> None:
    running = await lab.start("blocked-loop", workers=2, server=server)
    assert running.at_a_time == 2
    # Who accepts a connection is up to the kernel, so not each pair finds both.
    for _ in range(60):
        if (await rush(running.port, running.target.path, 2))[-1].after_s < 0.0095:
            return
    raise AssertionError("no two requests were served at the same time")


async def test_settings_of_servers_in_the_environment_do_not_reach_it(
    lab: LabManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UVICORN_LIMIT_CONCURRENCY", "1")
    monkeypatch.setenv("WEB_CONCURRENCY", "3")
    running = await lab.start("async-io")
    assert httpx.get(running.url).status_code == 200
