"""Processor sharing: up to 4 jobs run at full speed, more than that share the speed of 4 evenly.

Virtual time runs at min(1, 4/n) of real time while n jobs are there; a job is done when its share of it is.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time

from tests.services.bare import Answer, run

SPEED, JOB_S = 4, 0.040


class Machine:
    def __init__(self) -> None:
        self.jobs: list[tuple[float, int, asyncio.Future[None]]] = []
        self.virtual, self.at = 0.0, time.monotonic()
        self.numbers = itertools.count()
        self.timer: asyncio.TimerHandle | None = None

    async def work(self) -> None:
        self.advance()
        done = asyncio.get_running_loop().create_future()
        heapq.heappush(self.jobs, (self.virtual + JOB_S, next(self.numbers), done))
        self.plan()
        await done

    def rate(self) -> float:
        return min(1.0, SPEED / len(self.jobs)) if self.jobs else 1.0

    def advance(self) -> None:
        now = time.monotonic()
        self.virtual += (now - self.at) * self.rate()
        self.at = now

    def plan(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        if self.jobs:
            wait = max(0.0, self.jobs[0][0] - self.virtual) / self.rate()
            self.timer = asyncio.get_running_loop().call_later(wait, self.finish)

    def finish(self) -> None:
        self.advance()
        while self.jobs and self.jobs[0][0] <= self.virtual + 1e-6:
            done = heapq.heappop(self.jobs)[2]
            if not done.done():
                done.set_result(None)
        self.plan()


machine = Machine()


async def work() -> Answer:
    await machine.work()
    return 200, b"done"


if __name__ == "__main__":
    run({"/work": work})
