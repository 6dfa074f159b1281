"""A user and its connections: made when they are needed, or before; given up; made anew.

When a request begins. A user connects before its first request to an origin; that time is recorded as
connection time and is no part of the request, as with wrk and k6. From then on a request begins when its
user is ready for it, so that a connection which must be made anew (keep-alive off, or the server closed
it) is part of what the user waited. A first connection that fails counts as a request that failed.
"""

import asyncio
from abc import abstractmethod
from time import perf_counter_ns as clock

from webui.engine.attempt import Attempt
from webui.engine.origin import ConnectFailed, Origin
from webui.engine.protocol import Connection, Handler
from webui.engine.recorder import EndpointLog
from webui.engine.schedule import backoff_ns
from webui.engine.surroundings import Surroundings
from webui.engine.template import Template

CONNECTING, IN_FLIGHT, RESTING, RETIRED = range(4)


class Dialler(Handler):
    """What a user knows of its connections and of the request that they are for."""

    __slots__ = (
        "_ahead",
        "_around",
        "_attempt",
        "_begun_early",
        "_begun_ns",
        "_connections",
        "_dialled_ns",
        "_log",
        "_refusals",
        "_sent_ns",
        "_state",
        "_template",
    )
    _log: EndpointLog  # the present template's

    def __init__(self, around: Surroundings) -> None:
        # per user
        self._around = around
        self._state = RESTING
        self._connections: list[Connection | None] = [None] * len(around.origins)
        self._refusals = 0  # failed connections in a row
        self._attempt: asyncio.Task[None] | Attempt | None = None  # the connection being made
        self._dialled_ns = 0  # when that began
        self._ahead = False  # it is made before there is a request for it
        # per request
        self._template: Template | None = None
        self._begun_ns = 0  # the request's begin; while connecting the first time, the connection's
        self._sent_ns = 0
        self._begun_early = False  # whether the request began with its connection

    @abstractmethod
    def _send(self, connection: Connection, template: Template) -> None:
        """Writes the request."""

    @abstractmethod
    def _rest(self) -> None:
        """There is nothing to do."""

    @abstractmethod
    def _fail(self, kind: str, detail: str, pause_ns: int = 0) -> None:
        """Counts the request as failed and goes on after a pause."""

    def ready(self, origin: int) -> bool:
        """Whether a request to it would need no new connection."""
        connection = self._connections[origin]
        return connection is not None and connection.usable

    def connect_ahead(self, template: Template) -> None:
        """Makes the connection that this request would need; then, or when that failed, it is idle."""
        self._template = template
        self._log = self._around.recorder.logs[template.index]
        self._ahead = True
        self._connect(template, first=True)

    def _connect(self, template: Template, *, first: bool) -> None:
        around, origin = self._around, template.origin
        self._state = CONNECTING
        self._dialled_ns = clock()
        if not template.hops:
            self._begun_ns = self._dialled_ns
            self._begun_early = not self._ahead and (not first or not around.keepalive)
            if self._begun_early:
                self._begin_unwritten()
        place = around.origins[origin]
        connection = place.connection(self)
        self._connections[origin] = connection
        if around.sockets is not None and place.dialable:
            self._attempt = Attempt(place, around.sockets, connection, self._connect_failed)
        else:
            self._attempt = around.loop.create_task(self._make(place, connection))

    async def _make(self, origin: Origin, connection: Connection) -> None:
        try:
            await origin.connect(self._around.loop, connection)
        except ConnectFailed as failure:
            self._connect_failed(failure.kind, str(failure))

    def _connect_failed(self, kind: str, detail: str) -> None:
        self._attempt = None
        if not self._begun_early:
            self._connections[self._origin] = None  # the next one is the first again
            if self._ahead:
                self._connected_ahead()
                return
            self._begin_unwritten()
        self._refusals += 1
        self._fail(kind, detail, self._backoff_ns())

    def _backoff_ns(self) -> int:
        return backoff_ns(self._refusals, *self._around.backoff_ns)

    def _begin_unwritten(self) -> None:
        self._log.begun += 1
        self._log.unwritten += 1

    def on_connect(self, connection: Connection) -> None:
        attempt, self._attempt = self._attempt, None
        if isinstance(attempt, Attempt):
            attempt.made()
        recorder = self._around.recorder
        recorder.connections_open += 1
        recorder.connections_opened += 1
        recorder.connect.add(connection.connect_ns or clock() - self._dialled_ns)

    def on_tls(self, took_ns: int) -> None:
        self._around.recorder.tls.add(took_ns)

    def on_open(self, connection: Connection) -> None:
        self._refusals = 0
        self.on_ready(connection)

    def on_reached(self) -> None:
        self._refusals = 0

    def on_ready(self, connection: Connection) -> None:
        self._attempt = None
        if self._ahead:
            self._connected_ahead()
            return
        template = self._template
        assert template is not None
        self._state = IN_FLIGHT
        if not template.hops:
            self._sent_ns = clock()
            if self._begun_early:
                self._log.unwritten -= 1
            else:
                self._begun_ns = self._sent_ns
                self._log.begun += 1
        self._send(connection, template)

    def _connected_ahead(self) -> None:
        self._ahead = False
        self._rest()

    def on_open_failed(self, connection: Connection, kind: str, detail: str) -> None:
        self._connect_failed(kind, detail)

    def on_close(self, connection: Connection) -> None:
        self._around.recorder.connections_open -= 1

    @property
    def _connection(self) -> Connection:
        connection = self._connections[self._origin]
        assert connection is not None
        return connection

    @property
    def _origin(self) -> int:
        assert self._template is not None
        return self._template.origin

    def _give_up(self, connection: Connection) -> None:
        if connection.made:
            connection.close()
            return
        connection.abandon()
        if self._attempt is not None:
            # Not once the connection is made: the event loop would then close it without a word to us.
            self._attempt.cancel()
            self._attempt = None
