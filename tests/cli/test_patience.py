"""A connection whose request never gets complete is closed; one that is answered for long is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn

from webui.cli import patience

pytestmark = pytest.mark.anyio


async def slow(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await asyncio.sleep(0.5)
    await send({"type": "http.response.body", "body": b"whole"})


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


@asynccontextmanager
async def patient() -> AsyncIterator[tuple[str, int]]:
    """A server's address."""
    config = uvicorn.Config(slow, port=0, lifespan="off", log_level="error", http=patience.Patience)
    config.load()
    loop, state = asyncio.get_running_loop(), uvicorn.server.ServerState()
    server = await loop.create_server(
        lambda: patience.Patience(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    async with asyncio.timeout(9):
        yield server.sockets[0].getsockname()
    server.close()
    await server.wait_closed()


async def test_headers_are_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEADERS_S", 0.1)
    async with patient() as address:
        for begun in (b"", b"GET / HTTP/1.1\r\nHost: a\r\n"):
            reader, writer = await asyncio.open_connection(*address)
            writer.write(begun)
            assert await reader.read() == b""
            await _close(writer)
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = await reader.read()  # and is closed afterwards, as no other request comes
        await _close(writer)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"whole" in answer


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",  # after the body
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=",
    ],
)
async def test_heads_are_not_kept_whatever_their_length(begun: bytes) -> None:
    async with patient() as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(begun)
        with suppress(ConnectionError):
            for _ in range(20):  # what was taken together with something complete is not counted
                writer.write(b"x" * 10_000)
                await writer.drain()
                await asyncio.sleep(0)
        with suppress(ConnectionError):  # what was not read anymore
            while await reader.read(1000):
                pass
        assert reader.at_eof() or reader.exception() is not None
        writer.close()


async def test_a_body_may_be_longer_than_a_head() -> None:
    async with patient() as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n")
        for _ in range(30):
            writer.write(b"x" * 10_000)
            await writer.drain()
        assert await reader.readuntil(b"whole")
        await _close(writer)
