"""A real HTTP server in this process, which counts what it answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Target:
    """Where it listens, and how many requests came."""

    port: int = 0
    requests: int = 0
    delay_s: float = 0.002
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.closing.wait(), self.delay_s)
                writer.write(ANSWER)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def target(delay_s: float = 0.002) -> AsyncIterator[Target]:
    """The server while the block lasts."""
    counted = Target(delay_s=delay_s)
    server = await asyncio.start_server(counted.serve, "127.0.0.1", 0)
    counted.port = server.sockets[0].getsockname()[1]
    try:
        yield counted
    finally:
        server.close()
        counted.closing.set()
