"""The fleet: hands shards to worker processes, one each, and their events back to the runs."""

import asyncio
import math
import os
import uuid
from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

import msgpack

from webui.engine import ShardSpec, run_shard
from webui.errors import GeneratorFailed
from webui.fleet.forking import start_fork_server
from webui.fleet.launch import ChangeData, Launch, OnEvent, ShardKey
from webui.plan.load import Shape, Sweep, peak_rate, peak_users

if TYPE_CHECKING:
    import distributed

    from webui.fleet.local import LocalWorkers
    from webui.fleet.worker import Engine

USERS_PER_SHARD = 2_000
RATE_PER_SHARD = 20_000.0
POOL_PER_SHARD = 10_000
WARM = 1  # processes kept ready, so that a run starts at once
KEEP_IDLE_S = 30.0  # how long further ones are kept after their last shard
RESERVE_ATTEMPTS = 5
KEY = "katydid-shard"


class Fleet:
    """Engines on this machine. For one event loop; start and close it there."""

    def __init__(self, workers: "LocalWorkers", client: "distributed.Client", engine: "Engine") -> None:
        self._workers = workers
        self._client = client
        self._engine = engine
        self._topic = f"katydid-{uuid.uuid4().hex}"
        self._launches: dict[str, Launch] = {}
        self._busy: set[str] = set()  # addresses of processes that have a shard
        self._placing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @classmethod
    async def start(cls, *, engine: "Engine" = run_shard, warm: int = WARM) -> "Fleet":
        """A fleet with `warm` processes ready. Raises GeneratorFailed."""
        await asyncio.to_thread(start_fork_server)
        await asyncio.to_thread(_import_dask)
        import distributed

        from webui.fleet.local import LocalWorkers

        workers = await LocalWorkers.start()
        try:
            client = await distributed.Client(
                workers.scheduler_address,
                security=workers.security,
                asynchronous=True,
                set_as_default=False,
            )
            fleet = cls(workers, client, engine)
            client.subscribe_topic(fleet._topic, fleet._receive)
            await workers.grow(warm)
        except BaseException:
            await workers.close()
            raise
        return fleet

    @staticmethod
    def shards_for(load: Shape) -> int:
        """How many engine processes a run of that load gets: one up to 2,000 users or 20,000 starts per
        second, then more, as far as there are cores. A sweep has one: its figures are to show the target's
        limits, not how engines share a machine."""
        return 1 if isinstance(load, Sweep) else max(1, min(_wanted_shards(load), cores()))

    @property
    def pids(self) -> dict[str, int]:
        """The worker processes by address."""
        found = {address: self._workers.pid(address) for address in self._workers.addresses()}
        return {address: pid for address, pid in found.items() if pid is not None}

    async def launch(self, specs: Sequence[ShardSpec], on_event: OnEvent) -> Launch:
        """Starts the shards of one run, each in a process of its own. `on_event` is called in this loop,
        with each shard's events in order, and must not raise. Raises GeneratorFailed."""
        from webui.fleet.worker import run_shard_task

        addresses = await self._reserve(len(specs))
        launch = Launch(specs[0].run_id, on_event, self._send_stop, self._send_change, self._workers.kill)
        self._launches[launch.run_id] = launch
        for spec, address in zip(specs, addresses, strict=True):
            task = self._client.submit(
                run_shard_task,
                self._engine,
                msgpack.packb(spec.to_data()),
                self._topic,
                key=(KEY, uuid.uuid4().hex),
                workers=[address],
                pure=False,
                retries=0,
            )
            launch.place(spec.shard, address)
            self._spawn(self._watch(launch, spec.shard, address, task))
        return launch

    async def _reserve(self, count: int) -> list[str]:
        """The addresses of `count` idle processes, ours until their shards have ended."""
        async with self._placing:
            for _ in range(RESERVE_ATTEMPTS):
                self._busy &= set(self._workers.addresses())
                await self._workers.grow(len(self._busy) + count)
                idle = [address for address in self._workers.addresses() if address not in self._busy]
                if self._closed:
                    raise GeneratorFailed("Katydid is closing; no test can be started.")
                if len(idle) >= count:
                    self._busy.update(idle[:count])
                    return idle[:count]
            raise GeneratorFailed("The engine processes end as soon as they start.")

    async def _watch(
        self, launch: Launch, shard: int, address: str, task: "distributed.Future[None]"
    ) -> None:
        await task.exception()  # returns when the task has ended, one way or another
        task.release()
        launch.settle(shard)
        if launch.ended:
            self._launches.pop(launch.run_id, None)
        self._busy.discard(address)
        asyncio.get_running_loop().call_later(KEEP_IDLE_S, self._spawn_retire)

    def _spawn_retire(self) -> None:
        if not self._closed:
            self._spawn(self._retire_idle())

    async def _retire_idle(self) -> None:
        """Ends the processes that nothing has needed lately, down to the warm ones."""
        async with self._placing:
            idle = [address for address in self._workers.addresses() if address not in self._busy]
            spare = len(idle) + len(self._busy) - max(WARM, len(self._busy))
            await self._workers.retire(idle[:spare])

    def _receive(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        message.pop("worker", None)  # Dask adds it
        launch = self._launches.get(message["run"])
        if launch is not None:
            launch.receive(message)

    async def _send_stop(self, addresses: list[str], keys: list[ShardKey]) -> None:
        from webui.fleet.worker import stop_shards

        # A process that has ended cannot be told, and need not be.
        await self._client.run(stop_shards, keys, workers=addresses, on_error="ignore")

    async def _send_change(
        self, addresses: list[str], keys: list[ShardKey], change: ChangeData
    ) -> set[ShardKey]:
        """Returns the shards that were reached."""
        from webui.fleet.worker import change_shards

        answers = await self._client.run(change_shards, keys, change, workers=addresses, on_error="ignore")
        return {(key[0], key[1]) for found in answers.values() for key in found}

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Ends all engine processes, also busy ones: what they run is lost."""
        if self._closed:
            return
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        for launch in list(self._launches.values()):
            launch.settle_all()
        await self._client.close()
        await self._workers.close()


def _wanted_shards(load: Shape) -> int:
    rate = peak_rate(load)
    if rate is None:
        return math.ceil(peak_users(load) / USERS_PER_SHARD)
    # A pool of users only says how many there may be; what costs is the rate.
    return max(math.ceil(rate / RATE_PER_SHARD), math.ceil(peak_users(load) / POOL_PER_SHARD))


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _import_dask() -> None:
    import webui.fleet.local  # noqa: F401
