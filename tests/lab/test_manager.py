"""The manager of practice targets: what it starts, what it refuses, and that nothing is ever left running."""

from __future__ import annotations

import asyncio
import socket

import httpx
import psutil
import pytest

from tests.lab.conftest import Replace
from tests.processes import below_this_process, remember
from webui.errors import AddressInUse, Conflict, InvalidInput, NotFound, TargetFailed
from webui.lab import commands, manager
from webui.lab.manager import LabManager

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("light")]


@pytest.fixture(autouse=True)
def only_its_own_processes() -> None:
    remember()


async def test_a_target_runs_until_it_is_stopped(lab: LabManager) -> None:
    running = await lab.start("threads", workers=3, options={"threads": 7})
    assert lab.running() == (running,)
    assert (running.name, running.workers, running.canary) == ("threads", 3, "/ping")
    assert running.url == f"{running.base_url}/threads"
    assert running.at_a_time == 21
    assert len(below_this_process()) == 5  # the guard, its watcher, the server and two more workers
    assert httpx.get(running.url).status_code == 200
    await lab.stop(running.id)
    assert lab.running() == ()
    assert below_this_process() == []
    with pytest.raises(NotFound, match="not running"):
        await lab.stop(running.id)


async def test_one_that_ends_by_itself_is_forgotten(lab: LabManager) -> None:
    running = await lab.start("async-io")
    [server] = [each for each in below_this_process() if each.cmdline()[1:2] == ["-S"]]
    ended = asyncio.create_task(lab.ended(running.id))
    await asyncio.sleep(0)
    server.kill()
    await asyncio.wait_for(ended, 20)
    assert lab.running() == ()
    assert below_this_process() == []


async def test_a_guard_that_is_killed_takes_its_server_along(lab: LabManager) -> None:
    running = await lab.start("async-io", workers=2)
    processes = below_this_process()
    [guard] = below_this_process(recursive=False)
    ended = asyncio.create_task(lab.ended(running.id))
    await asyncio.sleep(0)
    guard.kill()
    await asyncio.wait_for(ended, 20)
    assert psutil.wait_procs(processes, 20)[1] == []


async def test_closing_ends_what_runs_and_what_starts(lab: LabManager) -> None:
    await lab.start("async-io")
    starting = asyncio.create_task(lab.start("lock"))
    while len(below_this_process(recursive=False)) < 2:
        await asyncio.sleep(0.01)
    await lab.close()
    with pytest.raises((TargetFailed, Conflict)):
        await starting
    assert below_this_process() == []
    with pytest.raises(Conflict, match="is ending"):
        await lab.start("async-io")


async def test_a_start_that_is_cancelled_leaves_nothing(lab: LabManager) -> None:
    starting = asyncio.create_task(lab.start("async-io"))
    while not below_this_process():
        await asyncio.sleep(0.01)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert below_this_process() == []


async def test_a_port_that_is_asked_for(lab: LabManager) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressInUse, match=f"port {port} is in use"):
            await lab.start("async-io", port=port)
    running = await lab.start("async-io", port=port)
    assert running.port == port


async def test_a_port_lost_to_another_meanwhile_is_replaced(
    lab: LabManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = manager.free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1]]
        monkeypatch.setattr(manager, "free_port", lambda port: ports.pop() if ports else found(port))
        running = await lab.start("async-io")
        assert running.port != taken.getsockname()[1]
    assert ports == []


async def test_a_server_that_fails_is_quoted(lab: LabManager, replaced: Replace) -> None:
    replaced("import sys; sys.exit('no such database')")
    with pytest.raises(TargetFailed, match="ended before it answered; its last words: no such database"):
        await lab.start("async-io")
    more_than_a_pipe_holds = "'x' * 3_000_000 + '\\nlast'"
    replaced(f"import sys; sys.stdout.write({more_than_a_pipe_holds}); sys.exit(1)")
    with pytest.raises(TargetFailed, match="last words: last"):
        await lab.start("async-io")
    assert lab.running() == ()
    assert below_this_process() == []


@pytest.mark.parametrize(
    "script",
    [
        "import time; time.sleep(60)",
        "import time; print('Uvicorn running on\\nApplication startup complete', flush=True); time.sleep(60)",
    ],
    ids=["silent", "claims to listen"],
)
async def test_a_server_that_never_listens_is_ended(script: str, replaced: Replace) -> None:
    replaced(script)
    lab = LabManager(start_timeout_s=0.3)
    with pytest.raises(TargetFailed, match=r"did not answer within 0\.3 s"):
        await lab.start("async-io")
    assert below_this_process() == []
    await lab.close()


async def test_so_many_targets_and_workers_at_most(lab: LabManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "MAX_TARGETS", 2)
    monkeypatch.setattr(manager, "MAX_PROCESSES", 3)
    await lab.start("async-io")
    with pytest.raises(Conflict, match="may have 3 workers together, and 1 run already"):
        await lab.start("lock", workers=3)
    await lab.start("lock")
    with pytest.raises(Conflict, match="2 practice targets run already; stop one first"):
        await lab.start("gather")


async def test_without_the_extra_it_says_how_to_get_it(
    lab: LabManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "find_spec", lambda name: None)
    for name, server in (("flask-sync", None), ("threads", "gunicorn")):
        with pytest.raises(Conflict, match=r"pip install 'katydid\[lab\]'"):
            await lab.start(name, server=server)
    assert below_this_process() == []


async def test_what_makes_no_sense_is_refused(lab: LabManager) -> None:
    for name, asked, words in (
        ("backlog", {"server": "gunicorn"}, "server: backlog runs under uvicorn"),
        ("threads", {"workers": 0}, "workers: must be from 1 to 8, not 0"),
        ("threads", {"options": {"threads": 0}}, "options.threads: threads must be from 1 to 500, not 0"),
        (
            "lock",
            {"options": {"threads": 1}},
            "options.threads: lock has no such option as threads; it has none",
        ),
    ):
        with pytest.raises(InvalidInput) as caught:
            await lab.start(name, **asked)
        assert str(caught.value).startswith(words)
    with pytest.raises(NotFound, match="'theads'; there are gather, async-io, threads"):
        await lab.start("theads")
