"""Services started by a command line of the operator's: on a free port of loopback, for as long as they are
tested. Only the command line gives such commands; the page and the API cannot."""

import asyncio
import os
import shlex
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from webui.errors import TargetFailed
from webui.lab.commands import HOST, Startup
from webui.lab.ports import free_port
from webui.lab.process import ServerProcess

PORT = "{port}"
START_TIMEOUT_S = 30.0
END_S = 5.0  # for a service to end by itself when it is asked to
_POLL_S = 0.05
_LOADED_BY_S = 10.0
_LOADED = 0.2  # of a core: workers that still load their application use more
_LOOK_S = 0.3


@dataclass(frozen=True, slots=True)
class StartCommand:
    """A command line that starts a service in the foreground; `{port}` in it is the port to listen on."""

    arguments: tuple[str, ...]
    timeout_s: float = START_TIMEOUT_S

    @classmethod
    def parse(cls, text: str, timeout_s: float = START_TIMEOUT_S) -> "StartCommand":
        """The command in `text`, split as a shell would, without a shell. Raises ValueError."""
        try:
            arguments = tuple(shlex.split(text))
        except ValueError as error:
            raise ValueError(f"cannot be read, there is {str(error).lower()}: {text[:80]!r}") from None
        if not any(PORT in argument for argument in arguments):
            raise ValueError(f"has no {PORT}, the port that its service is to listen on: {text[:80]!r}")
        if shutil.which(arguments[0]) is None:
            raise ValueError(f"there is no command {arguments[0]!r} here")
        return cls(arguments, timeout_s)

    def on(self, port: int) -> list[str]:
        """The arguments for a service on that port."""
        return [argument.replace(PORT, str(port)) for argument in self.arguments]


@asynccontextmanager
async def started(command: StartCommand, path: str) -> AsyncIterator[str]:
    """Starts the service and waits until it answers at `path`; ends it, with all its workers, afterwards.

    Yields its base address. Raises TargetFailed with the service's last words, AddressInUse.
    """
    port = free_port()
    process = await ServerProcess.start(command.on(port), os.environ, Startup(workers=1), Path.cwd())
    base_url = f"http://{HOST}:{port}"
    try:
        await _until_it_answers(process, base_url + path, command.timeout_s)
        await _until_loaded(process.pid)
        yield base_url
    finally:
        await process.stop(END_S)


async def _until_it_answers(process: ServerProcess, url: str, timeout_s: float) -> None:
    """Any status will do. Raises TargetFailed."""
    try:
        async with asyncio.timeout(timeout_s):
            if await _answers(process, url):
                return
    except TimeoutError:
        raise _failure(process, f"did not answer at {url} within {timeout_s:g} s") from None
    raise _failure(process, f"ended before it answered at {url}")


async def _answers(process: ServerProcess, url: str) -> bool:
    """Whether it answers at all; False: it ended before. The caller sets the time."""
    import httpx  # few dashboards start services

    async with httpx.AsyncClient(trust_env=False, timeout=None) as client:  # noqa: S113
        while not process.ended.is_set():
            try:
                await client.get(url)
            except httpx.TransportError:
                await asyncio.sleep(_POLL_S)
            else:
                return not process.ended.is_set()
    return False


async def _until_loaded(group: int) -> None:
    """Waits, some seconds at most, until none of its processes is busy: the first of several workers may
    answer long before the last one has its application."""
    deadline = asyncio.get_running_loop().time() + _LOADED_BY_S
    before = _processor_s(group)
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_LOOK_S)
        now = _processor_s(group)
        if now - before < _LOADED * _LOOK_S:
            return
        before = now


def _processor_s(group: int) -> float:
    """What the processes below the guard have used of processors so far."""
    used = 0.0
    try:
        for process in psutil.Process(group).children(recursive=True):
            times = process.cpu_times()
            used += times.user + times.system
    except psutil.Error:  # one ended meanwhile: the next look is complete
        return used
    return used


def _failure(process: ServerProcess, words: str) -> TargetFailed:
    said = f"; its last words: {process.last_line[:300]}" if process.last_line else ""
    return TargetFailed(f"the start command's service {words}{said}")
