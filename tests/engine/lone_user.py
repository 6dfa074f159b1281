"""One user without a network or a clock: connections are made at once, and bytes fed into fake transports."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import cycle
from typing import Any, cast

from tests.engine.wire import FakeTransport
from webui.engine.origin import Origins
from webui.engine.protocol import Connection
from webui.engine.recorder import Recorder
from webui.engine.surroundings import Surroundings
from webui.engine.template import prepare
from webui.engine.user import User
from webui.engine.work import budgeted
from webui.plan.documents import plan_from_data


class _AtOnce:
    """Runs what would be a task to its end."""

    def create_task(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Future[None]:
        try:
            coroutine.send(None)
        except StopIteration:
            return cast("asyncio.Future[None]", self)
        raise AssertionError("nothing here waits")

    def cancel(self) -> None:
        """It has ended already."""

    async def create_connection(self, make: Any, address: str, port: int) -> None:
        connection = make()
        transport = FakeTransport()
        self.made.append((connection, transport))
        connection.connection_made(transport)

    def __init__(self) -> None:
        self.made: list[tuple[Connection, FakeTransport]] = []


class LoneUser:
    """Takes the plan's requests in turn and always has one under way."""

    def __init__(self, requests: list[dict[str, Any]], http: dict[str, Any]) -> None:
        plan = plan_from_data(
            {
                "base_url": "http://127.0.0.1",
                "requests": requests,
                "load": {"shape": "constant-users", "users": 1, "duration_s": 1},
                "http": http,
            }
        )
        templates, targets = prepare(plan)
        self.loop = _AtOnce()
        self.recorder = Recorder([len(template.data) for template in templates], 0)
        options = plan.http.model_copy(update={"follow_redirects": False})  # no certificates to load
        addresses = {"127.0.0.1": ["127.0.0.1"], "b.test": ["127.0.0.2"]}
        self.around = Surroundings(
            loop=cast(asyncio.AbstractEventLoop, self.loop),
            recorder=self.recorder,
            origins=Origins(targets, options, addresses),
            take=budgeted(cycle(templates), None),
            pause=None,
            wake_at=lambda due_ns, user: self.due.append(user),
            idle=lambda user: user.retire(),
            retired=lambda user: None,
            catch_up=lambda: None,
            keepalive=plan.http.keepalive,
            timeout_ns=10**18,
        )
        self.due: list[User] = []
        self.user = User(self.around)
        self.user.wake()

    @property
    def ended(self) -> int:
        """Requests that have an outcome."""
        return sum(log.successes + log.failures + log.cut_off for log in self.recorder.logs)

    def feed(self, data: bytes) -> None:
        """The server that is asked sends this."""
        for connection, transport in list(self.loop.made):
            if connection.busy and not transport.aborted:
                connection.data_received(data)
                break
        self._settle()

    def end(self, error: Exception | None) -> None:
        """The server that is asked closes the connection, or resets it."""
        for connection, transport in list(self.loop.made):
            if connection.busy and not transport.aborted:
                if error is None:
                    connection.eof_received()
                connection.connection_lost(error)
                self.loop.made.remove((connection, transport))
                break
        self._settle()

    def cut_off(self) -> None:
        self.user.cut_off()
        self._settle()

    def _settle(self) -> None:
        """What the event loop would do next: tell of lost connections, wake who paused."""
        for connection, transport in list(self.loop.made):
            if transport.aborted:
                self.loop.made.remove((connection, transport))
                connection.connection_lost(None)
        while self.due:
            self.due.pop().wake()
