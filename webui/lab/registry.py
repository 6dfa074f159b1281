"""The practice targets: their names, paths, what each teaches, and the code that answers."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from webui.errors import NotFound

AWAIT_S = 0.020
SLEEP_S = 0.050

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PracticeTarget:
    """One endpoint: GET `path` runs `endpoint`. `teaches` is one sentence for people."""

    name: str
    path: str
    teaches: str
    endpoint: Callable[[], Any]


async def await_20_ms() -> Answer:
    """Waits without holding anything: any number of requests wait at the same time."""
    await asyncio.sleep(AWAIT_S)
    return {"waited_ms": round(AWAIT_S * 1000)}


def sleep_50_ms() -> Answer:
    """Holds one of the 40 threads that FastAPI runs plain `def` endpoints in."""
    time.sleep(SLEEP_S)
    return {"slept_ms": round(SLEEP_S * 1000)}


TARGETS: tuple[PracticeTarget, ...] = (
    PracticeTarget(
        "async-io",
        "/async",
        "an async def that awaits 20 ms: more users bring more throughput, until the CPU is busy",
        await_20_ms,
    ),
    PracticeTarget(
        "threads",
        "/threads",
        "a plain def that sleeps 50 ms in a pool of 40 threads: from 40 users on, requests wait in line",
        sleep_50_ms,
    ),
)


def find(name: str) -> PracticeTarget:
    """The target of that name. Raises NotFound with the names that there are."""
    for target in TARGETS:
        if target.name == name:
            return target
    known = ", ".join(target.name for target in TARGETS)
    raise NotFound(f"there is no practice target {name[:60]!r}; there are {known}")
