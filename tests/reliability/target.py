"""`python -m tests.reliability.target PORT DELAY_S`: a target that can be killed.

It prints its port, and answers 200 to everything; `/count` with how many requests each path had before."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from typing import cast

import uvloop


class Answers(asyncio.Protocol):
    """One connection. Requests come one at a time and have no body."""

    def __init__(self, counts: Counter[str], delay_s: float) -> None:
        self._counts = counts
        self._delay_s = delay_s
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not derive from it

    def data_received(self, data: bytes) -> None:
        *heads, self._rest = (self._rest + data).split(b"\r\n\r\n")
        for head in heads:
            path = head.split(b" ", 2)[1].decode()
            body = json.dumps(self._counts).encode() if path == "/count" else b"ok"
            self._counts[path] += 1
            if self._delay_s:
                asyncio.get_running_loop().call_later(self._delay_s, self._answer, body)
            else:
                self._answer(body)

    def _answer(self, body: bytes) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


async def main(port: int, delay_s: float) -> None:
    loop, counts = asyncio.get_running_loop(), Counter[str]()
    server = await loop.create_server(lambda: Answers(counts, delay_s), "127.0.0.1", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
