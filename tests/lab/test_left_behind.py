"""Servers end with the processes that started them, whichever of those are killed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil

from webui.lab import guard

# A server with a worker, of which the guard knows nothing.
SERVER = "import os, time; os.fork() and print('up', flush=True); time.sleep(600)"


@contextlib.contextmanager
def guarded() -> Iterator[tuple[subprocess.Popen[bytes], list[psutil.Process]]]:
    """The guard of that server, and all processes below it."""
    with subprocess.Popen(
        [sys.executable, "-S", guard.__file__, sys.executable, "-S", "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as started:
        assert started.stdout is not None
        try:
            assert started.stdout.readline() == b"up\n"
            below = psutil.Process(started.pid).children(recursive=True)
            assert len(below) == 3  # its watcher, the server and the worker
            yield started, below
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGKILL)


def all_gone(processes: list[psutil.Process]) -> bool:
    return psutil.wait_procs(processes, 20)[1] == []


def test_whoever_held_the_leash_is_killed() -> None:
    with guarded() as (started, below):
        assert started.stdin is not None
        started.stdin.close()  # as happens to one that is killed
        assert all_gone(below)
        assert started.wait(20) == -signal.SIGKILL


def test_the_guard_is_killed_and_nobody_is_there_to_see_it() -> None:
    with guarded() as (started, below):
        started.kill()  # its leash stays open: this process does not look after it
        assert all_gone(below)


def test_a_dashboard_and_its_guards_are_killed_at_once() -> None:
    script = (
        "import asyncio\n"
        "from webui.lab.manager import LabManager\n"
        "async def main():\n"
        "    lab, servers = LabManager(start_timeout_s=120), ('uvicorn', 'gunicorn')\n"
        "    await asyncio.gather(*(lab.start('async-io', workers=2, server=each) for each in servers))\n"
        "    print('up', flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        guards = psutil.Process(parent.pid).children()
        assert len(guards) == 2
        below = [process for each in guards for process in each.children(recursive=True)]
        assert len(below) >= 8  # of each a watcher, the server and two workers
        for process in (parent, *guards):
            process.kill()
    assert all_gone(below)
