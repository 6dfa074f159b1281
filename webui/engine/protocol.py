"""One connection, on the wire: writes a request's bytes, finds the end of its response, reports one outcome.

It knows nothing of users, pacing or recording: what comes next is its handler's business.
"""

import asyncio
from time import perf_counter_ns as clock
from typing import cast

from webui.engine.chunked import ChunkedBody
from webui.engine.response import (
    BODY_LIMIT,
    CHUNKED,
    END_OF_HEAD,
    HEAD_LIMIT,
    UNTIL_CLOSE,
    Head,
    Violation,
)
from webui.engine.template import Template

SAMPLE_BYTES = 200

# What the next bytes are.
_IDLE, _HEAD, _MORE_HEAD, _LENGTH, _CHUNKS, _UNTIL_CLOSE = range(6)


class Handler:
    """What a connection reports to; this one listens to nothing.

    Between a `send` and its outcome there is exactly one of the last two.
    """

    __slots__ = ()

    def on_connect(self, connection: "Connection") -> None:
        """The TCP connection is made."""

    def on_open(self, connection: "Connection") -> None:
        """The connection is ready for its first request."""

    def on_open_failed(self, connection: "Connection", kind: str, detail: str) -> None:
        """The connection was made but did not become ready; it is closed."""

    def on_close(self, connection: "Connection") -> None:
        """The connection is gone. Comes once for every connection that was made, after its last outcome."""

    def on_response(self, status: int, kind: str | None, first_ns: int, end_ns: int, size: int) -> None:
        """A full response of `size` bytes, head included; `kind` is None when it is a success."""

    def on_failure(self, kind: str, detail: str, size: int) -> None:
        """No full response will come. The connection is closed."""


_NOBODY = Handler()  # of a connection that is gone, so that it keeps nothing alive


class Connection(asyncio.Protocol):
    """A plain HTTP/1.1 connection. `usable`: open, and fit for another request when idle."""

    __slots__ = (
        "_body",
        "_buffer",
        "_first_ns",
        "_head",
        "_left",
        "_received",
        "_stage",
        "_template",
        "_transport",
        "handler",
        "made",
        "sample",
        "usable",
    )
    _template: Template
    _head: Head
    _transport: asyncio.Transport  # once it is made
    tls_ns = 0  # how long the TLS handshake took

    def __init__(self, handler: Handler) -> None:
        # per connection
        self.handler = handler
        self.made = False  # the TCP connection exists
        self.usable = False
        # per request
        self._stage = _IDLE
        self._received = 0  # bytes of the response before the present piece
        self._first_ns = 0
        self._buffer: bytearray | None = None  # a head that is not complete yet
        self._left = 0  # bytes of the body that are still to come
        self._body: ChunkedBody | None = None
        self.sample = b""  # how the body of the last failing response began

    # -- asyncio's callbacks

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.made = True
        if self.handler is _NOBODY:
            self._transport.abort()
            return
        self.handler.on_connect(self)
        self._connected()

    def data_received(self, data: bytes) -> None:
        """The usual case first: the piece is a whole response, and its head is known."""
        now = clock()
        if self._stage == _HEAD:
            template = self._template
            end = data.find(END_OF_HEAD)
            head = template.heads.get(data[:end]) if end > 0 else None
            size = len(data)
            if head is not None and head.span == size - end:
                status = head.status
                kind = template.verdicts[status]
                if kind is not None:
                    self.sample = data[end + 4 : end + 4 + SAMPLE_BYTES]
                self._stage = _IDLE
                if not head.keep:
                    self.close()
                self.handler.on_response(status, kind, now, now, size)
                return
        self._receive_piece(data, now)

    def eof_received(self) -> None:
        self._ended(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(exc)
        handler, self.handler, self.made = self.handler, _NOBODY, False
        del self._transport
        handler.on_close(self)

    # -- for the handler

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._stage != _IDLE

    @property
    def received(self) -> int:
        """Bytes that have come of the response under way."""
        return self._received if self._stage > _HEAD else 0

    def send(self, template: Template) -> None:
        """Writes the request. Only on a usable connection with nothing under way."""
        self._template = template
        self._stage = _HEAD
        self._transport.write(template.data)

    def close(self) -> None:
        """Gives the connection up. What is under way gets no outcome: that is the caller's to record."""
        self.usable = False
        self._reset()
        if self.made:
            self._hang_up(self._transport)

    # -- what TLS does differently

    def _connected(self) -> None:
        self.usable = True
        self.handler.on_open(self)

    def abandon(self) -> None:
        """Gives up a connection that is still being made: nothing of it is reported any more."""
        self.handler = _NOBODY

    def _hang_up(self, transport: asyncio.Transport) -> None:
        transport.abort()

    # -- reading

    def _receive_piece(self, data: bytes, now: int) -> None:
        """Any part of a response."""
        if self._stage == _IDLE:
            self.close()  # nobody asked: what this is can't be told, nor what the next bytes would be
            return
        if self._stage == _HEAD:
            self._begin(now)
        size = len(data)
        try:
            self._read(data, now)
        except Violation as violation:
            self._fail(violation.kind, str(violation), self._received + size)
        else:
            self._received += size if self._stage != _IDLE else 0

    def _begin(self, now: int) -> None:
        self._stage = _MORE_HEAD
        self._first_ns = now
        self._received = 0
        self._buffer = bytearray()
        self.sample = b""

    def _read(self, data: bytes, now: int) -> None:
        position = 0
        if self._stage == _MORE_HEAD:
            position = self._read_head(data)
            if position < 0:
                return
        end = self._read_body(data, position)
        if end >= 0:
            self._complete(now, self._received + end, surplus=end < len(data))

    def _read_head(self, data: bytes) -> int:
        """Where in `data` the body begins, or -1 while there is no complete head but interim ones."""
        buffer = self._buffer
        assert buffer is not None
        seen = max(0, len(buffer) - len(END_OF_HEAD) + 1)
        buffer += data
        while (end := buffer.find(END_OF_HEAD, seen)) >= 0:
            if end > HEAD_LIMIT:
                raise Violation(f"the head is over {HEAD_LIMIT:,} bytes")
            head = self._template.heads.parse(bytes(buffer[:end]))
            del buffer[: end + len(END_OF_HEAD)]
            seen = 0
            if not head.interim:
                self._expect_body(head)
                return len(data) - len(buffer)
        _check_unfinished_head(buffer, seen, self._received + len(data))
        return -1

    def _expect_body(self, head: Head) -> None:
        self._head = head
        if head.length == CHUNKED:
            self._stage = _CHUNKS
            self._body = ChunkedBody(keep=SAMPLE_BYTES if self._failing else 0)
        elif head.length == UNTIL_CLOSE:
            self._stage = _UNTIL_CLOSE
            self._left = BODY_LIMIT
        else:
            self._stage = _LENGTH
            self._left = head.length

    def _read_body(self, data: bytes, position: int) -> int:
        """Where in `data` the response ends, or -1 while it goes on."""
        if self._stage == _CHUNKS:
            assert self._body is not None
            return self._body.feed(data, position)
        taken = min(self._left, len(data) - position)
        if self._failing and len(self.sample) < SAMPLE_BYTES:
            self.sample += data[position : position + min(taken, SAMPLE_BYTES - len(self.sample))]
        self._left -= taken
        if self._stage == _LENGTH:
            return -1 if self._left else position + taken
        if taken < len(data) - position:
            raise Violation(f"the body is over {BODY_LIMIT:,} bytes", "body_too_large")
        return -1

    @property
    def _failing(self) -> bool:
        return self._template.verdicts[self._head.status] is not None

    # -- outcomes

    def _complete(self, now: int, size: int, *, surplus: bool) -> None:
        head, handler = self._head, self.handler
        if self._body is not None:
            self.sample = self._body.prefix
        self._reset()
        if not head.keep or surplus or self._unsent:
            self.close()
        handler.on_response(head.status, self._template.verdicts[head.status], self._first_ns, now, size)

    def _fail(self, kind: str, detail: str, size: int) -> None:
        handler = self.handler
        self.close()
        handler.on_failure(kind, detail, size)

    def _reset(self) -> None:
        self._stage = _IDLE
        self._buffer = self._body = None

    @property
    def _unsent(self) -> bool:
        """Whether the response came before the request was written; then the rest would be in the way."""
        return self.made and self._transport.get_write_buffer_size() > 0

    def _ended(self, exc: Exception | None) -> None:
        """The other side is gone: an end of its own accord (None), or a reset."""
        self.usable = False
        if self._stage == _UNTIL_CLOSE and exc is None:
            self._complete(clock(), self._received, surplus=False)
        elif self._stage != _IDLE:
            got = self._received
            if self._stage == _HEAD:
                got, detail = 0, "before any of the response"
            else:
                detail = "in the middle of the response"
            verb, kind = ("reset", "connection_reset") if exc else ("closed", "connection_closed")
            self._fail(kind, f"the connection was {verb} {detail}", got)


def _check_unfinished_head(buffer: bytearray, seen: int, received: int) -> None:
    """Raises Violation as soon as it is certain that these bytes won't become a head."""
    if not b"HTTP/1.".startswith(buffer[:7]):
        raise Violation(f"not an HTTP/1 response: {bytes(buffer[:40])!r}")
    if received > HEAD_LIMIT:
        raise Violation(f"the head is over {HEAD_LIMIT:,} bytes")
    if b"\n\n" in buffer[seen:]:
        raise Violation("the lines of the head don't end with CR LF")
