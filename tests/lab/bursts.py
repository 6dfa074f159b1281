"""Requests sent at the same moment, each on a connection of its own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Answered:
    """One answer: its status, and the seconds after the common start at which it came."""

    status: int
    after_s: float


async def burst(port: int, path: str, requests: int) -> list[Answered]:
    """The answers to so many simultaneous GET requests, in the order in which they came."""
    async with opened(port, requests) as connections:
        return await ask(connections, path)


@asynccontextmanager
async def opened(port: int, count: int) -> AsyncIterator[list[Connection]]:
    """So many open connections."""
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(count)]
    try:
        yield connections
    finally:
        for _, writer in connections:
            writer.close()


async def ask(connections: Sequence[Connection], path: str) -> list[Answered]:
    """The answers to one request on each of these connections, in the order in which they came."""
    started = time.perf_counter()
    answers = await asyncio.gather(*(_one(*each, path, started) for each in connections))
    return sorted(answers, key=lambda answer: answer.after_s)


async def rush(port: int, path: str, requests: int) -> list[Answered]:
    """The same with connections opened at the same moment, as part of what is timed."""
    started = time.perf_counter()

    async def one() -> Answered:
        return await _one(*await asyncio.open_connection("127.0.0.1", port), path, started)

    return sorted(await asyncio.gather(*(one() for _ in range(requests))), key=lambda each: each.after_s)


async def _one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, started: float
) -> Answered:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode())
    line = await reader.readline()
    ended = time.perf_counter() - started
    writer.close()
    return Answered(int(line.split()[1]), ended)
