"""One virtual user: what it does next, as a small state machine that its connections' callbacks drive.

    CONNECTING -> IN_FLIGHT -> (THINKING ->) IN_FLIGHT -> … -> RETIRED
         └-> THINKING (the pause after a failed connection) -> CONNECTING

When a request begins. A user connects before its first request to an origin; that time is recorded as
connection time and is no part of the request, as with wrk and k6. From then on a request begins when its
user is ready for it, so that a connection which must be made anew (keep-alive off, or the server closed
it) is part of what the user waited. A first connection that fails counts as a request that failed.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter_ns as clock

from webui.engine.origin import ConnectFailed, Origin
from webui.engine.protocol import Connection, Handler
from webui.engine.recorder import EndpointLog, Recorder
from webui.engine.schedule import backoff_ns
from webui.engine.template import Template

CONNECTING, IN_FLIGHT, THINKING, RETIRED = range(4)


@dataclass(slots=True, eq=False)
class Surroundings:
    """What all users of a shard share. `take` gives the next request, or None when there is none."""

    loop: asyncio.AbstractEventLoop
    recorder: Recorder
    origins: list[Origin]
    take: Callable[[], Template | None]
    pause: Callable[[], int] | None
    wake_at: Callable[[int, "User"], None]
    retired: Callable[[], None]
    keepalive: bool
    timeout_ns: int
    ended: bool = False  # no more requests are begun: `take` gives none


class User(Handler):
    """`wake` starts it, and goes on after a pause."""

    __slots__ = (
        "_around",
        "_attempt",
        "_begun_early",
        "_begun_ns",
        "_connections",
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
        self._state = THINKING
        self._connections: list[Connection | None] = [None] * len(around.origins)
        self._refusals = 0  # failed connections in a row
        self._attempt: asyncio.Task[None] | None = None  # the connection being made
        # per request
        self._template: Template | None = None
        self._begun_ns = 0  # the request's begin; while connecting the first time, the connection's
        self._sent_ns = 0
        self._begun_early = False  # whether the request began with its connection

    # -- going on

    def wake(self) -> None:
        """Begins the next request, or retires where there is none."""
        template = self._around.take()
        if template is None:
            self.retire()
            return
        if template is not self._template:
            self._template = template
            self._log = self._around.recorder.logs[template.index]
        connection = self._connections[template.origin]
        if connection is not None and connection.usable:
            self._log.begun += 1
            self._state = IN_FLIGHT
            self._begun_ns = self._sent_ns = clock()
            connection.send(template)
        else:
            self._connect(template, first=connection is None)

    def _go_on(self, now: int, pause_ns: int = 0) -> None:
        """Pauses for the think time, and for that long at least."""
        around = self._around
        if around.pause is not None:
            pause_ns = max(pause_ns, around.pause())
        if pause_ns and not around.ended:
            self._state = THINKING
            around.wake_at(now + pause_ns, self)
        else:
            self.wake()

    def retire(self) -> None:
        """Ends the user. What it had under way is not counted: that is the caller's to do."""
        if self._state == RETIRED:
            return
        self._state = RETIRED
        for connection in self._connections:
            if connection is not None:
                self._give_up(connection)
        self._around.retired()

    # -- connecting

    def _connect(self, template: Template, *, first: bool) -> None:
        around, origin = self._around, template.origin
        self._state = CONNECTING
        self._begun_ns = clock()
        self._begun_early = not first or not around.keepalive
        if self._begun_early:
            self._begin_unwritten()
        connection = around.origins[origin].connection(self)
        self._connections[origin] = connection
        self._attempt = around.loop.create_task(self._make(around.origins[origin], connection))

    async def _make(self, origin: Origin, connection: Connection) -> None:
        try:
            await origin.connect(self._around.loop, connection)
        except ConnectFailed as failure:
            self._connect_failed(failure.kind, str(failure))

    def _connect_failed(self, kind: str, detail: str) -> None:
        self._attempt = None
        if not self._begun_early:
            self._begin_unwritten()
            self._connections[self._origin] = None  # the next one is the first again
        self._refusals += 1
        self._fail(kind, detail, backoff_ns(self._refusals))

    def _begin_unwritten(self) -> None:
        self._log.begun += 1
        self._log.unwritten += 1

    def on_connect(self, connection: Connection) -> None:
        self._attempt = None
        recorder = self._around.recorder
        recorder.connections_open += 1
        recorder.connections_opened += 1
        recorder.connect.add(clock() - self._begun_ns)

    def on_open(self, connection: Connection) -> None:
        self._refusals = 0
        if connection.tls_ns:
            self._around.recorder.tls.add(connection.tls_ns)
        self._state = IN_FLIGHT
        self._sent_ns = clock()
        if self._begun_early:
            self._log.unwritten -= 1
        else:
            self._begun_ns = self._sent_ns
            self._log.begun += 1
        assert self._template is not None
        connection.send(self._template)

    def on_open_failed(self, connection: Connection, kind: str, detail: str) -> None:
        self._connect_failed(kind, detail)

    def on_close(self, connection: Connection) -> None:
        self._around.recorder.connections_open -= 1

    # -- outcomes

    def on_response(self, status: int, kind: str | None, first_ns: int, end_ns: int, size: int) -> None:
        around, log = self._around, self._log
        log.codes[status] += 1
        log.received += size
        log.add_first_byte(first_ns - self._sent_ns)
        if not around.keepalive:
            self._give_up(self._connection)
        if kind is not None:
            self._fail_response(status, kind)
            return
        log.add_response(end_ns - self._begun_ns)
        if around.pause is None:
            self.wake()
        else:
            self._go_on(end_ns)

    def _fail_response(self, status: int, kind: str) -> None:
        self._log.completed_failures += 1
        detail = f"status {status} fails a check" if kind == "check_failed" else f"HTTP {status}"
        self._fail(kind, detail, sample=self._connection.sample)

    def on_failure(self, kind: str, detail: str, size: int) -> None:
        self._log.received += size
        self._fail(kind, detail)

    def _fail(self, kind: str, detail: str, pause_ns: int = 0, sample: bytes = b"") -> None:
        now, log = clock(), self._log
        log.failures += 1
        log.add_failed(now - self._begun_ns)
        self._around.recorder.error(log.index, kind, now, detail, sample)
        self._go_on(now, pause_ns)

    # -- from outside

    def check_timeout(self, now: int) -> None:
        """Fails what has been under way for too long."""
        if self._state > IN_FLIGHT or now - self._begun_ns <= self._around.timeout_ns:
            return
        limit = f"{self._around.timeout_ns / 1e9:g} s"
        connection = self._connection
        self._log.received += connection.received
        self._give_up(connection)
        if self._state == CONNECTING:
            self._connect_failed("connect_timeout", f"not connected within {limit}")
        else:
            self._fail("timeout", f"no full response within {limit}")

    def end(self, *, finish_connecting: bool = False) -> None:
        """The load has ended: retires unless a request is under way, or its first connection is and with
        `finish_connecting` that counts too (an iteration was given out for it)."""
        connecting = self._state == CONNECTING and not self._begun_early and not finish_connecting
        if self._state == THINKING or connecting:
            self.retire()

    def cut_off(self) -> None:
        """Retires at once; a request under way is counted as cut off."""
        self.end()
        if self._state != RETIRED:
            self._log.cut_off += 1
            self._log.received += self._connection.received
            self.retire()

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
