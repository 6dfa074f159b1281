"""The server's side of one connection, which does not wait for a request's headers without end.

Whoever can reach the port could otherwise hold all file descriptors with requests that never get complete.
"""

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 65_536  # of a request line with its headers; of what is between or after the parts of a body
HEADERS_S = 10.0  # a look this often: a connection that has no request at two in a row is closed
_BUSY = object()


class Patience(HttpToolsProtocol):
    """uvicorn's protocol with an end to waiting for headers, and to their length."""

    _seen: object = _BUSY
    _fruitless = 0  # bytes that came since something was complete: headers, a part of a body, a request
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Takes it; closes where the parser keeps more than any head needs, and all of it in memory."""
        self._fruitless += len(data)
        super().data_received(data)
        if self._fruitless > MAX_HEAD_BYTES:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._fruitless = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._fruitless = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._fruitless = 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Closes it where the last request that was complete is still the one of the look before."""
        cycle = cast(RequestResponseCycle | None, self.cycle)  # None before the first request
        seen = cycle if cycle is None or cycle.response_complete else _BUSY
        if seen is not _BUSY and seen is self._seen:
            self.transport.close()
            return
        self._seen = seen
        self._timer = self.loop.call_later(HEADERS_S, self._look)
