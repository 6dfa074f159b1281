"""Rate limits: `/work` refuses with 429 beyond 100 a second (20 in store); `/paced` makes who comes wait
for the next of 100 starts a second."""

from __future__ import annotations

import asyncio
import time

from tests.services.bare import Answer, run

RATE, STORE, WORK_S = 100.0, 20.0, 0.020


class Bucket:
    def __init__(self) -> None:
        self.tokens, self.at = STORE, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.tokens = min(STORE, self.tokens + (now - self.at) * RATE)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


bucket = Bucket()
next_start = 0.0


async def work() -> Answer:
    if not bucket.take():
        return 429, b"slow down"
    await asyncio.sleep(WORK_S)
    return 200, b"done"


async def paced() -> Answer:
    global next_start
    now = time.monotonic()
    next_start = max(now, next_start + 1 / RATE)
    await asyncio.sleep(next_start - now + WORK_S)
    return 200, b"done"


if __name__ == "__main__":
    run({"/work": work, "/paced": paced})
