"""A connection whose request never gets complete is closed; one that is answered for long is not."""

from __future__ import annotations

import asyncio
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


async def test_headers_are_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "HEADERS_S", 0.1)
    config = uvicorn.Config(slow, port=0, lifespan="off", log_level="error", http=patience.Patience)
    config.load()
    loop, state = asyncio.get_running_loop(), uvicorn.server.ServerState()
    server = await loop.create_server(
        lambda: patience.Patience(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    address = server.sockets[0].getsockname()
    async with asyncio.timeout(5):
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
    server.close()
    await server.wait_closed()
