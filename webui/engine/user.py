"""One virtual user: what it does next, as a small state machine that its connections' callbacks drive.

    CONNECTING -> IN_FLIGHT -> (RESTING ->) IN_FLIGHT -> … -> RETIRED
         └-> RESTING (the pause after a failed connection) -> CONNECTING

A user rests while it thinks, and while there is nothing for it to do: it was paused, or in the open model
it waits for a start that is due. There the schedule begins its requests, and the response time counts from
the intended start, the service time from the moment at which the user began it. `connect_ahead` makes
connections before they are needed; in the closed model users have no use for that.

A redirect that is followed is part of the request that it began with: it goes on from response to request,
through CONNECTING where it leads to another origin, until a response is the last one.
"""

from time import perf_counter_ns as clock
from time import time

from webui.engine.cookies import Jar
from webui.engine.dialling import CONNECTING, IN_FLIGHT, RESTING, RETIRED, Dialler
from webui.engine.protocol import SAMPLE_BYTES, Connection
from webui.engine.response import Head, Violation
from webui.engine.surroundings import Surroundings
from webui.engine.template import LOOK, Template


class User(Dialler):
    """`wake` starts it, and goes on after a pause."""

    __slots__ = ("_jar", "_late_ns")

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._jar: Jar | None = None  # from the first cookie on
        self._late_ns = 0  # the request's begin after the intended start; always 0 in the closed model

    # -- going on

    def wake(self) -> None:
        """Begins the next request, or rests where there is none."""
        template = self._around.take()
        if template is None:
            self._rest()
        else:
            self.begin(template)

    def _rest(self) -> None:
        self._state = RESTING
        self._around.idle(self)

    def begin_due(self, template: Template, intended_ns: int) -> int:
        """Begins a request that was due then; how late that is. Only while it rests."""
        self._late_ns = late_ns = clock() - intended_ns
        self.begin(template)
        return late_ns

    def begin(self, template: Template) -> None:
        """Begins this request. Only with nothing under way."""
        if template is not self._template:
            self._template = template
            self._log = self._around.recorder.logs[template.index]
        connection = self._connections[template.origin]
        if connection is not None and connection.usable:
            self._log.begun += 1
            self._state = IN_FLIGHT
            self._begun_ns = self._sent_ns = clock()
            if self._jar is None and not template.held:
                connection.send(template)
            else:
                self._send(connection, template)
        else:
            self._connect(template, first=connection is None and not self._around.open)

    def _send(self, connection: Connection, template: Template) -> None:
        """Any request: with cookies, with a body that is held back, or one that a redirect led to."""
        data = template.data
        if template.hops:
            self._log.extra_sent += len(data)
        if self._jar is not None and template.takes_cookies:
            line = self._jar.line(template.request.target, time())
            if line:
                data = template.with_cookies(line)
                self._log.extra_sent += len(line)
        connection.send_with(template, data)

    def _go_on(self, now: int, pause_ns: int = 0) -> None:
        """Pauses for the think time, and for that long at least."""
        around = self._around
        if around.pause is not None:
            pause_ns = max(pause_ns, around.pause())
        if pause_ns and not around.ended and not around.open:
            self._state = RESTING
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
        self._around.retired(self)

    # -- outcomes

    def on_response(self, status: int, kind: str | None, first_ns: int, end_ns: int, size: int) -> None:
        around, log = self._around, self._log
        log.received += size
        if not around.keepalive and self._connection.usable:
            self._give_up(self._connection)
        if kind is not None and not self._passes(status, kind, first_ns, end_ns):
            return
        log.codes[status] += 1
        log.add_first_byte(first_ns - self._sent_ns)
        self._learn(status, end_ns)
        if around.at_once:
            log.add_response(end_ns - self._begun_ns)
            self.wake()
        else:
            self._succeed(end_ns - self._begun_ns)
            self._go_on(end_ns)
        if end_ns > around.late_ns:
            around.catch_up()

    def on_usual(self, connection: Connection, end_ns: int) -> None:
        """Only in the closed model without think time and with keep-alive: nobody learns otherwise. What it
        does is what `on_response` and `begin` would, in a fraction of the time."""
        around, log = self._around, self._log
        log.add_usual(end_ns - self._begun_ns)
        template = around.take()
        if template is self._template and template is not None:
            log.begun += 1
            self._begun_ns = self._sent_ns = clock()
            connection.send(template)
        elif template is not None:
            self.begin(template)
        else:
            self._rest()
        if end_ns > around.late_ns:
            around.catch_up()

    def _learn(self, status: int, end_ns: int) -> None:
        """The last response was a success and may be the usual one."""
        template = self._template
        assert template is not None
        if end_ns <= template.renew_ns:
            return
        connection = self._connection
        if connection.piece:
            self._log.expect(status, len(connection.piece))
            template.renew(connection.piece, end_ns)
            connection.piece = b""

    def _succeed(self, service_ns: int) -> None:
        self._log.add_response(service_ns + self._late_ns)
        if self._around.open:
            self._log.add_service(service_ns)

    def _passes(self, status: int, kind: str, first_ns: int, end_ns: int) -> bool:
        """Whether a closer look finds a success. If not, the response is done with: followed, or failed."""
        template, connection = self._template, self._connection
        assert template is not None
        body, connection.body = connection.body, b""
        detail = ""
        if kind == LOOK:
            location = template.location(status, connection.head)
            if location is not None:
                self._follow(template, status, location)
                return False
            kind, detail = self._checked(template, body, end_ns)
            if not kind:
                return True
        log = self._log
        log.codes[status] += 1
        log.add_first_byte(first_ns - self._sent_ns)
        log.completed_failures += 1
        self._fail(kind, detail or f"HTTP {status}", sample=b"" if detail else bytes(body[:SAMPLE_BYTES]))
        return False

    def _checked(self, template: Template, body: bytes | bytearray, end_ns: int) -> tuple[str, str]:
        """The kind of failure that the last response is, empty where it is none, and a check's sentence."""
        connection, rules = self._connection, template.rules
        kind = rules.verdicts[connection.head.status]
        if kind != LOOK:
            return kind or "", ""
        service_ns, limit = end_ns - self._sent_ns, template.heads.body_limit
        detail = rules.failure(connection.head, body, connection.body_size, service_ns, limit)
        return ("", "") if detail is None else ("check_failed", detail)

    def _follow(self, template: Template, status: int, location: str) -> None:
        try:
            self._template = hop = template.follow(status, location)
        except Violation as violation:
            self._fail(violation.kind, str(violation))
            return
        self._log.redirects += 1
        self._begun_early = True
        connections = self._connections
        connections.extend([None] * (hop.origin + 1 - len(connections)))
        connection = connections[hop.origin]
        if connection is not None and connection.usable:
            self._send(connection, hop)
        else:
            self._connect(hop, first=False)

    def on_cookies(self, head: Head) -> None:
        assert self._template is not None
        target, now = self._template.request.target, time()
        if self._jar is None:
            self._jar = Jar()
        for cookie in head.cookies:
            self._jar.store(target, cookie, now)

    def on_body_sent(self, size: int) -> None:
        self._log.extra_sent += size

    def on_failure(self, kind: str, detail: str, size: int) -> None:
        self._log.received += size
        self._fail(kind, detail)

    def on_unreached(self, kind: str, detail: str, size: int) -> None:
        self._log.received += size
        self._refusals += 1
        self._fail(kind, detail, self._backoff_ns())

    def _fail(self, kind: str, detail: str, pause_ns: int = 0, sample: bytes = b"") -> None:
        now, log = clock(), self._log
        log.failures += 1
        log.add_failed(now - self._begun_ns + self._late_ns)
        self._around.recorder.error(log.index, kind, now, detail, sample)
        self._go_on(now, pause_ns)
        if now > self._around.late_ns:
            self._around.catch_up()

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

    def count_anew(self) -> None:
        """The recorder has new logs. A request under way ends in the one that it began in; the next one gets
        a template that it has not had, and with that its log."""
        if self._state == CONNECTING and not self._begun_early and self._template is not None:
            self._log = self._around.recorder.logs[self._template.index]

    @property
    def resting(self) -> bool:
        """Whether it has nothing under way."""
        return self._state == RESTING

    @property
    def is_retired(self) -> bool:
        """Whether it has ended."""
        return self._state == RETIRED

    def end(self, *, finish_connecting: bool = False) -> None:
        """The load has ended: retires unless a request is under way, or its first connection is and with
        `finish_connecting` that counts too (an iteration was given out for it)."""
        connecting = self._state == CONNECTING and not self._begun_early
        if self._state == RESTING or (connecting and (self._ahead or not finish_connecting)):
            self.retire()

    def cut_off(self) -> None:
        """Retires at once; a request under way is counted as cut off."""
        self.end()
        if self._state != RETIRED:
            self._log.cut_off += 1
            self._log.received += self._connection.received
            self.retire()
