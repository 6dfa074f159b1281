"""One connection, on the wire: writes a request's bytes, finds the end of its response, reports one outcome.

It knows nothing of users, pacing or recording: what comes next is its handler's business.
"""

import asyncio
from time import perf_counter_ns as clock
from typing import cast

from webui.engine.chunked import ChunkedBody
from webui.engine.response import (
    CHUNKED,
    END_OF_HEAD,
    HEAD_LIMIT,
    UNTIL_CLOSE,
    Head,
    Violation,
    body_too_large,
)
from webui.engine.template import LOOK, Template

SAMPLE_BYTES = 200
GO_AHEAD_S = 1.0  # how long a body waits for the server to ask for it

# What the next bytes are. While a body is held back, the first are no whole response as far as we know.
# After a plain `send` they may well be the usual response.
_IDLE, _HELD, USUAL, _HEAD, _MORE_HEAD, _LENGTH, _CHUNKS, _UNTIL_CLOSE = range(8)
_USUAL_LIMIT = 16 * 1024  # bytes of a usual response


class Handler:
    """What a connection reports to; this one listens to nothing.

    To a `send` there is exactly one outcome: one of the last three.
    """

    __slots__ = ()

    def on_connect(self, connection: "Connection") -> None:
        """The TCP connection is made."""

    def on_tls(self, took_ns: int) -> None:
        """A TLS handshake was completed."""

    def on_open(self, connection: "Connection") -> None:
        """The connection is ready for its first request."""

    def on_open_failed(self, connection: "Connection", kind: str, detail: str) -> None:
        """The connection was made but did not become ready; it is closed."""

    def on_ready(self, connection: "Connection") -> None:
        """Ready for a request, with which it will be made: whether it can be is told by what comes next."""

    def on_reached(self) -> None:
        """What was ready has been made."""

    def on_close(self, connection: "Connection") -> None:
        """The connection is gone. Comes once for every connection that was made, after its last outcome."""

    def on_body_sent(self, size: int) -> None:
        """A body that was held back has gone out."""

    def on_cookies(self, head: Head) -> None:
        """The response, whose outcome comes next, brings cookies."""

    def on_response(self, status: int, kind: str | None, first_ns: int, end_ns: int, size: int) -> None:
        """A full response of `size` bytes, head included. `kind` is its template's verdict; where that is
        not None, the connection has its `head`, `body` and `body_size`."""

    def on_usual(self, connection: "Connection", end_ns: int) -> None:
        """The usual response to what `send` sent, in one piece: nothing about it is new but the time."""

    def on_failure(self, kind: str, detail: str, size: int) -> None:
        """No full response will come. The connection is closed."""

    def on_unreached(self, kind: str, detail: str, size: int) -> None:
        """The same, for a connection that could not be made for what was sent on it."""


_NOBODY = Handler()  # of a connection that is gone, so that it keeps nothing alive


class Connection(asyncio.Protocol):
    """A plain HTTP/1.1 connection. `usable`: open, and fit for another request when idle."""

    __slots__ = (
        "_body",
        "_buffer",
        "_first_ns",
        "_held",
        "_keep",
        "_left",
        "_received",
        "_stage",
        "_template",
        "_transport",
        "body",
        "body_size",
        "handler",
        "head",
        "made",
        "piece",
        "usable",
    )
    _template: Template
    _keep: int
    head: Head
    _transport: asyncio.Transport  # once it is made
    connect_ns = 0  # how long the TCP connection took, where that is not known from outside

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
        self._held: asyncio.TimerHandle | None = None  # when the body that is held back goes out anyway
        # of the last response with a verdict
        self.body: bytes | bytearray = b""  # how it began, or all of it where checks look inside
        self.body_size = 0
        self.piece = b""  # the last response, where it came whole and its template wants to know

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
        """The usual cases first: the piece is a whole response, known as such, or at least its head is."""
        now = clock()
        stage, template = self._stage, self._template
        if stage == USUAL and data == template.usual:
            self._stage = _IDLE
            self.handler.on_usual(self, now)
            return
        if stage in (USUAL, _HEAD):
            end = data.find(END_OF_HEAD)
            head = template.heads.get(data[:end]) if end > 0 else None
            size = len(data)
            if head is not None and head.span == size - end:
                status = head.status
                kind = template.verdicts[status]
                if kind is not None:
                    self.head = head
                    self.body = data[end + 4 :]
                    self.body_size = head.length
                self._stage = _IDLE
                if not head.keep:
                    self.close()
                new = head.keep and now > template.renew_ns and size <= _USUAL_LIMIT
                self.piece = data if new else b""
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
        """Writes the request, which has just begun. Only on a usable connection with nothing under way."""
        self._template = template
        self._stage = USUAL
        self._transport.write(template.data)

    def send_with(self, template: Template, data: bytes) -> None:
        """Writes `data` as the request; holds its body back where the template says so."""
        self._template = template
        self._stage = _HEAD
        self._write(data)
        if template.held:
            self._stage = _HELD
            loop = asyncio.get_running_loop()
            self._held = loop.call_later(GO_AHEAD_S, self._send_held)

    def close(self) -> None:
        """Gives the connection up. What is under way gets no outcome: that is the caller's to record."""
        self.usable = False
        self._reset()
        if self.made:
            self._hang_up(self._transport)

    # -- what TLS does differently

    def _write(self, data: bytes) -> None:
        self._transport.write(data)

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
        if self._stage <= _HEAD:
            self._begin()
        size = len(data)
        try:
            self._read(data, now)
        except Violation as violation:
            self._fail(violation.kind, str(violation), self._received + size)
        else:
            self._received += size if self._stage != _IDLE else 0

    def _begin(self) -> None:
        self._stage = _MORE_HEAD
        self._received = 0
        self._buffer = bytearray()

    def _read(self, data: bytes, now: int) -> None:
        position = 0
        if self._stage == _MORE_HEAD:
            position = self._read_head(data, now)
            if position < 0:
                return
        end = self._read_body(data, position)
        if end >= 0:
            self._complete(now, self._received + end, surplus=end < len(data))

    def _read_head(self, data: bytes, now: int) -> int:
        """Where in `data` the body begins, or -1 while there is no complete head but interim ones."""
        buffer = self._buffer
        assert buffer is not None
        if not buffer:
            self._first_ns = now
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
            self._first_ns = now  # of the head that may follow at once
            if head.status == 100 and self._held is not None:
                self._send_held()
        _check_unfinished_head(buffer, seen, self._received + len(data))
        return -1

    def _expect_body(self, head: Head) -> None:
        self.head = head
        self.body, self.body_size = bytearray(), 0
        self._keep = self._worth_keeping(self._template.verdicts[head.status])
        limit = self._template.heads.body_limit
        if head.length == CHUNKED:
            self._stage = _CHUNKS
            self._body = ChunkedBody(self._keep, limit)
        elif head.length == UNTIL_CLOSE:
            self._stage = _UNTIL_CLOSE
            self._left = limit
        else:
            self._stage = _LENGTH
            self._left = head.length

    def _worth_keeping(self, verdict: str | None) -> int:
        """How many bytes of the body: none of a success, all that a check looks at, else a sample."""
        if verdict is None:
            return 0
        template = self._template
        return template.heads.body_limit if verdict is LOOK and template.keeps_body else SAMPLE_BYTES

    def _read_body(self, data: bytes, position: int) -> int:
        """Where in `data` the response ends, or -1 while it goes on."""
        if self._stage == _CHUNKS:
            assert self._body is not None
            return self._body.feed(data, position)
        taken = min(self._left, len(data) - position)
        wanted = min(taken, self._keep - len(self.body))
        if wanted > 0:
            self.body += data[position : position + wanted]
        self._left -= taken
        self.body_size += taken
        if self._stage == _LENGTH:
            return -1 if self._left else position + taken
        if taken < len(data) - position:
            raise body_too_large(self._template.heads.body_limit)
        return -1

    # -- outcomes

    def _complete(self, now: int, size: int, *, surplus: bool) -> None:
        head, handler = self.head, self.handler
        self.piece = b""
        if self._body is not None:
            self.body, self.body_size = self._body.prefix, self._body.size
        if not head.keep or surplus or self._unsent:
            self.close()
        else:
            self._reset()
        if head.cookies:
            handler.on_cookies(head)
        handler.on_response(head.status, self._template.verdicts[head.status], self._first_ns, now, size)

    def _fail(self, kind: str, detail: str, size: int) -> None:
        handler = self.handler
        self.close()
        handler.on_failure(kind, detail, size)

    def _reset(self) -> None:
        self._stage = _IDLE
        self._buffer = self._body = None
        if self._held is not None:
            self._held.cancel()
            self._held = None

    def _send_held(self) -> None:
        """The server has asked for the body, or has said nothing for long enough."""
        assert self._held is not None
        self._held.cancel()
        self._held = None
        if self._stage == _HELD:
            self._stage = _HEAD
        held = self._template.held
        self._write(held)
        self.handler.on_body_sent(len(held))

    @property
    def _unsent(self) -> bool:
        """Whether the response came before the request was written; then the rest would be in the way."""
        return self._held is not None or (self.made and self._transport.get_write_buffer_size() > 0)

    def _ended(self, exc: Exception | None) -> None:
        """The other side is gone: an end of its own accord (None), or a reset."""
        self.usable = False
        if self._stage == _UNTIL_CLOSE and exc is None:
            self._complete(clock(), self._received, surplus=False)
        elif self._stage != _IDLE:
            got = self._received
            if self._stage <= _HEAD:
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
