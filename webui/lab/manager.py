"""The practice targets that run: on free ports of loopback, no longer than the process that started them."""

import asyncio
import contextlib
import logging
import os
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from webui.errors import AddressInUse, Conflict, NotFound, TargetFailed
from webui.lab.commands import HOST, INSTALL, Startup, command, environment, extra_installed, needs_extra
from webui.lab.model import PracticeTarget, Server, Setup
from webui.lab.ports import free_port, in_use
from webui.lab.process import ServerProcess
from webui.lab.registry import find

MAX_TARGETS = 8
MAX_PROCESSES = 16  # worker processes of all targets together
START_TIMEOUT_S = 30.0
_ATTEMPTS = 3  # to find a port that is still free when the server takes it
_POLL_S = 0.02

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunningTarget:
    """A practice target that answers. `url` is the route to test, `canary` the path of the cheap route."""

    id: str
    target: PracticeTarget
    setup: Setup
    port: int
    started_at: datetime

    @property
    def name(self) -> str:
        """The target's name."""
        return self.target.name

    @property
    def teaches(self) -> str:
        """What it teaches."""
        return self.target.teaches

    @property
    def workers(self) -> int:
        """How many worker processes serve it."""
        return self.setup.workers

    @property
    def canary(self) -> str:
        """The path of its cheap second route."""
        return self.target.canary

    @property
    def base_url(self) -> str:
        """`http://host:port`."""
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The address of the route to test."""
        return self.base_url + self.target.path

    @property
    def at_a_time(self) -> float | None:
        """How many requests it serves at a time; None: it sets no limit."""
        return self.target.at_a_time(self.setup)


@dataclass(slots=True)
class _Entry:
    """One place among those that may run. Without `running` it is still being started."""

    setup: Setup
    process: ServerProcess | None = None
    running: RunningTarget | None = None


@dataclass(slots=True)
class LabManager:
    """Starts and ends practice targets. Bounded: at most MAX_TARGETS with MAX_PROCESSES worker processes."""

    start_timeout_s: float = START_TIMEOUT_S
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _followers: set[asyncio.Task[None]] = field(default_factory=set)
    _closed: bool = False

    def running(self) -> Sequence[RunningTarget]:
        """Those that answer, in the order in which they were started."""
        return tuple(entry.running for entry in self._entries.values() if entry.running is not None)

    async def start(
        self,
        name: str,
        *,
        workers: int | None = None,
        server: Server | None = None,
        options: Mapping[str, int] | None = None,
        port: int | None = None,
    ) -> RunningTarget:
        """Starts a target and waits until all its workers answer. Without a port any free one is taken.

        Raises NotFound, InvalidInput, AddressInUse, Conflict (too many run; the extra `lab` is missing) and
        TargetFailed with the server's last words. Then nothing is left running.
        """
        target = find(name)
        setup = target.setup(workers=workers, server=server, options=options)
        if needs_extra(target, setup.server) and not extra_installed():
            raise Conflict(f"{target.name} under gunicorn needs the extra `lab`; install it with {INSTALL}")
        async with self._place(setup) as (key, entry):
            found = await self._launch(target, setup, entry, port)
            entry.running = RunningTarget(key, target, setup, found, datetime.now(UTC))
            self._follow(key, entry)
            return entry.running

    async def stop(self, id: str) -> None:
        """Ends a target with all its workers. Raises NotFound where none of this id runs."""
        entry = self._entries.get(id)
        if entry is None or entry.running is None or entry.process is None:
            raise NotFound("this practice target is not running")
        del self._entries[id]
        await entry.process.stop()

    async def ended(self, id: str) -> str:
        """Waits until a target has ended, and returns its last words. Raises NotFound."""
        entry = self._entries.get(id)
        if entry is None or entry.process is None:
            raise NotFound("this practice target is not running")
        await entry.process.ended.wait()
        return entry.process.last_line

    async def close(self) -> None:
        """Ends all targets, also those that are being started. None starts any more."""
        self._closed = True
        processes = [entry.process for entry in self._entries.values() if entry.process is not None]
        self._entries.clear()
        await asyncio.gather(*(process.stop() for process in processes))
        await asyncio.gather(*self._followers)

    @contextlib.asynccontextmanager
    async def _place(self, setup: Setup) -> AsyncIterator[tuple[str, _Entry]]:
        """A place among those that may run; given back, with what runs in it ended, where the start fails."""
        self._check_room(setup)
        key, entry = secrets.token_hex(4), _Entry(setup)
        self._entries[key] = entry
        try:
            yield key, entry
        except BaseException:
            self._entries.pop(key, None)
            if entry.process is not None:
                await entry.process.stop()
            raise

    def _check_room(self, setup: Setup) -> None:
        if self._closed:
            raise Conflict("the dashboard is ending; no practice target starts any more")
        if len(self._entries) >= MAX_TARGETS:
            raise Conflict(f"{MAX_TARGETS} practice targets run already; stop one first")
        used = sum(entry.setup.workers for entry in self._entries.values())
        if used + setup.workers > MAX_PROCESSES:
            raise Conflict(
                f"practice targets may have {MAX_PROCESSES} workers together, and {used} run already; "
                f"stop one or take fewer than {setup.workers} workers"
            )

    async def _launch(self, target: PracticeTarget, setup: Setup, entry: _Entry, port: int | None) -> int:
        """The port on which it answers."""
        for _ in range(_ATTEMPTS if port is None else 1):
            chosen = free_port(port or 0)
            try:
                await self._start_on(target, setup, entry, chosen)
            except AddressInUse:
                if port is not None:
                    raise
                continue
            return chosen
        raise AddressInUse("no free port was found for the practice target")

    async def _start_on(self, target: PracticeTarget, setup: Setup, entry: _Entry, port: int) -> None:
        process = entry.process = await ServerProcess.start(
            command(target, setup, port), environment(target, setup, os.environ), Startup(setup.workers)
        )
        if self._closed:
            raise Conflict("the dashboard is ending; no practice target starts any more")
        try:
            async with asyncio.timeout(self.start_timeout_s):
                if await process.started() and await _answers(
                    process, f"http://{HOST}:{port}{target.canary}"
                ):
                    return
        except TimeoutError:
            words = f"did not answer within {self.start_timeout_s:g} s"
            await process.stop()
        else:
            words = "ended before it answered"
        raise _failure(target, port, process, words)

    def _follow(self, key: str, entry: _Entry) -> None:
        task = asyncio.create_task(self._forget_when_ended(key, entry))
        self._followers.add(task)
        task.add_done_callback(self._followers.discard)

    async def _forget_when_ended(self, key: str, entry: _Entry) -> None:
        assert entry.process is not None
        await entry.process.ended.wait()
        if self._entries.pop(key, None) is not None:
            log.warning("A practice target ended by itself: %s", entry.process.last_line)


def _failure(
    target: PracticeTarget, port: int, process: ServerProcess, words: str
) -> AddressInUse | TargetFailed:
    if "ddress already in use" in process.output or "Connection in use" in process.output:
        return AddressInUse(in_use(port))
    said = f"; its last words: {process.last_line[:300]}" if process.last_line else ""
    return TargetFailed(f"the practice target {target.name} {words}{said}")


async def _answers(process: ServerProcess, url: str) -> bool:
    """Waits until the target answers 200; False: it ended before."""
    import httpx  # takes longer than all other imports of this package

    async with httpx.AsyncClient(trust_env=False) as client:
        while not process.ended.is_set():
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(url)).status_code == httpx.codes.OK:
                    return not process.ended.is_set()
            await asyncio.sleep(_POLL_S)
    return False
