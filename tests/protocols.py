"""Real local servers that `tests.targets` doesn't have: one that speaks HTTP/2, and a proxy."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import h2.config
import h2.connection
import h2.events

from tests.targets import Seen, Target, server_context


class Http2Target(Target):
    """Answers 200 and `body` over HTTP/2; `abrupt` ends every connection at its second request."""

    def __init__(self, body: bytes = b"ok", *, abrupt: bool = False) -> None:
        context = server_context()
        context.set_alpn_protocols(["h2"])
        super().__init__(tls=context)
        self._body = body
        self._abrupt = abrupt

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        state = h2.connection.H2Connection(config)
        state.initiate_connection()
        writer.write(state.data_to_send())
        number = 0
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                for event in state.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        number += 1
                        assert event.headers is not None
                        headers = {str(name): str(value) for name, value in event.headers}
                        self._count(Seen(headers[":method"], headers[":path"], headers, b"", number))
                    if isinstance(event, h2.events.StreamEnded):
                        assert event.stream_id is not None
                        if self._abrupt and number == 2:
                            return
                        self._answer(state, event.stream_id)
                writer.write(state.data_to_send())

    def _answer(self, state: h2.connection.H2Connection, stream: int) -> None:
        length = str(len(self._body))
        state.send_headers(stream, [(":status", "200"), ("content-length", length), ("set-cookie", "a=b")])
        state.send_data(stream, self._body, end_stream=True)
        self.answered += 1


class Proxy(Target):
    """Passes requests on: in absolute form, or through a tunnel."""

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            method, url, _ = head.split(b" ", 2)
            self.requests += 1
            authority = url if method == b"CONNECT" else url.split(b"/")[2]
            host, _, port = authority.decode().rpartition(":")
            there, back = await asyncio.open_connection(host, int(port))
            try:
                if method == b"CONNECT":
                    writer.write(b"HTTP/1.1 200 Here you are\r\n\r\n")
                else:
                    path = b"/" + url.split(b"/", 3)[3]
                    back.write(head.replace(url, path, 1))
                await asyncio.gather(_pump(reader, back), _pump(there, writer))
            finally:
                back.transport.abort()  # also of a conversation that the test's end cuts off


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
    sink.close()
