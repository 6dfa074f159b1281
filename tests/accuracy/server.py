"""A server of scripted latencies that logs its own truth.

`python -m tests.accuracy.server NAME` prints its port, and when its input ends, as JSON, how long each answer
took by its own clock: from having read the request to having written the answer, in nanoseconds.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Callable
from time import perf_counter_ns as clock
from typing import cast

import uvloop

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

# The latency of request number n, so many seconds after the first one, in seconds.
Script = Callable[[int, float], float]
_random = random.Random(20)
SCRIPTS: dict[str, Script] = {
    "fixed": lambda number, elapsed_s: 0.05,
    "bimodal": lambda number, elapsed_s: 0.02 if _random.random() < 0.85 else 0.25,
    "ramp": lambda number, elapsed_s: 0.02 + 0.2 * min(1.0, number / 1000),
    # Nobody is answered in the second from 1 s on; then the queue is worked off within a tenth of one.
    "freeze": lambda number, elapsed_s: (
        0.02 + (max(0.0, 1.9 - 0.9 * elapsed_s) if 1 <= elapsed_s < 2 else 0.0)
    ),
}


class Truth:
    """What one server has seen: its requests, and how long each answer took."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._first_ns = 0
        self._requests = 0
        self.taken_ns: list[int] = []

    def latency_s(self, read_ns: int) -> float:
        """How long the answer to a request that was read then is to take."""
        self._first_ns = self._first_ns or read_ns
        self._requests += 1
        return self._script(self._requests, (read_ns - self._first_ns) / 1e9)


class Scripted(asyncio.Protocol):
    """One connection. Requests come one at a time, without a body, in one piece."""

    def __init__(self, loop: asyncio.AbstractEventLoop, truth: Truth) -> None:
        self._loop, self._truth = loop, truth

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        read_ns = clock()
        self._loop.call_later(self._truth.latency_s(read_ns), self._answer, read_ns)

    def _answer(self, read_ns: int) -> None:
        self._transport.write(ANSWER)
        self._truth.taken_ns.append(clock() - read_ns)


async def serve(loop: asyncio.AbstractEventLoop, truth: Truth) -> asyncio.Server:
    """Begins to serve."""
    return await loop.create_server(lambda: Scripted(loop, truth), "127.0.0.1", 0, backlog=1024)


def port_of(server: asyncio.Server) -> int:
    """Where it listens."""
    return int(server.sockets[0].getsockname()[1])


class ServingLoop(uvloop.Loop):
    """An event loop with a server in it, which goes first when the loop is closed."""

    def __init__(self, truth: Truth) -> None:
        super().__init__()
        self._server = self.run_until_complete(serve(self, truth))
        self.port = port_of(self._server)

    def close(self) -> None:
        """As every loop's; connections that clients have closed are noticed before."""
        self._server.close()
        self.run_until_complete(asyncio.sleep(0.02))
        super().close()


async def main(name: str) -> None:
    """Serves until the input ends."""
    loop, truth = asyncio.get_running_loop(), Truth(SCRIPTS[name])
    server = await serve(loop, truth)
    print(port_of(server), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()
    print(json.dumps(truth.taken_ns), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1]))
