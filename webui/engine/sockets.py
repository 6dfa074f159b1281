"""TCP connections on plain sockets with an epoll of their own: for those that serve a single request.

The event loop's way to a connection (a task, a future, several handles of its own) costs as much as the
kernel's whole work on it. Where every request has its own connection, the rate hangs on that. The event
loop watches the epoll, and here what it has to tell is handed on in batches. Events come once for each change
(edge-triggered), so that a socket is registered once and never modified.
"""

import asyncio
import errno
import os
import select
import socket
from collections.abc import Callable

from webui.engine.protocol import Connection

_EVENTS_AT_ONCE = 64
_READ = 64 * 1024
_READS_IN_A_ROW = 16  # of one socket, before others have their turn
_ALL = _READABLE = _ENDED = 0
if hasattr(select, "epoll"):
    _ENDED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
    _READABLE = select.EPOLLIN | _ENDED
    _ALL = _READABLE | select.EPOLLOUT | select.EPOLLET
_UNDER_WAY = frozenset({0, errno.EINPROGRESS})
_KIND = socket.SOCK_STREAM | getattr(socket, "SOCK_NONBLOCK", 0) | getattr(socket, "SOCK_CLOEXEC", 0)

Failed = Callable[[OSError], None]


def can_have_sockets() -> bool:
    """Whether this system has an epoll: Linux."""
    return hasattr(select, "epoll")


class Sockets:
    """Dials, and hands on what happens to the connections that come of it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.epoll = select.epoll()
        self._channels: dict[int, Channel] = {}
        self._gone: list[Channel] = []
        self._at_it = False
        loop.add_reader(self.epoll.fileno(), self._ready)

    def dial(self, address: str, port: int, connection: Connection, failed: Failed) -> "Channel":
        """Begins to connect. Then `connection` learns that it is made, or `failed` is called with the reason,
        never before this returns. Raises OSError when it can't even begin."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        plain = socket.SocketType(family, _KIND, socket.IPPROTO_TCP)  # without what Python puts around it
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = plain.connect_ex((address, port))
            if number not in _UNDER_WAY:
                raise OSError(number, os.strerror(number))
            self.epoll.register(plain.fileno(), _ALL)
        except OSError:
            plain.close()
            raise
        channel = Channel(self, plain, connection, failed)
        self._channels[channel.fd] = channel
        return channel

    def close(self) -> None:
        """Closes what is left, without a word to anybody."""
        self.loop.remove_reader(self.epoll.fileno())
        for channel in self._channels.values():
            channel.plain.close()
        self._channels.clear()
        self.epoll.close()

    def let_go(self, channel: "Channel") -> None:
        """Closes it soon, and then its connection learns of it. Not at once: its file descriptor would be
        given out again while an event for it may still be on its way."""
        if not self._gone and not self._at_it:
            self.loop.call_soon(self._close_gone)
        self._gone.append(channel)

    def _ready(self) -> None:
        self._at_it = True
        try:
            for fd, events in self.epoll.poll(0, _EVENTS_AT_ONCE):
                self._channels[fd].on_events(events)
        finally:
            self._at_it = False
            self._close_gone()

    def _close_gone(self) -> None:
        while self._gone:
            channel = self._gone.pop()
            if self._channels.pop(channel.fd, None) is not None:
                channel.plain.close()
                channel.tell()


class Channel:
    """One socket: what a Connection needs of an asyncio transport, and the attempt that it began as."""

    __slots__ = ("_connection", "_error", "_failed", "_open", "_over", "_sockets", "_unsent", "fd", "plain")

    def __init__(
        self, sockets: Sockets, plain: socket.SocketType, connection: Connection, failed: Failed
    ) -> None:
        self.plain = plain
        self.fd = plain.fileno()
        self._sockets = sockets
        self._connection = connection
        self._failed = failed
        self._open = False  # connected
        self._over = False  # given up, or lost
        self._error: OSError | None = None  # why it was lost
        self._unsent: bytes | memoryview = b""

    # -- for the connection

    def write(self, data: bytes | memoryview) -> None:
        """Sends it, what does not go at once as soon as it can."""
        if self._over or self._error is not None:
            return
        if self._unsent:
            self._unsent = bytes(self._unsent) + data
            return
        try:
            sent = self.plain.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._error = error
            self._sockets.loop.call_soon(self._read_last)
            return
        if sent < len(data):
            self._unsent = memoryview(data)[sent:]

    def get_write_buffer_size(self) -> int:
        """Bytes that have not gone yet."""
        return len(self._unsent)

    def is_closing(self) -> bool:
        """Whether it is over."""
        return self._over

    def close(self) -> None:
        """Ends it; what has not gone by now does not go any more."""
        self.abort()

    def abort(self) -> None:
        """Ends it."""
        self._lose(None)

    def cancel(self) -> None:
        """Gives up the attempt to connect; nobody is told."""
        self._lose(None)
        self._error = None

    # -- for Sockets

    def on_events(self, events: int) -> None:
        """The kernel has something to tell."""
        if self._over:
            return
        if not self._open:
            self._finish_connecting(events)
        if events & _READABLE and self._open:
            self._read(ended=bool(events & _ENDED))
        if self._unsent and events & select.EPOLLOUT:
            data, self._unsent = self._unsent, b""
            self.write(data)

    def tell(self) -> None:
        """It is closed."""
        error, self._error = self._error, None  # whose traceback knows this channel
        if self._open:
            self._connection.connection_lost(error)
        elif error is not None:
            self._failed(error)

    def _finish_connecting(self, events: int) -> None:
        number = self.plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if events & _ENDED else 0
        if number:
            self._lose(OSError(number, os.strerror(number)))
        elif events & select.EPOLLOUT:
            self._open = True
            self._connection.connection_made(self)  # type: ignore[arg-type]

    def _read_last(self) -> None:
        """Nothing can be sent any more. What came before that may well be an answer: a server that does not
        want a body says so, and resets."""
        if not self._over:
            self._read(ended=True)
            self._lose(self._error)

    def _read(self, *, ended: bool) -> None:
        for _ in range(_READS_IN_A_ROW):
            if self._over:
                return
            try:
                data = self.plain.recv(_READ)
            except BlockingIOError:
                return
            except OSError as error:
                self._lose(self._error or error)
                return
            if not data:
                if self._error is None:
                    self._connection.eof_received()
                self._lose(self._error)
                return
            self._connection.data_received(data)
            if len(data) < _READ and not ended:
                return
        if not self._over:
            self._sockets.epoll.modify(self.fd, _ALL)  # tells once more what there is

    def _lose(self, error: OSError | None) -> None:
        if not self._over:
            self._over = True
            self._error = error
            self._sockets.let_go(self)
