"""The practice targets behave as they say, and their process ends with its parent."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import httpx
import psutil
import pytest

from webui.errors import AddressInUse, NotFound
from webui.lab import registry
from webui.lab.process import LabProcess, start_practice_target
from webui.lab.server import serve
from webui.settings import Settings

pytestmark = pytest.mark.anyio


@contextlib.asynccontextmanager
async def running_lab() -> AsyncIterator[LabProcess]:
    lab = await LabProcess.start(port=0)
    try:
        yield lab
    finally:
        await lab.stop()


async def timed_burst(lab: LabProcess, path: str, requests: int) -> list[float]:
    """The seconds after which each of `requests` simultaneous requests was answered, in order."""
    port = int(lab.url.rpartition(":")[2])
    streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(requests)]
    started = time.perf_counter()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> float:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        ended = time.perf_counter() - started
        writer.close()
        return ended

    return sorted(await asyncio.gather(*(one(*stream) for stream in streams)))


async def test_threads_answers_forty_at_once() -> None:
    async with running_lab() as lab:
        ended = await timed_burst(lab, "/threads", 80)
    # Two batches of 40: none of the second ends before the pool's first sleeps are over.
    assert all(seconds >= registry.SLEEP_S for seconds in ended[:40])
    assert all(seconds >= 2 * registry.SLEEP_S for seconds in ended[40:])


async def test_async_answers_any_number_at_once() -> None:
    async with running_lab() as lab:
        ended = await timed_burst(lab, "/async", 80)
    assert ended[0] >= registry.AWAIT_S
    assert ended[-1] < 20 * registry.AWAIT_S  # one at a time would take 80 times as long


async def test_the_index_names_every_target() -> None:
    async with running_lab() as lab, httpx.AsyncClient() as client:
        listed = (await client.get(lab.url)).json()
    assert [(entry["name"], entry["path"]) for entry in listed] == [
        ("async-io", "/async"),
        ("threads", "/threads"),
    ]
    assert [endpoint.url for endpoint in lab.endpoints] == [f"{lab.url}/async", f"{lab.url}/threads"]
    assert all(endpoint.teaches for endpoint in lab.endpoints)


async def test_a_taken_port_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        lab = await LabProcess.start(port)
        try:
            assert lab.url != f"http://127.0.0.1:{port}"
            assert httpx.get(f"{lab.url}/async").status_code == 200
        finally:
            await lab.stop()


async def test_stop_ends_the_process_twice_over() -> None:
    lab = await LabProcess.start(port=0)
    assert lab.running
    await lab.stop()
    await lab.stop()
    assert not lab.running
    assert not psutil.pid_exists(lab.pid)


async def test_settings_can_switch_it_off() -> None:
    assert await start_practice_target(Settings(practice_target=False)) is None


async def test_it_ends_when_its_parent_is_killed() -> None:
    script = (
        "import asyncio\n"
        "from webui.lab.process import LabProcess\n"
        "async def main():\n"
        "    lab = await LabProcess.start(port=0)\n"
        "    print(lab.pid, flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
    await asyncio.to_thread(child.wait, 5)
    assert not child.is_running()


def test_a_taken_port_that_was_asked_for_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(AddressInUse, match="is taken"):
            serve(registry.TARGETS, taken.getsockname()[1], lambda url: None)


def test_an_unknown_name_gets_the_known_ones() -> None:
    with pytest.raises(NotFound, match="'theads'; there are async-io, threads"):
        registry.find("theads")
