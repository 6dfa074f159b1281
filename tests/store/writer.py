"""A process that writes to a store, as the command line does beside the dashboard.

`python -m tests.store.writer ADDRESS RUN COUNT` adds the run and writes COUNT snapshots, one at a time. After
each it prints the position: that line says that the snapshot is on disk. `open` as RUN only opens the store.
"""

from __future__ import annotations

import asyncio
import sys

from tests.store.samples import record
from webui.store import Store


async def main(address: str, run_id: str, count: int) -> None:
    store = await Store.open(address)
    if run_id != "open":
        await store.add_run(record(id=run_id, status="running", owner="writer"))
        for position in range(count):
            await store.put_snapshots(run_id, [(position, b"%d" % position * 500)])
            print(position, flush=True)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
