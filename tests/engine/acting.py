"""Sweeps whose acts a test chooses, and targets that they are carried out on."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.engine.drive import Result, run
from tests.targets import Respond, Seen, ok, reply
from webui.engine import sweeping
from webui.sweep.acts import Act, Level

FIRST = Level(1, "single", "first-answers", 2.0, 0, 2.0, until_answers=3, canary=False)


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Carries out the acts given, one after the other: `sweep(url, act, …, to=64, **plan)`."""

    def carry_out(url: str, *acts: Act, to: int = 64, **changes: Any) -> Result:
        left = iter(acts)
        monkeypatch.setattr(sweeping, "next_act", lambda load, record, *, canary_wanted: next(left, None))
        return run(url, load={"shape": "sweep", "from": 1, "to": to}, **changes)

    return carry_out


def level(users: int, measure_s: float = 0.3, **more: Any) -> Level:
    """A level of the doubling part, without a canary unless asked for."""
    return Level(users, "level", "doubling", measure_s, **{"canary": False, **more})


async def another_route(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """What a route answers that is not the one under load."""
    writer.write(reply(b"another route"))


def slots(number: int, seconds: float, others: Respond = another_route) -> Respond:
    """So many requests for `/` are served at a time; the rest wait in line. Other paths go to `others`."""
    free: list[asyncio.Semaphore] = []

    async def respond(seen: Seen, writer: asyncio.StreamWriter) -> None:
        if seen.path != "/":
            await others(seen, writer)
            return
        if not free:  # in the server's own loop
            free.append(asyncio.Semaphore(number))
        async with free[0]:
            await asyncio.sleep(seconds)
        await ok(seen, writer)

    return respond


@contextmanager
def sync_workers(number: int, seconds: float) -> Iterator[str]:
    """A server like gunicorn's sync workers: each serves one connection at a time, one request on each, and
    waits for its request as long as it takes, so that an idle connection occupies it."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(3)
                _serve(connection, seconds)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        stopped.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        for thread in threads:
            thread.join(5)


def _serve(connection: socket.socket, seconds: float) -> None:
    try:
        head = connection.recv(65536)
        if head:
            stopped = threading.Event()
            stopped.wait(seconds if head.startswith(b"GET / ") else 0)
            body = b"worked" if head.startswith(b"GET / ") else b""
            connection.sendall(reply(body, headers="Connection: close\r\n"))
    except OSError:
        return
