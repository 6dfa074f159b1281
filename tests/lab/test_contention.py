"""What the contended lock is said to do, by its own code on a clock that only its own waits move."""

from __future__ import annotations

import asyncio
import runpy
import selectors
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

import pytest

from webui.lab.registry import find

OWN_S = 0.0002  # of the server's work between one request's end and the next one's turn: some 0.2 ms
SECONDS = 3.0


class Waiting(selectors.DefaultSelector):
    """Waits for nothing: the clock goes on by as much."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += max(0.0, timeout or 0.0)
        return super().select(0)


class Simulated(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.waiting = Waiting()
        super().__init__(self.waiting)

    def time(self) -> float:
        return self.waiting.now


def throughput(users: int, own_s: float = OWN_S) -> float:
    """Answers per second to so many users in the closed model."""
    source = resources.files("webui.lab.targets").joinpath("contention.py")
    serve: Callable[[], Awaitable[object]] = runpy.run_path(str(source))["transfer"]
    loop = Simulated()
    answers = 0

    async def user(begin_s: float) -> None:
        nonlocal answers
        await asyncio.sleep(begin_s)
        while loop.time() < 1 + SECONDS:
            await serve()
            loop.waiting.now += own_s
            answers += 1 <= loop.time() < 1 + SECONDS
            await asyncio.sleep(0)

    async def everybody() -> None:
        await asyncio.gather(*(user(0.0013 * number) for number in range(users)))

    try:
        loop.run_until_complete(everybody())
    finally:
        loop.close()
    return answers / SECONDS


def test_its_peak_is_where_the_registry_has_it() -> None:
    target = find("contention")
    by_users = {users: throughput(users) for users in (1, 2, 3, 4, 5, 6, 8, 12)}
    peak = max(by_users, key=by_users.__getitem__)
    assert peak == 5
    service_s = 1 / by_users[1]
    assert 1000 * service_s == pytest.approx(target.service_time_ms, rel=0.03)
    assert target.at_a_time() == pytest.approx(by_users[peak] * service_s, rel=0.02)
    assert throughput(5, own_s=0.0) * service_s == pytest.approx(5.0, rel=0.03)


def test_its_question_has_the_right_answer() -> None:
    assert throughput(5) == pytest.approx(240, rel=0.03)
    assert throughput(100) < 150
