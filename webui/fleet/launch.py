"""One run's shards in their worker processes: their events in order, Stop, and what became of each."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

OnEvent = Callable[[dict[str, Any]], None]
ShardKey = tuple[str, int]
ChangeData = tuple[int, str, float | None]  # number, kind, value
SendStop = Callable[[list[str], list[ShardKey]], Awaitable[None]]
SendChange = Callable[[list[str], list[ShardKey], ChangeData], Awaitable[set[ShardKey]]]

LOST = "An engine process ended in the middle of the test: it was killed, or it crashed."
STOP_REPEAT_S = 0.25
CHANGE_REPEAT_S = 0.1
STOP_LIMIT_S = 3.0  # an engine that goes on for longer is killed, and its last interval is lost


@dataclass(slots=True)
class _Placed:
    """One shard: the process it runs in, and whether its last event has come."""

    address: str
    ended: bool = False


class Launch:
    """A started run. Every shard yields exactly one last event: finished, failed or lost."""

    def __init__(
        self,
        run_id: str,
        on_event: OnEvent,
        send_stop: SendStop,
        send_change: SendChange,
        kill: Callable[[str], Awaitable[None]],
    ) -> None:
        self.run_id = run_id
        self._on_event = on_event
        self._send_stop = send_stop
        self._send_change = send_change
        self._kill = kill
        self._placed: dict[int, _Placed] = {}
        self._all_ended = asyncio.Event()
        self._stopping: asyncio.Task[None] | None = None
        self._changes: deque[ChangeData] = deque()
        self._telling: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        """Whether every shard has ended."""
        return self._all_ended.is_set()

    @property
    def addresses(self) -> dict[int, str]:
        """The worker process that each shard was given to."""
        return {shard: placed.address for shard, placed in self._placed.items()}

    def place(self, shard: int, address: str) -> None:
        """Notes where a shard runs."""
        self._placed[shard] = _Placed(address)

    def receive(self, event: dict[str, Any]) -> None:
        """Passes an engine's event on, unless the shard has ended already."""
        placed = self._placed.get(event["shard"])
        if placed is None or placed.ended:
            return
        placed.ended = event["type"] in ("finished", "failed")
        self._on_event(event)
        self._note_end()

    def settle(self, shard: int) -> None:
        """The shard's process has no more to say: without a last event, it was lost."""
        placed = self._placed[shard]
        if not placed.ended:
            placed.ended = True
            self._on_event({"run": self.run_id, "shard": shard, "type": "lost", "error": LOST})
        self._note_end()

    def settle_all(self) -> None:
        """Nothing more will come from any shard."""
        for shard in self._placed:
            self.settle(shard)

    def _note_end(self) -> None:
        if all(placed.ended for placed in self._placed.values()):
            self._all_ended.set()

    async def stop(self) -> None:
        """Ends the load; returns when every shard has ended. Calling it again changes nothing."""
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(self._stop())
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        # Repeated, because a shard that is on its way to its process cannot be told yet.
        for _ in range(round(STOP_LIMIT_S / STOP_REPEAT_S)):
            addresses = [self._placed[shard].address for shard in self._open()]
            asked = asyncio.ensure_future(
                self._send_stop(addresses, [(self.run_id, s) for s in self._open()])
            )
            if await self._ended_within(STOP_REPEAT_S):
                await asked
                return
            asked.cancel()
        await asyncio.gather(*(self.kill(shard) for shard in self._open()))
        await self._all_ended.wait()

    def change(self, number: int, kind: str, value: float | None) -> None:
        """Tells all shards of a change, after those before it. One that is not in its process yet is told
        as soon as it is."""
        self._changes.append((number, kind, value))
        if self._telling is None or self._telling.done():
            self._telling = asyncio.ensure_future(self._tell())

    async def _tell(self) -> None:
        with suppress(OSError):  # the fleet is being closed, and all shards are lost
            while self._changes:
                await self._tell_all(self._changes.popleft())

    async def _tell_all(self, change: ChangeData) -> None:
        told: set[ShardKey] = set()
        while waiting := [shard for shard in self._open() if (self.run_id, shard) not in told]:
            addresses = [self._placed[shard].address for shard in waiting]
            keys = [(self.run_id, shard) for shard in waiting]
            told |= await self._send_change(addresses, keys, change)
            if not told.issuperset(keys):
                await asyncio.sleep(CHANGE_REPEAT_S)

    def _open(self) -> list[int]:
        return [shard for shard, placed in self._placed.items() if not placed.ended]

    async def _ended_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._all_ended.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def kill(self, shard: int) -> None:
        """Kills the shard's process, which loses the shard."""
        if not self._placed[shard].ended:
            await self._kill(self._placed[shard].address)
