"""A dashboard without pages, to be killed: starts one run and says which, then goes on until its end.

Arguments: the database's address, the port to test, seconds.
"""

from __future__ import annotations

import json
import sys

import uvloop

from tests.runs.fakes import plan
from webui.fleet import Fleet
from webui.runs.manager import RunManager
from webui.settings import Settings
from webui.store import Store


async def main(database_url: str, port: str, seconds: str) -> None:
    store = await Store.open(database_url)
    fleet = await Fleet.start()
    manager = RunManager(store, fleet, Settings())
    await manager.start()
    created = await manager.create(
        plan(users=3, duration_s=float(seconds), base_url=f"http://127.0.0.1:{port}")
    )
    live = manager.get_live(created.id)
    assert live is not None
    async with live.channel.subscribe() as events:
        async for event in events:
            if event.kind == "snapshot":
                told = {"run": created.id, "end_ns": event.row.end_ns, "workers": list(fleet.pids.values())}
                print(json.dumps(told), flush=True)
    await manager.close()
    await fleet.close()
    await store.close()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
