"""A shard without a network, on a clock that a test sets: every callback happens when the test says so."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from tests.engine.wire import FakeTransport
from webui.engine.messages import shard_specs
from webui.engine.origin import Origins
from webui.engine.protocol import Connection
from webui.engine.shard import Shard
from webui.engine.template import prepare
from webui.metrics.snapshot import Health, Snapshot
from webui.plan.documents import plan_from_data

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
START_NS = 10**9


class FakeClock:
    """In place of the clock of all of the engine's modules."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ns = START_NS
        for name, module in list(sys.modules.items()):
            if name.startswith("webui.engine.") and hasattr(module, "clock"):
                monkeypatch.setattr(module, "clock", lambda: self.ns)


class _Handle:
    def __init__(self, callback: Callable[..., None], args: tuple[Any, ...]) -> None:
        self._callback = callback
        self._args = args
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True

    def run(self) -> None:
        if not self.cancelled:
            self._callback(*self._args)


class _Future:
    def __init__(self) -> None:
        self._done = False

    def done(self) -> bool:
        return self._done

    def set_result(self, result: None) -> None:
        assert not self._done
        self._done = True


class FakeLoop:
    """An event loop that runs what is due when `turn` is called, and connects at once."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._soon: list[_Handle] = []
        self._later: list[tuple[float, int, _Handle]] = []
        self._number = 0
        self.made: list[tuple[Connection, FakeTransport]] = []

    def call_soon(self, callback: Callable[..., None], *args: Any) -> _Handle:
        handle = _Handle(callback, args)
        self._soon.append(handle)
        return handle

    def call_later(self, delay_s: float, callback: Callable[..., None], *args: Any) -> _Handle:
        self._number += 1
        handle = _Handle(callback, args)
        heapq.heappush(self._later, (self._clock.ns + delay_s * 1e9, self._number, handle))
        return handle

    @property
    def waits(self) -> bool:
        """Whether anything is still to be called."""
        return any(not handle.cancelled for handle in [*self._soon, *(entry[2] for entry in self._later)])

    def turn(self) -> None:
        """What is due, and what was to come soon; not what they ask for in turn."""
        ready, self._soon = self._soon, []
        while self._later and self._later[0][0] <= self._clock.ns:
            ready.append(heapq.heappop(self._later)[2])
        for handle in ready:
            handle.run()
        self._tell_of_lost()

    def _tell_of_lost(self) -> None:
        for connection, transport in list(self.made):
            if transport.aborted:
                self.made.remove((connection, transport))
                connection.connection_lost(None)

    def create_future(self) -> _Future:
        return _Future()

    def create_task(self, coroutine: Coroutine[Any, Any, None]) -> Any:
        try:
            coroutine.send(None)
        except StopIteration:
            return _Handle(lambda: None, ())  # it has ended
        raise AssertionError("nothing here waits")

    async def create_connection(self, make: Any, address: str, port: int) -> None:
        connection, transport = make(), FakeTransport()
        self.made.append((connection, transport))
        connection.connection_made(transport)


class SimulatedShard:
    """A shard of one GET. Time passes by `to_ms`, the loop turns and answers come when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, load: dict[str, Any], **plan: Any) -> None:
        self.clock = FakeClock(monkeypatch)
        self.loop = FakeLoop(self.clock)
        monkeypatch.setattr("asyncio.get_running_loop", lambda: self.loop)
        requests = [{"path": "/"}]
        made = plan_from_data({"base_url": "http://127.0.0.1", "requests": requests, "load": load, **plan})
        [spec] = shard_specs("r_simulated", made, 1)
        templates, targets = prepare(made)
        origins = Origins(targets, made.http, {"127.0.0.1": ["127.0.0.1"]})
        self.shard = Shard(spec, made, templates, origins, on_tick=lambda now: None)
        self._recorder = self.shard.recorder
        while not self.shard.shape.prepare():
            pass
        self.shard.start()

    @property
    def now_ms(self) -> float:
        """Since the start."""
        return (self.clock.ns - START_NS) / 1e6

    def to_ms(self, ms: float) -> None:
        """The clock's time since the start; nothing happens."""
        now = START_NS + round(ms * 1e6)
        assert now >= self.clock.ns
        self.clock.ns = now

    def turn(self) -> None:
        """The event loop's next turn, without answers."""
        self.loop.turn()

    def answer(self, *, closing: bool = False) -> bool:
        """The longest waiting request's answer comes, or the target closes instead; False without one."""
        for connection, transport in self.loop.made:
            if connection.busy and not transport.aborted:
                if closing:
                    self.loop.made.remove((connection, transport))
                    connection.connection_lost(ConnectionResetError())
                else:
                    connection.data_received(OK)
                return True
        return False

    @property
    def begun(self) -> int:
        return sum(log.begun for log in self._recorder.logs)

    @property
    def offered(self) -> int:
        return self.begun + sum(log.dropped for log in self._recorder.logs)

    @property
    def in_flight(self) -> int:
        return self._recorder.in_flight

    @property
    def lags(self) -> list[int]:
        """How late each start was that has not been counted into buckets."""
        return list(self.shard.health.schedule_lag.pending)

    def snapshot(self) -> Snapshot:
        """All that was counted."""
        return self._recorder.take(self.clock.ns, self.shard.active, Health())
