"""HEAD wherever GET answers (RFC 9110, 9.3.2): the same headers, and no body."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

EVENT_STREAM = "text/event-stream"


class Head:
    """Middleware that asks the application for what GET would give, and leaves the body away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers HEAD; all else goes through as it is."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive, send)
        asked = {**scope, "method": "GET", "state": {**scope.get("state", {}), "head": True}}
        await self._app(asked, exchange.receive, exchange.send)
        if not exchange.ended:  # a stream that was broken off
            await exchange.end()


class _Exchange:
    """One answer without its body. A stream of events would never end by itself: after its headers the
    client counts as gone."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._stream = asyncio.Event()
        self.ended = False

    async def receive(self) -> Message:
        coming = asyncio.ensure_future(self._receive())
        stream = asyncio.ensure_future(self._stream.wait())
        try:
            await asyncio.wait({coming, stream}, return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() else {"type": "http.disconnect"}
        finally:
            coming.cancel()
            stream.cancel()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._send(message)
            if Headers(scope=message).get("content-type", "").startswith(EVENT_STREAM):
                self._stream.set()
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            await self.end()

    async def end(self) -> None:
        self.ended = True
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
