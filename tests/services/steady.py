"""Services without a limit of their own: `/rare` is slow once in 20 times, `/heavy` answers 200 KB, and
`/drifts` takes three times as long from some seconds after its first request on."""

from __future__ import annotations

import asyncio
import itertools
import time

from tests.services.bare import Answer, run

PAYLOAD = b"x" * 200_000
DRIFT_AFTER_S = 4.0
numbers = itertools.count(1)
first: list[float] = []


async def rare() -> Answer:
    await asyncio.sleep(0.200 if next(numbers) % 20 == 0 else 0.020)
    return 200, b"done"


async def heavy() -> Answer:
    await asyncio.sleep(0.020)
    return 200, PAYLOAD


async def drifts() -> Answer:
    first.append(time.monotonic()) if not first else None
    await asyncio.sleep(0.090 if time.monotonic() - first[0] > DRIFT_AFTER_S else 0.030)
    return 200, b"done"


if __name__ == "__main__":
    run({"/rare": rare, "/heavy": heavy, "/drifts": drifts})
