"""Worker processes on this machine: a Dask scheduler in this process, and its nannies, which start the
workers and start them again when they die. Everything listens on 127.0.0.1 and speaks TLS."""

import asyncio
import sys
from contextlib import suppress
from typing import Any

import distributed
from distributed.core import Status
from distributed.deploy.spec import SpecCluster

from webui.errors import GeneratorFailed
from webui.fleet import options, scratch
from webui.fleet.worker import EngineWorker

HOST = "127.0.0.1"
START_TIMEOUT_S = 20.0
CLOSE_TIMEOUT_S = 0.2  # until a worker process is killed; there is nothing in it to save
POLL_S = 0.01  # while processes start
_GIVEN_UP = (Status.closing, Status.closed, Status.closing_gracefully, Status.failed)


class QuietScheduler(distributed.Scheduler):
    """Dask's scheduler without its HTTP server."""

    def start_http_server(self, *args: Any, **kwargs: Any) -> None:
        """Serves nothing."""


class LocalWorkers:
    """The worker processes of one fleet, by their addresses. For one event loop."""

    def __init__(self, cluster: SpecCluster, directory: str) -> None:
        self._cluster = cluster
        self._directory = directory

    @classmethod
    async def start(cls) -> "LocalWorkers":
        """A scheduler and no workers yet. Raises GeneratorFailed."""
        directory = await asyncio.to_thread(scratch.make)
        options.apply(directory)
        security = await asyncio.to_thread(distributed.Security.temporary)
        workers = cls(_cluster(security, directory), directory)
        try:
            await asyncio.wait_for(workers._begin(), START_TIMEOUT_S)
        except (OSError, RuntimeError, TimeoutError) as error:
            await workers.close()
            raise GeneratorFailed(f"The engine processes could not be started: {error}") from error
        return workers

    async def _begin(self) -> None:
        await self._cluster

    @property
    def security(self) -> distributed.Security:
        """What a client needs to speak to the scheduler."""
        return self._cluster.security

    @property
    def scheduler_address(self) -> str:
        """Such as `tls://127.0.0.1:40001`."""
        return str(self._cluster.scheduler_address)

    def addresses(self) -> list[str]:
        """The worker processes that run now."""
        return [address for nanny in self._running() if (address := nanny.worker_address)]

    def pid(self, address: str) -> int | None:
        """The process of that address; None when it has ended."""
        nanny = self._nanny(address)
        return None if nanny is None else nanny.pid

    async def grow(self, count: int) -> None:
        """Sees to it that at least `count` processes run. Raises GeneratorFailed."""
        self._forget_closed()
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                if len(self._cluster.worker_spec) < count:
                    self._cluster.scale(count)
                    await self._cluster
                # One that died is on its way back; Dask has no event for that.
                while len(self.addresses()) < count:  # noqa: ASYNC110
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            raise GeneratorFailed(f"No engine process was ready within {START_TIMEOUT_S:.0f} s.") from error
        except (OSError, RuntimeError) as error:
            raise GeneratorFailed(f"The engine processes could not be started: {error}") from error

    def _forget_closed(self) -> None:
        """Drops the nannies that gave up, so that others take their places."""
        for name, nanny in list(self._cluster.workers.items()):
            if nanny.status in _GIVEN_UP:
                del self._cluster.workers[name]
                self._cluster.worker_spec.pop(name, None)

    async def retire(self, addresses: list[str]) -> None:
        """Ends these processes for good."""
        names = [name for name, nanny in self._cluster.workers.items() if nanny.worker_address in addresses]
        if names:
            await self._cluster.scale_down(names)

    async def kill(self, address: str) -> None:
        """Kills the process of that address at once; another takes its place."""
        nanny = self._nanny(address)
        if nanny is not None and nanny.process is not None and nanny.process.process is not None:
            with suppress(ValueError):  # it has ended in this moment
                await nanny.process.process.kill()

    async def close(self) -> None:
        """Ends all processes and removes their scratch files."""
        nannies = list(self._cluster.workers.values())
        await asyncio.gather(*(n.close(timeout=CLOSE_TIMEOUT_S) for n in nannies), return_exceptions=True)
        closing = self._cluster.close()
        if closing is not None:
            with suppress(OSError, RuntimeError):
                await closing
        sys.path[:] = [entry for entry in sys.path if not entry.startswith(self._directory)]
        await asyncio.to_thread(scratch.remove, self._directory)

    def _running(self) -> list[Any]:
        return [
            nanny
            for nanny in self._cluster.workers.values()
            if nanny.status == Status.running and nanny.process is not None
            if nanny.process.status == Status.running
        ]

    def _nanny(self, address: str) -> Any | None:
        return next((nanny for nanny in self._running() if nanny.worker_address == address), None)


def _cluster(security: distributed.Security, directory: str) -> SpecCluster:
    # Dask's extensions (locks, queues, shuffling) are not needed.
    common = {"host": HOST, "protocol": "tls://", "security": security, "extensions": {}}
    scheduler = {**common, "port": 0, "dashboard": False}
    worker = {
        **common,
        "worker_class": EngineWorker,
        "nthreads": 1,
        "memory_limit": 0,
        "local_directory": directory,
        "silence_logs": options.LOG_LEVEL,
    }
    return SpecCluster(
        workers={},
        scheduler={"cls": QuietScheduler, "options": scheduler},
        worker={"cls": distributed.Nanny, "options": worker},
        asynchronous=True,
        security=security,
        silence_logs=options.LOG_LEVEL,
    )
