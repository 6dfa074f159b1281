"""Connections that serve one request, on plain sockets: against real servers."""

import asyncio
import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from tests.engine.drive import Result, plan_data, run, run_spec
from tests.targets import Seen, Target, after, ok, reply
from webui.engine import runner, shard_specs
from webui.engine.attempt import Attempt
from webui.engine.origin import Origin
from webui.engine.protocol import Connection, Handler
from webui.engine.sockets import Channel, Sockets, can_have_sockets
from webui.plan.documents import plan_from_data
from webui.plan.target import parse_url

pytestmark = pytest.mark.skipif(not can_have_sockets(), reason="epoll is Linux's; elsewhere asyncio connects")

LARGE = b"x" * 3_000_000  # more than is read of one socket in a row


def alone(url: str, **changes: Any) -> Result:
    return run(url, keepalive=False, **changes)


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("length", [True, False])
def test_a_large_answer_comes_whole(tls: bool, length: bool) -> None:
    async def large(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(LARGE) if length else b"HTTP/1.1 200 OK\r\n\r\n" + LARGE)

    with Target(large, tls=tls) as target:
        checks = [{"on": "size", "is": f"== {len(LARGE)}"}]
        result = alone(target.url, users=3, iterations=6, requests=[{"checks": checks}], verify_tls=False)
    assert result.totals.successes == target.connections == 6
    assert not result.errors


@pytest.mark.parametrize("tls", [False, True])
def test_a_large_body_goes_out_as_fast_as_it_is_taken(tls: bool) -> None:
    body = {"type": "text", "text": LARGE.decode()}
    with Target(tls=tls) as target:
        requests = [{"method": "POST", "body": body}]
        result = alone(target.url, users=2, iterations=4, requests=requests, verify_tls=False)
    assert result.totals.successes == 4
    assert target.last is not None
    assert target.last.body == LARGE
    assert result.totals.bytes_sent > 4 * len(LARGE)


async def reset(seen: Seen, writer: asyncio.StreamWriter) -> None:
    """Resets in the middle of the response."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    await writer.drain()
    linger = b"\1\0\0\0\0\0\0\0"  # on, for no time: a reset instead of an end
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


@contextmanager
def unwilling() -> Iterator[str]:
    """The address of a server that refuses a body before it has come, and closes: what comes is reset."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    with server.accept()[0] as connection:
                        connection.recv(1000)
                        connection.sendall(reply(status=413, headers="Connection: close\r\n"))

        thread = Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_an_answer_counts_though_the_request_could_not_be_sent() -> None:
    body = {"type": "text", "text": LARGE.decode() * 3}
    with unwilling() as url:
        result = alone(url, users=2, iterations=40, requests=[{"method": "POST", "body": body}])
    assert result.errors == {"http_413": 40}


@pytest.mark.parametrize("outcome", ["answered", "reset", "refused", "given up"])
def test_connections_leave_no_cycles_for_the_garbage_collector(
    outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "collect_young", lambda: None)
    respond = {"answered": ok, "reset": reset}.get(outcome, after(5))
    gc.disable()
    try:
        with Target(respond) as target:
            url = "http://127.0.0.1:1" if outcome == "refused" else target.url
            alone(url, users=2, iterations=6, timeout_s=0.1 if outcome == "given up" else 10)
        assert not [left for left in gc.get_objects() if isinstance(left, Channel | Attempt)]
    finally:
        gc.enable()


def test_a_server_that_resets_in_the_middle() -> None:
    with Target(reset) as target:
        result = alone(target.url, users=2, iterations=4)
    assert result.errors == {"connection_reset": 4}
    assert result.total.connections_opened == 4
    assert result.total.connections_open == 0


def test_the_next_address_is_tried_and_then_preferred() -> None:
    with Target() as target:
        url = f"http://target.invalid:{target.port}"
        [spec] = shard_specs("r_test", plan_from_data(plan_data(url, 2, iterations=20, keepalive=False)), 1)
        result = run_spec(replace(spec, addresses={"target.invalid": ["::1", "127.0.0.1"]}))
    assert result.totals.successes == target.connections == 20
    assert not result.errors


async def test_an_address_is_preferred_only_once_it_has_worked() -> None:
    done = asyncio.Event()
    sockets = Sockets(asyncio.get_running_loop())
    origin = Origin(parse_url("http://target.invalid:1"), addresses=["127.0.0.1", "127.0.0.2"])
    Attempt(origin, sockets, Connection(Handler()), lambda kind, detail: done.set())
    async with asyncio.timeout(5):
        await done.wait()
    assert origin.addresses == ["127.0.0.1", "127.0.0.2"]
    sockets.close()


def test_an_address_that_cannot_even_be_dialled() -> None:
    # From loopback there is no way to a multicast address over TCP.
    [spec] = shard_specs(
        "r_test", plan_from_data(plan_data("http://target.invalid", 2, iterations=2, keepalive=False)), 1
    )
    result = run_spec(replace(spec, addresses={"target.invalid": ["224.0.0.1"]}))
    assert result.errors == {"connect_error": 2}
    assert "224.0.0.1:80" in next(iter(result.total.errors.values())).sample


class Heard(Handler):
    """Notes what a connection tells."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_open(self, connection: Connection) -> None:
        self.told.append("open")

    def on_close(self, connection: Connection) -> None:
        self.told.append("close")


async def test_an_attempt_that_is_given_up_tells_nobody_and_leaves_no_socket() -> None:
    loop, handler, failed = asyncio.get_running_loop(), Heard(), list[OSError]()
    sockets = Sockets(loop)
    with socket.create_server(("127.0.0.1", 0)) as server:
        channel = sockets.dial("127.0.0.1", server.getsockname()[1], Connection(handler), failed.append)
        channel.cancel()
        channel.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
    assert channel.plain.fileno() == -1
    assert (handler.told, failed) == ([], [])
    sockets.close()


async def test_a_connection_that_is_closed_tells_once_after_its_closer_is_done() -> None:
    handler, failed = Heard(), list[OSError]()
    sockets = Sockets(asyncio.get_running_loop())
    with socket.create_server(("127.0.0.1", 0)) as server:
        connection = Connection(handler)
        channel = sockets.dial("127.0.0.1", server.getsockname()[1], connection, failed.append)
        async with asyncio.timeout(5):
            while not handler.told:
                await asyncio.sleep(0)
        connection.close()
        connection.close()
        assert handler.told == ["open"]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert handler.told == ["open", "close"]
    assert channel.plain.fileno() == -1
    assert not failed
    sockets.close()
