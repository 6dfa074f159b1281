"""A manager with everything real: engines in processes, a database, a server to be tested."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.runs.fakes import plan
from tests.runs.target import Target
from webui.fleet import Fleet
from webui.plan.model import Plan
from webui.runs.manager import RunManager
from webui.runs.model import RunView
from webui.store import Store


class Harness:
    """A manager with everything real."""

    def __init__(self, store: Store, fleet: Fleet, manager: RunManager) -> None:
        self.store, self.fleet, self.manager = store, fleet, manager

    async def begin(self, the_plan: Plan) -> str:
        """Starts a run; returns when its first interval has come."""
        created = await self.manager.create(the_plan)
        async with self.manager.subscribe(created.id) as events:
            async for event in events:
                if event.kind == "snapshot":
                    break
        return created.id

    async def ended(self, run_id: str, seconds: float = 20) -> RunView:
        async with asyncio.timeout(seconds):
            while self.manager.get_live(run_id) is not None:
                await asyncio.sleep(0.005)
        return await self.manager.view(run_id)

    def pid(self, run_id: str, shard: int = 0) -> int:
        return self.fleet.pids[self.fleet._launches[run_id].addresses[shard]]


def plan_for(server: Target, duration_s: float | None = 30, **load: Any) -> Plan:
    load = {"shape": "constant-users", "users": 5, "duration_s": duration_s, **load}
    return plan(base_url=f"http://127.0.0.1:{server.port}", load=load)
