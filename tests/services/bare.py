"""A bare HTTP/1.1 server on asyncio streams, without any framework, for the services beside it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping

Answer = tuple[int, bytes]
Handler = Callable[[], Awaitable[Answer]]


async def ping() -> Answer:
    return 200, b"pong"


def run(routes: Mapping[str, Handler]) -> None:
    """Serves GET requests on the port of the first argument until the process is killed; `/ping` is there."""
    asyncio.run(_serve({"/ping": ping, **routes}, int(sys.argv[1])))


async def _serve(routes: Mapping[str, Handler], port: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await _head(reader):
                path = head.split(b" ", 2)[1].decode()
                status, body = await routes[path]() if path in routes else (404, b"")
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n" % (status, len(body)) + body)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


async def _head(reader: asyncio.StreamReader) -> bytes:
    """The next request's head; empty when the client has gone."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
